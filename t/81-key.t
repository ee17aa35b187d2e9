# A master key file that can't be the right one: httpd doesn't start, and one line names the file and
# says what to do.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Test;
use PDPortal::Setup qw(make_portal);

my $server = server(name => 'key', set => { PDPortalMailRelay => "maildir:$ENV{PD_WORK}/key/mail" });
my $folder = "$server->{dir}/mail";
$server->start;
my ($browser, $login) = member(browser => $server->browser, folder => $folder);
$server->stop;

my $key = "$server->{dir}/master.key";
my $secret = read_file($key);
my ($word) = $secret =~ /^(pdportal-key 1 \S+)/m;
my $other = make_portal(name => 'key-other', port => 1);
my $foreign = read_file("$other->{dir}/master.key");

sub file { my ($text, $mode) = @_; return sub { write_file($key, $text); chmod $mode // 0600, $key } }

my @cases = (
    ['missing', sub { }, qr/\Q$key\E/, qr/PDPortalKeyFile|pdportalctl init|restore/],
    ['empty', file(''), qr/\Q$key\E/, qr/restore the file from its copy/],
    ['only a comment', file("# nothing here\n"), qr/\Q$key\E/, qr/restore the file from its copy/],
    ['readable by others', file($secret, 0644), qr/\Q$key\E/, qr/chmod|0600|mode/],
    ['readable by the group', file($secret, 0640), qr/\Q$key\E/, qr/chmod|0600|mode/],
    ['a link', sub { file($secret)->(); rename $key, "$key.away"; symlink "$key.away", $key }, qr/\Q$key\E/, qr/link|regular file/],
    ['a folder', sub { mkdir $key, 0700 }, qr/\Q$key\E/, qr/regular file|folder|directory/i],
    ['another word', file("portal-key 1 abc\n"), qr/\Q$key\E line 1/, qr/expected "pdportal-key VERSION KEY"/],
    ['cut', file(substr($word, 0, -1) . "\n"), qr/\Q$key\E line 1/, qr/43 characters.*restore/],
    ['a character too much', file("${word}A\n"), qr/\Q$key\E line 1/, qr/43 characters.*restore/],
    ['not base64url', file($word =~ s/.$/+/r . "\n"), qr/\Q$key\E line 1/, qr/43 characters.*restore/],
    ['zeros', file('pdportal-key 1 ' . 'A' x 43 . "\n"), qr/\Q$key\E line 1/, qr/zeros.*restore/],
    ['two keys of one version', file("$word\n$word\n"), qr/\Q$key\E line 2/, qr/twice; give each line its own number/],
    ['without version 1', file($word =~ s/ 1 / 2 /r . "\n"), qr/\Q$key\E/, qr/no key of version 1; restore/],
    ['bytes', file(join '', map chr, 128 .. 255), qr/\Q$key\E line 1/, qr/expected/],
    ['of another database', file($foreign), qr/\Q$key\E/, qr/made with another key file.*put the file back/],
);
for my $case (@cases) {
    my ($name, $break, $file, $advice) = @$case;
    unlink $key;
    $break->();
    unlink "$server->{dir}/logs/start", "$server->{dir}/logs/error_log";
    my $started = eval { $server->start };
    ok(!$started, "$name: httpd does not start");
    $server->stop if $started;
    is($server->browser->get('/cabinet/')->status, 0, "$name: nobody is let in");
    # Its last words go to the terminal and to the log; what httpd itself says is left out.
    my %said = map { s/^\[.*?\] (?=PD|[^\[]*:)//r => 1 } grep { !/\bAH\d{5}\b|:debug\]|:info\]|:notice\]/ } split /\n/, $server->log . (read_file("$server->{dir}/logs/start") // '');
    my @said = sort keys %said;
    is(scalar @said, 1, "$name: one line") or diag explain \@said;
    like("@said", $file, "$name: names the file");
    like("@said", $advice, "$name: says what to do");
    unlike("@said", qr/\Q${\substr $word, 15}\E/, "$name: never shows a key");
    rmdir $key;
    unlink $key, "$key.away";
}

file($secret)->();
$server->start;
is($browser->get('/cabinet/')->status, 200, 'with the right file it starts, and nobody was signed out');
done_testing;
