# The stress programs (t/stress, C), shortly: processes that share memory are killed, and what they share
# stays sound. "make tsan" runs them longer, with ThreadSanitizer.
use strict;
use warnings FATAL => 'all';
use Test::More;
use PDPortal::Setup ();

my @programs = sort grep { -x } glob "$ENV{PD_WORK}/stress/*";
ok(scalar @programs, 'there are stress programs');
for my $program (@programs) {
    my ($code, $out, $error) = PDPortal::Setup::run_program($program, 2);
    my ($name) = $program =~ m{([^/]*)$};
    is($code, 0, "$name is sound") or diag $out . $error;
    note $out;
}
done_testing;
