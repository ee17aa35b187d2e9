# Guessing protection (F11, F18; RELIABILITY S2, S3, L7, 14, 18): counted before hashing, under the name, the
# address, the network; growing waits, 429 and Retry-After; the owner's own browser passes; nothing is told by it.
use strict;
use warnings FATAL => 'all';
use utf8;
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

# The clock of waits goes on by itself, and further when the test says so.
my $ticks = "$ENV{PD_WORK}/limits.ticks";
my $passed = 0;
sub later { my ($seconds) = @_; $passed += $seconds; return write_file($ticks, "+$passed\n") }
later(0);
my $server = server(name => 'limits', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/limits/mail", PDPortalLettersPerHour => 3, PDPortalHashingQueue => 200, PDPortalHashingWait => '30s' },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_TICKS_FILE => $ticks });
$server->start;
my $folder = "$server->{dir}/mail";
my $sql = sub { return PDPortal::Setup::sql($server, shift) };
my $mine = sub { return member(browser => $server->browser, folder => $folder) };
my $guess = sub { my ($browser, $login, $password) = @_; return sign_in($browser, $login, $password // 'wrong password here') };
# The same browser, signed out, perhaps at another place.
my $again = sub { my ($browser, %given) = @_; my $copy = $browser->clone(%given); delete $copy->{cookies}{pd}; return $copy };
# Guesses until the next has to wait so long; `from` makes the browser, `name` the login.
sub climb {
    my ($seconds, $from, $name) = @_;
    for my $n (1 .. 100) {
        my $wait = $guess->($from->(), $name->($n))->header('retry-after') or next;
        return $wait if $wait >= $seconds;
        later($wait);
    }
    return 0;
}
sub climb_name { my ($seconds, $name) = @_; return climb($seconds, sub { $server->browser }, sub { $name }) }

# The form cookie lives a day, and half a year after a sign-in.
my ($owner, $login, $email) = $mine->();
my ($cookie) = grep { /^pdf=/ } $server->browser->get('/portal/login')->all('set-cookie');
like($cookie, qr/^pdf=[\w-]{43}; .*Max-Age=86400;/, 'the form cookie lives a day');
my $visitor = $again->($owner);
($cookie) = grep { /^pdf=/ } $guess->($visitor, $login, password())->all('set-cookie');
like($cookie, qr/^pdf=[\w-]{43}!\d+~; .*Max-Age=15552000;/, 'after a sign-in half a year');
($cookie) = grep { /^pdf=/ } $again->($visitor)->get('/portal/login?lang=ru')->all('set-cookie');
like($cookie, qr/^pdf=[\w-]{43}:ru(?:!\d+)?~; .*Max-Age=15552000;/, 'and when the language is chosen, too');
like($visitor->get('/portal/cookies?lang=en')->text, qr/1 day; once you have signed in, 180 days/, 'the page about cookies says so');

# A hundred guesses at one instant, from everywhere; the right one among them last.
my $stranger = $server->browser;
my $page = $stranger->get('/portal/login');
pipe my $door, my $holder or die $!;
pipe my $results, my $report or die $!;
my @children;
for my $n (1 .. 99) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $holder;
        sysread $door, my $ignored, 1;
        my $from = $stranger->clone(local => "127.46.$n.1");
        my $answer = eval { $from->submit({ login => $login, password => "wrong password $n" }, page => $page) };
        syswrite $report, join(' ', $answer ? $answer->status : 0, ($answer && $answer->header('retry-after')) // '-') . "\n";
        require POSIX;
        POSIX::_exit(0);
    }
    push @children, $pid;
}
close $report;
my $opened = time;
close $holder; # the door opens
chomp(my @answers = <$results>);
waitpid $_, 0 for @children;
# The first waits are short: on a slow machine some may be over.
my $over = grep { time - $opened >= $_ } 2, 6, 14, 30;
my $checked = grep { $_ eq '422 -' } @answers;
is(scalar @answers, 99, 'everybody got an answer');
cmp_ok($checked, '>=', 6, 'five guesses are free, the sixth brings the wait');
cmp_ok($checked, '<=', 6 + $over, 'no other was looked at');
is(scalar(grep { /^429 \d+$/ } @answers), 99 - $checked, 'the rest is told to wait');
ok(climb_name(30, $login), 'waits grow');
my $rows = $sql->("SELECT COUNT(*) FROM journal WHERE event = 'session.refused'");
my $answer = $guess->($server->browser, $login, password());
is($answer->status, 429, 'the right one is not looked at either');
is($sql->("SELECT COUNT(*) FROM journal WHERE event = 'session.refused'"), $rows, 'what is not looked at writes nothing');

# What the visitor sees.
cmp_ok($answer->header('retry-after'), '>', 1, 'Retry-After');
like($answer->text, qr/wait a little.*Try again in \d+ seconds\..*A browser in which you have signed in before/, 'a calm sentence, and who passes');
is($answer->form->{fields}{login}, $login, 'the form comes back with the login');
is($answer->form->{fields}{password} // '', '', 'but not the password');
unlike($answer->body, qr/quiet-harbour/, 'nowhere');

# The owner on his own browser, meanwhile: from home, from elsewhere, by e-mail.
for my $case (['at once'], ['from elsewhere, too', local => '127.46.200.1'], ['and by e-mail', name => $email]) {
    my ($how, %given) = @$case;
    my $name = delete $given{name} // $login;
    my $home = $again->($owner, %given);
    is(sign_in($home, $name)->status, 303, "the owner signs in $how");
    is($home->get('/cabinet/')->status, 200, 'and is in');
}
is($guess->($server->browser, $login, password())->status, 429, 'while strangers still wait');

# Who has the right password gets in after the wait; by itself, here.
my (undef, $second) = $mine->();
climb_name(4, $second);
my $patient = $server->browser;
is($guess->($patient, $second, password())->status, 429, 'a stranger with the right password waits');
ok(until_true(sub { $guess->($patient, $second, password())->status == 303 }, 30), 'and gets in');
is($patient->get('/cabinet/')->status, 200, 'really');
is($guess->($server->browser, $second)->status, 422, 'then the account is as before');

# Waits grow, for a name that somebody has and for one that nobody has, in the same steps and pages.
my (undef, $known, $known_email) = $mine->();
my $unknown = $known =~ s/^(....)/$1 eq 'user' ? 'resu' : 'user'/er;
my (%course, %pages);
for my $name ($known, $unknown) {
    for my $n (1 .. 6) {
        is($guess->($server->browser, $name)->status, 422, "$name, guess $n: refused");
    }
    for my $n (1 .. 7) {
        my $from = $server->browser;
        my $got = $guess->($from, $name);
        push @{ $course{$name} }, $got->header('retry-after');
        push @{ $pages{$name} }, join "\n", $got->status, (map { my $key = $_; map {"$key: $_"} $got->all($key) }
            grep { !/^(?:date|set-cookie|content-length|retry-after)$/ } sort keys %{ $got->{headers} }),
            $got->body =~ s/\Q$name\E/NAME/gr =~ s/name="csrf" value="[^"]*"/CSRF/r =~ s/in \d+ seconds?/in N seconds/r;
        later($got->header('retry-after'));
        $guess->($from, $name);
    }
}
# Up to three seconds may have passed before it was asked for.
for my $n (0 .. 6) {
    my $full = 2 << $n;
    for my $name ($known, $unknown) {
        ok($course{$name}[$n] <= $full && $course{$name}[$n] > $full - 3, "$name, wait " . ($n + 1) . ": Retry-After $course{$name}[$n]");
    }
}
is($pages{$unknown}[$_], $pages{$known}[$_], 'with the same headers and page, wait ' . ($_ + 1)) for 0 .. 6;
like($pages{$known}[6], qr/Try again in 3 minutes\./, 'long waits are told in minutes');
my $russian = $guess->($server->browser(language => 'ru'), $unknown);
like($russian->text, qr/Попробуйте снова через 5 минут\. В браузере, в котором вы уже входили/, 'in Russian too');

# The owner is told, once.
my $told = letter_that($known_email, qr/wrong password for your account.*(?:nobody|need not do anything)/s, $folder);
ok($told, 'the owner gets a letter');
unlike($told->{raw} . $told->{subject} . $told->{text}, qr/\Q$known\E(?!\@)/, 'without the login');
unlike($told->{subject}, qr/password|clinic|attempt/i, 'with a neutral subject');
my $subject = $sql->("SELECT person_id FROM letter WHERE kind = 'attempts' ORDER BY created_at DESC LIMIT 1");
is($sql->("SELECT COUNT(*) FROM letter WHERE kind = 'attempts' AND person_id = '$subject'"), '1', 'one letter');
is($sql->("SELECT COUNT(*) FROM letter WHERE kind = 'attempts'"), '1', 'and none to anybody else');

# Every process of every generation counts in the same place.
my $started = sub { return scalar(() = $server->log =~ /resuming normal operations/g) };
my $before = $started->();
climb_name(100, $known);
$server->signal('USR1');
ok(until_true(sub { $started->() > $before && $server->listens }, 30), 'a graceful restart');
is($guess->($server->browser, $known, password())->status, 429, 'does not end the wait');
later(3600);
is($guess->($server->browser, $known, password())->status, 303, 'the wait does');

# One address, many names; and the network around it.
my $crowd = '127.46.220.9';
my $from_crowd = $server->browser(local => $crowd);
my @crowd = map { $guess->($from_crowd, "crowd$_")->status } 1 .. 31;
is("@crowd", join(' ', (422) x 31), 'thirty names from one address, and one more');
ok(climb(20, sub {$from_crowd}, sub {"crowdof$_[0]"}), 'then it has to wait');
is($guess->($server->browser(local => '127.46.220.10'), 'crowd34')->status, 422, 'another address of the network is free');
my $inside = $again->($owner, local => $crowd);
is(sign_in($inside, $login)->status, 303, 'a browser known to its owner passes even there');
is($inside->get('/cabinet/')->status, 200, 'and is in');
for my $header ('X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Client-IP') {
    $from_crowd->get('/portal/login');
    my $got = $from_crowd->submit({ login => 'crowd35', password => 'x' }, headers => [$header => $header eq 'Forwarded' ? 'for=192.0.2.1' : '192.0.2.1']);
    is($got->status, 429, "$header does not change where it comes from");
}
my $else = $server->browser;
$else->get('/portal/login');
is($else->submit({ login => 'crowd36', password => 'x' }, headers => ['X-Forwarded-For' => $crowd])->status, 422, 'nor whom it is held against');
# Codes meet the same limit.
my ($registering, $form) = ($server->browser);
(undef, $form) = register($registering);
my $code = letter_for($form->{email}, 1, $folder)->{code};
my $moved = $registering->clone(local => $crowd);
$moved->get('/portal/confirm');
$answer = $moved->submit({ code => $code });
is($answer->status, 429, 'a code from there has to wait');
ok($answer->header('retry-after') && $answer->form && exists $answer->form->{types}{code}, 'with the form and Retry-After');
$registering->get('/portal/confirm');
is($registering->submit({ code => $code })->status, 303, 'elsewhere it is taken');

# One mailbox gets three letters an hour; the page is the same.
my $asking = $server->browser;
(undef, $form) = register($asking);
my @texts;
for my $n (2 .. 5) {
    my ($button) = grep { ($_->{tags}{act}{value} // '') eq 'resend' } $asking->get('/portal/confirm')->forms;
    my $got = $asking->post($button->{action}, { %{ $button->{fields} }, act => 'resend' });
    is($got->status, 200, "letter $n is asked for");
    push @texts, $got->text;
}
is($texts[$_], $texts[0], 'the page is the same whether it is sent or not') for 1 .. 3;
my $mailbox = $sql->("SELECT mailbox FROM letter ORDER BY created_at DESC LIMIT 1");
is($sql->("SELECT COUNT(*) FROM letter WHERE mailbox = '$mailbox'"), '3', 'the fourth letter of the hour is not written');

# One address causes twenty letters an hour, and one more.
my @taken;
for my $n (1 .. 22) {
    my $from = $server->browser(local => '127.46.230.1');
    ($answer, $form) = register($from);
    push @taken, $answer->status;
}
is("@taken", join(' ', (303) x 21, 429), 'registrations from one address are limited');
is($answer->header('retry-after'), '180', 'with Retry-After');
is($answer->form->{fields}{email}, $form->{email}, 'the form comes back filled');
is($answer->form->{fields}{password} // '', '', 'but for the password');
like($answer->text, qr/Try again in 3 minutes\./, 'and says how long to wait');
unlike($answer->text, qr/A browser in which you have signed in/, 'and promises nothing');
is(register($server->browser)->status, 303, 'elsewhere registration goes on');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal|PD0532/, 'nothing crashed');
$server->stop;

# Behind a proxy that mod_remoteip trusts, the visitor's address counts; from others its header says nothing.
my $behind = server(name => 'limits-proxy', place => 1, set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/limits-proxy/mail" }, extra => <<"END");
LoadModule remoteip_module $ENV{PD_MODULES}/mod_remoteip.so
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.46.240.1
END
$behind->start;
my $through = sub {
    my ($local, $address, $name) = @_;
    my $from = $behind->browser(local => $local);
    $from->get('/portal/login');
    return $from->submit({ login => $name, password => 'x' }, headers => ['X-Forwarded-For' => $address])->status;
};
is(join(' ', map { $through->('127.46.240.1', '192.0.2.1', "behind$_") } 1 .. 31), join(' ', (422) x 31), 'one visitor behind the proxy');
ok((grep { $through->('127.46.240.1', '192.0.2.1', "behindof$_") == 429 } 1 .. 5), 'has his limit');
is($through->('127.46.240.1', '198.51.100.1', 'behind33'), 422, 'another one his own');
is($through->('127.46.241.1', '192.0.2.1', 'behind34'), 422, 'and who is no proxy comes from where he comes');
done_testing;
