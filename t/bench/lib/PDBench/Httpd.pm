package PDBench::Httpd;

# A server to be measured: nothing in it but what the row is about. The life cycle is PDPortal::Server's.
use strict;
use warnings FATAL => 'all';
use parent -norequire, 'PDPortal::Server';
use PDPortal::Server ();
use PDPortal::Setup qw(read_file write_file);
use PDBench::Place qw(on_processor next_port HTTPD_CPU);

# What a plain site loads. The portal's module, and what a peer needs, come on top.
my @MODULES = qw(authn_core authz_core authz_user authz_host alias dir mime env headers setenvif filter deflate);
# 4 KB, as in a site: the part before sign-in and the one behind it, byte by byte the same.
my $PAGE = '<!doctype html><title>page</title>' . 'x' x (4096 - 34);

# new(name => 'hit', modules => [...], conf => "lines", portal => of PDPortal::Setup, children => 2, threads => 64,
# free => 1: not kept to one processor, env => {})
sub new {
    my ($class, %given) = @_;
    my $self = bless {
        modules => [], conf => '', children => 2, threads => 64, port => next_port(), %given,
        dir => "$ENV{PD_WORK}/bench-$given{name}",
    }, $class;
    mkdir "$self->{dir}$_" for '', qw(/logs /htdocs /htdocs/cabinet);
    $self->{conf_file} = "$self->{dir}/httpd.conf";
    $self->file($_, $PAGE) for qw(page.html cabinet/page.html);
    $self->file('index.html', "front page\n");
    $self->write_conf;
    return $self;
}

sub file { my ($self, $name, $bytes) = @_; return write_file("$self->{dir}/htdocs/$name", $bytes) }
sub page_bytes { return length $PAGE }

# Children that come and go while it is counted would take their figures with them: there are as many as there
# will be. More threads than connections of wrk: a child of event without an idle thread closes those that wait.
# One process of prefork serves one connection.
sub children_lines {
    my ($self) = @_;
    my ($n, $threads) = @{$self}{qw(children threads)};
    my $all = $n * $threads;
    return "StartServers $all\nServerLimit $all\nMaxRequestWorkers $all\nMinSpareServers 1\nMaxSpareServers $all\n"
        if $ENV{PD_MPM} eq 'prefork';
    return "StartServers $n\nServerLimit $n\nThreadLimit $threads\nThreadsPerChild $threads\nMaxRequestWorkers $all\n"
        . "MinSpareThreads 1\nMaxSpareThreads $all\n";
}

sub module_lines {
    my ($self) = @_;
    my @lines = map {"LoadModule ${_}_module $ENV{PD_MODULES}/mod_$_.so\n"} "mpm_$ENV{PD_MPM}", @MODULES, @{ $self->{modules} };
    push @lines, "LoadModule pdportal_module $ENV{PD_MODULE}\n" if $self->{portal};
    return join '', @lines;
}

sub portal_lines {
    my ($self) = @_;
    return '' unless $self->{portal};
    return "Include \"$self->{portal}{conf}\"\n<Location \"/cabinet\">\nAuthType PDPortal\nRequire valid-user\n</Location>\n";
}

sub write_conf {
    my ($self) = @_;
    write_file($self->{conf_file}, $self->module_lines . $self->children_lines . <<"END" . $self->portal_lines . $self->{conf});
ServerName 127.0.0.1
Listen 127.0.0.1:$self->{port}
ServerRoot "$self->{dir}"
DocumentRoot "$self->{dir}/htdocs"
PidFile "$self->{dir}/logs/pid"
ErrorLog "$self->{dir}/logs/error_log"
LogLevel warn
DefaultRuntimeDir "$self->{dir}/logs"
TypesConfig /dev/null
AddType text/html .html
DirectoryIndex index.html
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
MaxConnectionsPerChild 0
<Directory />
    AllowOverride None
    Require all granted
</Directory>
END
    return;
}

sub start {
    my ($self) = @_;
    return $self->SUPER::start if $self->{free};
    on_processor(HTTPD_CPU, sub { $self->SUPER::start });
    return $self;
}

# Seconds of processor that all its processes have used, in user and kernel.
sub cpu_seconds {
    my ($self) = @_;
    my $ticks = 0;
    for my $pid ($self->processes) {
        my @fields = split ' ', (read_file("/proc/$pid/stat") // next) =~ s/^.*\)//sr;
        # utime, stime, and those of processes that ended.
        $ticks += $fields[11] + $fields[12] + $fields[13] + $fields[14];
    }
    return $ticks / 100;
}

# MiB of all its processes, what they share counted once.
sub memory_mib {
    my ($self) = @_;
    my $kib = 0;
    for my $pid ($self->processes) {
        my ($share) = (read_file("/proc/$pid/smaps_rollup") // '') =~ /^Pss:\s+(\d+)/m;
        # A process that hashes shows nothing but its size.
        my (undef, $pages) = split ' ', read_file("/proc/$pid/statm") // '';
        $kib += $share // ($pages // 0) * 4;
    }
    return $kib / 1024;
}

# MiB of a child's own: neither files nor what it shares.
sub child_mib {
    my ($self) = @_;
    my ($parent, $child) = $self->processes;
    my ($kib) = (read_file("/proc/$child/status") // '') =~ /^RssAnon:\s+(\d+)/m;
    return $kib / 1024;
}

1;
