# The inbox (F48): what is done with an account, what the administration writes, and what only those get who agreed; one
# neutral letter until it is read; settings, and leaving with one press (RFC 8058); marking and deleting by many hands.
use strict;
use warnings FATAL => 'all';
use utf8;
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Places qw(places_file nested);
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $places = "$ENV{PD_WORK}/inbox.mmdb";
places_file($places, { '127.10.0.0/16' => nested('RU', 'Россия', 'Russia', 'Москва', 'Moscow'), '127.20.0.0/16' => nested('DE', 'Германия', 'Germany') });
my $clock = "$ENV{PD_WORK}/inbox.clock";
sub clock { my ($seconds) = @_; write_file("$clock.new", sprintf "%+d\n", $seconds); return rename "$clock.new", $clock }
clock(0);
my %clock = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
my $server = server(name => 'inbox', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/inbox/mail", PDPortalPlaceFile => $places, PDPortalSessionRecheck => '1h',
    PDPortalSessionIdle => "30d", PDPortalSessionLifetime => "30d" }, env => {%clock}, extra => qq{CustomLog "$ENV{PD_WORK}/inbox/logs/seen" "%r %U%q %{Referer}i"\n});
$server->start;
my $folder = "$server->{dir}/mail";
my $inbox = '/portal/account/inbox';
my $n = 0;
sub from { my ($part, %given) = @_; $n++; return $server->browser(local => "127.$part.$n.1", %given) }
sub sql { return PDPortal::Setup::sql($server, @_) }
sub cli { local %ENV = (%ENV, %clock); return run_ctl(@_, '--config', $server->{conf}) }
sub text { my ($name, $words) = @_; my $file = "$server->{dir}/$name.txt"; utf8::encode($words); return write_file($file, $words) }
sub notices { my ($person) = @_; return sql("SELECT count(*) FROM notice WHERE person_id = '$person'") }
sub newest_person { my ($id) = sql('SELECT id FROM person ORDER BY id DESC LIMIT 1'); return $id }
# Links of the list, from the top.
sub listed { my ($page) = @_; my @found = $page->body =~ m{href="\Q$inbox\E/([0-9a-f-]{36})"}g; return @found }
sub unread { my ($browser) = @_; my ($number) = $browser->get('/portal/account/')->text =~ /Messages ?: (\d+) unread/; return $number // 0 }
sub act { my ($browser, $id, $act) = @_; $browser->get("$inbox/$id"); return $browser->submit({ read => undef, $act => 1 }, form => qr{/inbox/}) }
sub plain_letters { my ($email) = @_; return grep { $_->{text} =~ /A new message waits/ } letters_for($email, $folder) }
sub queue_is_empty { return until_true(sub { sql("SELECT count(*) FROM letter WHERE state IN ('queued', 'sending')") eq '0' }, 60) }

my ($anna, $login, $email) = member(browser => from(10), folder => $folder);
my $anna_id = newest_person();
my ($boris, $his_login, $his_email) = member(browser => from(10), folder => $folder);
my $boris_id = newest_person();

# --- empty
is($server->browser->get($inbox)->status, 303, 'a guest is led to sign-in');
my $page = $anna->get($inbox);
is($page->status, 200, 'the inbox');
like($page->text, qr/There are no messages/, 'is empty');
is(unread($anna), 0, 'nothing unread on the account');
like($anna->get('/portal/account/')->text, qr/Messages to you.*Kept: 1 year from when it was written, then removed by the portal itself/s, 'the term stands there');

# --- what is done with the account
my $letters = sql('SELECT count(*) FROM letter');
$anna->get('/portal/account/login');
$login = unique();
is($anna->submit({ login => $login }, form => qr{/account/login$})->status, 303, 'the login is changed');
is(unread($anna), 1, 'one unread message');
is(sql('SELECT count(*) FROM letter') - $letters, 1, 'one letter: its own, and none of a new message');
$page = $anna->get($inbox);
my ($id) = listed($page);
like($page->text, qr/Your login was changed unread, \d+ \w+ \d{4}/, 'in the list, with its date');
$page = $anna->get("$inbox/$id");
is($page->status, 200, 'the message');
like($page->text, qr/From now on you sign in with the new one/, 'with its words');
page_like($page, qr{href="/portal/account/sessions"}, 'and what to do');
like($anna->get("$inbox/$id?lang=ru")->text, qr/Ваш логин изменён.*Теперь входите с новым логином/s, 'in Russian, from the same row');
$anna->get("$inbox/$id?lang=en");
$anna->get("$inbox/$id?act=read"), $anna->get("$inbox?newest=$id"), $anna->request('HEAD', "$inbox/$id");
is(unread($anna), 1, 'looking changes nothing');
is(act($anna, $id, 'read')->header('location'), "$inbox?notice=marked", 'a button marks it');
is(unread($anna), 0, 'nothing unread');
$page = $anna->get("$inbox/$id");
unlike($page->body, qr/name="read"/, 'no such button any more');
is($anna->post("$inbox/$id", { csrf => $page->field('csrf'), read => 1 })->status, 303, 'again is no error');
is(sql("SELECT count(*) FROM journal WHERE event = 'notice.read'"), 1, 'the journal has it once');
is($anna->post("$inbox/$id", { csrf => 'x', delete => 1 })->status, 403, 'no form token: refused');
page_like($anna->{last}, qr/Nothing was changed.*name="delete"/s, 'with the page again');

# Somebody else's looks as one that never was; he has the form's token from a message of his own.
is((cli('notices', 'send', '--kind', 'message', '--file', text('his', "His own\n\nWords.\n"), '--to', $his_login))[0], 0, 'a message to him');
my ($his_own) = listed($boris->get($inbox));
my $his_token = $boris->get("$inbox/$his_own")->field('csrf', qr{/inbox/});
my $made_up = '01234567-89ab-7def-8123-456789abcdef';
for my $act (undef, 'read', 'delete') {
    my @answers = map {
        my $answer = $act ? $boris->post("$inbox/$_", { csrf => $his_token, $act => 1 }) : $boris->get("$inbox/$_");
        [$answer->status, $answer->body =~ s/\Q$_\E/ID/gr =~ s/name="csrf" value="[^"]+"//gr]
    } $id, $made_up;
    my $name = $act // 'look';
    is($answers[0][0], 404, "$name: somebody else's is not there");
    is_deeply($answers[0], $answers[1], "$name: as a made-up one");
}
is(sql("SELECT count(*) FROM notice WHERE id = '$id'"), 1, 'and it is still there');
is(scalar(listed($boris->get($inbox))), 1, 'his list has his own alone');
is($boris->get("$inbox/")->status, 404, 'no id: 404');
is(act($boris, $his_own, 'delete')->header('location'), "$inbox?notice=deleted", 'his own he may delete');

# A password, from another country.
my $thief = from(20);
sign_in($thief, $login);
like($anna->get($inbox)->text, qr/Sign-in from an unusual place unread/, 'a new country');
($id) = listed($anna->{last});
like($anna->get("$inbox/$id")->text, qr/from a country that is new for it.*A program that does not say what it is, Germany/s, 'which');
like($anna->get("$inbox/$id?lang=ru")->text, qr/Германия/, 'in Russian');
$anna->get("$inbox?lang=en");
page_like($anna->get("$inbox/$id"), qr{class="button" href="/portal/account/not-me"}, 'with the way to end it all');
unlike($anna->{last}->body, qr/not-me\?t=/, 'without the link of the letter');
is(sql("SELECT count(*) FROM notice WHERE content LIKE '%ermany%'"), 0, 'sealed');
$anna->get('/portal/account/password');
is($anna->submit({ password => 'another lantern 8 harbours' }, form => qr{/account/password$})->status, 303, 'the password is changed');
like($anna->get($inbox)->text, qr/Your password was changed unread.*unusual place unread.*login was changed \d/s, 'unread ones first, newest first');
is(scalar(plain_letters($email)), 0, 'no letter of a new message for any of it');

# --- all at once, and what came after the page was opened
my $open = $anna->get($inbox);
my $to_anna = text('first', "A question was answered\n\nYour question of Monday: yes.\n\nSecond words, <b>bold</b> & more.\n");
my ($code, $out, $error) = cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $login, '--lang', 'en');
is($code, 0, 'the administration writes to one person') or diag $error;
is($anna->submit({}, page => $open, form => qr{/inbox$})->status, 303, 'all are marked');
is(unread($anna), 1, 'but for what came after the page was opened');
($id) = listed($anna->get($inbox));
$page = $anna->get("$inbox/$id");
page_like($page, qr{<h1 lang="en">A question was answered\s*</h1>}, 'its subject, in its language');
page_like($page, qr{<p lang="en">Second words, &lt;b&gt;bold&lt;/b&gt; &amp; more\.\s*</p>}, 'its words, as they were written');
is(sql("SELECT count(*) FROM notice WHERE content LIKE '%uestion%'"), 0, 'sealed');

# --- the letter says nothing
my $letter = letter_that($email, qr/A new message waits/, $folder);
is($letter->{subject}, 'You have a new message', 'a neutral subject');
like($letter->{text}, qr{^http://127\.0\.0\.1:$server->{port}/portal/account/inbox$}m, 'leads to the inbox');
unlike($letter->{text}, qr/question|answered|Test Clinic|\Q$login\E|\Q$email\E/i, 'and says nothing else');
is($letter->{headers}{'list-unsubscribe'}, undef, 'what cannot be turned off has no such header');
cli('notices', 'send', '--kind', 'message', '--file', text('second', "Another\n\nWords.\n"), '--to', $email) for 1 .. 2;
ok(queue_is_empty(), 'letters are out');
is(scalar(plain_letters($email)), 1, 'one letter for all that is unread');
clock(8 * 86400);
cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $login);
ok(until_true(sub { plain_letters($email) == 2 }, 30), 'another after a week');
$anna->get($inbox);
$anna->submit({}, form => qr{/inbox$});
cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $login);
ok(until_true(sub { plain_letters($email) == 3 }, 30), 'and once all was read');
ok(queue_is_empty(), 'letters are out');

# --- deleted, by many hands
($id) = listed($anna->get($inbox));
my $token = $anna->get("$inbox/$id")->field('csrf', qr{/inbox/});
my @hands = map {
    my $pid = open(my $hand, '-|') // die $!;
    if ($pid == 0) {
        print $anna->clone->post("$inbox/$id", { csrf => $token, ($_ % 2 ? 'delete' : 'read') => 1 })->status, "\n";
        close STDOUT;
        require POSIX;
        POSIX::_exit(0);
    }
    $hand;
} 1 .. 8;
my %answers;
$answers{ <$_> =~ s/\n//r }++ for @hands;
is_deeply([grep { !/^(?:303|404)$/ } keys %answers], [], 'eight hands at once: done or gone, nothing else');
is(sql("SELECT count(*) FROM notice WHERE id = '$id'"), 0, 'deleted');
is(sql("SELECT count(*) FROM journal WHERE event = 'notice.removed' AND subject = '$anna_id'"), 1, 'once');
like($anna->get("$inbox/$id")->text, qr/There is no such message.*deleted in another window/s, 'the page says why');
is($anna->{last}->status, 404, 'and is not there');

# --- optional ones: only to who agreed
my $news = text('news', "News\n\nThe site has a new page.\n");
for my $case ([['--kind', 'password-changed'], 64], [['--kind', 'message'], 64], [[], 64], [['--kind', 'news', '--lang', 'de'], 64]) {
    is((cli('notices', 'send', @{ $case->[0] }, '--file', $news))[0], $case->[1], "notices send @{ $case->[0] }: refused");
}
for my $bad ('', "Subject only\n", "\n\nNo subject.\n", "Subject\nno empty line\n", "A\x01\n\nWords.\n", ('x' x 201) . "\n\nWords.\n", "S\n\n" . 'x' x 40_000, "S\n\n\n \n") {
    is((cli('notices', 'send', '--kind', 'news', '--file', text('bad', $bad)))[0], 1, 'a text that is none: refused');
}
my $before = notices($anna_id);
is((cli('notices', 'send', '--kind', 'news', '--file', $news, '--to', $login))[0], 1, 'who never agreed gets none');
($code, $out) = cli('notices', 'send', '--kind', 'news', '--file', $news, '--json');
is($code, 0, 'to everybody');
is(JSON::PP::decode_json($out)->{written}, 0, 'which is nobody so far');
is(sql("SELECT count(*) FROM journal WHERE event = 'purpose.refused'"), 0, 'nothing of it was a refused use');
like($anna->get('/portal/account/notices')->text, qr/You have not agreed to messages that nobody has to get.*News of the site.*cannot be turned off.*a changed password/s, 'the page says so');
unlike($anna->{last}->body, qr{consents/notices}, 'no text to agree to');
PDPortal::Setup::publish($server->{conf}, 'notices', 'research');
page_like($anna->get('/portal/account/notices'), qr{href="/portal/account/consents/notices"}, 'now there is one');
sub agree { my ($browser) = @_; $browser->get('/portal/account/consents/notices'); return $browser->submit({ consent_notices => 1 }, form => qr{/consents/notices$}) }
is(agree($_)->status, 303, 'agreed') for $anna, $boris;
sub sent { my ($kind) = @_; my ($rc, $json) = cli('notices', 'send', '--kind', $kind // 'news', '--file', $news, '--json'); return $rc ? "exit $rc" : JSON::PP::decode_json($json)->{written} }
is(sent(), 2, 'both get the news');
is(notices($anna_id) - $before, 1, 'once');
is(sql("SELECT count(*) FROM mailing WHERE done_at > 0 AND body = ''"), 2, 'the text is kept no longer than needed');
is(sql("SELECT count(*) FROM journal WHERE event = 'mailing.begun'"), 2, 'the journal has it');
$letter = until_true(sub { (grep { $_->{text} =~ /unsubscribe/ } letters_for($email, $folder))[-1] }, 30);
is($letter->{subject}, 'You have a new message', 'as neutral as the other letter');
unlike($letter->{text}, qr/news|page/i, 'says nothing of what it is');
my ($address) = ($letter->{headers}{'list-unsubscribe'}[0] // '') =~ m{^<http://127\.0\.0\.1:$server->{port}(/portal/unsubscribe\?t=[\w.-]+)>$};
ok($address, 'List-Unsubscribe');
is($letter->{headers}{'list-unsubscribe-post'}[0], 'List-Unsubscribe=One-Click', 'List-Unsubscribe-Post');
my ($in_text) = $letter->{text} =~ m{http://[^/]+(/portal/unsubscribe\?t=[\w.-]+)$}m;
ok($in_text, 'and in its text');

# --- settings
$page = $anna->get('/portal/account/notices');
is(join(' ', map { $page->form(qr/notices/)->{fields}{$_} // 'off' } qw(want_news want_survey)), '1 1', 'both kinds are on');
is($anna->submit({ want_news => undef }, form => qr{/account/notices$})->status, 303, 'one is turned off');
like($anna->follow->text, qr/Your choice is saved/, 'and saved');
is(sent(), 1, 'news go to the other alone');
is(sent('survey'), 2, 'the other kind to both');
is($anna->post('/portal/account/notices', { csrf => 'x', want_news => 1 })->status, 403, 'no form token: nothing');
$anna->get('/portal/account/notices');
$anna->submit({ want_news => 1, want_message => 1 }, form => qr{/account/notices$});
is(sent(), 2, 'on again');
is(sql("SELECT count(*) FROM journal WHERE event = 'notices.set'"), 2, 'the journal has both');

# --- one press, without cookies
my $stranger = sub { return $server->browser(local => '127.30.' . ++$n . '.1') };
my $guest = $stranger->();
$page = $guest->get($in_text);
is($page->status, 200, 'the page opens for a guest');
is_deeply($guest->{cookies}, {}, 'without a cookie');
is(sql('SELECT count(*) FROM notice_off'), 0, 'and changes nothing');
page_like($page, qr/lang=ru&amp;t=/, 'the other language keeps the link');
my $program = sub { my ($path) = @_; my $who = $stranger->(); $who->{navigation} = 0; return $who->request('POST', $path, body => 'List-Unsubscribe=One-Click') };
my ($broken) = $address =~ /^(.*).$/;
my $bad = $program->($broken . ($address =~ /A$/ ? 'B' : 'A'));
is(sql('SELECT count(*) FROM notice_off'), 0, 'a token that is none does nothing');
my $good = $program->($address);
is($good->status, 200, 'one press of a mail program');
is(sql("SELECT count(*) FROM notice_off WHERE person_id = '$anna_id'"), 2, 'turns off all that is optional');
my $normal = sub { my ($answer) = @_; return join "\n", $answer->status, map { $answer->body =~ s/t=[\w.%-]+/t=/gr } 1 };
is($normal->($bad), $normal->($good), 'nobody is told whether it was good');
is($normal->($program->($address)), $normal->($good), 'again says the same');
is($normal->($program->('/portal/unsubscribe?t=' . 'x' x 2000)), $normal->($good), 'so does rubbish');
is($stranger->()->request('POST', $address, body => "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
    headers => ['Content-Type' => 'multipart/form-data; boundary=b'])->status, 200, 'multipart, as the RFC lets it');
is(sent(), 1, 'no news any more');
$anna->get($inbox);
$anna->submit({}, form => qr{/inbox$});
is((cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $login))[0], 0, 'what is obligatory still comes');
is(unread($anna), 1, 'still');
$page = $guest->get($in_text);
is($guest->submit({}, form => qr/unsubscribe/)->status, 200, 'the button of the page');
my $guesser = from(30);
ok(until_true(sub { $guesser->request('POST', '/portal/unsubscribe?t=guess', body => '')->status == 429 }, 60), 'guesses have to wait');
cmp_ok($guesser->{last}->header('retry-after'), '>', 0, 'and are told how long');
my $seen = read_file("$server->{dir}/logs/seen") // q{};
like($seen, qr{POST /portal/unsubscribe HTTP}, "the log has the request");
unlike($seen . $server->log, qr/unsubscribe\?t=|1\.1\.[\w-]{80}/, 'no token in a log');
sql("UPDATE person SET state = 'blocked' WHERE id = '$boris_id'");
my $his = until_true(sub { (grep { $_->{text} =~ /unsubscribe/ } letters_for($his_email, $folder))[-1] }, 30);
my ($his_address) = $his->{text} =~ m{http://[^/]+(/portal/unsubscribe\?t=[\w.-]+)$}m;
is($program->($his_address)->status, 200, 'somebody blocked may leave');
is(sql("SELECT count(*) FROM notice_off WHERE person_id = '$boris_id'"), 2, 'and does');
sql("UPDATE person SET state = 'active' WHERE id = '$boris_id'");
sql('DELETE FROM notice_off');
# The consent as a whole.
$boris->get('/portal/account/consents');
$boris->submit({}, form => qr{/consents/notices/withdraw$});
is(sent(), 1, 'who took the consent back gets none');
like($boris->get($inbox)->text, qr/You took back a consent unread/, 'but a message that it was taken back');

# --- a mailing that was cut off, and two runs at once
my ($clara, $clara_login) = member(browser => from(10), folder => $folder);
agree($_) for $boris, $clara;
my @people = split /\n/, sql('SELECT id FROM person ORDER BY id');
my $body = "Cut off\n\nWords.\n";
my $cut = text('cut', $body);
$server->stop;
sql("INSERT INTO mailing (id, kind, language, body, reached, written, created_at, done_at) VALUES ('0190', 'news', 'ru', '$body', '$people[0]', 1, 1, 0)");
my $mark = sql('SELECT count(*) FROM notice');
($code, $out) = cli('notices', 'send', '--kind', 'news', '--file', $cut);
is($code, 0, 'the same text goes on');
like($out, qr/on its way already.*Written: @{[ scalar @people ]}\./s, 'and says so');
is(sql('SELECT count(*) FROM notice') - $mark, @people - 1, 'behind the place reached');
# Letters that somebody waits for stand before it.
my @busy = map { "('busy$_', '$anna_id', 'known', '', '', '', '', 'ru', '', 'queued', 0, 1, '', '', 0, 1, 0)" } 1 .. 200;
sql('INSERT INTO letter (id, person_id, kind, mailbox, recipient, subject, body, language, message_id, state, attempts, next_at, lease, outcome, reply_code, created_at, done_at) VALUES '
    . join ', ', @busy);
($code, $out) = cli('notices', 'send', '--kind', 'news', '--file', $news, '--json');
is($code, 0, 'many letters wait');
is(JSON::PP::decode_json($out)->{written}, 0, 'nothing is added to them');
ok(!JSON::PP::decode_json($out)->{done}, 'which is told');
sql("DELETE FROM letter WHERE id LIKE 'busy%'");
$mark = sql('SELECT count(*) FROM notice');
my @runs = map { my $pid = fork // die $!; if ($pid == 0) { my ($rc) = cli('notices', 'send', '--kind', 'news', '--file', $news); require POSIX; POSIX::_exit($rc) } $pid } 1 .. 3;
my @codes = map { waitpid $_, 0; $? >> 8 } @runs;
is("@codes", '0 0 0', 'three runs at once');
is((sql('SELECT count(*) FROM notice') - $mark) % @people, 0, 'each text to each person');
is(sql("SELECT count(*) FROM mailing WHERE done_at = 0"), 0, 'all is done');
is(sql('SELECT COUNT(*) FROM mailing m WHERE m.written > ' . @people), 0, 'nobody twice');
sql("INSERT INTO mailing (id, kind, language, body, reached, written, created_at, done_at) VALUES ('0191', 'news', 'ru', '$body', '', 0, 1, 0)");
$server->start;
ok(until_true(sub { sql("SELECT written FROM mailing WHERE id = '0191' AND done_at > 0") eq scalar @people }, 40), 'the server goes on by itself');

# --- stopped half-way
$server->stop;
sql("INSERT INTO mailing (id, kind, language, body, reached, written, created_at, done_at) VALUES ('ffff', 'news', 'ru', '$body', '', 0, 1, 0)");
is((cli('notices', 'stop', 'ffff'))[0], 64, 'stopping wants a reason');
is((cli('notices', 'stop', 'ffff', '--reason', "\xff"))[0], 64, 'in UTF-8');
is((cli('notices', 'stop', '0191', '--reason', 'a wrong text'))[0], 1, 'what is done can not be stopped');
($code, $out) = cli('notices', 'stop', 'ffff', '--reason', 'a wrong text');
is($code, 0, 'what goes on can');
like($out, qr/Written: 0\. It was stopped; nobody else gets it/, 'and is told so');
$mark = sql('SELECT count(*) FROM notice');
is((cli('jobs', 'run', 'notices'))[0], 0, 'the job runs');
is(sql('SELECT count(*) FROM notice') - $mark, 0, 'nobody gets it');
is(sql("SELECT body FROM mailing WHERE id = 'ffff'"), '', 'its text is gone');
is(sql("SELECT count(*) FROM journal WHERE event = 'mailing.stopped'"), 1, 'the journal has it, once');
($code, $out) = cli('notices', 'list', '--json');
my $listed = JSON::PP::decode_json($out)->{mailings};
is(join(' ', map { "$_->{mailing}:$_->{state}" } grep { $_->{mailing} =~ /^(?:ffff|0191)$/ } @$listed), 'ffff:stopped 0191:done', 'the list tells both');
like((cli('notices', 'list'))[1], qr/^ffff  \S+ \S+  news  written 0  stopped$/m, 'also in words');
$server->start;

# --- a letter that failed told nobody anything
queue_is_empty();
sql("UPDATE notice SET read_at = 1 WHERE person_id = '$boris_id'");
is((cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $his_login))[0], 0, 'a message to him');
sql("UPDATE letter SET state = 'failed', done_at = 1 WHERE person_id = '$boris_id' AND kind = 'notice'") if queue_is_empty();
is((cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $his_login))[0], 0, 'and another, while the first is unread');
is((cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $his_login))[0], 0, 'and a third');
is(sql("SELECT count(*) FROM letter WHERE person_id = '$boris_id' AND kind = 'notice' AND state <> 'failed'"), 1, 'its letter failed: the second message gets one, the third none');

# --- pages
for my $number (1 .. 30) {
    cli('notices', 'send', '--kind', 'message', '--file', $to_anna, '--to', $clara_login);
}
my (%seen, @order);
my $path = $inbox;
for (1 .. 5) {
    $page = $clara->get($path);
    push @order, listed($page);
    ($path) = $page->body =~ m{href="([^"]*inbox\?(?:un)?read=[^"]*)"} or last;
    $path =~ s/&amp;/&/g;
}
$seen{$_}++ for @order;
is(scalar @order, notices(sql("SELECT id FROM person ORDER BY id DESC LIMIT 1")), 'page by page, to the end');
is((grep { $_ > 1 } values %seen), 0, 'none twice');
is($clara->get("$inbox?unread=%27%22%3E")->status, 200, 'a made-up place is harmless');

# --- their time
my $year = 366 * 86_400_000_000;
$mark = sql('SELECT count(*) FROM notice');
sql("UPDATE notice SET created_at = created_at - $year - 86400000000 WHERE id = '$order[0]'");
is((cli('jobs', 'run', 'expire'))[0], 0, 'the job');
is($mark - sql('SELECT count(*) FROM notice'), 1, 'removes what is over, read or not');
is((cli('verify-journal'))[0], 0, 'the journal is whole');

# --- every kind has words
my $source = read_file("$ENV{PD_SOURCE_DIR}/src/portal/pd_notice.c");
my @kinds = map { s/-/_/gr } $source =~ /^    (?:EVENT\(|OPTIONAL\(|\{)"([\w-]+)"/mg;
cmp_ok(scalar @kinds, '>', 10, 'the kinds');
for my $kind (@kinds) {
    like(read_file("$ENV{PD_SOURCE_DIR}/templates/notice-kind.html"), qr/\{\{#kind_$kind\}\}/, "$kind has a name");
    next if $kind =~ /^(?:message|news|survey)$/;
    like(read_file("$ENV{PD_SOURCE_DIR}/templates/notice-$_.html"), qr/\{\{#kind_$kind\}\}/, "$kind has a $_") for qw(subject text);
}
unlike($server->log, qr/PD0532|:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing failed');
done_testing;
