package PDPortal::Browser;

# A browser for tests: one visitor's cookies carried by hand (LWP would drop Secure ones over http),
# one request per connection, forms found and filled in as a person would.
use strict;
use warnings FATAL => 'all';
use IO::Socket::INET ();
use Carp qw(croak);

my $DEADLINE = 60;
my $visitors = 0;

# Every visitor lives in a network of his own, so that attempts of one test don't slow down another:
# 127.FILE.VISITOR.1, each a loopback address.
sub own_address {
    my ($number) = $0 =~ m{(\d+)-[^/]*$};
    return sprintf '127.%d.%d.1', 100 + ($number // 0) % 100, $visitors++ % 256;
}

# new(local => address it comes from, refuse => qr/^pd$/ (names of cookies that it doesn't keep), ...)
sub new {
    my ($class, %given) = @_;
    my $self = {
        host => '127.0.0.1', port => $ENV{PD_PORT}, tls => 0, language => 'en', cookies => {},
        navigation => 1, local => own_address(), %given,
    };
    return bless $self, $class;
}

sub origin { my ($self) = @_; return ($self->{tls} ? 'https' : 'http') . "://$self->{host}:$self->{port}" }

# A second window of the same visitor.
sub clone { my ($self, %given) = @_; return bless { %$self, cookies => { %{ $self->{cookies} } }, %given }, ref $self }

sub connection {
    my ($self) = @_;
    my %to = (PeerAddr => $self->{host}, PeerPort => $self->{port}, LocalAddr => $self->{local}, Timeout => 10);
    return IO::Socket::INET->new(%to) unless $self->{tls};
    require IO::Socket::SSL;
    return IO::Socket::SSL->new(%to, SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_NONE());
}

# What still comes until the server closes.
sub rest_of {
    my ($socket) = @_;
    my $text = '';
    local $SIG{ALRM} = sub { die "no answer within $DEADLINE s\n" };
    my $done = eval {
        alarm $DEADLINE;
        1 while sysread $socket, $text, 65536, length $text;
        alarm 0;
        1;
    };
    my $why = $@;
    alarm 0;
    croak $why unless $done;
    return $text;
}

# Sends bytes as they are and reads until the server closes; undef when there is no server.
sub raw {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $socket = $self->connection or return undef;
    my $answer = '';
    local $SIG{ALRM} = sub { die "no answer within $DEADLINE s\n" };
    my $done = eval {
        alarm $DEADLINE;
        my $sent = 0;
        while ($sent < length $bytes) {
            my $n = syswrite $socket, $bytes, 16384, $sent;
            last unless $n;
            $sent += $n;
        }
        1 while sysread $socket, $answer, 65536, length $answer;
        alarm 0;
        1;
    };
    my $why = $@;
    alarm 0;
    close $socket;
    croak $why unless $done;
    return $answer;
}

# request('GET', '/path', headers => [Name => value, ...], body => bytes). The answer is a
# PDPortal::Answer; status 0 when the connection was refused or cut.
sub request {
    my ($self, $method, $path, %given) = @_;
    my @headers = @{ $given{headers} || [] };
    my %has = map { lc $headers[2 * $_] => 1 } 0 .. @headers / 2 - 1;
    my $add = sub { my ($name, $value) = @_; push @headers, $name, $value unless $has{ lc $name } };
    $add->(Host => "$self->{host}:$self->{port}");
    $add->('Accept-Language' => $self->{language});
    if ($self->{navigation}) {
        $add->(Accept => 'text/html,application/xhtml+xml,*/*;q=0.8');
        $add->('Sec-Fetch-Mode' => 'navigate');
        $add->('Sec-Fetch-Dest' => 'document');
        $add->('Sec-Fetch-Site' => 'same-origin');
    }
    if (%{ $self->{cookies} }) {
        $add->(Cookie => join '; ', map { "$_=$self->{cookies}{$_}" } sort keys %{ $self->{cookies} });
    }
    if (defined $given{body}) {
        $add->('Content-Length' => length $given{body});
        $add->('Content-Type' => 'application/x-www-form-urlencoded');
        $add->(Origin => $self->origin) if $self->{navigation};
    }
    $add->(Connection => 'close');
    my $text = "$method $path HTTP/1.1\r\n";
    while (my ($name, $value) = splice @headers, 0, 2) {
        $text .= "$name: $value\r\n" if defined $value;
    }
    my $bytes = $self->raw("$text\r\n" . ($given{body} // ''));
    my $answer = PDPortal::Answer->parse($bytes // '', $method, $path);
    $self->take_cookies($answer);
    $self->{last} = $answer;
    return $answer;
}

sub take_cookies {
    my ($self, $answer) = @_;
    for my $line ($answer->all('set-cookie')) {
        my ($name, $value, $rest) = $line =~ /^([^=;\s]+)=([^;]*)(.*)$/ or next;
        next if $self->{refuse} && $name =~ $self->{refuse};
        if ($value eq '' || $rest =~ /;\s*max-age=(?:0|-)/i) {
            delete $self->{cookies}{$name};
        }
        else {
            $self->{cookies}{$name} = $value;
        }
    }
    return;
}

sub get { my ($self, $path, @headers) = @_; return $self->request('GET', $path, headers => \@headers) }

sub encode {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

# post('/path', [name => value, ...] or {…} or bytes)
sub post {
    my ($self, $path, $form, @headers) = @_;
    my @pairs = ref $form eq 'HASH' ? map { $_ => $form->{$_} } sort keys %$form : ref $form ? @$form : ();
    my $body = ref $form
        ? join '&', map { encode($pairs[2 * $_]) . '=' . encode($pairs[2 * $_ + 1] // '') } 0 .. @pairs / 2 - 1
        : $form;
    return $self->request('POST', $path, headers => \@headers, body => $body);
}

# Sends a form with files as browsers do: fields { name => text }, files { name => bytes }. In `headers` what
# else goes with it.
sub upload {
    my ($self, $path, $fields, $files, %given) = @_;
    my $boundary = '----WebKitFormBoundary' . int(rand 1e9) . 'x';
    my $body = '';
    for my $name (sort keys %$fields) {
        my $value = $fields->{$name};
        utf8::encode($value) if utf8::is_utf8($value);
        $value =~ s/\r?\n/\r\n/g;
        $body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n";
    }
    for my $name (sort keys %$files) {
        my $bytes = $files->{$name};
        utf8::encode($bytes) if utf8::is_utf8($bytes);
        $body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"; filename=\"$name.md\"\r\n"
            . "Content-Type: text/markdown\r\n\r\n$bytes\r\n";
    }
    return $self->request('POST', $path, body => "$body--$boundary--\r\n",
        headers => ['Content-Type' => "multipart/form-data; boundary=$boundary", @{ $given{headers} || [] }]);
}

# Follows redirects of our own site, at most ten.
sub follow {
    my ($self, $answer) = @_;
    $answer ||= $self->{last};
    for (1 .. 10) {
        return $answer unless $answer->status =~ /^30[1237]$/;
        my $to = $answer->header('location') // croak 'redirect without Location';
        my $origin = quotemeta $self->origin;
        $to =~ s/^$origin//;
        croak "leaves the site: $to" unless $to =~ m{^/};
        $answer = $self->get($to);
    }
    croak 'redirects without end';
}

# Sends the page's form that has `values` for fields of it, everything else as it stands. `form`: which
# (a pattern for its action), else the one in <main>, else the first. `headers` as for request.
sub submit {
    my ($self, $values, %given) = @_;
    my $page = $given{page} || $self->{last};
    my $form = $page->form($given{form}) or croak 'no such form on ' . $page->{path} . ":\n" . $page->body;
    my %fields = (%{ $form->{fields} }, %$values);
    delete @fields{ grep { !defined $fields{$_} } keys %fields };
    return $self->post($form->{action}, \%fields, @{ $given{headers} || [] });
}

package PDPortal::Answer;

sub parse {
    my ($class, $bytes, $method, $path) = @_;
    my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.[01] (\d\d\d)};
    my %headers;
    for my $line (split /\r\n/, $head // '') {
        push @{ $headers{ lc $1 } }, $2 if $line =~ /^([^:\s]+):\s*(.*?)\s*$/;
    }
    $body //= '';
    if (($headers{'transfer-encoding'}[0] // '') =~ /chunked/i) {
        my $whole = '';
        while ($body =~ s/^([0-9A-Fa-f]+)[^\r\n]*\r\n//) {
            my $length = hex $1 or last;
            $whole .= substr $body, 0, $length;
            $body = length $body > $length + 2 ? substr $body, $length + 2 : '';
        }
        $body = $whole;
    }
    return bless { status => $status // 0, headers => \%headers, body => $body, path => $path, method => $method }, $class;
}

sub status { return $_[0]{status} }
sub body { return $_[0]{body} }
sub all { my ($self, $name) = @_; return @{ $self->{headers}{ lc $name } || [] } }
sub header { my ($self, $name) = @_; my @all = $self->all($name); return @all ? join ', ', @all : undef }

# The page as a person reads it: no tags, entities decoded, white space folded. Characters, not bytes.
sub text {
    my ($self) = @_;
    my $text = $self->{body};
    utf8::decode($text);
    $text =~ s{<(style|script|head)\b.*?</\1>}{ }gsi;
    $text =~ s{<[^>]*>}{ }g;
    return unescape($text) =~ s/\s+/ /gr;
}

sub unescape {
    my ($text) = @_;
    my %entity = (lt => '<', gt => '>', quot => '"', amp => '&', nbsp => "\x{a0}");
    $text =~ s/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/defined $1 ? chr hex $1 : defined $2 ? chr $2 : $entity{$3} \/\/ "&$3;"/gie;
    return $text;
}

sub attributes {
    my ($tag) = @_;
    my %attributes;
    while ($tag =~ /([A-Za-z][\w:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g) {
        $attributes{ lc $1 } = unescape($2 // $3 // $4 // '');
    }
    return \%attributes;
}

# All forms of the page: { action, method, fields, types, values (of boxes), main }.
sub forms {
    my ($self) = @_;
    my $page = $self->{body};
    utf8::decode($page);
    my ($main) = $page =~ m{<main\b(.*?)</main>}s;
    my @forms;
    while ($page =~ m{<form\b([^>]*)>(.*?)</form>}gsi) {
        my ($tag, $inside) = (attributes($1), $2);
        my (%fields, %types, %values, %tags, $pressed);
        while ($inside =~ m{<(input|button)\b([^>]*)>}gi) {
            my ($kind, $field) = (lc $1, attributes($2));
            my $type = $field->{type} // ($kind eq 'button' ? 'submit' : 'text');
            next unless defined $field->{name} && $field->{name} ne '';
            $types{ $field->{name} } = $type;
            $tags{ $field->{name} } = $field;
            $values{ $field->{name} } = $field->{value} // 'on';
            # Enter presses the first button.
            next if $type eq 'button' || $type eq 'submit' && $pressed++;
            next if $type =~ /^(?:checkbox|radio)$/ && !exists $field->{checked};
            $fields{ $field->{name} } = $field->{value} // ($type eq 'checkbox' ? 'on' : '');
        }
        push @forms, {
            action => $tag->{action} || $self->{path} =~ s/[?#].*//r, method => lc($tag->{method} // 'get'),
            fields => \%fields, types => \%types, values => \%values, tags => \%tags,
            main => defined $main && index($main, $inside) >= 0,
        };
    }
    return @forms;
}

sub form {
    my ($self, $pattern) = @_;
    my @forms = grep { $_->{method} eq 'post' } $self->forms;
    @forms = grep { $_->{action} =~ $pattern } @forms if defined $pattern;
    my @main = grep { $_->{main} } @forms;
    return $main[0] || $forms[0];
}

sub field { my ($self, $name, $pattern) = @_; my $form = $self->form($pattern) or return undef; return $form->{fields}{$name} }

1;
