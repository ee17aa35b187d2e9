# Ready pages: the policy and the stylesheet come from memory, compressed once; what is published, takes force or
# can't be known any more shows in the very next answer of every process.
use strict;
use warnings FATAL => 'all';
use Digest::SHA ();
use IO::Uncompress::Gunzip ();
use POSIX ();
use Test::More;
use Time::Local ();
use PDPortal::Test;
use PDPortal::Postgres ();
use PDPortal::Setup ();

my $filters = <<"END";
LoadModule include_module $ENV{PD_MODULES}/mod_include.so
LoadModule substitute_module $ENV{PD_MODULES}/mod_substitute.so
<IfModule !mpm_prefork_module>
    LoadModule http2_module $ENV{PD_MODULES}/mod_http2.so
    Protocols h2c http/1.1
</IfModule>
AddOutputFilter INCLUDES .shtml
<Directory "$ENV{PD_WORK}/ready/htdocs">
    Options +Includes
</Directory>
MaxKeepAliveRequests 0
END
my $server = server(name => 'ready', set => { PDPortalSessionRecheck => '1h' }, extra => $filters);
$server->start;

# The page as it was before it was compressed.
sub page {
    my ($answer) = @_;
    my $coding = $answer->header('content-encoding') // '';
    my $packed = $answer->body;
    return $packed if $coding eq '';
    if ($coding eq 'gzip') {
        IO::Uncompress::Gunzip::gunzip(\$packed, \my $page) or return "no gzip: $IO::Uncompress::Gunzip::GunzipError";
        return $page;
    }
    return "coding $coding" if $coding ne 'br';
    my $file = "$ENV{PD_WORK}/tmp/ready.$$.br";
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} $packed;
    close $out;
    my ($code, $page, $error) = PDPortal::Setup::run_program('/usr/bin/brotli', '-d', '-c', $file);
    return $code ? "no brotli: $error" : $page;
}

sub fetch {
    my ($from, $path, $coding, %given) = @_;
    my $browser = $from->browser(language => $given{language} // 'en');
    return $browser->request($given{method} // 'GET', $path,
        headers => [defined $coding ? ('Accept-Encoding' => $coding) : (), %{ $given{headers} || {} }]);
}

# --- the forms
my (%etag, %bytes);
for my $language (qw(en ru)) {
    for my $path (qw(/portal/policy /portal/policy/1 /portal/documents/processing/1)) {
        my $name = "$path, $language";
        my $plain = fetch($server, $path, undef, language => $language);
        is($plain->status, 200, "$name: there");
        is($plain->header('content-encoding'), undef, "$name: plain where nothing is said");
        like($plain->body, qr{<html lang="$language">.*</html>\s*\z}s, "$name: whole");
        my ($hash) = ($plain->header('etag') // '') =~ /^"([0-9a-f]{32})"$/;
        is($hash, substr(Digest::SHA::sha256_hex($plain->body), 0, 32), "$name: its ETag is a hash of it");
        for my $coding (qw(gzip br)) {
            my $answer = fetch($server, $path, $coding, language => $language);
            is($answer->header('content-encoding'), $coding, "$name: $coding");
            is($answer->header('etag'), qq{"$hash-$coding"}, "$name: an ETag of its own for $coding");
            is($answer->header('content-length'), length $answer->body, "$name: $coding, Content-Length");
            cmp_ok(length $answer->body, '<', length($plain->body) / 2, "$name: $coding is shorter");
            ok(page($answer) eq $plain->body, "$name: $coding holds the same page");
            $bytes{$path}{$language}{$coding} = $answer->body;
        }
        $etag{$path}{$language} = $hash;
        my $answer = fetch($server, $path, 'gzip, deflate, br', language => $language);
        is($answer->header('content-encoding'), 'br', "$name: brotli where both will do");
        is($answer->header('cache-control'), 'no-cache', "$name: may be kept, if asked for each time");
        is(join(',', sort map { lc } split /\s*,\s*/, $answer->header('vary') // ''), 'accept-encoding,accept-language,cookie', "$name: Vary");
        is($answer->header('content-language'), $language, "$name: Content-Language");
        like($answer->header('content-security-policy') // '', qr/default-src 'none'/, "$name: the headers of every page");
        is($answer->header('set-cookie'), undef, "$name: no cookie");
    }
}
my %different = map { $_ => 1 } map { values %$_ } values %etag;
is(scalar keys %different, 6, 'each page and language has an ETag of its own');
is(fetch($server, '/portal/policy', 'gzip;q=0, br;q=0.2')->header('content-encoding'), 'br', 'weights count');
is(fetch($server, '/portal/policy', 'gzip;q=2')->header('content-encoding'), undef, 'what is malformed counts for nothing');

# --- languages: the header, the site's own, the cookie
my $visitor = $server->browser(language => undef);
like($visitor->get('/portal/policy')->body, qr/<html lang="ru">/, 'no language asked for: the first of the site');
my $answer = $visitor->get('/portal/policy?lang=en', 'Accept-Encoding' => 'gzip');
is($answer->status, 200, 'a choice by ?lang=');
ok($answer->header('set-cookie'), 'is kept in a cookie');
like($answer->header('cache-control'), qr/no-store/, 'so this answer is for nobody else');
$answer = $visitor->get('/portal/policy', 'Accept-Encoding' => 'gzip', 'Accept-Language' => 'ru');
is($answer->header('etag'), qq{"$etag{'/portal/policy'}{en}-gzip"}, 'the cookie goes before the header');
is($answer->header('set-cookie'), undef, 'and is not sent again');
like(page(fetch($server, '/portal/policy?x=1', 'gzip')), qr/<html lang="en">/, 'any other query: the same page');

# --- conditions
my $hash = $etag{'/portal/policy'}{en};
my $conditional = sub { my ($coding, %headers) = @_; return fetch($server, '/portal/policy', $coding, headers => \%headers) };
for my $case (
    ['gzip', qq{"$hash-gzip"}, qq{"$hash-gzip"}],
    ['br', qq{"$hash-br"}, qq{"$hash-br"}],
    [undef, qq{"$hash"}, qq{"$hash"}],
    ['gzip', qq{W/"$hash-gzip"}, qq{"$hash-gzip"}],
    ['br', qq{"other", W/"$hash-gzip" , "more"}, qq{"$hash-gzip"}],
    ['br', qq{"$hash","$hash-br"}, qq{"$hash-br"}],
    ['gzip', qq{"$hash"}, qq{"$hash"}],
    ['gzip', '*', qq{"$hash-gzip"}])
{
    my ($coding, $list, $named) = @$case;
    my $name = 'If-None-Match: ' . $list =~ s/$hash/HASH/gr . ', ' . ($coding // 'plain');
    $answer = $conditional->($coding, 'If-None-Match' => $list);
    is($answer->status, 304, "$name: 304");
    is($answer->body, '', "$name: no body");
    is($answer->header('etag'), $named, "$name: says which copy is good");
    is($answer->header($_), undef, "$name: no $_ of nothing") for qw(content-encoding content-language);
    like($answer->header('vary') // '', qr/Accept-Encoding/, "$name: Vary");
}
for my $list (qq{"x$hash"}, qq{"${hash}0"}, qq{"$hash-zstd"}, $hash, '"other"', qq{"$etag{'/portal/policy'}{ru}-gzip"}) {
    is($conditional->('gzip', 'If-None-Match' => $list)->status, 200, 'If-None-Match: ' . $list =~ s/$hash/HASH/r . ': the page');
}
is($conditional->('gzip', 'If-Match' => qq{"$hash-gzip"})->status, 200, 'If-Match: the page');
is($conditional->('gzip', 'If-Match' => '"other"')->status, 412, 'If-Match with another: 412');
is($conditional->('gzip', 'If-Match' => '"other"', 'If-None-Match' => qq{"$hash-gzip"})->status, 412, 'If-Match goes first');
is($conditional->('gzip', 'If-Modified-Since' => 'Thu, 01 Jan 2015 00:00:00 GMT')->status, 200, 'If-Modified-Since: no word of it');

# --- HEAD, ranges
for my $coding (qw(gzip br), undef) {
    my $name = $coding // 'plain';
    my $whole = fetch($server, '/portal/policy', $coding);
    my $head = fetch($server, '/portal/policy', $coding, method => 'HEAD');
    is($head->status, 200, "HEAD, $name");
    is($head->body, '', "HEAD, $name: no body");
    is($head->header($_), $whole->header($_), "HEAD, $name: $_") for qw(etag content-length content-encoding vary);
    my $part = $conditional->($coding, Range => 'bytes=10-109');
    is($part->status, 206, "Range, $name: 206");
    is($part->body, substr($whole->body, 10, 100), "Range, $name: the bytes asked for");
    is($part->header('content-range'), 'bytes 10-109/' . length $whole->body, "Range, $name: Content-Range");
    is($part->header('etag'), $whole->header('etag'), "Range, $name: ETag");
    is($conditional->($coding, Range => 'bytes=10-109', 'If-Range' => $whole->header('etag'))->status, 206, "If-Range, $name: 206");
    is($conditional->($coding, Range => 'bytes=10-109', 'If-Range' => '"other"')->status, 200, "If-Range with another, $name: all of it");
}

# --- the stylesheet
my ($style) = fetch($server, '/portal/policy')->body =~ /href="([^"]*style\.css\?v=[^"]+)"/;
my $plain = fetch($server, $style);
for my $coding (qw(gzip br)) {
    $answer = fetch($server, $style, $coding);
    is($answer->header('content-encoding'), $coding, "stylesheet: $coding");
    ok(page($answer) eq $plain->body, "stylesheet: $coding holds the same");
    like($answer->header('cache-control'), qr/immutable/, "stylesheet: $coding may be kept for ever");
    like($answer->header('vary'), qr/Accept-Encoding/, "stylesheet: $coding, Vary");
    is(fetch($server, $style, $coding, headers => { 'If-None-Match' => $answer->header('etag') })->status, 304, "stylesheet: $coding, 304");
}

# --- many visitors at once: what they got, each line once
sub crowd {
    my ($from, $clients, $each, @paths) = @_;
    my (@pipes, %seen);
    for my $client (1 .. $clients) {
        pipe my $read, my $write or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        if ($pid == 0) {
            for my $n (1 .. $each) {
                my $got = fetch($from, $paths[$n % @paths], 'gzip');
                my $page = page($got);
                my ($version) = $page =~ m{<strong>Version (\d+)</strong>};
                syswrite $write, join(' ', $got->status, ($got->header('etag') // 'none') =~ s/-gzip//r, Digest::SHA::sha256_hex($page), $version // 'none') . "\n";
            }
            POSIX::_exit(0);
        }
        close $write;
        push @pipes, [$read, $pid];
    }
    for my $pipe (@pipes) {
        my ($read, $pid) = @$pipe;
        $seen{$_}++ while defined($_ = <$read>);
        waitpid $pid, 0;
    }
    return \%seen;
}
my $seen = crowd($server, 4, 15, '/portal/policy');
is(join('', values %$seen), 60, 'every process: the same ETag, the same page, every time') or diag explain $seen;
$server->stop;
$server->start;
is(fetch($server, '/portal/policy', 'gzip')->header('etag'), qq{"$hash-gzip"}, 'and after a restart');
ok(fetch($server, '/portal/policy', 'br')->body eq $bytes{'/portal/policy'}{en}{br}, 'the same bytes');

# --- publishing: the very next request of every process
crowd($server, 4, 5, '/portal/policy'); # all have it ready
for my $version (2 .. 4) {
    PDPortal::Setup::publish($server->{conf}, 'policy', $version % 2 ? 'policy' : 'policy2');
    $seen = crowd($server, 6, 6, '/portal/policy');
    my ($line) = keys %$seen;
    is(join('', values %$seen), 36, "version $version: the same for all") or diag explain $seen;
    like($line, qr/^200 .* $version$/, "version $version: in the very next answer");
}
like(fetch($server, '/portal/policy/1')->text, qr/no longer in force/, 'the first says that it is past');
is(fetch($server, '/portal/policy/1', 'gzip')->header('content-encoding'), 'gzip', 'and is ready too');
PDPortal::Setup::publish($server->{conf}, 'policy', 'policy', '--effective', '2099-06-01');
like(fetch($server, '/portal/policy')->text, qr/A new version is coming/, 'one for later is announced at once');

# --- httpd's own filters
my $filtered = sub {
    my ($lines, @more) = @_;
    $server->stop;
    write_file($server->{conf_file}, read_file($server->{conf_file}) =~ s/^# filters\n.*\z//msr . "# filters\n$lines");
    $server->start;
    return fetch($server, '/portal/policy', @more);
};
for my $lines ("SetOutputFilter DEFLATE\n", "AddOutputFilterByType DEFLATE text/html\n") {
    $answer = $filtered->($lines, 'gzip');
    is($answer->header('content-encoding'), 'gzip', "$lines: compressed once");
    like(page($answer), qr{\A<!DOCTYPE html>.*</html>\s*\z}s, "$lines: the page");
    my $etag = $answer->header('etag');
    like($etag, qr/^"[0-9a-f]{32}-gzip"$/, "$lines: ETag");
    is(fetch($server, '/portal/policy', 'gzip', headers => { 'If-None-Match' => $etag })->status, 304, "$lines: 304");
    like(page(fetch($server, '/portal/login', 'gzip')), qr{</html>\s*\z}, "$lines: other pages too");
}
$answer = $filtered->("SetOutputFilter SUBSTITUTE\nSubstitute \"s/Test policy/Changed on its way/\"\n", 'gzip, br');
is($answer->header('content-encoding'), undef, 'a filter that rewrites pages gets text');
like($answer->body, qr/Changed on its way/, 'and rewrites it');
write_file("$server->{dir}/htdocs/outer.shtml", "outer <!--#include virtual=\"/portal/policy\" --> end\n");
$answer = $filtered->('');
for my $path ('/outer.shtml') {
    my $around = fetch($server, $path, 'gzip, br');
    is($around->header('content-encoding'), undef, 'included in another page: as text');
    like($around->body, qr{outer <!DOCTYPE html>.*</html>\s*end}s, 'and whole');
}
if ($ENV{PD_MPM} ne 'prefork') {
    my $file = "$ENV{PD_WORK}/tmp/ready.h2";
    for my $coding (qw(gzip br)) {
        my ($code, $out) = PDPortal::Setup::run_program('/usr/bin/curl', '-s', '--http2-prior-knowledge', '--max-time', 30, '-o', $file, '-w', '%{http_code} %{http_version}',
            '-H', "Accept-Encoding: $coding", '-H', 'Accept-Language: en', "http://127.0.0.1:$server->{port}/portal/policy");
        is($out, '200 2', "HTTP/2, $coding");
        ok(read_file($file) eq fetch($server, '/portal/policy', $coding)->body, "HTTP/2, $coding: the same bytes");
    }
}

# --- memory: many requests, many versions, in many forms
sub memory {
    my ($largest) = sort { $b <=> $a } map { (read_file("/proc/$_/status") // '') =~ /^VmRSS:\s+(\d+)/m ? $1 : 0 } $server->processes;
    return $largest;
}
sub many {
    my ($rounds) = @_;
    my ($good, $wanted) = (0, 0);
    for my $round (1 .. $rounds) {
        PDPortal::Setup::publish_anew($server->{conf}, 'processing', 'processing');
        my $requests = '';
        for my $n (1 .. 40) {
            my $path = (qw(policy policy/1 documents/processing/1), "documents/processing/$round")[$n % 4];
            my $last = $n == 40 ? 'close' : 'keep-alive';
            $requests .= "GET /portal/$path HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: " . ($n % 2 ? 'ru' : 'en') .
                "\r\nAccept-Encoding: " . (qw(gzip br identity))[$n % 3] . "\r\nConnection: $last\r\n\r\n";
        }
        $good += () = $server->browser->raw($requests) =~ m{HTTP/1\.1 200 OK\r\n}g;
        $wanted += 40;
    }
    is($good, $wanted, "$wanted answers");
    return;
}
many(10);
my $before = memory();
many(50);
# An instrumented program keeps what was freed for a while.
cmp_ok(memory() - $before, '<', 1024 * ($ENV{PD_ASAN} ? 512 : 8), '2000 requests and 50 versions take no more memory');
unlike($server->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
$server->stop;

# --- the effective instant, by a clock that the test sets
my $clock = "$ENV{PD_WORK}/ready-clock.now";
my $instant = Time::Local::timegm(0, 0, 21, 31, 4, 2099); # 2099-06-01 in Moscow
my $set = sub { my ($seconds) = @_; return write_file($clock, sprintf "%+d\n", $instant + $seconds - time) };
my $later = server(name => 'ready-clock', place => 1, set => { PDPortalSessionRecheck => '1h', PDPortalTimeZone => 'Europe/Moscow' },
    env => { LD_PRELOAD => $ENV{PD_FALSE_CLOCK}, PD_CLOCK_FILE => $clock });
PDPortal::Setup::publish($later->{conf}, 'policy', 'policy2', '--effective', '2099-06-01');
$set->(-3600);
$later->start;
for my $case ([-3600, 1, 'an hour before'], [60, 2, 'a minute after'], [-60, 1, 'the clock put back'], [3600, 2, 'an hour after']) {
    my ($seconds, $version, $name) = @$case;
    $set->($seconds);
    $seen = crowd($later, 3, 8, '/portal/policy');
    my ($line) = keys %$seen;
    is(join('', values %$seen), 24, "$name: the same for all") or diag explain $seen;
    like($line, qr/^200 .* $version$/, "$name: version $version");
    is(fetch($later, '/portal/policy', 'gzip')->header('content-encoding'), 'gzip', "$name: ready");
    my $notice = fetch($later, '/portal/policy/1')->text =~ /no longer in force/ ? 2 : 1;
    is($notice, $version, "$name: the first version says whether it is past");
}
$set->(-5);
crowd($later, 3, 4, '/portal/policy');
ok(until_true(sub { fetch($later, '/portal/policy')->text =~ /second wording/ }, 20), 'it takes force while the server runs');
$later->stop;

# --- the database away
my %set = (PDPortalSessionRecheck => '1h', PDPortalDatabaseWait => '1s');
my $postgres = $ENV{PD_DB} eq 'pgsql' ? PDPortal::Postgres->new('49') : undef;
$set{PDPortalDatabase} = $postgres->{database} if $postgres;
# One process, so that it is known which pages it has.
my $away = server(name => 'ready-away', place => 2, set => \%set, extra => "StartServers 1\nServerLimit 1\nMaxRequestWorkers " . ($ENV{PD_MPM} eq 'prefork' ? 1 : 8) . "\n");
$away->start;
# Says to the server that something changed, as pdportalctl does: 8 bytes, then a count.
sub ring {
    my %bells = map { $_ => 1 } map { (read_file("/proc/$_/maps") // '') =~ m{(/\S*(?:/shm/pdportal-\d|-bell)\S*)} ? $1 : () } $away->processes;
    is(scalar keys %bells, 1, 'the bell of this portal');
    open my $bell, '+<:raw', (keys %bells)[0] or die "bell: $!";
    seek $bell, 8, 0;
    read $bell, my $count, 8;
    seek $bell, 8, 0;
    print {$bell} pack 'Q', 1 + unpack 'Q', $count;
    close $bell;
    return;
}
sub nothing_is_known {
    for my $coding (undef, 'gzip') {
        my $got = fetch($away, '/portal/policy', $coding);
        is($got->status, 503, 'what can not be known is not shown: 503');
        like($got->header('retry-after') // '', qr/^[1-9]\d*$/, 'with Retry-After');
        like($got->header('cache-control') // '', qr/no-store/, 'not to be stored') if $got->header('set-cookie');
        unlike($got->body, qr/Test policy/, 'and nothing of the page');
    }
    return;
}
crowd($away, 4, 5, '/portal/policy');
if ($ENV{PD_DB} eq 'pgsql') {
    ok(defined $postgres->stop, 'PostgreSQL is stopped');
    $seen = crowd($away, 2, 5, '/portal/policy');
    is(join('', map { /^200 .* 1$/ ? $seen->{$_} : 0 } keys %$seen), 10, 'what was known a moment ago is shown');
    ring();
    nothing_is_known();
    ok(defined $postgres->start, 'PostgreSQL is started');
}
else {
    $away->stop;
    rename "$away->{dir}/portal.db", "$away->{dir}/portal.db.away" or die "rename: $!";
    $away->start;
    nothing_is_known();
    rename "$away->{dir}/portal.db.away", "$away->{dir}/portal.db" or die "rename: $!";
    ring();
}
ok(until_true(sub { fetch($away, '/portal/policy', 'gzip')->status == 200 }, 30), 'back again, it works alone');
is(fetch($away, '/portal/policy', 'gzip')->header('content-encoding'), 'gzip', 'and is ready');
unlike($later->log . $away->log, qr/:(?:crit|alert|emerg)\]|Segmentation|exit signal/, 'nothing crashed');
done_testing;
