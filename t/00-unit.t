# The unit programs (t/unit, C) and the replay of the fuzz targets' seeds: each program is one test here,
# its own cases stand below it. One after the other: they share a PostgreSQL database.
use strict;
use warnings FATAL => 'all';
use Test::More;
use TAP::Parser ();
use PDPortal::Setup qw(read_file);

my @programs = sort grep { -x } glob "$ENV{PD_WORK}/unit/*/test_*";
my @replays = sort grep { -x } glob "$ENV{PD_WORK}/replay/fuzz_*";
plan tests => @programs + @replays + 2;
ok(scalar @programs, 'there are unit programs');
ok(scalar @replays, 'there are fuzz targets');

for my $program (@programs) {
    my ($name) = $program =~ m{/unit/(.*)$};
    subtest $name => sub {
        my ($code, $out, $error) = PDPortal::Setup::run_program($program);
        my $parser = TAP::Parser->new({ tap => $out });
        while (my $line = $parser->next) {
            next unless $line->is_test;
            ok($line->is_ok, $line->description =~ s/^- //r);
        }
        ok($parser->tests_run, 'it ran cases');
        unlike($out, qr/# SKIP/, 'and left none out');
        is($parser->parse_errors, 0, 'its report is whole');
        is($code, 0, 'exit code') or diag $error;
    };
}
for my $program (@replays) {
    my ($name) = $program =~ m{/fuzz_([^/]*)$};
    my @seeds = glob "$ENV{PD_SOURCE_DIR}/t/fuzz/seeds/$name/*";
    subtest "seeds of $name" => sub {
        ok(scalar @seeds, 'there are seeds');
        my ($code, $out, $error) = PDPortal::Setup::run_program($program, @seeds);
        is($code, 0, 'all go through') or diag $out . $error;
    };
}
