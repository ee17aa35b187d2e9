# Restarts and dead children: nobody is signed out, no request is lost, the mail goes on.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;

my $server = server(name => 'reload', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/reload/mail" });
my $folder = "$server->{dir}/mail";
$server->start;
my ($browser) = member(browser => $server->browser, folder => $folder);

# Graceful restarts under requests, one connection each.
my $stop = "$server->{dir}/stop";
my $pid = fork // die;
if ($pid == 0) {
    my ($good, $bad) = (0, '');
    until (-e $stop) {
        my $answer = $browser->clone->get('/cabinet/');
        $answer->status == 200 ? $good++ : ($bad .= $answer->status . ' ');
    }
    write_file("$stop.report", "$good|$bad");
    require POSIX;
    POSIX::_exit(0);
}
my $started = sub { return scalar(() = $server->log =~ /resuming normal operations/g) };
for my $n (1 .. 3) {
    my $before = $started->();
    $server->signal('USR1');
    ok(until_true(sub { $started->() > $before && $server->listens }, 20), "graceful restart $n");
    my ($form) = (register($server->browser))[1];
    ok(letter_for($form->{email}, 1, $folder), "mail goes on after restart $n");
}
write_file($stop, '');
waitpid $pid, 0;
my ($good, $bad) = split /\|/, read_file("$stop.report"), -1;
cmp_ok($good, '>', 20, "requests all the while ($good)");
is($bad, '', 'and none that failed');
is($browser->get('/cabinet/')->status, 200, 'still signed in');

# A child is killed.
for my $n (1 .. 2) {
    my ($parent, @children) = $server->processes;
    kill KILL => $children[$n - 1];
    ok(until_true(sub { $server->browser->get('/portal/login')->status == 200 }, 20), "child $n killed: pages go on");
    is($browser->get('/cabinet/')->status, 200, "child $n killed: still signed in");
    my ($answer, $form) = register($server->browser);
    is($answer->status, 303, "child $n killed: registrations go on");
    ok(letter_for($form->{email}, 1, $folder), "child $n killed: and so does the mail");
}

# A full stop and start.
$server->stop;
is($server->browser->get('/')->status, 0, 'stopped');
$server->start;
is($browser->get('/cabinet/')->status, 200, 'started again: still signed in');
is((run_ctl('verify-journal', '--config', $server->{conf}))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal (?!Killed)/, 'nothing crashed');
done_testing;
