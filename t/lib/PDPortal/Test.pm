package PDPortal::Test;

# What tests of the portal share: visitors, letters, the main job's steps. Use with Test::More.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use Digest::SHA qw(hmac_sha1);
use Encode ();
use Exporter qw(import);
use MIME::Base64 ();
use MIME::QuotedPrint ();
use Test::More ();
use PDPortal::Browser ();
use PDPortal::Server ();
use PDPortal::Setup qw(until_true run_ctl read_file write_file);
our @EXPORT = qw(browser tls_browser server unique register letter_for letter_that letters_for confirm sign_in member
    until_true run_ctl ctl read_file write_file registration_form password acknowledge error_log_since log_mark page_like factor_code turn_factor_on);

my $count = 0;

# A name that no other test uses.
sub unique {
    my ($stem) = @_;
    my ($file) = $0 =~ m{(\d+)-[^/]*$};
    $count++;
    return ($stem // 'user') . ($file // 0) . chr(97 + $count / 26 % 26) . chr(97 + $count % 26);
}

sub browser { return PDPortal::Browser->new(@_) }
sub tls_browser { return PDPortal::Browser->new(port => $ENV{PD_TLS_PORT}, tls => 1, @_) }
sub server { return PDPortal::Server->new(@_) }

sub password { return 'quiet-harbour lantern 42' }

# pdportalctl on the portal of the main server.
sub ctl { return run_ctl(@_, '--config', "$ENV{PD_WORK}/main/portal.conf") }

sub registration_form {
    my (%given) = @_;
    my $login = $given{login} // unique();
    return {
        login => $login, email => "$login\@mail.test", password => password(), policy => undef,
        consent_processing => undef, tick => 1, %given,
    };
}

# Fills the form as a person would. Gives the answer; the form is left in %$form.
sub register {
    my ($browser, %given) = @_;
    my $form = registration_form(%given);
    my $path = delete $form->{path} // '/portal/register';
    my $tick = delete $form->{tick};
    my $page = $browser->get($path);
    croak 'no registration form: ' . $page->status . "\n" . $page->body unless $page->form;
    for my $box (qw(policy consent_processing)) {
        $form->{$box} //= $page->form->{values}{$box} if $tick;
        delete $form->{$box} if ($form->{$box} // '') eq '';
    }
    my $answer = $browser->submit($form);
    return wantarray ? ($answer, $form) : $answer;
}

# A message as a reader sees it: { headers => {name => [..]}, subject, text, raw }.
sub parse_letter {
    my ($raw) = @_;
    my ($head, $body) = split /\r?\n\r?\n/, $raw, 2;
    $head =~ s/\r?\n[ \t]+/ /g;
    my %headers;
    for my $line (split /\r?\n/, $head) {
        push @{ $headers{ lc $1 } }, $2 if $line =~ /^([^:]+):\s*(.*)$/;
    }
    my $how = lc($headers{'content-transfer-encoding'}[0] // '');
    $body = MIME::Base64::decode($body) if $how eq 'base64';
    $body = MIME::QuotedPrint::decode($body) if $how eq 'quoted-printable';
    return {
        headers => \%headers, raw => $raw, subject => Encode::decode('MIME-Header', $headers{subject}[0] // ''),
        text => Encode::decode('UTF-8', $body) =~ s/\r//gr,
    };
}

# All letters that arrived for the address, oldest first.
sub letters_for {
    my ($address, $folder) = @_;
    my @found;
    for my $file (sort glob(($folder // "$ENV{PD_WORK}/mail") . '/new/*')) {
        my $raw = read_file($file) // next;
        next unless $raw =~ /^(?:X-Test-)?To: *<?\Q$address\E>?\r?$/mi;
        push @found, parse_letter($raw);
    }
    return @found;
}

# The n-th letter (1: the first) for the address; waits for it.
sub letter_for {
    my ($address, $n, $folder) = @_;
    $n //= 1;
    my $letter = until_true(sub { (letters_for($address, $folder))[$n - 1] }, 30);
    croak "no letter $n for $address came" unless $letter;
    # The link as a path of our own, and the code as typed.
    ($letter->{url}) = $letter->{text} =~ m{(https?://\S+/confirm\?\S+)};
    ($letter->{link}) = ($letter->{url} // '') =~ m{^https?://[^/]+(/\S+)};
    ($letter->{code}) = $letter->{text} =~ /^\s*(\d[\d\s-]{4,12}\d)\s*$/m;
    return $letter;
}

# The newest letter for the address whose text is like this; waits for it. Letters of one second come in any order.
sub letter_that {
    my ($address, $pattern, $folder) = @_;
    return until_true(sub { (grep { $_->{text} =~ $pattern } letters_for($address, $folder))[-1] }, 30)
        // croak "no letter for $address is like $pattern";
}

# Registering browser opens the link and presses the button. Gives the answer of the button.
sub confirm {
    my ($browser, $letter) = @_;
    croak "a letter without a link:\n$letter->{text}" unless $letter->{link};
    $browser->follow($browser->get($letter->{link}));
    return $browser->submit({});
}

sub sign_in {
    my ($browser, $login, $password, %given) = @_;
    my $path = $given{path} // '/portal/login';
    # A browser that lost its session cookie is told so once; its person goes on to the form.
    my $page = $browser->follow($browser->get($path));
    $browser->follow($browser->get($path)) unless $page->form(qr{/login$});
    return $browser->submit({ login => $login, password => $password // password() }, form => qr{/login$});
}

# A signed-in person has read the policy in force.
sub acknowledge {
    my ($browser) = @_;
    $browser->get('/portal/acknowledge');
    return $browser->submit({ policy => 1 }, form => qr/acknowledge/);
}

# RFC 6238, by hand: the code of a secret at an instant.
sub factor_code {
    my ($secret, $instant) = @_;
    my $bits = join '', map { sprintf '%05b', index 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_ } split //, $secret;
    my $mac = hmac_sha1(pack('Q>', int($instant / 30)), pack 'B*', $bits);
    my $at = ord(substr $mac, 19) & 15;
    return sprintf '%06d', (unpack('N', substr $mac, $at, 4) & 0x7fffffff) % 1_000_000;
}

# A person who has just signed in gets a second factor: its secret. `instant`: of the portal's clock.
sub turn_factor_on {
    my ($browser, $instant) = @_;
    my $path = '/portal/account/second-factor';
    $browser->get($path);
    $browser->submit({ act => 'begin' }, form => qr/second-factor/);
    my ($secret) = $browser->get($path)->body =~ m{secret=([A-Z2-7]{32})&} or croak 'no secret';
    my $answer = $browser->submit({ act => 'confirm', code => factor_code($secret, $instant) }, form => qr/second-factor/);
    croak 'second factor: ' . $answer->status if $answer->status != 200;
    return $secret;
}

# A confirmed person with a signed-in browser: (browser, login, e-mail).
sub member {
    my (%given) = @_;
    my $browser = $given{browser} || browser();
    my $folder = delete $given{folder};
    delete $given{browser};
    my ($answer, $form) = register($browser, %given);
    croak 'registration: ' . $answer->status . "\n" . $answer->text if $answer->status != 303;
    $answer = confirm($browser, letter_for($form->{email}, 1, $folder));
    croak 'confirmation: ' . $answer->status . "\n" . $answer->text if $answer->status != 303;
    $answer = sign_in($browser, $form->{login});
    croak 'sign-in: ' . $answer->status . "\n" . $answer->text if $answer->status != 303;
    return ($browser, $form->{login}, $form->{email});
}

# Like "like" on a page's source, but a failure doesn't print the whole page.
sub page_like {
    my ($answer, $pattern, $name) = @_;
    my $good = Test::More::ok($answer->body =~ $pattern, $name);
    Test::More::diag("$answer->{method} $answer->{path}: $answer->{status}, no $pattern in\n" . substr $answer->text, 0, 300) unless $good;
    return $good;
}

sub log_mark { return -s "$ENV{PD_ERROR_LOG}" || 0 }

sub error_log_since {
    my ($mark) = @_;
    return substr read_file($ENV{PD_ERROR_LOG}) // '', $mark;
}

1;
