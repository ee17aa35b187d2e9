# The yearly look at one's own data (F22; 6.1.2): a message and its letter a year after the confirmation, the last change or
# the last reminder; once, whoever runs the job, and only to people whose account is open.
use strict;
use warnings FATAL => 'all';
use utf8;
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();
binmode $_, ':encoding(UTF-8)' for map { Test::More->builder->$_ } qw(output failure_output todo_output);

my $clock = "$ENV{PD_WORK}/review.clock";
sub days { my ($days) = @_; write_file("$clock.new", sprintf "%+d\n", $days * 86400); return rename "$clock.new", $clock }
days(0);
my %clocked = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
my $server = server(name => 'review', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/review/mail" }, env => {%clocked});
$server->start;
my $folder = "$server->{dir}/mail";
my $inbox = '/portal/account/inbox';
sub sql { return PDPortal::Setup::sql($server, @_) }
sub reminders { my ($person) = @_; return sql("SELECT count(*) FROM notice WHERE kind = 'review'" . ($person ? " AND person_id = '$person'" : '')) }
sub told { my ($person) = @_; return sql("SELECT count(*) FROM journal WHERE event = 'review.told' AND subject = '$person'") }
sub person { my ($browser, @who) = member(browser => $server->browser(@_), folder => $folder); return ($browser, @who, sql('SELECT id FROM person ORDER BY id DESC LIMIT 1')) }
sub job { local %ENV = (%ENV, %clocked); my ($code, $out) = run_ctl('jobs', 'run', 'review', '--config', $server->{conf}); return "$code $out" }
sub plain_letters { my ($email) = @_; return grep { $_->{text} =~ /A new message waits/ } letters_for($email, $folder) }

my ($anna, $login, $email, $anna_id) = person();
my ($boris, $his_login, $his_email, $boris_id) = person(language => 'ru');
my ($clara, $clara_login, undef, $clara_id) = person();
my ($dina, $dina_login, undef, $dina_id) = person();
sql("UPDATE person SET state = 'blocked' WHERE id = '$clara_id'");
like($anna->get('/portal/account/notices')->text, qr/once a year: whether your data are still right/, 'the page of settings names it');

# Dina changes her login within the year.
days(200);
$dina = $server->browser;
sign_in($dina, $dina_login);
$dina->get('/portal/account/login');
is($dina->submit({ login => unique() }, form => qr{/account/login$})->status, 303, 'a login is changed on day 200');
days(364);
is(job(), "0 review: 0\n", 'day 364: it is too early');
days(366);
job();
ok(until_true(sub { reminders() eq '2' }, 30), 'day 366: two are reminded');
is(reminders($_), 1, 'once') for $anna_id, $boris_id;
is(reminders($clara_id), 0, 'who is blocked is not');
is(reminders($dina_id), 0, 'nor is who changed something within the year');
is(job(), "0 review: 0\n", 'another run: nobody is left');
is(sql("SELECT count(*) FROM journal WHERE event = 'review.told'"), 2, 'the journal has it');

# What they read.
my $letter = letter_that($email, qr/A new message waits/, $folder);
is($letter->{subject}, 'You have a new message', 'a neutral letter');
unlike($letter->{text}, qr/data|login/i, 'which says nothing of what it is');
$anna = $server->browser;
sign_in($anna, $login);
like($anna->get($inbox)->text, qr/Are your data still right\? unread/, 'the message in the inbox');
my ($path) = $anna->{last}->body =~ m{href="(\Q$inbox\E/[0-9a-f-]{36})"};
my $page = $anna->get($path);
like($page->text, qr/It is a year since you last changed your data.*your login and your e-mail address/s, 'its words');
page_like($page, qr{class="button" href="/portal/account/">Look at my data}, 'lead to the data');
unlike($page->text, qr/If it was not you/, 'and warn of nobody');
$boris = $server->browser(language => 'ru');
sign_in($boris, $his_login);
like($boris->get($inbox)->text, qr/Верны ли ещё ваши данные\?/, 'in Russian');
($path) = $boris->{last}->body =~ m{href="(\Q$inbox\E/[0-9a-f-]{36})"};
page_like($boris->get($path), qr{href="/portal/account/"}, 'likewise');

# From then on; messages themselves are kept for a year only.
days(200 + 364);
job();
is(told($dina_id), 0, 'a year after the confirmation of Dina nothing is due');
days(200 + 366);
job();
ok(until_true(sub { told($dina_id) eq '1' }, 30), 'a year after the change it is');
is(told($anna_id), 1, 'nobody else is asked again');
days(366 + 364);
job();
is(told($anna_id), 1, 'nor a year less a day later');
days(366 + 366);
job();
ok(until_true(sub { told($anna_id) eq '2' }, 30), 'but a year after the reminder');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/PD0920|:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing went wrong');
done_testing;
