#!/usr/bin/perl
# make bench, inside the surroundings of t/run-suite: measures the groups of rows asked for, prints the table and
# leaves it as Markdown. A test only in form: it fails when something answers wrongly, never because of a figure.
use strict;
use warnings FATAL => 'all';
use lib 't/bench/lib';
use Test::More;
use PDPortal::Setup qw(write_file);
use PDBench::Place qw(progress);
use PDBench::Table ();
use PDBench::Hit ();
use PDBench::Peers ();
use PDBench::Policy ();
use PDBench::SignIn ();
use PDBench::People ();
use PDBench::Memory ();
use PDBench::Names ();

my @groups = (
    [hit => \&PDBench::Hit::measure], [peers => \&PDBench::Peers::measure], [policy => \&PDBench::Policy::measure],
    [signin => \&PDBench::SignIn::measure], [people => \&PDBench::People::measure], [memory => \&PDBench::Memory::measure],
);
my %asked = map { $_ => 1 } split /[\s,]+/, $ENV{ROWS} || join ',', map { $_->[0] } @groups;
push @groups, [names => \&PDBench::Names::measure]; # only when asked for
my $table = PDBench::Table->new;
for my $group (@groups) {
    my ($name, $measure) = @$group;
    next unless delete $asked{$name};
    progress($name);
    ok(eval { $measure->($table); 1 }, $name) or diag $@;
}
is(join(' ', sort keys %asked), '', 'no group of another name was asked for');
write_file("$ENV{PD_BENCH_KEEP}/table.md", $table->markdown);
print STDERR "\n", $table->text;
done_testing;
