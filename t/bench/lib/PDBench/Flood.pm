package PDBench::Flood;

# Very many wrong sign-ins at once: each visitor has an address of its own in 127.0.0.0/8, another one and another
# login each time; who was sent away comes back after a second.
use strict;
use warnings FATAL => 'all';
use IO::Select ();
use IO::Socket::INET ();
use Time::HiRes qw(time sleep);
use PDBench::Portals qw(login_of);

my $PAUSE = 1;

# Every visitor opens the form before.
sub new {
    my ($class, $server, $visitors) = @_;
    my @visitors;
    for my $n (1 .. $visitors) {
        my $browser = $server->browser;
        my $token = $browser->get('/portal/login')->field('csrf') // die "no form\n";
        push @visitors, { token => $token, cookie => join('; ', map {"$_=$browser->{cookies}{$_}"} keys %{ $browser->{cookies} }) };
    }
    return bless { server => $server, visitors => \@visitors }, $class;
}

# Half of them for people there are.
sub post_bytes {
    my ($self, $visitor) = @_;
    my $login = rand() < 0.5 ? login_of(int rand 1000) : sprintf 'nobody%06d', rand 1e6;
    my $origin = "127.0.0.1:$self->{server}{port}";
    my $body = "csrf=$visitor->{token}&login=$login&password=wrong" . int rand 1e9;
    return join "\r\n", 'POST /portal/login HTTP/1.1', "Host: $origin", "Origin: http://$origin", "Cookie: $visitor->{cookie}",
        'Content-Type: application/x-www-form-urlencoded', 'Content-Length: ' . length $body, 'Connection: close', '', $body;
}

sub send_one {
    my ($self, $visitor) = @_;
    my $address = join '.', 127, map { 1 + int rand 250 } 1 .. 3;
    my $socket = IO::Socket::INET->new(LocalAddr => $address, PeerAddr => '127.0.0.1', PeerPort => $self->{server}{port}, Timeout => 20)
        or return undef;
    syswrite $socket, $self->post_bytes($visitor);
    return $socket;
}

# How many were answered how: "422=123 503=45".
sub run {
    my ($self, $seconds) = @_;
    srand;
    my ($end, $select, %of, %count) = (time + $seconds, IO::Select->new);
    my @waiting = map { [0, $_] } @{ $self->{visitors} };
    while (time < $end) {
        while (@waiting && $waiting[0][0] <= time) {
            my $visitor = (shift @waiting)->[1];
            my $socket = $self->send_one($visitor);
            ($of{ fileno $socket }, $visitor->{head}) = ($visitor, '') if $socket;
            $socket ? $select->add($socket) : push @waiting, [time + $PAUSE, $visitor];
        }
        for my $socket ($select->can_read(0.05)) {
            my $visitor = $of{ fileno $socket };
            next if sysread $socket, $visitor->{head}, 65536, length $visitor->{head};
            my ($status) = $visitor->{head} =~ m{\AHTTP/1\.1 (\d+)};
            $count{ $status // 'none' }++;
            $select->remove($socket);
            close $socket;
            push @waiting, [($status // 0) == 422 ? 0 : time + $PAUSE, $visitor];
            @waiting = sort { $a->[0] <=> $b->[0] } @waiting;
        }
    }
    return join ' ', map {"$_=$count{$_}"} sort keys %count;
}

1;
