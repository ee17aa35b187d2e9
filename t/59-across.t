# Across the effective instant, by a clock that the test sets for the server and for pdportalctl alike: the gate
# closes at that second in every process, consents are bound to the text in force, a withdrawal's days are counted,
# terms end, and a clock that steps back undoes none of it.
use strict;
use warnings FATAL => 'all';
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::Local ();
use PDPortal::Test;
use PDPortal::Setup ();

my $clock = "$ENV{PD_WORK}/across.now";
my %clock = (LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock);
# Noon in Moscow, of a day that never comes to the suite: the clock is set by the difference to now.
my $start = Time::Local::timegm(0, 0, 9, 10, 2, 2098); # 2098-03-10
sub clock_at { my ($instant) = @_; write_file("$clock.new", sprintf "%+d\n", $instant - time); return rename "$clock.new", $clock }
clock_at($start);
local %ENV = (%ENV, %clock);
my $server = server(name => 'across', set => {
    PDPortalTimeZone => 'Europe/Moscow', PDPortalSessionRecheck => '1h', PDPortalSessionIdle => '30d', PDPortalSessionLifetime => '90d',
    PDPortalTermSignIns => '30d', PDPortalMailRelay => "maildir:$ENV{PD_WORK}/across/mail" },
    env => \%clock, extra => PDPortal::Server::many_processes() . <<'END');
<Location "/research">
    AuthType PDPortal
    Require pd-consent research
</Location>
END
mkdir "$server->{dir}/htdocs/research";
write_file("$server->{dir}/htdocs/research/index.html", "words of research\n");
my $conf = $server->{conf};
PDPortal::Setup::publish($conf, 'research', 'research');
$server->start;
my $folder = "$server->{dir}/mail";
my ($anna, $login) = member(browser => $server->browser, folder => $folder);
my ($boris, $boris_login) = member(browser => $server->browser, folder => $folder);

sub sql { return PDPortal::Setup::sql($server, @_) }
sub ctl_json { my ($code, $out) = run_ctl(@_, '--json', '--config', $conf); return ($code, JSON::PP::decode_json($out)) }
sub everywhere {
    my ($browser, $path, $wanted, $name) = @_;
    my ($status, $processes) = $server->ask_everywhere($browser, $path);
    cmp_ok($processes, '>=', 2, "$name: asked of $processes processes");
    return is_deeply([keys %$status], [$wanted], "$name: $wanted from all of them") || diag explain $status;
}
sub agree { my ($browser, $page) = @_; return $browser->submit({ consent_research => 1 }, page => $page, form => qr{research$}) }
sub wall { return POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_[0]) }

# --- announced for a second of tomorrow
my $instant = $start + 86400;
PDPortal::Setup::publish($conf, 'policy', 'policy2', '--effective', wall($instant));
PDPortal::Setup::publish($conf, 'research', 'research2', '--effective', wall($instant));
my $list = '/portal/account/consents';
is(agree($anna, $anna->get("$list/research"))->status, 303, 'Anna agrees to the text in force');
is(sql("SELECT version FROM act WHERE kind = 'research' AND verb = 'consented'"), 1, 'which is the first');
everywhere($anna, '/research/', 200, 'her consent opens');
my $read_before = $boris->get("$list/research");
clock_at($instant - 30);
everywhere($anna, '/cabinet/', 200, 'half a minute before');
is($boris->get('/portal/policy')->header('pdportal-document') =~ /version=(\d+)/ ? $1 : '', 1, 'the policy is still the first');

# --- the instant
clock_at($instant);
everywhere($_, '/cabinet/', 303, 'at the instant') for $anna, $boris;
my $led = $anna->get('/research/');
is($led->header('location'), '/portal/acknowledge?return=%2Fresearch%2F', 'led to the policy, not refused');
is($boris->get('/portal/policy')->header('pdportal-document') =~ /version=(\d+)/ ? $1 : '', 2, 'the policy is the second');
is($boris->get($list)->status, 200, 'consents can be looked at before');
is(agree($boris, $read_before)->status, 403, 'the text he had read is not in force any more: not given');
is(sql("SELECT count(*) FROM act WHERE kind = 'research'"), 1, 'nothing is recorded');
for my $who ($anna, $boris) {
    $who->get('/portal/acknowledge?return=%2Fcabinet%2F');
    is($who->submit({ policy => 1 }, form => qr/acknowledge/)->status, 303, 'acknowledged');
    everywhere($who, '/cabinet/', 200, 'and open');
}
everywhere($anna, '/research/', 200, "Anna's consent to the first text stands");
is(agree($boris, $boris->get("$list/research"))->status, 303, 'Boris agrees to the second');
is(sql("SELECT max(version) FROM act WHERE kind = 'research' AND verb = 'consented'"), 2, 'which is recorded');

# --- the clock steps back over the instant
clock_at($instant - 3600);
is(sql("SELECT count(*) FROM act WHERE verb = 'acknowledged' AND version = 2"), 2, 'acts stay');
everywhere($boris, '/research/', 200, 'an hour back: who acknowledged the second is not asked about the first');
my ($code, undef, $error) = run_ctl('policy', 'publish', "$ENV{PD_SOURCE_DIR}/t/documents/policy.ru.md", '--lang', 'ru',
    "$ENV{PD_SOURCE_DIR}/t/documents/policy.en.md", '--lang', 'en', '--config', $conf);
is($code, 1, 'nothing is published that would be overtaken');
like($error, qr/nothing was published: \S/, 'and a sentence says why');
clock_at($instant + 60);
everywhere($boris, '/cabinet/', 200, 'forth again: as before');

is(sql('SELECT count(*) FROM sign_in'), 2, 'two sign-ins are kept so far');

# --- a withdrawal one minute before midnight in Moscow: the days are counted from the day after
my $midnight = Time::Local::timegm(0, 0, 21, 11, 2, 2098); # 2098-03-12 in Moscow
clock_at($midnight - 60);
$boris->get($list);
is($boris->submit({}, form => qr{research/withdraw$})->status, 303, 'withdrawn at 23:59');
everywhere($boris, '/research/', 403, 'closed at once');
everywhere($anna, '/research/', 200, "Anna's is her own");
($code, my $found) = ctl_json('withdrawals', 'list');
is($found->{withdrawals}[0]{due_at}, '2098-04-10T20:59:59Z', 'due at the end of the thirtieth day after');
clock_at($midnight + 30 * 86400 - 2);
is((ctl_json('check'))[1]{withdrawals_overdue}, 0, 'two seconds before: due');
clock_at($midnight + 30 * 86400 + 1);
($code, $found) = ctl_json('check');
is("$code $found->{withdrawals_overdue}", '2 1', 'a second after: overdue');

# --- a term of 30 days, counted from each sign-in
sign_in($anna, $login);
everywhere($anna, '/cabinet/', 200, 'signed in again');
my $cut = ($midnight + 86400) . '000000';
is((run_ctl('jobs', 'run', 'expire', '--config', $conf))[0], 0, 'the job');
is(sql("SELECT count(*) FROM sign_in WHERE at < $cut"), 0, 'sign-ins of more than 30 days ago are destroyed');
is(sql('SELECT count(*) FROM sign_in'), 1, 'the one of just now is kept');
is((run_ctl('verify-journal', '--config', $conf))[0], 0, 'the journal is whole');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
