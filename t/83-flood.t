# A flood of sign-ins: what is more than the host can check is answered with 503 at once, everybody else
# is served, and afterwards all is as before.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Setup qw(read_file);
use PDPortal::Test;

my $server = server(name => 'flood', set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/flood/mail", PDPortalHashingSlots => 1, PDPortalHashingQueue => 4, PDPortalHashingWait => '1s',
    PDPortalPasswordMemory => 65536, PDPortalPasswordPasses => 3 },
    extra => "MaxRequestWorkers 32\n<IfModule mpm_prefork_module>\nStartServers 12\nServerLimit 32\n</IfModule>");
$server->start;
my ($browser, $login) = member(browser => $server->browser, folder => "$server->{dir}/mail");

# Sixty visitors wait at one door, each with the form filled in, each from a network of his own and for a
# name of his own; five of them for a person there is.
my $visitor = $server->browser;
my $page = $visitor->get('/portal/login');
pipe my $door, my $holder or die $!;
pipe my $results, my $report or die $!;
my %children;
for my $n (1 .. 60) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $holder;
        sysread $door, my $ignored, 1;
        my $mine = $visitor->clone(local => "127.183.$n.1");
        my $answer = eval { $mine->submit({ login => $n % 12 ? "nobody$n" : $login, password => "wrong password $n" }, page => $page) };
        syswrite $report, join(' ', $answer ? $answer->status : 0, ($answer && $answer->header('retry-after')) // '-', $answer && $answer->all('set-cookie') && "@{[$answer->all('set-cookie')]}" =~ /\bpd=/ ? 'session' : '-') . "\n";
        require POSIX;
        POSIX::_exit(0);
    }
    $children{$pid} = 1;
}
close $report;
close $holder; # the door opens
my (%meanwhile, %hashing);
while (%children) {
    $meanwhile{ $browser->get('/cabinet/')->status }++;
    $hashing{ (read_file("/proc/$_/stat") // '') =~ /\(pdportal-hash\) \S (\d+) (?:\S+ ){14}(\S+)/ ? "of $1, nice $2" : '' } = 1 for $server->processes;
    for my $pid (keys %children) {
        delete $children{$pid} if waitpid($pid, 1) == $pid;
    }
}
ok(scalar(grep { /, nice 5$/ } keys %hashing), 'passwords are hashed beside the server, by processes that give way') or diag explain \%hashing;
unlike($server->log, qr/PD025[12]/, 'and never within it');
is(join(' ', sort keys %meanwhile), '200', 'an authorised page answers all the while') or diag explain \%meanwhile;
chomp(my @answers = <$results>);
my %count;
$count{ (split ' ')[0] }++ for @answers;
is(scalar @answers, 60, 'everybody got an answer');
is(join(' ', sort keys %count), '422 503', 'refused, or told to come back; nothing else') or diag explain \%count;
is(scalar(grep { /^503 (?!\d+ -$)/ } @answers), 0, 'who was sent away knows when to come back');
is(scalar(grep { /session/ } @answers), 0, 'and nobody has a session');
note explain \%count;
is(sign_in($server->browser, $login)->status, 303, 'afterwards signing in works');
my $answer = register($server->browser);
is($answer->status, 303, 'and registering');
is($browser->get('/cabinet/')->status, 200, 'and nobody was signed out');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal|PD0532/, 'nothing crashed');
done_testing;
