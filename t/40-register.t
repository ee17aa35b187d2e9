# Registration (F01-F04): exactly three fields and two boxes; one answer whether or not somebody is known.
use strict;
use warnings FATAL => 'all';
use utf8;
use Test::More;
use PDPortal::Test;

my $form_page = browser()->get('/portal/register');
is($form_page->status, 200, 'the form is there');
my $form = $form_page->form;
my @visible = sort grep { $form->{types}{$_} !~ /^(?:hidden|submit)$/ } keys %{ $form->{types} };
is_deeply(\@visible, [qw(consent_processing email login password policy)], 'login, e-mail, password and two boxes');
ok(!exists $form->{fields}{policy} && !exists $form->{fields}{consent_processing}, 'the boxes are not ticked');
is($form->{tags}{login}{autocomplete}, 'username', 'autocomplete of login');
is($form->{tags}{email}{autocomplete}, 'email', 'autocomplete of email');
is($form->{tags}{password}{autocomplete}, 'new-password', 'autocomplete of password');
like($form_page->header('cache-control'), qr/no-store/, 'not stored');
like($form_page->header('content-security-policy'), qr/default-src 'none'/, 'strict CSP');
like($form_page->header('link'), qr{</portal/policy>; rel="privacy-policy"}, 'the policy is linked');
unlike($form_page->body, qr/<script|javascript:|\son\w+=/i, 'no script');
unlike($form_page->body, qr{(?:src|href)="(?:https?:)?//}, 'nothing from a foreign host');

# Languages.
like(browser(language => 'en')->get('/portal/register')->text, qr/Create an account/, 'English when asked for');
my $russian = browser(language => 'ru-RU,ru;q=0.9')->get('/portal/register');
page_like($russian, qr/<html[^>]*lang="ru"/, 'Russian when asked for');
unlike($russian->text, qr/Create an account|Before you continue/, 'and only Russian');
like(browser(language => 'fr')->get('/portal/register')->body, qr/<html[^>]*lang="ru"/, 'Russian when nothing fits');

# A good one.
my $anna = browser();
my ($answer, $sent) = register($anna);
is($answer->status, 303, 'a good form is taken');
my $after = $anna->follow($answer);
is($after->status, 200, 'and a page follows');
like($after->text, qr/mailbox/i, 'that says to look into the mailbox');
my $letter = letter_for($sent->{email});
ok($letter->{link} && $letter->{code}, 'a letter comes with link and code') or diag $letter->{text};
like($letter->{url}, qr{^http://127\.0\.0\.1:$ENV{PD_PORT}/portal/confirm\?}, 'the link is built from PDPortalBaseURL');
like($letter->{headers}{'message-id'}[0], qr/^<\S+\@\S+>$/, 'Message-ID');
unlike($letter->{subject}, qr/\Q$sent->{login}\E|clinic|клиник/i, 'the subject is neutral');
unlike($letter->{raw}, qr/\Q$sent->{password}\E/, 'no password in the letter');
is(sign_in($anna, $sent->{login})->status, 422, 'nobody signs in before the mailbox is proved');

# The Host header has no say in letters.
my $tricked = browser();
$tricked->get('/portal/register');
my $login = unique();
$tricked->submit({ login => $login, email => "$login\@mail.test", password => password(), policy => 1, consent_processing => 1 },
    headers => [Host => 'evil.example']);
unlike(letter_for("$login\@mail.test")->{raw}, qr/evil\.example/, 'a foreign Host does not come into the letter');

# Mistakes: 422, the form again with what was typed, the words beside the field; nothing is written.
my @mistakes = (
    ['no login', { login => '' }, 'login'],
    ['login too short', { login => 'ab' }, 'login'],
    ['login too long', { login => 'a' x 33 }, 'login'],
    ['login of two alphabets', { login => "p\x{430}vel9" }, 'login'],
    ['login with a space', { login => 'two words' }, 'login'],
    ['no e-mail', { email => '' }, 'email'],
    ['e-mail without a host', { email => 'anna@' }, 'email'],
    ['two e-mails', { email => 'a@mail.test,b@mail.test' }, 'email'],
    ['no password', { password => '' }, 'password'],
    ['password too short', { password => 'Zq7!xw' }, 'password'],
    ['password everybody has', { password => 'password123' }, 'password'],
    ['policy not ticked', { policy => '' }, 'policy'],
    ['consent not ticked', { consent_processing => '' }, 'consent_processing'],
);
for my $case (@mistakes) {
    my ($name, $change, $field) = @$case;
    my $browser = browser();
    my ($got, $typed) = register($browser, %$change);
    is($got->status, 422, "$name: 422");
    page_like($got, qr/id="$field-error"/, "$name: the words stand beside the field");
    page_like($got, qr/href="#$field"/, "$name: and the summary leads there");
    my $again = $got->form;
    is($again->{fields}{email}, $typed->{email}, "$name: the e-mail is still there") if $field ne 'email';
    is($again->{fields}{login}, $typed->{login}, "$name: the login is still there") if $field ne 'login';
    is($again->{fields}{password} // '', '', "$name: the password is not");
    my $good = registration_form();
    my $mended = $browser->submit({ (map { $_ => $good->{$_} } qw(login email password)), policy => 1, consent_processing => 1 });
    is($mended->status, 303, "$name: mended, it is taken");
}

# All mistakes are named at once.
my $all = register(browser(), login => '', email => 'x', password => 'y', tick => 0);
page_like($all, qr/id="$_-error"/, "all at once: $_") for qw(login email password policy consent_processing);

# Markup in a field comes back as text.
my $markup = register(browser(), login => q{"><b>x</b>}, email => q{'"<i>@x});
unlike($markup->body, qr/<b>x|<i>\@x/, 'what was typed is shown as text');

# Known or not: the same answer.
my ($member, $known_login, $known_email) = member();
my ($fresh, $fresh_form) = register(browser());
my $known = register(browser(), login => unique(), email => $known_email);
my $taken = register(browser(), login => $known_login);
for my $case ([$known, 'a known e-mail'], [$taken, 'a taken login']) {
    my ($got, $name) = @$case;
    is($got->status, $fresh->status, "$name: the same status");
    is($got->header('location'), $fresh->header('location'), "$name: the same place");
    is(length $got->header('set-cookie') // '', length $fresh->header('set-cookie') // '', "$name: cookies of the same form");
    is($got->body, $fresh->body, "$name: the same words");
}
my $notice = letter_for($known_email, 3);
ok(!$notice->{code}, 'the owner of a known e-mail gets a letter without a code');
unlike($notice->{raw}, qr{/confirm\?}, 'and without a link to confirm');

# The letter case of the host does not make another mailbox.
my $shouted = register(browser(), login => unique(), email => $known_email =~ s/mail\.test/MAIL.Test/r);
is($shouted->status, 303, 'a known e-mail, its host in capitals: taken like any other');
ok(!letter_for($known_email, 4)->{code}, 'and told to its owner');

# Signed-in people need no registration.
isnt($member->get('/portal/register')->status, 500, 'a signed-in visitor asking for the form is no failure');

# Nothing readable at rest.
SKIP: {
    last if $ENV{PD_DB} ne 'sqlite3';
    my @files = glob "$ENV{PD_WORK}/main/portal.db*";
    ok(scalar @files, 'there is a database file');
    for my $file (@files) {
        my $bytes = read_file($file);
        ok(index($bytes, $_) < 0, "not readable in $file") for $sent->{login}, $sent->{email}, $known_email;
    }
}
my $log = error_log_since(0);
for my $secret ($sent->{password}, $sent->{email}, $sent->{login}, $letter->{code}, values %{ $anna->{cookies} }) {
    ok(index($log, $secret) < 0, 'not in the error log');
}
done_testing;
