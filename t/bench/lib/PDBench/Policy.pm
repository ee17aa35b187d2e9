package PDBench::Policy;

# The pages anybody reads: the policy beside a file of the same bytes, plain, compressed and unchanged; the same file
# compressed on the fly by mod_deflate; and the sign-in form beside the static page. The compressed file carries the two
# headers without which a browser can't read it and a cache would give it to the wrong one.
use strict;
use warnings FATAL => 'all';
use PDBench::Client ();
use PDBench::Hit qw(bare compare);
use PDBench::Httpd ();
use PDBench::Instructions qw(instructions);
use PDBench::Place qw(progress);
use PDBench::Portals qw(portal server_of);

my $PATH = '/portal/policy';
my $GZIP = 'Accept-Encoding: gzip';

sub fetch {
    my ($server, $path, @headers) = @_;
    my $answer = PDBench::Client->new($server->{port})->ask(PDBench::Client::get_bytes($path, @headers));
    die "$path: $answer->{status}\n" unless $answer->{status} == 200;
    return $answer;
}

sub etag { my ($answer) = @_; return PDBench::Client::header($answer, 'ETag') // die "no ETag\n" }

# What the portal sends becomes files of a plain server.
sub make_files {
    my ($portal, $files) = @_;
    my %answer = (identity => fetch($portal, $PATH), gzip => fetch($portal, $PATH, $GZIP));
    $files->file("$_.html", $answer{$_}{body}) for keys %answer;
    $files->file('bare.html', $answer{gzip}{body});
    $files->file('deflated.html', $answer{identity}{body});
    return \%answer;
}

sub subject {
    my ($server, $path, $least, @headers) = @_;
    return { server => $server, path => $path, least => $least, headers => \@headers };
}

# Counted and run beside the base, which was counted already.
sub add_row {
    my ($table, $what, $subject, $base, $beside) = @_;
    progress($what);
    $subject->{count} = instructions($subject);
    my $pair = compare($base, $subject, rounds => 3);
    $table->row($what, instructions => [$subject->{count}, $base->{count}], pair => $pair, beside => $beside);
    return;
}

sub kilobytes { my ($answer) = @_; return sprintf '%.1f KB', length($answer->{body}) / 1024 }

sub measure {
    my ($table) = @_;
    my $portal = server_of('policy', portal('base'));
    my $files = PDBench::Httpd->new(name => 'files',
        conf => "<Location \"/deflated.html\">\nSetOutputFilter DEFLATE\n</Location>\n"
            . "<Location \"/gzip.html\">\nHeader set Content-Encoding gzip\nHeader set Vary Accept-Encoding\n</Location>\n");
    $_->start for $portal, $files;
    my $answer = make_files($portal, $files);
    # Each is asked for as the page beside it: whoever gets gzip has said that he takes it.
    my %asking = (identity => [], gzip => [$GZIP]);
    my %base = map { $_ => subject($files, "/$_.html", length $answer->{$_}{body}, @{ $asking{$_} }) } keys %$answer;
    my $unchanged = subject($portal, $PATH, 50, $GZIP, 'If-None-Match: ' . etag($answer->{gzip}));
    $_->stop for $portal, $files;
    progress('policy as a file: instructions');
    $base{$_}{count} = instructions($base{$_}) for keys %base;

    my $coded = PDBench::Client::header($answer->{gzip}, 'Content-Encoding') // 'not compressed';
    my %size = map { $_ => kilobytes($answer->{$_}) } keys %$answer;
    my $gzip = subject($portal, $PATH, length $answer->{gzip}{body}, $GZIP);
    my $form = subject($portal, '/portal/login', 1000);
    $unchanged->{status} = 304;
    $table->group('Pages for everybody');
    my $plain = subject($portal, $PATH, length $answer->{identity}{body});
    my $deflated = subject($files, '/deflated.html', 500, $GZIP);
    add_row($table, "policy page, $size{identity}", $plain, $base{identity}, 'a file of the same bytes');
    add_row($table, "policy page, Accept-Encoding: gzip ($coded, $size{gzip})", $gzip, $base{gzip}, 'a file of the same bytes, its coding named');
    add_row($table, 'policy page unchanged, 304', $unchanged, $base{gzip}, 'the same file, 200');
    my $bare = instructions(subject($files, '/bare.html', length $answer->{gzip}{body}, $GZIP));
    $table->row('that file with neither header, which no browser could read', instructions => [$bare, $base{gzip}{count}],
        beside => 'the file, its coding named');
    add_row($table, 'the file through mod_deflate', $deflated, $base{gzip}, 'a file of the bytes the portal sends for gzip');
    add_row($table, 'sign-in form', $form, bare(), 'static, server without any section');

    my $ratio = sub { sprintf '%.2f ×', $_[0]{count} / $_[1]{count} };
    my ($file, $static) = ($base{gzip}, bare());
    $table->gate('policy page for gzip: instructions', '≤ 1 × a file of the same bytes', $ratio->($gzip, $file),
        $gzip->{count} <= $file->{count});
    $table->gate('policy page unchanged (304): instructions', 'fewer than that file', $ratio->($unchanged, $file),
        $unchanged->{count} < $file->{count});
    $table->gate('sign-in form: instructions', '≤ 2 × the static page', $ratio->($form, $static),
        $form->{count} <= 2 * $static->{count});
    return;
}

1;
