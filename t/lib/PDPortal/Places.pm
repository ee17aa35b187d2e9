package PDPortal::Places;

# Writes small files of places (.mmdb) for tests: a tree over the bits of addresses, its data, and what says how to
# read them. IPv4 stands below ::/96 of the one tree. The format: maxmind.github.io/MaxMind-DB.
use strict;
use warnings FATAL => 'all';
use Socket qw(AF_INET AF_INET6 inet_pton);
use Exporter qw(import);
our @EXPORT_OK = qw(places_file nested);

# A country as MaxMind's files have it: nested('RU', 'Россия', 'Russia', 'Москва', 'Moscow').
sub nested {
    my ($code, $ru, $en, $region_ru, $region_en) = @_;
    my %place = (country => { iso_code => $code, names => { ru => $ru, en => $en } },
        city => { names => { en => 'a city that nobody is to learn' } }, location => { latitude_text => '55.75', longitude_text => '37.61' });
    $place{subdivisions} = [{ iso_code => 'X', names => { ru => $region_ru, en => $region_en } }] if defined $region_en;
    return \%place;
}

sub control {
    my ($type, $size) = @_;
    my $head = $type > 7 ? 0 : $type << 5;
    my $more = $type > 7 ? chr($type - 7) : '';
    return chr($head | $size) . $more if $size < 29;
    return chr($head | 29) . $more . chr($size - 29) if $size < 285;
    return chr($head | 30) . $more . pack 'n', $size - 285;
}

# Texts, maps and lists; numbers as [bits, value].
sub encode {
    my ($value) = @_;
    if (ref $value eq 'HASH') {
        return control(7, scalar keys %$value) . join '', map { encode($_) . encode($value->{$_}) } sort keys %$value;
    }
    if (ref $value eq 'ARRAY') {
        return control(11, scalar @$value) . join '', map { encode($_) } @$value;
    }
    if (ref $value) {
        my ($type, $number) = @$$value;
        my $bytes = pack('Q>', $number) =~ s/^\0+//r;
        return control($type, length $bytes) . $bytes;
    }
    utf8::encode($value) if utf8::is_utf8($value);
    return control(2, length $value) . $value;
}

sub number { my ($type, $number) = @_; return \[$type, $number] }

sub bits_of {
    my ($network) = @_;
    my ($address, $length) = split m{/}, $network;
    my $four = $address !~ /:/;
    my $bits = unpack 'B*', inet_pton($four ? AF_INET : AF_INET6, $address);
    return ($four ? '0' x 96 : '') . substr $bits, 0, $length;
}

# The bytes of a file: { network => place, ... }.
sub places {
    my ($places) = @_;
    my @nodes = ([undef, undef]);
    my ($data, %at) = ('');
    for my $network (sort keys %$places) {
        my $bits = bits_of($network);
        my $node = 0;
        my $last = chop $bits;
        for my $bit (split //, $bits) {
            if (!defined $nodes[$node][$bit]) {
                push @nodes, [undef, undef];
                $nodes[$node][$bit] = { node => $#nodes };
            }
            $node = $nodes[$node][$bit]{node};
        }
        $nodes[$node][$last] = { data => length $data };
        $data .= encode($places->{$network});
    }
    my $n = @nodes;
    my $tree = join '', map { my $node = $_; map { substr pack('N', !$_ ? $n : exists $_->{node} ? $_->{node} : $n + 16 + $_->{data}), 1 } @$node } @nodes;
    my $metadata = encode({ binary_format_major_version => number(5, 2), binary_format_minor_version => number(5, 0),
        build_epoch => number(9, 1_700_000_000), database_type => 'Test-Country', description => { en => 'a test' },
        ip_version => number(5, 6), languages => ['en', 'ru'], node_count => number(6, $n), record_size => number(5, 24) });
    return $tree . "\0" x 16 . $data . "\xab\xcd\xefMaxMind.com" . $metadata;
}

# Writes the file at once as a whole, as a careful updater does.
sub places_file {
    my ($path, $places) = @_;
    open my $file, '>:raw', "$path.new" or die "$path: $!";
    print {$file} places($places);
    close $file or die "$path: $!";
    rename "$path.new", $path or die "$path: $!";
    return $path;
}

1;
