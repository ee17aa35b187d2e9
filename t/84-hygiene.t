# What is left lying about (F43): no password, token, code, login, e-mail or visitor's address in the logs,
# however talkative, and no personal value readable in any file of the portal.
use strict;
use warnings FATAL => 'all';
use utf8;
use Encode qw(encode_utf8 encode);
use MIME::Base64 qw(encode_base64);
use MIME::QuotedPrint qw(encode_qp);
use Test::More;
use PDPortal::Test;
use PDPortal::Setup ();

my $server = server(name => 'hygiene', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/hygiene/mail" }, extra => <<'END');
LogLevel info pdportal:trace8
ErrorLogFormat "[%{cu}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\ %a] %M% ,\ referer\ %{Referer}i"
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined
CustomLog logs/access_log combined
END
$server->start;

# This visitor comes from an address of its own, and sends Referer as browsers do.
my $address = '127.0.0.84';
sub visitor { return $server->browser(local => $address) }

my (%secret, %seen);
my $folder = "$server->{dir}/mail";
my $login = 'Анна-Каренина84';
my $email = 'anna.karenina84@mail.test';
my $password = 'совершенно секретный пароль 84';
%secret = (
    login => $login, 'login in small letters' => lc $login, 'e-mail' => $email, 'e-mail local part' => 'anna.karenina84', password => $password,
    'wrong password' => 'wholly-wrong-password-84', 'login that is not there' => 'nobody-at-all-84', 'wrong code' => '31415926', 'second login' => 'levin84k', 'second e-mail' => 'levin84k@mail.test',
    'odd field' => 'oddly-named-value-84',
);
sub keep_cookies { my ($browser, $name) = @_; $secret{"$name: cookie $_ ($browser->{cookies}{$_})"} = $browser->{cookies}{$_} for keys %{ $browser->{cookies} }; return }

# A walk through everything.
my $browser = visitor();
$browser->get($_) for qw(/ /portal/ /portal/policy /portal/cookies /portal/none /portal/policy/99 /portal/login?return=/cabinet/);
$browser->submit({ login => $secret{'login that is not there'}, password => $secret{'wrong password'} });
my ($answer) = register($browser, login => $login, email => "not an address $email", password => $password);
is($answer->status, 422, 'a mistake in the form');
($answer) = register($browser, login => $login, email => $email, password => $password);
is($answer->status, 303, 'registered');
keep_cookies($browser, 'registering');
my $letter = letter_for($email, 1, $folder);
($secret{'link token'}) = $letter->{link} =~ /=([\w-]{20,})$/ or BAIL_OUT("no token in $letter->{link}");
$secret{code} = $letter->{code};
my $stranger = visitor();
$stranger->get('/portal/confirm?token=' . 'x' x 43);
$answer = $stranger->get($letter->{link}, Referer => 'http://mail.example/inbox');
$stranger->follow($answer);
$stranger->submit({ code => $secret{'wrong code'} });
$stranger->submit({ password => $secret{'wrong password'} });
keep_cookies($stranger, 'stranger');
is(confirm($browser, $letter)->status, 303, 'confirmed');
is(sign_in($browser, $login, $password)->status, 303, 'signed in');
keep_cookies($browser, 'signed in');
is($browser->get('/cabinet/')->status, 200, 'the cabinet');
like($browser->get('/portal/account/')->text, qr/\Q$login\E/i, 'the account');
$browser->post('/portal/login?odd=1', { login => $login, password => $password, $secret{'odd field'} => $secret{'odd field'}, csrf => 'x' });
$browser->post('/portal/register', "login=%zz&password=$secret{'wrong password'}");
$browser->request('GET', '/portal/login', headers => [Cookie => "pd=$secret{'odd field'}; pdf=$secret{'odd field'}"]);
# The mailbox is known already: a letter of another kind.
my ($second) = register(visitor(), login => $secret{'second login'}, email => $email, password => $password);
is($second->status, 303, 'registered again with the same mailbox');
letter_for($email, 3, $folder);
($second) = register(visitor(), login => $secret{'second login'}, email => $secret{'second e-mail'}, password => $password);
my $waiting = letter_for($secret{'second e-mail'}, 1, $folder);
@secret{ 'second link token', 'second code' } = ($waiting->{link} =~ /=([\w-]{20,})$/, $waiting->{code});
# What httpd refuses before it is a request, and paths that are spelt otherwise, carry the token as well.
my $token = $secret{'second link token'};
my %spelt = (
    'too long a field' => ["GET /portal/reset?t=$token HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=" . 'x' x 9000 . "\r\n", 400],
    'no host' => ["GET /portal/confirm?t=$token HTTP/1.1\r\n", 400],
    'unknown transfer' => ["GET /portal/confirm?t=$token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: foo\r\n", 400],
    'unknown expectation' => ["GET /portal/reset?t=$token HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: foo\r\n", 417],
    map { $_ => ["GET $_?t=$token HTTP/1.1\r\nHost: 127.0.0.1\r\n", qr/^(?:303|404)$/] }
        qw(/portal/%63onfirm /portal/./reset //portal/confirm /x/../portal/reset /portal/re%73et /%70ortal//confirm /x/%2e%2e/portal/reset),
);
for my $name (sort keys %spelt) {
    my ($request, $status) = @{ $spelt{$name} };
    my $got = visitor()->raw("${request}Connection: close\r\n\r\n") =~ m{^HTTP/1\.1 (\d+)} ? $1 : 0;
    ref $status ? like($got, $status, "a link: $name") : is($got, $status, "a link: $name");
}
$answer = $browser->get('/portal/account/');
is($browser->submit({}, form => qr/logout/)->status, 303, 'signed out');
sign_in($browser, $login, $secret{'wrong password'});
is(sign_in($browser, $login, $password)->status, 303, 'signed in again');
keep_cookies($browser, 'signed in again');
my ($code, $out, $error) = run_ctl('check', '--config', $server->{conf});
my (undef, $verified, $complaint) = run_ctl('verify-journal', '--config', $server->{conf});
cmp_ok(scalar keys %secret, '>', 18, scalar(keys %secret) . ' values to look for');

# A value in every writing in which it could stand somewhere.
sub writings {
    my ($text) = @_;
    my $bytes = encode_utf8($text);
    my %all = (plain => $bytes, percent => PDPortal::Browser::encode($text), hex => unpack('H*', $bytes), 'UTF-16' => encode('UTF-16LE', $text),
        'quoted-printable' => encode_qp($bytes, '') =~ s/=\n//gr, digits => $text =~ /^[\d -]+$/ ? $text =~ s/\D//gr : $bytes,
        escaped => $text =~ s/([^ -~])/sprintf '\\u%04x', ord $1/ger, octets => $bytes =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger);
    for my $shift (0 .. 2) {
        # Base64 of something that begins this many bytes before it; the letters at both ends depend on the neighbours.
        my $whole = encode_base64(("\0" x $shift) . $bytes, '');
        $whole =~ s/=+$//;
        my $part = substr $whole, $shift ? 4 : 0;
        $part = substr $part, 0, length($part) - 2;
        next if length $part < 8;
        $all{"base64 ($shift)"} = $part;
        $all{"base64url ($shift)"} = $part =~ tr{+/}{-_}r;
    }
    return \%all;
}
my %writings = map { $_ => writings($secret{$_}) } keys %secret;

sub clean {
    my ($text, $name, @but) = @_;
    my %but = map { $_ => 1 } @but;
    my @found;
    for my $secret (sort keys %writings) {
        next if $but{$secret};
        push @found, map { "$secret, $_" } grep { index($text, $writings{$secret}{$_}) >= 0 } sort keys %{ $writings{$secret} };
    }
    return is("@found", '', "$name: none of them");
}

# Whether the search finds anything at all.
my $found = sub { my ($text, $name) = @_; return scalar grep { index($text, $_) >= 0 } values %{ $writings{$name} } };
ok($found->(encode_utf8($letter->{text}), $_), "the letter does hold: $_") for 'link token', 'code';
ok($found->($letter->{raw}, 'e-mail'), 'the letter does hold: e-mail');
ok($found->(encode_base64(encode_utf8("xy$login"), ''), 'login'), 'base64 is seen');

# Logs.
my $log = $server->log;
my @ours = grep { /\[pdportal:/ } split /\n/, $log;
cmp_ok(scalar @ours, '>', 8, scalar(@ours) . ' lines of ours in the error log');
clean($log, 'error log');
is(scalar(grep { /\Q$address\E|client/ } @ours), 0, "error log: no visitor's address in our lines") or diag((grep { /\Q$address\E|client/ } @ours)[0]);
my $access = read_file("$server->{dir}/logs/access_log");
like($access, qr/^\Q$address\E .*GET \/portal\/confirm/m, 'the access log has the walk');
# The third word is httpd's own: the user. Everything else on the line comes from the address.
clean($access =~ s/^(\S+ \S+) .*? (\[\d)/$1 - $2/gmr, 'access log');
clean(join('', map { $_ // '' } read_file("$server->{dir}/logs/start"), $out, $error, $verified, $complaint), 'what programs print');

# Files: the database and all beside it; and the tables as they answer.
my @files = grep { -f && !m{/(?:mail|logs|htdocs)/} } glob "$server->{dir}/*";
push @files, glob "$server->{dir}/logs/pdportal*";
cmp_ok(scalar @files, '>', 3, scalar(@files) . ' files');
clean(read_file($_), s{.*/}{}r) for sort @files;
my @tables = qw(meta person identifier credential registration session device act withdrawal letter journal journal_head);
my $rows = join "\n", map { PDPortal::Setup::sql($server, "SELECT * FROM $_") } @tables;
cmp_ok(length $rows, '>', 2000, 'tables');
clean(encode_utf8($rows), 'tables');
is((stat)[2] & 077, 0, s{.*/}{}r . ': for its owner alone') for grep { /\.db|\.key/ } @files;
done_testing;
