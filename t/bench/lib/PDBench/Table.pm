package PDBench::Table;

# The one table: rows in groups, each beside what it is measured against, and the gates with their verdicts. As text
# for a terminal and as Markdown for docs/performance.md.
use strict;
use warnings FATAL => 'all';
use List::Util qw(max);
use PDBench::Place qw(grouped machine disturbed);

my @COLUMNS = ('what', 'instructions', 'CPU a request', 'a second', 'time or memory', 'beside');

sub new { my ($class) = @_; return bless { groups => [], gates => [] }, $class }

sub group { my ($self, $title) = @_; push @{ $self->{groups} }, { title => $title, rows => [] }; return }

# row(what, beside => ..., instructions => [number, base], pair => of PDBench::Load, rate => text, time => text)
sub row {
    my ($self, $what, %given) = @_;
    my ($mine, $base) = @{ $given{instructions} || [] };
    my $pair = $given{pair};
    my @cells = ($what, '', '', $given{rate} // '', $given{time} // '', $given{beside} // '');
    $cells[1] = grouped($mine) . (defined $base ? sprintf ' (%.2f ×)', $mine / $base : '') if defined $mine;
    if ($pair) {
        $cells[2] = sprintf '%.1f µs (%.2f ×)', $pair->{b}{cpu}, $pair->{ratio}{cpu};
        $cells[3] = sprintf '%s (%.2f ×)', grouped($pair->{b}{rate}), $pair->{ratio}{rate};
        $cells[4] = sprintf 'p99 %.1f ms', $pair->{b}{p99};
    }
    push @{ $self->{groups}[-1]{rows} }, \@cells;
    return;
}

# What could not be measured, and why.
sub missing {
    my ($self, $what, $why) = @_;
    push @{ $self->{groups}[-1]{rows} }, [$what, 'not measured', '', '', '', $why];
    return;
}

# A gate: is it met? `limit` and `found` are for people.
sub gate {
    my ($self, $what, $limit, $found, $met) = @_;
    push @{ $self->{gates} }, [$what, $limit, $found, $met ? 'met' : 'NOT MET'];
    return;
}

sub width { my ($text) = @_; my $copy = $text; utf8::decode($copy); return length $copy }

sub columns_text {
    my (@rows) = @_;
    my @widths;
    for my $row (@rows) {
        $widths[$_] = max($widths[$_] // 0, width($row->[$_])) for 0 .. $#$row;
    }
    return map { my $row = $_; join('  ', map { $row->[$_] . ' ' x ($widths[$_] - width($row->[$_])) } 0 .. $#$row) =~ s/\s+\z//r } @rows;
}

sub text {
    my ($self) = @_;
    my @rows = (\@COLUMNS, map { my $group = $_; ([uc $group->{title}, ('') x 5], @{ $group->{rows} }) } @{ $self->{groups} });
    my @gates = (['gate', 'limit', 'found', ''], @{ $self->{gates} });
    return join '', map {"$_\n"} machine(), disturbed(), '', columns_text(@rows), '', columns_text(@gates);
}

sub markdown_lines { return map { '| ' . join(' | ', @$_) . ' |' } @_ }

sub markdown {
    my ($self) = @_;
    my @lines = (machine() . '.', disturbed() ? ('', '**' . disturbed() . '**') : (), '');
    push @lines, markdown_lines(\@COLUMNS), '|' . '---|' x @COLUMNS;
    for my $group (@{ $self->{groups} }) {
        push @lines, markdown_lines(["**$group->{title}**", ('') x 5], @{ $group->{rows} });
    }
    push @lines, '', markdown_lines(['gate', 'limit', 'found', '']), '|' . '---|' x 4, markdown_lines(@{ $self->{gates} });
    return join '', map {"$_\n"} @lines;
}

1;
