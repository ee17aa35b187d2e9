# The portal seen from outside: the status page, the metrics, the log tag, variables in expressions; that they
# tell the truth, to whom they should, and nothing of anybody.
use strict;
use warnings FATAL => 'all';
use JSON::PP ();
use Test::More;
use PDPortal::Test;
use PDPortal::Postgres ();
use PDPortal::Setup qw(make_portal);

my $sqlite = $ENV{PD_DB} eq 'sqlite3';
my $work = $ENV{PD_WORK};
my $clock = "$work/seen.now";
my $seconds = 0;
# The job that reads figures is due every 30 seconds.
sub later { $seconds += 31; write_file("$clock.new", sprintf "%+d\n", $seconds); return rename "$clock.new", $clock }

my ($main, $a_port, $b_port) = map { $ENV{PD_PORT} + 95 + 100 * $_ } 0 .. 2;
my %mail = map { $_ => "$work/$_/mail" } qw(seen-a seen-b);
my %set = (PDPortalMailRelay => "maildir:$mail{'seen-a'}", PDPortalMetricsFrom => '127.0.0.1 127.0.0.64/26');
my $postgres = !$sqlite ? PDPortal::Postgres->new('85') : undef;
$set{PDPortalDatabase} = $postgres->{database} if $postgres;
my $a = make_portal(name => 'seen-a', port => $a_port, set => \%set);
my $b = make_portal(name => 'seen-b', port => $b_port, set => { PDPortalPath => '/people/portal', PDPortalMetricsFrom => 'none' });

# Two portals, each in a host of its own; the main server has none.
mkdir "$work/seen";
my $hosts = join '', map { my ($port, $portal) = @$_; <<"END" } [$a_port, $a], [$b_port, $b];
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName 127.0.0.1
    Include "$portal->{conf}"
    RemoteIPHeader X-Client
    RemoteIPInternalProxy 127.0.0.3
    <Location "/open">
        Header set X-Person "expr=%{PDPORTAL_ID}"
        Header set X-Login "expr=%{pdportal_login}"
        Header set X-Roles "expr=%{PDPORTAL_ROLES}"
        Header set X-Consents "expr=%{PDPORTAL_CONSENTS}"
        <If "%{PDPORTAL_ID} == ''">
            Header set X-Guest yes
        </If>
    </Location>
    <Location "/ward">
        AuthType PDPortal
        Require expr "%{REMOTE_USER} != '' && %{PDPORTAL_ROLES} =~ /(^| )doctor( |\$)/"
    </Location>
    <Location "/consented">
        AuthType PDPortal
        Require expr "%{PDPORTAL_CONSENTS} =~ /(^| )processing( |\$)/"
    </Location>
</VirtualHost>
END
my $server = server(portal => { dir => "$work/seen", conf => write_file("$work/seen/portal.conf", ''), set => {} },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock }, extra => <<"END");
LoadModule status_module $ENV{PD_MODULES}/mod_status.so
LoadModule remoteip_module $ENV{PD_MODULES}/mod_remoteip.so
<Location "/server-status">
    SetHandler server-status
</Location>
<Location "/nobody">
    Require expr "%{PDPORTAL_ID} != ''"
</Location>
LogFormat "%{local}p %P %m %U %>s person=%{person}^pd session=%{session}^pd cache=%{cache}^pd other=%{words}^pd" seen
CustomLog "$work/seen/logs/seen" seen
$hosts
END
for my $folder (qw(open ward consented nobody)) {
    mkdir "$work/seen/htdocs/$folder";
    write_file("$work/seen/htdocs/$folder/index.html", "words of $folder\n");
}
later();
$server->start;

sub visitor { return $server->browser(port => $a_port, local => '127.0.0.1', @_) }
sub sql { return PDPortal::Setup::sql($a, $_[0]) }
sub exposed { return visitor()->get('/portal/metrics')->body }
sub metrics { my $text = exposed(); return { $text =~ /^(pdportal_\w+) (\S+)$/gm } }
sub metric { return metrics()->{"pdportal_$_[0]"} // 'unknown' }
# The lines of ?auto: portal => { key => value }.
sub automatic {
    my (%lines, $site);
    for my $line (split /\n/, $server->browser->get('/server-status?auto')->body) {
        my ($key, $value) = $line =~ /^PDPortal(\w+): (.*)$/ or next;
        if ($key eq 'Site') { $site = $value }
        else { push @{ $lines{$site}{order} }, $key; $lines{$site}{$key} = $value }
    }
    return \%lines;
}
# Waits until the job has read once more: their age only grows otherwise.
sub read_anew {
    my $age = metrics()->{pdportal_figures_age_seconds} // 1e9;
    later();
    return until_true(sub { (metrics()->{pdportal_figures_age_seconds} // 1e9) < $age && metric('database_up') eq '1' }, 30);
}
sub log_lines { my ($port, $path) = @_; return grep { /^$port \d+ \w+ \Q$path\E / } split /\n/, read_file("$work/seen/logs/seen") // '' }
# The log line of the request just made; it is written after the answer.
sub last_line { my ($port, $path, $n) = @_; return until_true(sub { (log_lines($port, $path))[$n - 1] }, 10) // '' }
my ($a_site, $b_site) = ("http://127.0.0.1:$a_port/portal", "http://127.0.0.1:$b_port/people/portal");

# --- numbers
ok(read_anew(), 'figures are read');
is(metric('sessions'), 0, 'nobody is signed in');
is(metric('people'), 0, 'nobody is known');
is(metric('letters_sent_total'), 0, 'no letter was sent');
my ($browser, $login, $email) = member(browser => visitor(), folder => $mail{'seen-a'});
my ($person, $session) = split /\|/, sql('SELECT p.id, s.id FROM person p JOIN session s ON s.person_id = p.id');
ok($person && $session, 'a person with a session');
ok(until_true(sub { metric('letters_sent_total') eq '2' }, 20), 'the letters were counted: to confirm, and the record of what was ticked');
is(metric('sessions_begun_total'), 1, 'the sign-in was counted');
is(metric('registrations_begun_total') . metric('registrations_confirmed_total'), '11', 'so was the registration');
my $refused = metric('sign_ins_refused_total');
sign_in(visitor(), $login, 'wrong password here');
is(metric('sign_ins_refused_total') - $refused, 1, 'and a wrong password');
ok(read_anew(), 'figures are read again');
is(metric('sessions'), 1, 'one session');
is(metric('people'), 1, 'one person');
is(metric('policy_version'), 1, 'the policy in force');
is(metric('policy_next_timestamp_seconds'), '0.000', 'no other is announced');
my ($before) = metric('sessions_ended_total');
my $ended = 0;
my $sign_out = sub {
    my $other = visitor();
    sign_in($other, $login);
    my $page = $other->get('/portal/account/');
    $other->submit({}, form => qr/logout/, page => $page);
    $ended++;
    my %processes = map { (split / /)[1] => 1 } log_lines($a_port, '/portal/logout');
    return keys %processes > 1;
};
$sign_out->() for 1 .. 2;
is(metric('sessions_ended_total') - $before, 2, 'two sessions ended');
# One child may get every request, but not those of before and after a restart.
$server->signal('USR1');
ok(until_true(sub { $server->log =~ /resuming normal operations.*resuming normal operations/s && $server->listens }, 20), 'a graceful restart');
ok(until_true($sign_out, 60), "$ended sessions ended in several processes");
is(metric('sessions_ended_total') - $before, $ended, 'each was counted, whichever process it was');
PDPortal::Setup::publish($a->{conf}, 'policy', 'policy2', '--effective', '2099-01-01T00:00:00Z');
ok(read_anew(), 'figures are read after it');
is(metric('policy_next_timestamp_seconds'), '4070908800.000', 'when the announced policy takes force');
# It is announced by a letter, which would be seen on its way below.
ok(letter_that($email, qr{/policy/2/diff}, $mail{'seen-a'}), 'its member is told of it');
ok(until_true(sub { read_anew() && metric('letters_waiting') eq '0' }, 40), 'and no letter waits');

# The other portal: a letter put off, one refused.
for my $case (['defer', 'LettersDelayed'], ['refuse', 'LettersFailed']) {
    my ($box, $key) = @$case;
    register($server->browser(port => $b_port), path => '/people/portal/register', email => "$box\@seen.test");
    ok(until_true(sub { (automatic()->{$b_site}{$key} // 0) eq '1' }, 20), "$key of the other portal");
}
ok(until_true(sub { later(); (automatic()->{$b_site}{LettersWaiting} // '') eq '1' }, 20), 'its letter waits');
ok(until_true(sub { later(); automatic()->{$b_site}{LetterOldestSeconds} > 60 }, 20), 'longer and longer');
is(automatic()->{$b_site}{LettersGivenUp}, 1, 'and one was given up');
is(metric($_), 0, "nothing of it at the first: $_") for qw(letters_delayed_total letters_failed_total letters_waiting letters_given_up);

# --- one list, three outputs and the manual
my $text = exposed();
my $lines = automatic();
is_deeply([sort keys %$lines], [sort $a_site, $b_site], 'two portals, told apart');
my @names = $text =~ /^# HELP (\S+) /gm;
my %type = $text =~ /^# TYPE (\S+) (\S+)$/gm;
my %help = $text =~ /^# HELP (\S+) (.*)$/gm;
my @rows = (read_file("$ENV{PD_SOURCE_DIR}/docs/operations.md") // '') =~ /^(\| `pdportal_\w+` \| .*)$/gm;
my @keys = @{ $lines->{$a_site}{order} };
is(join("\n", @rows), join("\n", map { "| `$names[$_]` | $type{$names[$_]} | `PDPortal$keys[$_]` | $help{$names[$_]} |" } 0 .. $#names),
    'docs/operations.md lists just these');
my %value = %{ metrics() };
for my $i (0 .. $#names) {
    next if $keys[$i] =~ /Seconds$/; # they go on
    is($lines->{$a_site}{ $keys[$i] }, $value{ $names[$i] }, "$keys[$i] is $names[$i]");
}
write_file("$work/seen/exposed", $text);
my ($code, $out, $error) = PDPortal::Setup::run_program('/bin/sh', '-c', "promtool check metrics <$work/seen/exposed");
is("$code$out$error", '0', 'promtool has nothing to say');
my $status = $server->browser->get('/server-status')->body;
my @titles = $status =~ m{<h2>mod_pdportal at (\S+)</h2>}g;
is_deeply([sort @titles], [sort $a_site, $b_site], 'the page has a table for each portal');
my ($table) = $status =~ m{<h2>mod_pdportal at \Q$a_site\E</h2>(.*?)</table>}s;
like($table // '', qr{<td title="[^"]+">Ended</td><td>$value{pdportal_sessions_ended_total}</td>}, 'with the same numbers');
like($table // '', qr{<td>2099-01-01T00:00:00Z</td>}, 'and instants as people read them');
like($server->browser->get('/server-status?notable')->body, qr{<h2>mod_pdportal at \Q$a_site\E</h2>\n<p>\nSessions, Alive: \d+<br />\n(?!.*<table)}s,
    'and no table for who wants none');
my @told = ($text, $status, $server->browser->get('/server-status?auto')->body);
# mod_status itself lists requests, with their paths: what is meant is ours.
for my $secret ($login, $email, 'seen.test', $person, $session, values %{ $browser->{cookies} }) {
    ok(!(grep { index($_, $secret) >= 0 } @told), 'nothing of a person in any of them');
}

# --- who may read the metrics
my $answer = visitor()->get('/portal/metrics');
is($answer->status, 200, 'from an address of the list');
is($answer->header('content-type'), 'text/plain; version=0.0.4; charset=utf-8', 'its type');
is($answer->header('cache-control'), 'no-store', 'never stored');
is($answer->header('set-cookie'), undef, 'no cookie');
is(visitor(local => '127.0.0.70')->get('/portal/metrics')->status, 200, 'from a network of the list');
is(visitor()->request('HEAD', '/portal/metrics')->status, 200, 'HEAD');
is(visitor()->request('POST', '/portal/metrics', body => 'a=b')->status, 405, 'not by POST');
for my $case ([visitor(local => '127.0.0.2'), '/portal', 'another address'], [$browser->clone(local => '127.0.0.2'), '/portal', 'a member elsewhere'],
    [$server->browser(port => $b_port), '/people/portal', 'a portal that shows them to nobody'])
{
    my ($who, $path, $name) = @$case;
    for my $method (qw(GET POST)) {
        my @body = $method eq 'POST' ? (body => 'a=b') : ();
        my ($there, $nowhere) = map { $who->request($method, "$path/$_", @body) } qw(metrics meters);
        is($there->status, 404, "$name, $method: 404");
        is($there->body =~ s/metrics/meters/gr, $nowhere->body, "$name, $method: as for a path that is not there");
        is($there->header('allow'), undef, "$name, $method: no methods are told");
    }
}
is(visitor(local => '127.0.0.3')->get('/portal/metrics', 'X-Client' => '127.0.0.1')->status, 200, 'the address that mod_remoteip finds counts');
is(visitor(local => '127.0.0.3')->get('/portal/metrics', 'X-Client' => '192.0.2.7')->status, 404, 'and no other');
is(visitor(local => '127.0.0.2')->get('/portal/metrics', 'X-Client' => '127.0.0.1', 'X-Forwarded-For' => '127.0.0.1')->status, 404, 'a claim does not');

# --- every page without what it needs
my $source = read_file("$ENV{PD_SOURCE_DIR}/src/web/pd_routes.c") // '';
my $tried = 0;
while ($source =~ /\{"(GET|POST)",\s*"([^"]*)",\s*PD_NEED_(\w+),\s*(NULL|"[^"]*")/g) {
    my ($method, $path, $need, $token) = ($1, $2, $3, $4);
    $path = '/portal/' . $path =~ s/#/1/gr =~ s/\*/processing/gr;
    my $guest = visitor(local => '127.0.0.2');
    my $got = $guest->request($method, $path, $method eq 'POST' ? (body => 'a=b') : ());
    # A guest who signs out is where he wanted to be; "leave" lacks the address it is about.
    my $signed_in = $need =~ /^(?:SESSION|FRESH|PENDING|EDITOR|ADMINISTRATOR)$/;
    my $wanted = $token eq '"logout"' || $signed_in ? 303 : $token ne 'NULL' ? 403 : { NOTHING => $path eq '/portal/leave' ? 400 : qr/^(?:200|303)$/, DATABASE => qr/^(?:200|303|404)$/,
        REDIRECT => 404, ADDRESS => 404 }->{$need} // 'a case in this test';
    ref $wanted ? like($got->status, $wanted, "$method $path") : is($got->status, $wanted, "$method $path: $need");
    like($got->header('location') // '', qr{^/portal/login\?return=}, "$path: led to sign-in") if $signed_in && $method eq 'GET';
    $tried++;
}
is($tried, scalar(() = $source =~ /^    \{"(?:GET|POST)"/gm), 'every row was tried');
cmp_ok($tried, '>', 15, 'and there are some');

# --- the log
my $guest = visitor();
$guest->get('/cabinet/');
like(last_line($a_port, '/cabinet/', 1), qr/ 303 person=- session=- cache=- other=-$/, 'a guest in the log');
$browser->get('/cabinet/index.html');
like(last_line($a_port, '/cabinet/index.html', 1), qr/ 200 person=\Q$person\E session=\Q$session\E cache=(?:hit|miss) other=-$/, 'a member');
my $n = log_lines($a_port, '/portal/account/');
$browser->get('/portal/account/');
like(last_line($a_port, '/portal/account/', $n + 1), qr/ 200 person=\Q$person\E session=\Q$session\E cache=(?:hit|miss) other=-$/, 'a member on a page of the portal');
$browser->get('/consented/index.html/../../cabinet/index.html');
like(last_line($a_port, '/cabinet/index.html', 2), qr/ 200 person=\Q$person\E /, 'by another path');
$browser->get('/index.html');
like(last_line($a_port, '/index.html', 1), qr/ 200 person=- session=- cache=- other=-$/, 'an open page looks for nobody');
$browser->clone(port => $b_port)->get('/cabinet/');
like(last_line($b_port, '/cabinet/', 1), qr/ 303 person=- session=- cache=- other=-$/, 'the other portal knows nobody');
$browser->clone(port => $main)->get('/index.html');
like(last_line($main, '/index.html', 1), qr/ 200 person=- session=- cache=- other=-$/, 'a server without a portal');
my $log = read_file("$work/seen/logs/seen");
unlike($log, qr/\Q$_\E/, 'no cookie in the log') for values %{ $browser->{cookies} };

# --- expressions
$answer = visitor()->get('/open/');
is($answer->header("x-$_") // '', '', "a guest: $_ is empty") for qw(person login roles consents);
is($answer->header('x-guest'), 'yes', 'and <If> knows');
is($answer->header('vary'), 'Cookie', 'the answer depends on the cookie');
is(visitor()->get('/ward/')->status, 303, 'a guest is led to sign-in where REMOTE_USER is asked for');
is(visitor()->get('/consented/')->status, 403, 'and refused where it is not');
is($browser->get('/ward/')->status, 403, 'a member without the role: refused');
my $since = sql('SELECT confirmed_at FROM person');
sql("INSERT INTO role (person_id, role, appointed_by, since, until) VALUES ('$person', 'doctor', 'pdportalctl', $since, 0), ('$person', 'reader', 'pdportalctl', $since, 0)");
my $doctor = visitor();
sign_in($doctor, $login);
is($doctor->get('/ward/')->status, 200, 'with the role: in');
is($doctor->get('/consented/')->status, 200, 'with the consent: in');
$answer = $doctor->get('/open/');
is($answer->header('x-person'), $person, 'PDPORTAL_ID');
is($answer->header('x-login'), $login, 'PDPORTAL_LOGIN, in small letters');
is($answer->header('x-roles'), 'doctor reader', 'PDPORTAL_ROLES');
is($answer->header('x-consents'), 'processing', 'PDPORTAL_CONSENTS');
is($answer->header('x-guest'), undef, 'no guest');
is($answer->header('cache-control'), 'private, no-store', 'kept out of caches');
is($browser->clone(port => $b_port)->get('/open/')->header('x-person') // '', '', 'nobody at the other portal');
is($doctor->clone(port => $main)->get('/nobody/')->status, 403, 'nor where there is no portal');

# --- the database is away
my $file = "$work/seen-a/portal.db";
my $people = metric('people');
if ($sqlite) {
    # Children of before the restart have the file open; new ones don't find it.
    rename $file, "$file.away";
    my $mark = () = $server->log =~ /resuming normal operations/g;
    $server->signal('USR1');
    ok(until_true(sub { (() = $server->log =~ /resuming normal operations/g) > $mark && $server->listens }, 20), 'restarted without its file');
}
else {
    ok(defined $postgres->stop, 'PostgreSQL is stopped');
}
ok(until_true(sub { metric('database_up') eq '0' }, 30), 'away: the metrics answer, and say so');
is(visitor()->get('/portal/metrics')->status, 200, 'away: 200');
is(metric('people'), $people, 'away: the figures of before');
my $age = metric('figures_age_seconds');
cmp_ok($age, '>', 0, 'away: with their age');
ok(until_true(sub { metric('figures_age_seconds') > $age + 1 }, 20), 'away: which grows');
is(automatic()->{$a_site}{DatabaseUp}, 0, 'away: the status page too');
is(automatic()->{$b_site}{DatabaseUp}, 1, 'away: the other portal has its own');
# What was read last is good for PDPortalSessionRecheck, in the processes that know the policy too.
ok(until_true(sub { !grep { $doctor->get('/cabinet/')->status != 503 } 1 .. 12 }, 20), 'away: a member is told when the recheck is over');
my $unavailable = metric('unavailable_total');
is($doctor->get('/cabinet/')->status, 503, 'away: and stays out');
is($doctor->get('/portal/register')->status, 503, 'away: a page of the portal as well');
is(metric('unavailable_total') - $unavailable, 2, 'away: both were counted, once');
isnt($doctor->get('/ward/')->status, 200, 'away: no variable lets anybody in');
$n = log_lines($a_port, '/consented/');
is($doctor->get('/consented/')->status, 403, 'away: nor alone');
like(last_line($a_port, '/consented/', $n + 1), qr/ 403 person=- session=- cache=- /, 'away: the log knows nobody');
is($doctor->get('/open/')->header('x-person') // '', '', 'away: variables are empty');
if ($sqlite) { rename "$file.away", $file }
else { $postgres->start }
ok(read_anew(), 'back again: up, and read anew');
is($doctor->get('/ward/')->status, 200, 'and the doctor is in');

unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
$server->stop;

# --- pdportalctl check, by the server's clock
local $ENV{LD_PRELOAD} = "$ENV{PD_FALSE_CLOCK}:$ENV{PD_FULL_DISK}";
local $ENV{PD_CLOCK_FILE} = $clock;
local $ENV{PD_DISK_FULL} = "$work/seen.full";
local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '') . ':verify_asan_link_order=0';
sub check {
    my ($rc, $json) = run_ctl('check', '--json', '--config', $a->{conf});
    my $data = JSON::PP::decode_json($json);
    return ($rc, $data, { map { $_->{thing} =~ s/ \(.*//r => $_ } @{ $data->{findings} } });
}
my ($rc, $data, $found) = check();
is($rc, 0, 'check: all is well') or diag explain $data;
is($data->{sessions_alive}, sql("SELECT count(*) FROM session"), 'check: sessions');
is($data->{policy_announced}, 2, 'check: the announced version');
like((grep { /announced/ } map { $_->{thing} } @{ $data->{findings} })[0], qr/version 2 from 2099-01-01/, 'check: and its day');
my $now = time;
my @troubles = (
    ['key folder', sub { chmod 0777, "$work/seen-a" }, sub { chmod 0755, "$work/seen-a" }, qr/chmod go-w \Q$work\E/],
    ['change feed', sub { sql("UPDATE invalidation_head SET name = 'gone'") }, sub { sql("UPDATE invalidation_head SET name = 'head'") }, qr/invalidation_head/],
    ['change feed', sub { sql("INSERT INTO invalidation (number, kind, subject, at) VALUES (999999, 'documents', '', " . ($now + 86400) . "000000)") },
        sub { sql('DELETE FROM invalidation WHERE number = 999999') }, qr/yet to come.*clocks/]);
push @troubles, ['disk space', sub { write_file("$work/seen.full", '') }, sub { unlink "$work/seen.full" }, qr/\Q$work\E\S* has\s+0 +left of/] if $sqlite;
for my $trouble (@troubles) {
    my ($thing, $break, $mend, $said) = @$trouble;
    $break->();
    ($rc, $data, $found) = check();
    $mend->();
    is($rc, 2, "$thing: unsound");
    is(join(' ', grep { !$found->{$_}{sound} } sort keys %$found), $thing, "$thing: and nothing else");
    like($found->{$thing}{text}, $said, "$thing: says what");
}
is((check())[0], 0, 'mended, all is well again');
is(exists $found->{'disk space'} ? 1 : 0, $sqlite ? 1 : 0, 'room is looked at where the database is a file');
done_testing;
