package PDPortal::Server;

# An httpd of one test's own, with its own portal: for restarts, kills, faults and wrong configuration.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use IO::Socket::INET ();
use PDPortal::Setup qw(write_file read_file until_true);
use PDPortal::Browser ();

my @running;

# new(name => 'kill', set => {PDPortal...}, extra => "httpd lines", env => {...}, front => 303).
# `front`: how the front page answers a guest when the server is up, else 200.
# The port follows from the number of the test file, so that tests side by side don't meet.
sub new {
    my ($class, %given) = @_;
    my ($number) = $0 =~ m{(\d+)-[^/]*$};
    my $port = $given{port} // $ENV{PD_PORT} + 10 + ($number // 0) + 100 * ($given{place} // 0);
    my $portal = $given{portal} || PDPortal::Setup::make_portal(
        name => $given{name}, port => $port, set => $given{set}, bare => $given{bare});
    my $self = bless { %given, %$portal, port => $port, conf_file => "$portal->{dir}/httpd.conf" }, $class;
    mkdir "$self->{dir}/$_" for qw(logs htdocs htdocs/cabinet);
    write_file("$self->{dir}/htdocs/index.html", "<title>front</title>front page\n");
    write_file("$self->{dir}/htdocs/cabinet/index.html", "<title>cabinet</title>words of cabinet\n");
    $self->write_conf;
    return $self;
}

sub write_conf {
    my ($self) = @_;
    my $extra = $self->{extra} // '';
    write_file($self->{conf_file}, <<"END");
Include "$ENV{PD_BASE_CONF}"
ServerName 127.0.0.1
Listen 127.0.0.1:$self->{port}
ServerRoot "$self->{dir}"
DocumentRoot "$self->{dir}/htdocs"
PidFile "$self->{dir}/logs/pid"
ErrorLog "$self->{dir}/logs/error_log"
LogLevel info pdportal:trace4
DefaultRuntimeDir "$self->{dir}/logs"
StartServers 2
MaxRequestWorkers 16
<IfModule !mpm_prefork_module>
    ServerLimit 4
    ThreadsPerChild 8
</IfModule>
GracefulShutdownTimeout 5
<Directory />
    Require all granted
</Directory>
Include "$self->{conf}"
<Location "/cabinet">
    AuthType PDPortal
    Require valid-user
</Location>
$extra
END
    return;
}

sub environment {
    my ($self) = @_;
    my $env = $self->{env} || {};
    return map { $_ => $env->{$_} } keys %$env;
}

# What "apache2 -t" says of this configuration: (exit code, message).
sub configtest {
    my ($self) = @_;
    my ($code, $out, $error) = PDPortal::Setup::run_program($ENV{PD_HTTPD}, '-f', $self->{conf_file}, '-t');
    return ($code, $out . $error);
}

# Configuration of a server whose processes are all to be asked: few threads each, and a log of who answered.
sub many_processes {
    return <<'END';
StartServers 4
MaxRequestWorkers 32
<IfModule mpm_prefork_module>
    StartServers 8
    MinSpareServers 8
    ServerLimit 32
</IfModule>
<IfModule !mpm_prefork_module>
    ServerLimit 8
    ThreadsPerChild 4
    MinSpareThreads 16
    MaxSpareThreads 32
</IfModule>
LogFormat "%{X-Ask}i %P %>s" ask
CustomLog logs/ask ask
END
}

# Asks on so many connections at once that no process can have them all: each is held by the thread that took it,
# half a request long, until all are out. Gives { status => count } and the number of processes that answered.
my $asked = 0;
sub ask_everywhere {
    my ($self, $browser, $path, $connections) = @_;
    my %status;
    my $mark = 'ask' . ++$asked;
    my $cookie = join '; ', map {"$_=$browser->{cookies}{$_}"} sort keys %{ $browser->{cookies} };
    my @sockets = grep { $_ } map { $browser->connection } 1 .. $connections // 14;
    syswrite $_, "GET $path HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Ask: $mark\r\n" for @sockets;
    select undef, undef, undef, 0.1; # nothing tells when a thread waits for the rest
    syswrite $_, "Connection: close\r\nAccept: text/html\r\nCookie: $cookie\r\n\r\n" for @sockets;
    for my $socket (@sockets) {
        my ($status) = PDPortal::Browser::rest_of($socket) =~ m{^HTTP/1\.1 (\d+)};
        $status{ $status // 0 }++;
    }
    my $answered = until_true(sub {
        my @found = (read_file("$self->{dir}/logs/ask") // '') =~ /^$mark (\d+) /mg;
        return @found >= @sockets ? \@found : undef;
    }, 20);
    my %process = map { $_ => 1 } @{ $answered || [] };
    return (\%status, scalar keys %process);
}

# Starts it; a port that is not free again yet after a kill -9 is waited for.
sub start {
    my ($self) = @_;
    my $error;
    my $started = until_true(sub {
        return 1 if eval { $self->start_once; 1 };
        $error = $@;
        croak $error if $error !~ /Address already in use/;
        unlink "$self->{dir}/logs/start";
        return;
    }, 20);
    croak $error unless $started;
    return $self;
}

sub start_once {
    my ($self) = @_;
    unlink "$self->{dir}/logs/pid";
    my $pid = fork // croak "fork: $!";
    if ($pid == 0) {
        setpgrp 0, 0;
        %ENV = (%ENV, $self->environment);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/logs/start";
        open STDERR, '>>', "$self->{dir}/logs/start";
        exec { $ENV{PD_HTTPD} } $ENV{PD_HTTPD}, '-f', $self->{conf_file}, '-DFOREGROUND' or exit 127;
    }
    $self->{pid} = $pid;
    push @running, $self;
    my $ready = until_true(sub { waitpid($pid, 1) == $pid ? 'gone' : $self->listens ? 'yes' : '' }, 30) // 'silent';
    if ($ready ne 'yes') {
        $self->{pid} = undef if $ready eq 'gone';
        $self->stop if $ready ne 'gone';
        croak "the server doesn't start ($ready):\n" . $self->log . (read_file("$self->{dir}/logs/start") // '');
    }
    return $self;
}

# Listens, and a child answers.
sub listens {
    my ($self) = @_;
    my $wanted = $self->{front} // 200;
    return -s "$self->{dir}/logs/pid" && $self->browser->get('/')->status == $wanted;
}

sub log { my ($self) = @_; return read_file("$self->{dir}/logs/error_log") // '' }

sub browser { my ($self, %given) = @_; return PDPortal::Browser->new(port => $self->{port}, %given) }

sub signal { my ($self, $name) = @_; return kill $name, $self->{pid} }

# Every process of this server, the parent first.
sub processes {
    my ($self) = @_;
    my @all;
    for my $stat (glob '/proc/[0-9]*/stat') {
        my $text = read_file($stat) // next;
        my ($pid, $group) = $text =~ /^(\d+) \(.*\) \S \d+ (\d+)/s or next;
        push @all, $pid if $group == $self->{pid};
    }
    return sort { ($b == $self->{pid}) <=> ($a == $self->{pid}) || $a <=> $b } @all;
}

# Freezes a process, and returns when each of its threads stands still: kill returns before that, and a thread
# that still runs could take a connection and keep it.
sub freeze {
    my ($self, $pid) = @_;
    kill STOP => $pid;
    my $still = sub { !grep { (read_file($_) // '') !~ /^\d+ \(.*\) T/s } glob "/proc/$pid/task/*/stat" };
    return until_true($still, 20) // croak "process $pid does not stand still";
}

# kill -9 of everything at once, as a power cut does; returns when the port is free.
sub kill_all {
    my ($self) = @_;
    return unless $self->{pid};
    kill KILL => -$self->{pid};
    waitpid $self->{pid}, 0;
    until_true(sub { !$self->processes }, 20) // croak 'processes that survive kill -9';
    $self->{pid} = undef;
    return;
}

sub stop {
    my ($self) = @_;
    return unless $self->{pid};
    kill TERM => $self->{pid};
    my $gone = until_true(sub { waitpid($self->{pid}, 1) != 0 }, 30);
    return $self->kill_all unless $gone;
    $self->{pid} = undef;
    return;
}

END {
    my $code = $?;
    $_->stop for @running;
    $? = $code;
}

1;
