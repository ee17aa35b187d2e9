package PDBench::Client;

# One connection that stays, one request after the other: for counting instructions, where the client's own speed
# doesn't matter.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use IO::Socket::INET ();

sub new {
    my ($class, $port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 20) or croak "port $port: $!";
    return bless { socket => $socket, buffer => '' }, $class;
}

sub get_bytes {
    my ($path, @headers) = @_;
    return join "\r\n", "GET $path HTTP/1.1", 'Host: 127.0.0.1', @headers, '', '';
}

sub more {
    my ($self) = @_;
    local $SIG{ALRM} = sub { croak 'no answer within 120 s' };
    alarm 120;
    my $n = sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer};
    alarm 0;
    croak 'the connection was closed' unless $n;
    return;
}

# Cuts off what the pattern at the beginning finds, when it is all there.
sub take {
    my ($self, $pattern) = @_;
    $self->more until $self->{buffer} =~ s/\A($pattern)//s;
    return $1;
}

sub take_bytes {
    my ($self, $n) = @_;
    $self->more while length $self->{buffer} < $n;
    return substr $self->{buffer}, 0, $n, '';
}

# Sends the bytes of one request and gives { status, head, body }.
sub ask {
    my ($self, $bytes) = @_;
    (syswrite($self->{socket}, $bytes) // 0) == length $bytes or croak "sending: $!";
    my $head = $self->take(qr/.*?\r\n\r\n/s);
    my ($status) = $head =~ m{\AHTTP/1\.1 (\d+)} or croak "no answer of HTTP: $head";
    my $body = '';
    if ($head =~ /^Transfer-Encoding: chunked/mi) {
        while (my $size = hex($self->take(qr/[0-9a-fA-F]+\r\n/) =~ s/\s//gr)) {
            $body .= $self->take_bytes($size + 2) =~ s/\r\n\z//r;
        }
        $self->take(qr/\r\n/);
    }
    elsif ($status != 304 && $head =~ /^Content-Length: (\d+)/mi) {
        $body = $self->take_bytes($1);
    }
    return { status => $status, head => $head, body => $body };
}

sub header { my ($answer, $name) = @_; return ($answer->{head} =~ /^\Q$name\E: *(.*?)\r$/mi)[0] }

1;
