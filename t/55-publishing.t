# Rules of publishing (F23; seed 9.1, 9.2): what is refused and why, by pdportalctl and on the page for editors;
# texts of every sort of trouble; two hosts, clocks, a database that is away. Nothing is ever half published.
use strict;
use warnings FATAL => 'all';
use utf8;
use Encode ();
use POSIX ();
use Time::Local ();
use Test::More;
use PDPortal::Test;
use PDPortal::Postgres ();
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $sqlite = $ENV{PD_DB} eq 'sqlite3';
my $postgres = $sqlite ? undef : PDPortal::Postgres->new('55');
my %set = (PDPortalMailRelay => "maildir:$ENV{PD_WORK}/publishing/mail", PDPortalTimeZone => 'Europe/Berlin');
$set{PDPortalDatabase} = $postgres->{database} if $postgres;
my $server = server(name => 'publishing', set => \%set);
$server->start;
my $folder = "$server->{dir}/mail";

my $written = 0;
sub text { my ($bytes, $ending) = @_; return write_file("$server->{dir}/text" . ++$written . ($ending // '.md'), Encode::is_utf8($bytes) ? Encode::encode_utf8($bytes) : $bytes) }
sub publish { my (@words) = @_; return run_ctl('policy', 'publish', @words, '--config', $server->{conf}) }
sub versions { my ($kind) = @_; return PDPortal::Setup::sql($server, "SELECT count(*) FROM document WHERE kind = '$kind'") }
sub refused {
    my ($name, $said, $code, @words) = @_;
    my $before = PDPortal::Setup::sql($server, 'SELECT count(*) FROM document') . PDPortal::Setup::sql($server, 'SELECT count(*) FROM document_text');
    my ($got, $out, $error) = publish(@words);
    is($got, $code, "$name: exit code $code") or diag $out;
    like($error, $said, "$name: says so");
    return is(PDPortal::Setup::sql($server, 'SELECT count(*) FROM document') . PDPortal::Setup::sql($server, 'SELECT count(*) FROM document_text'), $before, "$name: nothing was published");
}
sub accepted {
    my ($name, @words) = @_;
    my ($code, $out, $error) = publish(@words);
    return is($code, 0, $name) || diag $error;
}

# --- what may be published as what
my $policy = "# Policy\n\n1. Words\n\n1.1. A gest is whoever comes.\n\n3. Data\n\n3.1. The login, the address.\n\n5. Ways\n\n5.2. It is given to \"nobody\".\n";
sub version { my ($from, $to) = @_; my $text = $policy; $text =~ s/\Q$from\E/$to/ or die $from if defined $from; return text($text) }
accepted('a new text', version('Policy', 'Our policy'), '--lang', 'en', '--drop-language');
$policy =~ s/Policy/Our policy/;
refused('the same once more', qr/nothing changed: version 2/, 1, version(), '--lang', 'en');
refused('the same as editorial', qr/nothing changed/, 1, version(), '--lang', 'en', '--editorial', 'a comma');
refused('a purpose or data changed', qr/not editorial.*3\.1/, 1, version('the address', 'the address, the age'), '--lang', 'en', '--editorial', 'a comma');
refused('a recipient changed', qr/not editorial.*5\.2/, 1, version('"nobody"', '"a bank"'), '--lang', 'en', '--editorial', 'a comma');
refused('a clause was renumbered', qr/not editorial.*3\.2, 3\.1/, 1, version('3.1.', '3.2.'), '--lang', 'en', '--editorial', 'a comma');
accepted('a typo mended', version('gest', 'guest'), '--lang', 'en', '--editorial', 'a slip of the pen');
$policy =~ s/gest/guest/;
accepted('typography in a clause that counts', version('"nobody"', "\x{201c}nobody\x{201d}"), '--lang', 'en', '--editorial', 'quotation marks');
$policy =~ s/"nobody"/\x{201c}nobody\x{201d}/;
accepted('data changed, and it says so', version('the address', 'the address, the age'), '--lang', 'en');
$policy =~ s/the address/the address, the age/;
refused('a clause more where no section counts', qr/not editorial: clauses are new or gone: clause 5\.6;/, 1, text("$policy\n5.6. It is given to a bank.\n"), '--lang', 'en', '--editorial', 'a comma');
refused('a section more', qr/not editorial: clauses are new or gone: clause 10, 10\.1;/, 1, text("$policy\n10. More\n\n10.1. It is given to a bank.\n"), '--lang', 'en', '--editorial', 'a comma');
refused('a clause less', qr/not editorial: clauses are new or gone: clause 1\.1;/, 1, version("1.1. A guest is whoever comes.\n\n", ''), '--lang', 'en', '--editorial', 'a comma');
refused('an opening', qr/not editorial: the title, or what stands in front/, 1, version("policy\n", "policy\n\nIt is given to a bank.\n"), '--lang', 'en', '--editorial', 'a comma');
refused('another title', qr/not editorial: the title, or what stands in front/, 1, version('Our policy', 'Your permission'), '--lang', 'en', '--editorial', 'a comma');
my @both = (version(), '--lang', 'en', text("# Политика\n\n1. Слова\n"), '--lang', 'ru');
refused('a language more, as editorial', qr/not editorial: the last version has no text in "ru"/, 1, @both, '--editorial', 'in Russian too');
accepted('a language more, as material', @both);
refused('a whole new text in one language of two, as editorial', qr/not editorial: the last version has a text in "en", this one has none/, 1,
    text("# Другая политика\n\n3. Данные\n\n3.1. Всё.\n"), '--lang', 'ru', '--editorial', 'a comma', '--drop-language');
refused('a language less', qr/"ru".*--drop-language/, 1, version('comes', 'goes'), '--lang', 'en');
accepted('a language less, and it says so', version('comes', 'goes'), '--lang', 'en', '--drop-language');
$policy =~ s/comes/goes/;
{
    my $linked = "# Links\n\n3. Data\n\n3.1. Given to [partners](/partners).\n";
    accepted('a text with a link', text($linked), '--lang', 'en', '--kind', 'linked');
    refused('a link that leads elsewhere', qr/not editorial.*a link there leads elsewhere: clause 3\.1/, 1, text($linked =~ s/partners\)/partners2)/r), '--lang', 'en', '--kind', 'linked', '--editorial', 'a comma');
}
refused('a reason that reads otherwise than it is written', qr/reason must be one line of plain UTF-8 text/, 1, version('goes', 'walks'), '--lang', 'en', '--editorial', Encode::encode_utf8("a \x{202e}comma\x{202c}"));
refused('a first version as editorial', qr/first version can't be editorial/, 1, text("# A\n\n1. B\n"), '--lang', 'en', '--kind', 'research', '--editorial', 'x');
accepted('a consent of a name of its own', text("# Research\n\n1. I let it.\n"), '--lang', 'en', '--kind', 'research-2');
is($server->browser->get('/portal/documents/research-2/1')->status, 200, 'and it can be read');
refused('a word in a consent', qr/not editorial.*1/, 1, text("# Research\n\n1. I lets it.\n"), '--lang', 'en', '--kind', 'research-2', '--editorial', 'x');
for my $kind ('Research', 'a b', '-a', '1a', 'a' x 41, 'наука', "a'b") {
    refused("kind $kind", qr/is no name of a kind/, 64, text("# A\n\n1. B\n"), '--lang', 'en', '--kind', $kind);
}

# --- instants
refused('back-dated', qr/in the past/, 1, version('goes', 'runs'), '--lang', 'en', '--effective', '2020-01-01');
refused('an hour that comes twice', qr/Europe\/Berlin clocks are set back.*two instants.*offset/, 64, version('goes', 'runs'), '--lang', 'en', '--effective', '2099-10-25 02:30');
refused('an hour that does not come', qr/Europe\/Berlin clocks are set forward.*no "2099-03-29 02:30"/, 64, version('goes', 'runs'), '--lang', 'en', '--effective', '2099-03-29 02:30');
accepted('the doubled hour with its offset', version('goes', 'runs'), '--lang', 'en', '--effective', '2099-10-25T02:30:00+01:00');
is(PDPortal::Setup::sql($server, "SELECT max(effective_at) FROM document WHERE kind = 'policy'"), Time::Local::timegm(0, 30, 1, 25, 9, 2099) . '000000', 'the second one of the two');
refused('earlier than one announced', qr/takes force later/, 1, version('goes', 'walks'), '--lang', 'en', '--effective', '2099-01-01');

# --- two hosts in the same second, and clocks that go wrong
my $conf = read_file($server->{conf});
my %host = map { $_ => write_file("$server->{dir}/$_.conf", $conf =~ s/^PDPortalHostName .*$/PDPortalHostName $_/mr) } qw(host-a host-b);
sub together {
    my (%file) = @_;
    my %pid;
    for my $name (sort keys %file) {
        $pid{$name} = fork // die "fork: $!";
        next if $pid{$name};
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec { $ENV{PD_CTL} } $ENV{PD_CTL}, 'policy', 'publish', $file{$name}, '--lang', 'en', '--kind', 'twin', '--config', $host{$name} or POSIX::_exit(127);
    }
    my %code;
    for my $name (sort keys %pid) { waitpid $pid{$name}, 0; $code{$name} = $? >> 8 }
    return join ' ', sort values %code;
}
is(together('host-a' => text("# Twin\n\n1. A\n"), 'host-b' => text("# Twin\n\n1. B\n")), '0 0', 'two hosts at once, two texts: both are published');
is(PDPortal::Setup::sql($server, "SELECT count(*), max(version) FROM document WHERE kind = 'twin'"), '2|2', 'with numbers of their own');
is(together('host-a' => text("# Twin\n\n1. C\n"), 'host-b' => text("# Twin\n\n1. C\n")), '0 1', 'two hosts at once, one text: it is published once');
is(versions('twin'), 3, 'as one version');
{
    my $clock = write_file("$server->{dir}/clock", "-3600\n");
    local $ENV{LD_PRELOAD} = $ENV{PD_FALSE_CLOCK};
    local $ENV{PD_CLOCK_FILE} = $clock;
    local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '') . ':verify_asan_link_order=0';
    my ($code, undef, $error) = publish(text("# Twin\n\n1. D\n"), '--lang', 'en', '--kind', 'twin');
    is($code, 1, 'a clock an hour behind: refused');
    like($error, qr/this host's clock says .* set the clock right/, 'and named');
    write_file($clock, "-2\n");
    ($code, undef, $error) = publish(text("# Twin\n\n1. D\n"), '--lang', 'en', '--kind', 'twin');
    is($code, 0, 'two seconds behind: published') or diag $error;
}
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM document a JOIN document b ON a.kind = b.kind AND a.version < b.version AND (a.published_at > b.published_at OR a.effective_at > b.effective_at)"), 0,
    'no version was published, or takes force, before an earlier one');

# --- texts of every sort, by both ways
my ($editor, $login) = member(browser => $server->browser, folder => $folder);
my ($code, undef, $error) = run_ctl('staff', 'add', $login, "$login\@mail.test", '--role', 'editor', '--config', $server->{conf});
is($code, 0, 'an editor') or diag $error;
sub draft {
    my ($kind, $bytes, %more) = @_;
    my $page = $editor->get('/portal/staff/documents/new');
    is($page->status, 200, 'the form') or return $page;
    return $editor->upload('/portal/staff/documents/new', { csrf => $page->field('csrf'), kind => $kind, change => 'material', markup => 'markdown', effective => '', text_ru => '', text_en => '', %more },
        { file_en => $bytes, file_ru => '' });
}
my @texts = (
    ['raw HTML', "# T\n\n1. <b onclick=\"x()\">bold</b>\n", qr/&lt;b onclick=&quot;x\(\)&quot;&gt;bold/, qr/<b onclick/],
    ['a script', "# T\n\n1. One <script>alert(1)</script>\n\n<script>alert(2)</script>\n", qr/&lt;script&gt;alert\(1\)/, qr/<script>alert/],
    ['a javascript: link', "# T\n\n1. [press](javascript:alert(1)) [go](JaVaScRiPt:x) [data](data:text/html,x)\n", qr/press/, qr/href="(?:javascript|data):/i],
    ['a good link', "# T\n\n1. [site](https://www.example.org/)\n", qr{<a href="https://www\.example\.org/" rel="[^"]*noreferrer}, qr/javascript/],
    ['BOM and CRLF', "\xef\xbb\xbf# T\r\n\r\n1. One\r\n\r\n1.1. Two\r\n", qr/id="p1\.1"/, qr/\r|\xef\xbb\xbf/],
    ['soft hyphens', "# T\n\n1. Hy\xc2\xadphen\n", qr/Hyphen/, qr/\xc2\xad/],
    ['numbers that CommonMark would count anew', "# T\n\n3. Three\n\n3.1. A\n\n3.5. B\n\n7. Seven\n", qr/id="p3\.5".*id="p7"/s, qr/<ol/],
    ['numbers after numbers, without lines between', "# T\n\n2. Two\n4. Four\n9. Nine\n", qr/id="p2".*id="p4".*id="p9"/s, qr/id="p3"/],
);
my $number = 0;
for my $case (@texts) {
    my ($name, $bytes, $seen, $unseen) = @$case;
    my $kind = 'text-' . ++$number;
    accepted($name, text($bytes), '--lang', 'en', '--kind', $kind);
    my ($body) = $server->browser->get("/portal/documents/$kind/1")->body =~ m{(<article class="doc".*?</article>)}s;
    like($body, $seen, "$name: seen as it should be");
    unlike($body, $unseen, "$name: and not otherwise");
    my $answer = draft("draft-$number", $bytes);
    is($answer->status, 303, "$name: a draft");
    my ($preview) = $editor->follow($answer)->body =~ m{(<article class="doc".*?</article>)}s;
    is($preview =~ s/.*?<\/h2>//sr =~ s/\s+//gr, $body =~ s/.*?<\/ul>//sr =~ s/\s+//gr, "$name: previewed as it would be seen");
}
my @bad = (
    ['windows-1251', Encode::encode('cp1251', "# Политика\n\n1. Слова\n"), qr/UTF-8/i],
    ['two encodings in one', Encode::encode_utf8("# T\n\n1. Сло") . "\xf1\xeb\n", qr/UTF-8/i],
    ['UTF-16', Encode::encode('UTF-16', "# Policy\n\n1. A\n"), qr/UTF-8|NUL/i],
    ['NUL', "# T\n\n1. A\0B\n", qr/NUL/],
    ['a number twice', "# T\n\n1. A\n\n1.1. B\n\n1.1. C\n", qr/clause 1\.1 stands in line 5/],
    ['no title', "\n", qr/title/],
    ['numbers turned around', Encode::encode_utf8("# T\n\n1. After \x{202e}12\x{202c} days\n"), qr/line 3: a bidirectional control character, U\+202E/],
    ['numbers turned around by a reference', "# T\n\n1. After &#x202E;12&#x202C; days\n", qr/a character reference stands for a bidirectional control character, U\+202E/],
);
for my $case (@bad) {
    my ($name, $bytes, $said) = @$case;
    refused($name, $said, 1, text($bytes), '--lang', 'en', '--kind', 'bad');
    my $answer = draft('bad', $bytes);
    is($answer->status, 422, "$name, as a draft: refused");
    like($answer->text, qr/cannot be published like this.*English text:/, "$name, as a draft: with words");
    like($answer->text, $said, "$name, as a draft: and what it is about");
}
my $large = "# T\n\n" . join '', map {"$_. Words.\n\n"} 1 .. 900;
$large .= 'more and more ' x 400_000;
refused('five megabytes', qr/over 1048576 bytes/, 1, text($large), '--lang', 'en', '--kind', 'bad');
is(draft('bad', $large)->status, 413, 'five megabytes, as a draft: 413');
is(draft('bad', substr $large, 0, 1_100_000)->status, 422, 'a little too much, as a draft: 422');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM draft WHERE kind = 'bad'"), 0, 'nothing of that became a draft');

# --- the demo clinic's own policy: one person mends words, and gives the data to nobody
{
    my $clinic = Encode::decode_utf8(read_file("$ENV{PD_SOURCE_DIR}/conf/demo/policy.ru.md"));
    my ($clause) = $clinic =~ /^(5\.5\. .*)$/m or die;
    my $mended = $clinic =~ s/\b(9\.4\. .*)\.$/$1!/mr;
    my $send = sub {
        my ($text) = @_;
        my $page = $editor->get('/portal/staff/documents/new');
        return $editor->upload('/portal/staff/documents/new', { csrf => $page->field('csrf'), kind => 'policy', change => 'editorial', reason => 'a comma',
            markup => 'markdown', effective => '2099-12-02', text_ru => '', text_en => '' }, { file_ru => Encode::encode_utf8($text), file_en => '' });
    };
    accepted('the policy of the clinic', text($clinic), '--lang', 'ru', '--effective', '2099-12-01', '--drop-language');
    my $added = $send->($clinic =~ s/\Q$clause\E/$clause\n\n5.6. Данные передаются ООО «Банк» для рассылок./r);
    is($added->status, 422, 'with clause 5.6, as editorial, on the page: refused');
    like($added->text, qr/clauses are new, or have gone\..*Clauses: 5\.6/s, 'and names the clause');
    my $opened = $send->($clinic =~ s/^(?=## 1\.)/Данные передаются ООО «Банк».\n\n/mr);
    is($opened->status, 422, 'with another opening: refused');
    like($opened->text, qr/the title, or the text in front of the first clause/, 'and says so');
    isnt($mended, $clinic, 'a typo is mended in clause 9.4');
    is($send->($mended)->status, 303, 'and that is editorial');
}

# --- the database is away
my $ready = text("# Twin\n\n1. E\n");
my $before = versions('twin');
if ($sqlite) { rename "$server->{dir}/portal.db", "$server->{dir}/portal.away" or die $! }
else { $postgres->stop }
($code, undef, $error) = publish($ready, '--lang', 'en', '--kind', 'twin');
is($code, 1, 'away: refused');
like($error, qr/database|schema/i, 'away: says why');
if ($sqlite) { rename "$server->{dir}/portal.away", "$server->{dir}/portal.db" or die $! }
else { $postgres->start }
is(versions('twin'), $before, 'away: nothing was published');
ok(until_true(sub { (publish($ready, '--lang', 'en', '--kind', 'twin'))[0] == 0 }, 30), 'back again: published');
is(PDPortal::Setup::sql($server, "SELECT count(*) FROM document d WHERE NOT EXISTS (SELECT 1 FROM document_text t WHERE t.kind = d.kind AND t.version = d.version)"), 0, 'no version is without a text');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
