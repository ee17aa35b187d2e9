# What changed (F23, F24; seed 9.2, 9.4): the difference of two versions by clause and word, the gate that shows it,
# and the forms of a document for programs.
use strict;
use warnings FATAL => 'all';
use utf8;
use Digest::SHA ();
use Encode qw(decode encode);
use Test::More;
use Time::Local ();
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $clock = "$ENV{PD_WORK}/difference-clock.now";
my $instant = Time::Local::timegm(0, 0, 21, 31, 4, 2099); # 2099-06-01 in Moscow
sub set_clock { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $seconds ? $instant + $seconds - time : 0) }
set_clock(0);
my $server = server(name => 'difference', env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock },
    set => { PDPortalTimeZone => 'Europe/Moscow', PDPortalMailRelay => "maildir:$ENV{PD_WORK}/difference/mail" });
my $base = "http://127.0.0.1:$server->{port}";

# --- versions: 1 is the test policy; 2 the demo's with a slip of the pen; 3 mends it, has a purpose more, and one moved
my %demo = map { $_ => decode('UTF-8', read_file("$ENV{PD_SOURCE_DIR}/conf/demo/policy.$_.md")) } qw(ru en);
my %long = (ru => 'ещё раз, ' x 40, en => 'once more, ' x 40); # around what changes in the last clause
$demo{$_} =~ s/^(9\.4\. )(.*)$/$1$long{$_}$2 $long{$_}/m for keys %demo;
my %slip = (ru => ['необратимый', 'необратимй'], en => ['irreversible', 'irreversable']);
my %purpose = (ru => 'поздравить вас с праздником, если вы об этом просили;', en => 'wish you a happy holiday, if you asked for it;');

sub purposes {
    my ($text, $new) = @_;
    my %old = $text =~ /^4\.1\.(\d)\. (.*)$/mg;
    my @order = (@old{ 1, 2, 4, 5, 3, 6, 7 }, $new, $old{8}); # the third is the fifth now, the new one comes before the last
    my $list = join "\n\n", map { '4.1.' . ($_ + 1) . ". $order[$_]" } 0 .. $#order;
    return $text =~ s/^4\.1\.1\..*^4\.1\.8\.[^\n]*/$list/msr;
}

# Publishes the texts as a new version; gives their bytes.
sub publish {
    my ($kind, $ending, $texts, @more) = @_;
    my (%bytes, @files);
    for my $language (sort keys %$texts) {
        my $file = "$server->{dir}/new.$language.$ending";
        write_file($file, $bytes{$language} = encode('UTF-8', $texts->{$language}));
        push @files, $file, '--lang', $language;
    }
    PDPortal::Setup::ctl_ok($server->{conf}, 'policy', 'publish', @files, '--kind', $kind, '--drop-language', @more);
    return \%bytes;
}

my %second = map { $_ => $demo{$_} =~ s/$slip{$_}[0]/$slip{$_}[1]/r } keys %demo;
my %third = map { $_ => purposes($demo{$_}, $purpose{$_}) } keys %demo;
$server->start;
publish('policy', 'md', \%second);
my $folder = "$server->{dir}/mail";
my ($anna, $login) = member(browser => $server->browser, folder => $folder);
my %bytes = (3 => publish('policy', 'md', \%third));

sub get { my ($path, $language, @headers) = @_; return $server->browser(language => $language // 'en')->get("/portal/$path", @headers) }

# All elements are closed in the order they opened, and no "<" or "&" stands for itself.
sub is_well_formed {
    my ($page, $name) = @_;
    my (@open, @faults);
    my $text = $page->body =~ s/<!DOCTYPE html>//r =~ s/<!--.*?-->//gsr;
    while ($text =~ m{<(/?)([a-zA-Z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<]*")?)*)\s*/?>|([<>])|&(?!(?:amp|lt|gt|quot|nbsp|#39);)}g) {
        my ($end, $tag) = ($1, $2);
        if (!defined $tag) { push @faults, 'at ' . substr $text, pos($text) - 1, 40 }
        elsif ($end) { my $last = pop @open // ''; push @faults, "</$tag> closes <$last>" if $last ne $tag }
        elsif ($tag !~ /^(?:meta|link|input|br|hr)$/) { push @open, $tag }
    }
    return is_deeply([@faults, @open], [], "$name: well-formed");
}

sub ids { my ($page) = @_; return [$page->body =~ /<section class="change" id="([^"]*)"/g] }

# The words of a change in one view: what is gone in [-], what came in [+].
sub words {
    my ($page, $id) = @_;
    my ($section) = decode('UTF-8', $page->body) =~ m{<section class="change" id="\Q$id\E">(.*?)</section>}s;
    my ($inline) = ($section // '') =~ m{<p class="inline">(.*?)</p>}s;
    ($inline) = ($section // '') =~ m{<p>(.*?)</p>}s unless defined $inline;
    $inline //= '';
    $inline =~ s{<span class="unseen"[^>]*>[^<]*</span>}{}g;
    $inline =~ s{<del>(.*?)</del>}{[-$1]}g;
    $inline =~ s{<ins>(.*?)</ins>}{[+$1]}g;
    return $inline;
}

# --- three changes show exactly those
my %says = (
    en => [qr/What changed in version 3/, qr/Changes: added 1, moved 1, reworded 1\./, qr/3 clauses only got another number/, 'Added: 4.1.8', 'Moved: 4.1.3 → 4.1.5', 'Reworded: 3.2.2'],
    ru => [qr/Что изменилось в версии 3/, qr/Изменения: добавлено 1, перенесено 1, изменено 1\./, qr/У 3 пунктов изменился только номер/, 'Добавлено: 4.1.8', 'Перенесено: 4.1.3 → 4.1.5', 'Изменено: 3.2.2']);
for my $language (qw(en ru)) {
    my $page = get('policy/3/diff', $language);
    is($page->status, 200, "$language: the difference");
    my ($title, $summary, $numbers, @headings) = @{ $says{$language} };
    like($page->text, $_, "$language: $_") for $title, $summary, $numbers;
    is_deeply(ids($page), [qw(c3.2.2 c4.1.5 c4.1.8)], "$language: these and no others");
    like($page->text, qr/\Q$_\E/, "$language: $_") for @headings;
    my $slip = $slip{$language};
    like(words($page, 'c3.2.2'), qr/\[-$slip->[1]\]\[\+$slip->[0]\]/, "$language: the word that was mended");
    unlike(words($page, 'c3.2.2') =~ s/\[-$slip->[1]\]\[\+$slip->[0]\]//r, qr/\[/, "$language: and no other");
    is(words($page, 'c4.1.8'), "[+$purpose{$language}]", "$language: the purpose");
    for my $pair ([2, '3.2.2'], [3, '3.2.2'], [2, '4.1.3'], [3, '4.1.5'], [3, '4.1.8']) {
        my ($version, $number) = @$pair;
        page_like($page, qr{<a href="/portal/policy/$version#p\Q$number\E">}, "$language: leads to $number of version $version");
        page_like(get("policy/$version", $language), qr/id="p\Q$number\E"/, "$language: where it is");
    }
    like(decode('UTF-8', $page->body), qr{>4\.1\.8 → 4\.1\.9</a>}, "$language: a number that followed has both");
    my ($sides) = $page->body =~ m{<div class="pair sides">(.*?)</section>}s;
    like(decode('UTF-8', $sides), qr{<p class="hint">\w+\W+2</p>\n<p>[^\n]*<del>[^\n]*\Q$slip->[1]\E[^\n]*</p>\n</div>\n<div>\n<p class="hint">\w+\W+3</p>\n<p>[^\n]*<ins>[^\n]*\Q$slip->[0]\E}, "$language: side by side, each with its version");
    is_well_formed($page, "$language: difference");
    like(get('policy/3', $language)->body, qr{href="/portal/policy/3/diff"}, "$language: the text links to it");
}
page_like(get('policy/3/diff'), qr/<del><span class="unseen">\(removed: /, 'a word for those who do not see it');

# --- like other document pages: kept ready, strong ETag, for everybody
my $page = get('policy/3/diff', 'en', 'Accept-Encoding' => 'gzip');
$page = get('policy/3/diff', 'en', 'Accept-Encoding' => 'gzip');
is($page->header('content-encoding'), 'gzip', 'it is kept ready');
is($page->header('cache-control'), 'no-cache', 'caches may keep it');
like($page->header('etag'), qr/^"[0-9a-f]{32}-gzip"$/, 'a strong ETag');
is(get('policy/3/diff', 'en', 'If-None-Match' => $page->header('etag'))->status, 304, '304 while nothing is published');
is($server->browser->request('HEAD', '/portal/policy/3/diff')->status, 200, 'HEAD');
is($server->browser->post('/portal/policy/3/diff', { a => 1 })->status, 405, 'POST: 405');

# --- another version to compare with
$page = get('policy/3/diff?with=1');
is($page->status, 200, '?with=');
like($page->text, qr/Version 1 ,.*Changes: added \d+/s, 'compares with that one');
like($page->body, qr{href="/portal/policy/3/diff\?lang=ru&amp;with=1"}, 'the other language compares with it, too');
is($page->header('x-robots-tag'), 'noindex', 'any two versions: not for an index');
is(get('policy/3/diff')->header('x-robots-tag'), undef, 'a version with the one before it is');
like(get('policy/3/diff')->body, qr{<a href="/portal/policy/3/diff\?with=1" rel="nofollow">}, 'nor to be followed');
is_deeply(ids(get('policy/1/diff?with=3')), ids($page), 'the older one always goes first');
like(get('policy/3/diff?with=3')->text, qr/The two texts are the same\./, 'with itself: nothing');
is(get("policy/3/diff?with=$_")->status, 404, "?with=$_: 404") for '', qw(0 9 -1 1x 01 99999999999999999999), '1%201';
is(get("policy/$_")->status, 404, "$_: 404") for qw(9/diff 0/diff diff 3/diff/ 3/difference 9.txt 9.md 3.html 3.txt/ 03.txt);
like(get('policy/1/diff')->text, qr/This is the first version/, 'the first has none before it');
is(get('documents/processing/1/diff')->status, 200, 'other documents, too');
is(get('documents/poem/1/diff')->status, 404, 'but none that there is not');
is(get('documents/policy/3/diff')->status, 200, 'the policy by its kind');

# --- the gate shows what is new to this person, across a version that passed silently
my $answer = $anna->get('/cabinet/');
is($answer->status, 303, 'a new version: led to it');
$page = $anna->follow($answer);
like($page->text, qr/What changed since version 2, which you have read Changes: added 1, moved 1, reworded 1\./, 'what changed, counted');
like($page->text, qr/Added: 4\.1\.8 wish you a happy holiday.*Continue/, 'and which clauses');
like($page->body, qr{href="/portal/policy/3/diff\?with=2"}, 'with a link to all of it');
is_well_formed($page, 'gate');
my %fourth = (ru => $third{ru} =~ s/всегда лежит/лежит/r, en => $third{en} =~ s/is always on/is on/r);
publish('policy', 'md', \%fourth, '--editorial', 'one word too many');
$page = $anna->get('/portal/acknowledge');
like($page->text, qr/since version 2, which you have read Changes: added 1, moved 1, reworded 2\./, 'a version in between is covered');
$anna->{language} = 'ru';
like($anna->get('/portal/acknowledge')->text, qr/Что изменилось после версии 2, которую вы читали Изменения: добавлено 1, перенесено 1, изменено 2\./, 'in Russian');
$anna->{language} = 'en';
like($page->body, qr{<del><span class="unseen" lang="en">\(removed: </span>irreversable<span class="unseen">\)</span></del><ins><span class="unseen" lang="en">\(added: </span>irreversible<}, 'the words that changed');
my $unseen = qr{<span class="unseen"[^>]*>[^<]*</span>};
my $around = $page->body =~ s{$unseen}{}gr;
like(decode('UTF-8', $around), qr{Reworded: 9\.4\s*</strong><br>\n<span lang="en">…(?: more,)?(?: once more,){2,5} The version in force is <del>always </del>on this page; earlier ones stay beside it\.(?: once more,){10,16}(?: once)?…</span>}, 'of a long clause what stands around them, in whole words');
$anna->{language} = 'ru';
$around = decode('UTF-8', $anna->get('/portal/acknowledge')->body) =~ s{$unseen}{}gr;
like($around, qr{Изменено: 9\.4\s*</strong><br>\n<span lang="ru">…(?: раз,)?(?: ещё раз,){2,6} Действующая версия <del>всегда </del>лежит на этой странице,[^<…]*(?: ещё раз,){10,20}(?: ещё)?…</span>}, 'counted in characters');
$anna->{language} = 'en';

# Texts that can't be compared keep nobody out.
my $log = length $server->log;
my ($twice, $second_version) = ("\n\n1. Twice.\n", "WHERE kind = 'policy' AND version = 2");
PDPortal::Setup::sql($server, "UPDATE document_text SET source = source || '$twice' $second_version");
$page = $anna->get('/portal/acknowledge');
is($page->status, 200, 'a version that can not be read again: the gate stands');
unlike($page->text, qr/What changed since/, 'without the changes');
like($page->text, qr/Version 4.*Continue/s, 'with its form');
like(substr($server->log, $log), qr/PD0705: versions 2 and 4 of the policy can't be compared/, 'the operator is told');
PDPortal::Setup::sql($server, "UPDATE document_text SET source = replace(source, '$twice', '') $second_version");
is(acknowledge($anna)->status, 303, 'acknowledged');
is($anna->get('/cabinet/')->status, 200, 'and open');

# --- announced, with hostile words: its date and its difference; the default is the last one that had to be read
my $hostile = q{<script>alert("1")</script> & 'two' <b>&</b>};
my %fifth = (ru => $fourth{ru} =~ s/(?<=^9\.2\. )/$hostile /mr, en => $fourth{en} =~ s/(?<=^9\.2\. )/$hostile /mr);
$fifth{$_} =~ s/^# /# \\<i> & "/ for keys %fifth;
publish('policy', 'md', \%fifth, '--effective', '2099-06-01');
for my $language (qw(en ru)) {
    $page = get('policy/5/diff', $language);
    is_well_formed($page, "$language: hostile words");
    is_deeply(ids($page), [qw(title c9.2 c9.4)], "$language: compared with the last material version");
    like($page->text, qr/\Q$hostile\E/, "$language: shown as they are written");
    unlike($page->body, qr/<script|<b>|<i>/, "$language: never as markup");
    like($page->text, $language eq 'en' ? qr/not in force yet.*Version 5 , in force from 1 June 2099/s : qr/ещё не вступила в силу.*Версия 5 , вступает в силу 1 июня 2099/s, "$language: announced, with its date");
}
like(get('policy')->body, qr{A new version is coming.*href="/portal/policy/5/diff"}s, 'the policy in force tells of it');
like(get('policy/5')->body, qr{not in force yet.*href="/portal/policy/5/diff"}s, 'and so does the version itself');
set_clock(-60);
like(get('policy/5/diff')->text, qr/not in force yet/, 'a minute before');
set_clock(60);
unlike(get('policy/5/diff')->text, qr/not in force yet/, 'a minute after');
like(get('policy/5/diff')->text, qr/Version 5 , in force since/, 'it is in force');
set_clock(0);

# --- forms for programs
for my $language (qw(en ru)) {
    my $markdown = get('policy/3.md', $language);
    is($markdown->status, 200, "$language: Markdown");
    is($markdown->header('content-type'), 'text/markdown; charset=utf-8', "$language: its type");
    ok($markdown->body eq $bytes{3}{$language}, "$language: the very bytes that were published");
    is($markdown->header('content-language'), $language, "$language: Content-Language");
    is($markdown->header('x-content-type-options'), 'nosniff', "$language: nobody guesses at the type");
    my $text = get('policy/3.txt', $language);
    is($text->header('content-type'), 'text/plain; charset=utf-8', "$language: plain text");
    my $plain = decode('UTF-8', $text->body);
    my ($heading) = $third{$language} =~ /^# (.*)$/m;
    like($plain, qr/\A\Q$heading\E\n\n/, "$language: begins with the title");
    unlike($plain, qr/^#|\*\*|\]\(|^\s*<|&\w+;/m, "$language: no Markdown, and no HTML");
    is(join(' ', $plain =~ /^(\d[\d.]*\.) /mg), join(' ', $third{$language} =~ /^(?:#+ )?(\d[\d.]*\.) /mg), "$language: every clause has its number, as published");
    my ($wish) = grep { /\Q$purpose{$language}\E/ } split /\n\n/, $plain;
    is($wish, "4.1.8. $purpose{$language}", "$language: a clause is a paragraph");
    is(get('policy/3.txt', $language, 'If-None-Match' => $text->header('etag'))->status, 304, "$language: plain text: 304");
    my $source = Digest::SHA::sha256_hex($bytes{3}{$language});
    my $shown = get('policy/3', $language);
    my ($hash) = $shown->body =~ m{<code>([0-9a-f]{64})</code>};
    my $named = qq{policy;version=3;language="$language";sha256="$hash"};
    is($_->header('pdportal-document'), $named, "$language: $_->{path} names the version") for $shown, get('policy/3', $language);
    is($markdown->header('pdportal-document'), qq{$named;source-sha256="$source"}, "$language: $markdown->{path} names its bytes too");
    is($text->header('pdportal-document'), $named, "$language: $text->{path} has other bytes than were published");
    like($markdown->header('etag'), qr/^"[^"]+"$/, "$language: a strong ETag");
    my $again = get('policy/3.md', $language, 'If-None-Match' => $markdown->header('etag'));
    is($again->status . $again->body, '304', "$language: 304");
    is_well_formed($shown, "$language: document");
    for my $file (qw(3.md 3.txt)) {
        page_like($shown, qr{<link rel="alternate" type="text/\w+" href="/portal/policy/$file">.*<a href="/portal/policy/$file"}s, "$language: leads to $file");
    }
}
# The checksum can be taken by anybody, by the words of the handbook: of the title, too.
{
    my ($command, $before) = read_file("$ENV{PD_SOURCE_DIR}/docs/operations.md") =~ /^(curl -s .* sha256sum)$/mg;
    my ($one, $texts) = ("kind = 'policy' AND version = 3 AND language = 'ru'", sub { (run_ctl('check', '--config', $server->{conf}))[1] =~ /^(\w+ +texts.*)$/m });
    my $seen = sub { get('policy/3', 'ru')->body =~ m{<p>([^<]*SHA-256[^<]*)</p>\s*<p class="sum"><code>([0-9a-f]{64})</code>} };
    my $taken = sub {
        my ($line) = @_;
        (undef, my $out) = PDPortal::Setup::run_program('/bin/sh', '-c', $line =~ s{https://\S+?/portal}{http://127.0.0.1:$server->{port}/portal}r);
        return $out =~ s/ .*//sr;
    };
    my ($words, $sum) = $seen->();
    is($taken->($command), $sum, 'the sum on the page is that of title and text');
    like(Encode::decode_utf8($words), qr/его заголовка и текста/, 'and the page says so');
    like(($texts->())[0], qr/^sound +texts$/, 'check finds all texts as they were published');
    PDPortal::Setup::sql($server, "UPDATE document_text SET title = title || '!' WHERE $one");
    like(($texts->())[0], qr/^UNSOUND +texts: its title or text of policy, version 3, language "ru", is not what was published/, 'another title: check names it');
    PDPortal::Setup::sql($server, "UPDATE document_text SET title = substr(title, 1, length(title) - 1), source = source || ' ' WHERE $one");
    like(($texts->())[0], qr/^UNSOUND +texts: its source of policy, version 3/, 'another file, too');
    PDPortal::Setup::sql($server, "UPDATE document_text SET source = substr(source, 1, length(source) - 1) WHERE $one");
    my ($html) = get('policy/3', 'ru')->body =~ m{<article class="doc".*?</ul>\n(.*?)\n</article>}s;
    my $body = Digest::SHA::sha256_hex($html);
    PDPortal::Setup::sql($server, "UPDATE document_text SET sum_covers = 'body', html_sha256 = '$body' WHERE $one");
    $server->stop;
    $server->start;
    ($words, $sum) = $seen->();
    is($taken->($before), $sum, 'a version published before: the sum of the text without its title');
    like(Encode::decode_utf8($words), qr/без заголовка/, 'and the page says so');
    like(($texts->())[0], qr/^sound +texts$/, 'check goes by the rule of each text');
}

like(get('policy')->header('pdportal-document'), qr/^policy;version=4;/, 'the policy in force names its version');
like(get('documents/processing/1')->header('pdportal-document'), qr/^processing;version=1;/, 'every document does');
is(get('register')->header('pdportal-document'), undef, 'other pages do not');
page_like(get('policy/3'), qr{<p class="paper">\Q$base\E/portal/policy/3</p>}, 'on paper its address');
page_like(get('policy/3/diff'), qr{<p class="paper">\Q$base\E/portal/policy/3/diff</p>}, 'on paper that of the difference');
page_like(get('policy/3/diff?with=1'), qr{<p class="paper">\Q$base\E/portal/policy/3/diff\?with=1</p>}, 'with the version compared');

# Any two versions can be compared by anybody, but not as fast as a program asks; what is kept ready always can.
my $eager = $server->browser(language => 'en');
my $shown = until_true(sub { my $answer = $eager->get('/portal/policy/3/diff?with=1'); $answer->status == 200 ? undef : $answer }, 20);
is($shown->status, 429, 'who compares on and on has to wait');
like($shown->header('retry-after'), qr/^[1-9]$/, 'is told how long');
like($shown->text, qr/many comparisons were asked for from your network\..*Try again in \d seconds?\..*texts of both versions can be read at once/s, 'and why');
page_like($shown, qr{<a href="/portal/policy/3">.*<a href="/portal/policy/1">}s, 'the texts are a click away');
is($eager->get('/portal/policy/3/diff')->status, 200, 'what every reader is shown stays open');
is(get('policy/3/diff?with=1')->status, 200, 'and others go on comparing');

# A text that can't be read again (a newer version of a library, a damaged row) is no page without words.
my ($numbers, $first_version) = ("\n\n77. Once.\n\n77. Twice.\n", "WHERE kind = 'policy' AND version = 1");
PDPortal::Setup::sql($server, "UPDATE document_text SET source = source || '$numbers' $first_version");
$shown = get('policy/3/diff?with=1');
is($shown->status, 500, 'a text that cannot be read again');
like($shown->text, qr/can't be compared right now\..*texts of both versions can be read at once/s, 'the page says what can be done');
is(get('policy/1')->status, 200, 'the text is shown as ever');
like($server->log, qr/PD0751: versions 1 and 3 of policy can't be compared/, 'the log names both');
PDPortal::Setup::sql($server, "UPDATE document_text SET source = replace(source, '$numbers', '') $first_version");
is(get('policy/3/diff?with=1')->status, 200, 'mended: compared again');

# Plain text is no Markdown; a language that only one version has; the same once more.
my %plain = (ru => "Согласие\r\n\r\n1. Клиника хранит логин.\r\n", en => "Consent\r\n\r\n1. The clinic keeps the login.\r\n");
my $crlf = publish('processing', 'txt', \%plain);
ok(get('documents/processing/2.txt')->body eq $crlf->{en}, 'plain text, with the line ends that it has');
is(get('documents/processing/2.md')->status, 404, 'it has no Markdown');
publish('processing', 'txt', { ru => $plain{ru} =~ s/логин/логин и адрес/r });
$page = get('documents/processing/3/diff');
like($page->text, qr/Not both versions have an English text/, 'compared in a language that both have');
like($page->body, qr{<div lang="ru">.*<p class="hint" lang="en">Version.*<ins><span class="unseen" lang="en">\(added: }s, 'the words around the texts are in that of the page');
unlike(get('documents/processing/3/diff', 'ru')->text, qr/Русский текст/, 'in Russian there is nothing to say');
is(words($page, 'c1'), 'Клиника хранит логин[+ и адрес].', 'word by word');
like(get('documents/processing/3', 'ru')->text, qr/Эта версия в виде файла:/, 'in Russian: the file');
is(get('documents/processing/3.txt')->header('content-language'), 'ru', 'the language of the text, not the one asked for');
publish('processing', 'txt', { en => $plain{en} });
my %none = (en => qr/have no language in common/, ru => qr/нет общего языка, поэтому сравнить их пословно нельзя/);
for my $language (qw(en ru)) {
    $page = get('documents/processing/4/diff', $language);
    like($page->text, $none{$language}, "$language: no language in common");
    unlike($page->text, qr/English text|Русский текст/, "$language: and nothing else about languages");
}
publish('processing', 'md', { en => "# Consent\n\n1. The clinic keeps the *login*.\n" });
like(get('documents/processing/5/diff')->text, qr/No words changed/, 'another emphasis');
like(get('documents/processing/5/diff', 'ru')->text, qr/Русский текст есть не у обеих версий/, 'in Russian');
publish('processing', 'md', { en => "# Consent\n\n1. The clinic keeps the [login](/a) of each.\n" });
publish('processing', 'md', { en => "# Consent\n\n1. The clinic keeps the [login](/b) of all.\n" });
like(get('documents/processing/7/diff')->text, qr/Changes: reworded 1\. In 1 clause links have other addresses\./, 'an address beside words that changed');
like(get('documents/processing/7/diff', 'ru')->text, qr/Изменения: изменено 1\. В 1 пункте у ссылок другие адреса\./, 'in Russian');

# A kind that a site added, with a digit in its name.
my $columns = 'version, language, title, markup, source, html, source_sha256, html_sha256';
PDPortal::Setup::sql($server, "INSERT INTO document (kind, version, published_at, effective_at, editorial) SELECT 'news-2', version, published_at, effective_at, editorial FROM document WHERE kind = 'processing'");
PDPortal::Setup::sql($server, "INSERT INTO document_text (kind, $columns) SELECT 'news-2', $columns FROM document_text WHERE kind = 'processing'");
like(get('documents/news-2/2')->header('pdportal-document'), qr/^news-2;version=2;/, 'a kind with a digit');
is(get('documents/news-2/2/diff')->status, 200, 'and its difference');

# More changes than any page can hold, of words that grow when they are escaped.
sub large {
    my ($word) = @_;
    return "Consent\n" . join '', map { sprintf "\n%d.%d. %s \"%d\" & <'%s'> it\n", $_ / 100 + 1, $_ % 100 + 1, $word, $_, $word } 1 .. 9000;
}
publish('processing', 'txt', { en => large('this') });
publish('processing', 'txt', { en => large('that') });
$page = get('documents/processing/9/diff');
is($page->status, 200, 'nine thousand changes');
like($page->text, qr/Changes: reworded 9000\..*There are (\d+) more changes than fit on this page/, 'as many as fit, and how many more');
cmp_ok(scalar @{ ids($page) }, '>', 500, 'a good many');
is_well_formed($page, 'a large page');
publish('processing', 'txt', { en => "Consent\n\n1. " . qq{"a" & 'b' } x 90_000 });
publish('processing', 'txt', { en => "Consent\n\n1. " . qq{<c> & "d" } x 90_000 });
like(get('documents/processing/11/diff')->text, qr/Changes: added 1, removed 1\. There are 2 more changes than fit/, 'two that are too large for a page');

# What stayed the same is written three times; what follows a change that does not fit is shown.
for my $word (qw(this that)) {
    publish('processing', 'txt', { en => "Consent\n\n1. $word " . qq{"a" } x 105_000 . "\n\n2. $word is short\n" });
}
$page = get('documents/processing/13/diff');
is($page->status, 200, 'words that grow, mostly the same');
like($page->text, qr/Changes: reworded 2\. .*There is 1 more change than fits/, 'one does not fit');
is_deeply(ids($page), ['c2'], 'the other does');

# --- the feed
my $feed = get('policy.atom');
is($feed->status, 200, 'Atom');
is($feed->header('content-type'), 'application/atom+xml; charset=utf-8', 'its type');
is(get('policy.atom', 'en', 'If-None-Match' => $feed->header('etag'))->status, 304, '304 while nothing is published');
is(scalar(() = $feed->body =~ /<entry>/g), 5, 'every version');
my ($updated) = $feed->body =~ m{<updated>([^<]+)</updated>\s*<author>};
my ($published) = $feed->body =~ m{<published>([^<]+)</published>};
is($updated, $published // 'none', 'updated when the last one was published');
is_deeply([grep { !m{^\Q$base\E/portal/policy} } $feed->body =~ /href="([^"]*)"/g], [], 'whole addresses');
like($feed->body, qr{<id>\Q$base\E/portal/policy/5</id>\n<title>Version 5: &lt;i&gt; &amp; &quot;}, 'words are escaped');
like($feed->body, qr{<time datetime="2099-05-31T21:00:00Z">1 June 2099</time>}, 'the day it takes effect');
like(decode('UTF-8', get('policy.atom', 'ru')->body), qr{<title>Версия\s5: .*Вступление в\x{a0}силу: <time [^>]*>1\s+июня\s+2099}s, 'in Russian');
my $file = write_file("$server->{dir}/feed.xml", $feed->body);
my ($code, $out, $error) = PDPortal::Setup::run_program('/usr/bin/python3', '-c', 'import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).documentElement.namespaceURI)', $file);
is($out, "http://www.w3.org/2005/Atom\n", 'well-formed XML') or diag $error;
like(get('policy', 'ru')->text, qr/Лента изменений политики \(Atom\)/, 'in Russian');
page_like(get('policy'), qr{<link rel="alternate" type="application/atom\+xml" href="/portal/policy\.atom"}, 'the policy links to it');
$page = get('documents/news-2');
page_like($page, qr{<link rel="alternate" type="application/atom\+xml" href="/portal/documents/news-2\.atom"}, 'another document has its own');
$feed = get('documents/news-2.atom');
is($feed->header('content-type'), 'application/atom+xml; charset=utf-8', 'which is Atom, too');
is(scalar(() = $feed->body =~ /<entry>/g), 7, 'with its versions');
like($feed->body, qr{<id>\Q$base\E/portal/documents/news-2</id>.*rel="self"[^>]* href="\Q$base\E/portal/documents/news-2\.atom".*<id>\Q$base\E/portal/documents/news-2/7</id>}s, 'under its addresses');
unlike($feed->body, qr{/portal/policy}, 'and none of the policy');

unlike($server->log, qr/:(?:crit|alert|emerg)\]|pdportal:error|Segmentation|exit signal/, 'nothing went wrong');
$server->stop;
done_testing;
