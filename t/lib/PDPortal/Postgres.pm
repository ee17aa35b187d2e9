package PDPortal::Postgres;

# A PostgreSQL server of one test, which it may stop and start again; ended with the test.
use strict;
use warnings FATAL => 'all';
use Carp qw(croak);
use PDPortal::Setup ();

my @running;

# Starts it, and gives an object whose `database` is the value of PDPortalDatabase.
sub new {
    my ($class, $name) = @_;
    my $self = bless { dir => "$ENV{PD_WORK}/pg-$name" }, $class;
    push @running, $self;
    $self->{database} = ['pgsql', $self->start =~ s/\s+\z//r];
    return $self;
}

sub run {
    my ($self, $what) = @_;
    my ($code, $out, $error) = PDPortal::Setup::run_program('/bin/sh', "$ENV{PD_SOURCE_DIR}/t/tools/private-postgres", $what, $self->{dir});
    croak "private-postgres $what: $error" if $code != 0;
    return $out;
}

sub start { my ($self) = @_; return $self->run('start') }

sub stop { my ($self) = @_; return $self->run('stop') }

END {
    my $code = $?;
    for my $server (grep { -d $_->{dir} } @running) {
        eval { $server->stop; 1 } or print STDERR $@;
    }
    $? = $code;
}

1;
