package PDBench::Peers;

# Other modules that ask who is there, each with the same file on the same machine. Each one's sign-in is really
# done, by its own pages; then the signed-in requests are measured.
use strict;
use warnings FATAL => 'all';
use MIME::Base64 qw(encode_base64);
use PDBench::Hit qw(limit compare);
use PDBench::Httpd ();
use PDBench::Instructions qw(instructions);
use PDBench::OpenId ();
use PDBench::Place qw(progress run_good);

my ($USER, $PASSWORD, $BCRYPT) = ('visitor', 'peer-password', 5);
my @SESSION = qw(auth_form authn_file request session);
# A dear row needs few requests to be counted.
my $FEW = 5;

sub passwords {
    my $file = "$ENV{PD_WORK}/peer-passwords";
    run_good('/usr/bin/htpasswd', '-cbB', '-C', $BCRYPT, $file, $USER, $PASSWORD) unless -e $file;
    return $file;
}

# mod_auth_form, told by a passphrase to trust the session and not to compare the password each time.
sub form_conf {
    my ($session) = @_;
    my $file = passwords();
    my $common = "AuthType form\nAuthName peer\nAuthFormProvider file\nAuthUserFile \"$file\"\nAuthFormSitePassphrase trusted\n"
        . "Session On\n$session";
    return "<Location \"/cabinet\">\n${common}Require valid-user\n</Location>\n"
        . "<Location \"/login\">\n${common}SetHandler form-login-handler\nAuthFormLoginSuccessLocation /page.html\n</Location>\n";
}

sub form_sign_in {
    my ($server) = @_;
    my $visitor = $server->browser;
    my $answer = $visitor->post('/login', { httpd_username => $USER, httpd_password => $PASSWORD });
    my $cookies = $visitor->{cookies};
    die 'sign-in: ' . $answer->status . "\n" unless %$cookies;
    return 'Cookie: ' . join '; ', map {"$_=$cookies->{$_}"} sort keys %$cookies;
}

my $SESSION_TABLE = 'CREATE TABLE session (key TEXT PRIMARY KEY, value TEXT, expiry BIGINT)';
my $SESSION_SQL = <<'END';
DBDPrepareSQL "delete from session where key = %s" deletesession
DBDPrepareSQL "update session set value = %s, expiry = %lld, key = %s where key = %s" updatesession
DBDPrepareSQL "insert into session (value, expiry, key) values (%s, %lld, %s)" insertsession
DBDPrepareSQL "select value from session where key = %s and (expiry = 0 or expiry > %lld)" selectsession
DBDPrepareSQL "delete from session where expiry != 0 and expiry < %lld" cleansession
END

sub sqlite_conf {
    my $file = "$ENV{PD_WORK}/peer-sessions.db";
    run_good('/usr/bin/sqlite3', $file, "PRAGMA journal_mode=WAL; $SESSION_TABLE") unless -e $file;
    return "DBDriver sqlite3\nDBDParams \"$file\"\n$SESSION_SQL";
}

sub pgsql_conf {
    my $params = $ENV{PD_TEST_PGSQL};
    run_good('/usr/bin/env', 'psql', '-X', '-q', '-d', $params, '-c', $SESSION_TABLE =~ s/TABLE/TABLE IF NOT EXISTS/r);
    return "DBDriver pgsql\nDBDParams \"$params\"\n$SESSION_SQL";
}

sub with_sessions_in {
    my ($store, $writes) = @_;
    return $store->() . form_conf("SessionDBDCookieName session path=/\n" . ($writes ? "SessionMaxAge 1800\n" : ''));
}

sub basic_conf {
    my $file = passwords();
    return "<Location \"/cabinet\">\nAuthType Basic\nAuthName peer\nAuthUserFile \"$file\"\nRequire valid-user\n</Location>\n";
}

my @DBD = (@SESSION, qw(dbd session_dbd));
my $IN_SQLITE = 'mod_auth_form, mod_session_dbd on SQLite';
my $IN_PGSQL = 'mod_auth_form, mod_session_dbd on PostgreSQL';
my @PEERS = (
    { what => 'mod_auth_form, session in a clear cookie', modules => [@SESSION, 'session_cookie'],
        conf => sub { form_conf("SessionCookieName session path=/\n") } },
    { what => "$IN_SQLITE, read only", modules => \@DBD, conf => sub { with_sessions_in(\&sqlite_conf, 0) } },
    { what => "$IN_SQLITE, SessionMaxAge", modules => \@DBD, conf => sub { with_sessions_in(\&sqlite_conf, 1) } },
    { what => "$IN_PGSQL, read only", modules => \@DBD, conf => sub { with_sessions_in(\&pgsql_conf, 0) } },
    { what => "$IN_PGSQL, SessionMaxAge", modules => \@DBD, conf => sub { with_sessions_in(\&pgsql_conf, 1) } },
    { what => 'mod_auth_openidc, shm cache', openid => 'server-cache' },
    { what => 'mod_auth_openidc, session in the cookie', openid => 'client-cookie' },
    { what => 'mod_auth_form, mod_session_crypto', requests => $FEW, modules => [@SESSION, qw(session_cookie session_crypto)],
        conf => sub { form_conf("SessionCookieName session path=/\nSessionCryptoPassphrase secret-of-the-site\n") } },
    { what => "Basic, bcrypt $BCRYPT", requests => $FEW, modules => [qw(auth_basic authn_file)],
        conf => \&basic_conf, sign_in => sub { 'Authorization: Basic ' . encode_base64("$USER:$PASSWORD", '') } },
);

sub measure_peer {
    my ($table, $peer, $number) = @_;
    my $openid = $peer->{openid} && PDBench::OpenId->start($peer->{openid});
    my $server = PDBench::Httpd->new(name => "peer-$number", modules => $peer->{modules} // $openid->modules,
        conf => $peer->{conf} ? $peer->{conf}->() : '');
    if ($openid) {
        $server->{conf} = $openid->conf($server);
        $server->write_conf;
    }
    my $sign_in = $openid ? sub { $openid->sign_in($_[0]) } : $peer->{sign_in} // \&form_sign_in;
    my $page = { server => $server, path => '/cabinet/page.html', least => PDBench::Httpd::page_bytes(), headers => [] };
    my $header;
    my $count = instructions({
        %$page, requests => $peer->{requests} // 100, before => sub { $header = $sign_in->($server) }, next => sub {$header} });
    my $pair = compare(limit(), $page, rounds => 3, before => sub { $page->{headers} = [$sign_in->($server)] });
    $openid->stop if $openid;
    $table->row($peer->{what}, instructions => [$count, limit()->{count}], pair => $pair, beside => 'static, no portal');
    return;
}

sub measure {
    my ($table) = @_;
    limit();
    $table->group('Other modules, the same file');
    my $number = 0;
    for my $peer (@PEERS) {
        progress($peer->{what});
        $number++;
        next if eval { measure_peer($table, $peer, $number); 1 };
        my ($why) = split /\n/, $@;
        progress("  not measured: $@");
        $table->missing($peer->{what}, $why);
    }
    return;
}

1;
