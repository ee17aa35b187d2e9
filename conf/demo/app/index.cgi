#!/usr/bin/perl
# The demo's application: shows what it was told about the visitor. Only what perl-base has.
use strict;
use warnings;

sub html {
    my ($text) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');
    return $text =~ s/([&<>"])/$entity{$1}/gr;
}

my @shown = (
    [REMOTE_USER => 'логин, под которым вошёл посетитель', 'the login of the visitor'],
    [PDPORTAL_LOGIN => 'то же самое для программ за прокси', 'the same, for programs behind a proxy'],
    [PDPORTAL_ID => 'постоянный номер, который не меняется вместе с логином',
        'a number that stays when the login changes'],
    [HTTP_COOKIE => 'файлы cookie сайта; свои портал не передаёт', 'cookies of the site: the portal keeps its own'],
);
my $russian = ($ENV{HTTP_ACCEPT_LANGUAGE} // '') !~ /^\s*en/i;
my ($lang, $title, $lead, $none, $back) = $russian
    ? ('ru', 'Приложение', 'Вот всё, что портал сообщил этой программе о вас.', 'не передано', 'В личный кабинет')
    : ('en', 'Application', 'This is all that the portal told this program about you.', 'not given', 'To the cabinet');
my $rows = join '', map {
    my ($name, $ru, $en) = @$_;
    my $value = defined $ENV{$name} ? '<code>' . html($ENV{$name}) . '</code>' : $none;
    "<tr><th scope=\"row\"><code>$name</code></th><td>$value</td><td>" . ($russian ? $ru : $en) . "</td></tr>\n";
} @shown;

print <<"END";
Content-Type: text/html; charset=utf-8
Content-Language: $lang
Vary: Accept-Language

<!DOCTYPE html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/site.css">
<link rel="icon" href="data:,">
</head>
<body>
<main id="main" class="wrap text">
<h1>$title</h1>
<p class="lead">$lead</p>
<div class="scroll">
<table>
<tbody>
$rows</tbody>
</table>
</div>
<p class="acts"><a class="button second" href="/cabinet/">$back</a></p>
</main>
</body>
</html>
END
