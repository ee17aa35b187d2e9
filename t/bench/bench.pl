#!/usr/bin/perl
# The measurements of make bench, inside the surroundings of t/run-suite. A test only in form: it fails when
# something answers wrongly, and prints a table.
use strict;
use warnings FATAL => 'all';
use POSIX ();
use Time::HiRes qw(time);
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $requests = $ENV{REQUESTS} // 300;
my $seconds = $ENV{SIGN_IN_SECONDS} // 8;
my $clients = $ENV{CLIENTS} // 2;
my @table;

# Instructions: one process, one connection that stays.
sub instructions {
    my ($server, $path, $n, @headers) = @_;
    my $out = "$server->{dir}/callgrind.out";
    unlink glob "$out*";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDOUT, '>', "$server->{dir}/logs/callgrind";
        open STDERR, '>&', \*STDOUT;
        exec 'valgrind', '--tool=callgrind', '--instr-atstart=yes', "--callgrind-out-file=$out",
            $ENV{PD_HTTPD_PLAIN} // $ENV{PD_HTTPD}, '-f', $server->{conf_file}, '-X' or POSIX::_exit(127);
    }
    my $ready = until_true(sub { waitpid($pid, 1) ? 'gone' : eval { $server->browser->get('/')->status == 200 } }, 120);
    die "httpd under callgrind does not come up:\n" . read_file("$server->{dir}/logs/callgrind") . $server->log if !$ready || $ready eq 'gone';
    my $browser = $server->browser;
    my $request = sub { my ($connection) = @_; return "GET $path HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: $connection\r\n" . join('', map {"$_\r\n"} @headers) . "\r\n" };
    my $answer = $browser->raw($request->('keep-alive') x ($n - 1) . $request->('close'));
    my $good = () = $answer =~ m{HTTP/1\.1 200 OK\r\n}g;
    kill TERM => $pid;
    waitpid $pid, 0;
    is($good, $n, "$path: $n answers");
    my ($total) = (read_file($out) // '') =~ /^(?:summary|totals): (\d+)/m;
    return $total;
}

sub per_request {
    my ($server, $path, @headers) = @_;
    my $once = instructions($server, $path, $requests, @headers);
    my $twice = instructions($server, $path, 2 * $requests, @headers);
    return ($twice - $once) / $requests;
}

my $server = server(name => 'bench', port => $ENV{PD_PORT} + 20, extra => "MaxKeepAliveRequests 0\nLogLevel warn\n", set => {
    PDPortalMailRelay => "maildir:$ENV{PD_WORK}/bench/mail", PDPortalPasswordMemory => undef, PDPortalPasswordPasses => undef,
    PDPortalMailInterval => '1h' });
my $page = '<!doctype html><title>page</title>' . 'x' x (4096 - 34);
write_file("$server->{dir}/htdocs/$_", $page) for qw(page.html cabinet/page.html);

# A member, made with a quick mail job; the measured server looks at the mail once an hour.
my $conf = read_file($server->{conf});
write_file($server->{conf}, $conf =~ s/^PDPortalMailInterval .*\n//mr);
$server->start;
my ($browser, $login) = member(browser => $server->browser, folder => "$server->{dir}/mail");
$server->stop;
write_file($server->{conf}, $conf);

my $cookie = "Cookie: pd=$browser->{cookies}{pd}";
my $open = per_request($server, '/page.html');
my $closed = per_request($server, '/cabinet/page.html', $cookie);
my $policy = per_request($server, '/portal/policy');
my $form = per_request($server, '/portal/login');
my $row = sub { push @table, sprintf '%-58s %12s', @_ };
my $number = sub { my $text = sprintf '%.0f', shift; 1 while $text =~ s/^(-?\d+)(\d{3})/$1 $2/; return $text };
$row->('static 4 KB page, no authentication (instructions/request)', $number->($open));
$row->('the same bytes in an authorised section', $number->($closed));
$row->('  added by the portal', $number->($closed - $open));
$row->('policy page', $number->($policy));
$row->('sign-in form', $number->($form));

# Sign-ins beside bare hashing, at the portal's default cost.
$server->start;
my $bare = sub { my ($code, $out, $error) = PDPortal::Setup::run_program("$ENV{PD_WORK}/bin/argon2", "$server->{dir}/master.key", $clients, $seconds, 65536, 2);
    die $error if $code; return $out + 0 };
my $before = $bare->();
my @pipes;
for my $client (1 .. $clients) {
    pipe my $read, my $write or die $!;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        my $visitor = $server->browser;
        my $token = $visitor->get('/portal/login')->field('csrf');
        my ($n, $end) = (0, time + $seconds);
        my $begin = time;
        while (time < $end) {
            my $answer = $visitor->post('/portal/login', { csrf => $token, login => $login, password => password() });
            $n++ if $answer->status == 303;
        }
        syswrite $write, $n / (time - $begin) . "\n";
        POSIX::_exit(0);
    }
    close $write;
    push @pipes, $read;
}
my $rate = 0;
$rate += readline $_ for @pipes;
my $hashes = ($before + $bare->()) / 2;
$server->stop;
cmp_ok($rate, '>', 0, 'sign-ins work');
$row->("Argon2id alone, 64 MiB, 2 passes, $clients threads (per second)", sprintf '%.1f', $hashes);
$row->("sign-ins, $clients visitors at once (per second)", sprintf '%.1f', $rate);
$row->('  ratio', sprintf '%.2f', $rate / $hashes);
write_file("$ENV{PD_WORK}/bench.txt", join '', map {"$_\n"} @table);
diag "\n$ENV{PD_MPM}, $ENV{PD_DB}, $requests and " . 2 * $requests . " requests";
diag $_ for @table;
done_testing;
