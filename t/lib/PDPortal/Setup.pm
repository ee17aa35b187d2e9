package PDPortal::Setup;

# Portals for tests: a folder with configuration, key, database and published documents; and servers of
# their own for tests that need a life cycle of their own. Everything lies below $PD_WORK.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use Exporter qw(import);
use Time::HiRes ();
our @EXPORT_OK = qw(make_portal run_ctl write_file read_file until_true free_port);

# t/run-suite ends a test that hangs: say where it stood, and stop its servers (END blocks).
$SIG{TERM} = sub { Carp::confess('ended from outside, while it waited') };

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or croak "$path: $!";
    print {$file} $text or croak "$path: $!";
    close $file or croak "$path: $!";
    return $path;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return undef;
    local $/;
    return scalar <$file>;
}

# Waits until the code gives something true, and gives it; after the deadline gives nothing.
sub until_true {
    my ($code, $seconds) = @_;
    my $end = Time::HiRes::time() + ($seconds // 20);
    while (1) {
        my $got = $code->();
        return $got if $got;
        return if Time::HiRes::time() > $end;
        select undef, undef, undef, 0.05;
    }
}

# Runs pdportalctl: (exit code, standard output, standard error).
sub run_ctl {
    my (@words) = @_;
    return run_program($ENV{PD_CTL}, @words);
}

sub run_program {
    my (@words) = @_;
    my $mark = "$ENV{PD_WORK}/tmp/run.$$." . int rand 1e9;
    my $pid = fork // croak "fork: $!";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$mark.out";
        open STDERR, '>', "$mark.err";
        exec { $words[0] } @words or exit 127;
    }
    waitpid $pid, 0;
    my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    my @texts = map { my $text = read_file("$mark.$_"); unlink "$mark.$_"; $text } qw(out err);
    return ($code, @texts);
}

# The words of configuration: a value with anything but plain characters is quoted.
sub directive {
    my ($name, $value) = @_;
    return join ' ', $name, map { m{^[\w./:@%+-]+$} ? $_ : '"' . s/(["\\])/\\$1/gr . '"' } ref $value ? @$value : $value;
}

# The database of a portal: a file, or a database made in the private PostgreSQL.
sub database {
    my ($dir, $name) = @_;
    return ['sqlite3', "$dir/portal.db"] if $ENV{PD_DB} eq 'sqlite3';
    my $params = $ENV{PD_PGSQL};
    my ($host) = $params =~ /host=(\S+)/;
    my ($code, undef, $error) = run_program('/usr/bin/env', 'psql', '-X', '-q', '-h', $host, '-U', 'portal',
        '-d', 'postgres', '-c', "CREATE DATABASE \"$name\"");
    croak "no database $name: $error" if $code && $error !~ /already exists/;
    return ['pgsql', $params =~ s/dbname=\S+/dbname=$name/r];
}

# Makes the portal "name" in $PD_WORK/name: portal.conf, key, schema, documents. `set` overrides or adds
# directives (undef removes). Gives { dir, conf, settings }.
sub make_portal {
    my (%given) = @_;
    my $name = $given{name} or croak 'name';
    my $dir = "$ENV{PD_WORK}/$name";
    mkdir $dir;
    my %set = (
        PDPortalDatabase => database($dir, $name =~ s/\W/_/gr),
        PDPortalKeyFile => "$dir/master.key",
        PDPortalBaseURL => "http://127.0.0.1:$given{port}",
        PDPortalInsecureCookies => 'On',
        PDPortalMailFrom => 'portal@clinic.test',
        PDPortalMailRelay => "smtp://127.0.0.1:$ENV{PD_SMTP_PORT}",
        PDPortalMailTimeout => '3s',
        PDPortalSiteName => 'Test Clinic',
        PDPortalShare => $ENV{PD_SHARE},
        PDPortalHostName => 'test-host',
        PDPortalPasswordMemory => 19456,
        PDPortalPasswordPasses => 1,
        PDPortalLettersPerHour => 10,
        PDPortalStaffSecondFactor => 'Off', # t/64-second-factor.t has it on
        %{ $given{set} || {} },
    );
    my $conf = "$dir/portal.conf";
    write_file($conf, join '', map { directive($_, $set{$_}) . "\n" } grep { defined $set{$_} } sort keys %set);
    my $self = { dir => $dir, conf => $conf, set => \%set };
    return $self if $given{bare};
    ctl_ok($conf, 'init');
    publish($conf, 'policy', 'policy');
    publish($conf, 'processing', 'processing');
    return $self;
}

sub ctl_ok {
    my ($conf, @words) = @_;
    my ($code, $out, $error) = run_ctl(@words, '--config', $conf);
    croak "pdportalctl @words: exit $code\n$out$error" if $code;
    return $out;
}

# What another host does to a person: the statements of a change, and its announcement. A change that nobody
# announces is not noticed.
sub change_person {
    my ($portal, $person, @statements) = @_;
    return sql($portal, join ' ', map {"$_;"} 'BEGIN', @statements, 'UPDATE invalidation_head SET number = number + 1',
        "INSERT INTO invalidation SELECT number, 'person', '$person', 0 FROM invalidation_head", 'COMMIT');
}

# One SQL statement, or several, on a portal's database; the answer with columns parted by "|".
sub sql {
    my ($portal, $text) = @_;
    my ($driver, $params) = @{ $portal->{set}{PDPortalDatabase} };
    my @program = $driver eq 'sqlite3'
        ? ('/usr/bin/sqlite3', '-cmd', '.timeout 20000', $params, $text) # a job may be writing
        : ('/usr/bin/env', 'psql', '-X', '-q', '-A', '-t', '-d', $params, '-c', $text);
    my ($code, $out, $error) = run_program(@program);
    croak "$text: $error" if $code;
    return $out =~ s/\s+\z//r;
}

# The same with a sentence of its own at the end: a version that reads just like the last one is refused.
my $anew = 0;
sub publish_anew {
    my ($conf, $kind, $file, @more) = @_;
    $anew++;
    return publish_changed($conf, $kind, $file, sub { "$_[0]\nEdition $anew.\n" }, @more);
}

# The same with a stop of a clause mended, as an editorial version may be.
sub publish_mended {
    my ($conf, $kind, $file, @more) = @_;
    return publish_changed($conf, $kind, $file, sub { $_[0] =~ s/^(1\.2\..*)\.$/$1;/mr }, '--editorial', 'a stop', @more);
}

sub publish_changed {
    my ($conf, $kind, $file, $change, @more) = @_;
    my @words;
    for my $language (qw(ru en)) {
        my $path = "$ENV{PD_WORK}/tmp/anew.$$.$language.md";
        push @words, write_file($path, $change->(read_file("$ENV{PD_SOURCE_DIR}/t/documents/$file.$language.md"))), '--lang', $language;
    }
    return ctl_ok($conf, 'policy', 'publish', @words, '--kind', $kind, @more);
}

# Publishes t/documents/FILE.{ru,en}.md as a new version of the kind.
sub publish {
    my ($conf, $kind, $file, @more) = @_;
    my $folder = "$ENV{PD_SOURCE_DIR}/t/documents";
    return ctl_ok($conf, 'policy', 'publish', "$folder/$file.ru.md", '--lang', 'ru', "$folder/$file.en.md",
        '--lang', 'en', '--kind', $kind, @more);
}

1;
