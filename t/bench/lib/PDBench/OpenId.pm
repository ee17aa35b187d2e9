package PDBench::OpenId;

# mod_auth_openidc with a provider of our own beside it.
use strict;
use warnings FATAL => 'all';
use PDPortal::Browser ();
use PDPortal::Setup qw(until_true);
use PDBench::Client ();
use PDBench::Place qw(next_port);

my ($CLIENT, $SECRET) = ('bench', 'a-secret-of-thirty-two-characters');
my @running;

sub modules { return ['auth_openidc'] }

# start('server-cache') or ('client-cookie'): where the session is kept.
sub start {
    my ($class, $kept) = @_;
    die "libapache2-mod-auth-openidc is not installed\n" unless -e "$ENV{PD_MODULES}/mod_auth_openidc.so";
    my $self = bless { kept => $kept, port => next_port() }, $class;
    $self->{pid} = fork // die "fork: $!";
    if ($self->{pid} == 0) {
        exec "$ENV{PD_SOURCE_DIR}/t/bench/openid-provider", $self->{port}, $CLIENT, $SECRET, "$ENV{PD_WORK}/tls" or exit 127;
    }
    push @running, $self;
    until_true(sub { eval { PDBench::Client->new($self->{port}) } }, 10) or die "the OpenID provider does not start\n";
    return $self;
}

sub conf {
    my ($self, $server) = @_;
    my $provider = "https://127.0.0.1:$self->{port}";
    return <<"END";
OIDCProviderIssuer $provider
OIDCProviderAuthorizationEndpoint $provider/authorize
OIDCProviderTokenEndpoint $provider/token
OIDCProviderTokenEndpointAuth client_secret_post
OIDCClientID $CLIENT
OIDCClientSecret $SECRET
OIDCIDTokenSignedResponseAlg HS256
OIDCRedirectURI http://127.0.0.1:$server->{port}/cabinet/back
OIDCSSLValidateServer Off
OIDCCryptoPassphrase passphrase-of-the-site
OIDCSessionType $self->{kept}
OIDCCacheType shm
OIDCSessionInactivityTimeout 3600
<Location "/cabinet">
AuthType openid-connect
Require valid-user
</Location>
END
}

sub location {
    my ($answer) = @_;
    my $to = $answer->header('location') // die 'no redirection: ' . $answer->status . "\n";
    return $to =~ s{^https?://[^/]+}{}r;
}

# To the provider and back, as a browser goes.
sub sign_in {
    my ($self, $server) = @_;
    my $visitor = $server->browser;
    my $provider = PDPortal::Browser->new(port => $self->{port}, tls => 1);
    my $back = location($provider->get(location($visitor->get('/cabinet/page.html'))));
    location($visitor->get($back));
    my %cookies = %{ $visitor->{cookies} };
    delete @cookies{ grep {/state/} keys %cookies };
    die "no session of mod_auth_openidc\n" unless %cookies;
    return 'Cookie: ' . join '; ', map {"$_=$cookies{$_}"} sort keys %cookies;
}

sub stop {
    my ($self) = @_;
    return unless $self->{pid};
    kill TERM => $self->{pid};
    waitpid $self->{pid}, 0;
    $self->{pid} = undef;
    return;
}

END {
    my $code = $?;
    $_->stop for @running;
    $? = $code;
}

1;
