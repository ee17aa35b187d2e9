/* The footer of a TZif file: a POSIX TZ text (RFC 8536 3.3) that holds for every later year. */
#include "base/pd_zone_int.h"

#include <string.h>

#define CHANGE_SECS 7200 /* a change without a time is at 02:00 */
#define HOURS_MAX   167  /* RFC 8536 3.3.1 */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Each reader takes its text off the front of `*at`; 0: it is not there. */
static int read_number(int *number, const char **at, int min, int max)
{
    int value = 0, digits = 0;
    for (; is_digit(**at); (*at)++) {
        if (++digits > 3) {
            return 0;
        }
        value = value * 10 + (**at - '0');
    }
    *number = value;
    return digits > 0 && value >= min && value <= max;
}

static int accept_char(const char **at, char c)
{
    if (**at != c) {
        return 0;
    }
    (*at)++;
    return 1;
}

static int read_name(const char **at)
{
    const char *begin = *at;
    if (accept_char(at, '<')) {
        while (is_letter(**at) || is_digit(**at) || **at == '+' || **at == '-') {
            (*at)++;
        }
        return *at - begin >= 4 && accept_char(at, '>');
    }
    while (is_letter(**at)) {
        (*at)++;
    }
    return *at - begin >= 3;
}

/* [+-]hh[:mm[:ss]] */
static int read_time(int *secs, const char **at)
{
    int hours, minutes = 0, seconds = 0;
    int negative = accept_char(at, '-');
    if (!negative) {
        accept_char(at, '+');
    }
    if (!read_number(&hours, at, 0, HOURS_MAX) ||
        (accept_char(at, ':') && (!read_number(&minutes, at, 0, 59) ||
                                  (accept_char(at, ':') && !read_number(&seconds, at, 0, 59))))) {
        return 0;
    }
    *secs = (hours * 60 + minutes) * 60 + seconds;
    *secs = negative ? -*secs : *secs;
    return 1;
}

static int read_change(pd_zone_change_t *change, const char **at)
{
    int sound;
    memset(change, 0, sizeof *change);
    if (!accept_char(at, ',')) {
        return 0;
    }
    if (accept_char(at, 'M')) {
        change->kind = 'M';
        sound = read_number(&change->month, at, 1, 12) && accept_char(at, '.') &&
                read_number(&change->week, at, 1, 5) && accept_char(at, '.') &&
                read_number(&change->weekday, at, 0, 6);
    }
    else if (accept_char(at, 'J')) {
        change->kind = 'J';
        sound = read_number(&change->day, at, 1, 365);
    }
    else {
        change->kind = '0';
        sound = read_number(&change->day, at, 0, 365);
    }
    change->secs = CHANGE_SECS;
    return sound && (!accept_char(at, '/') || read_time(&change->secs, at));
}

int pd_zone_rule_read(pd_zone_rule_t *rule, const char *text)
{
    const char *at = text;
    memset(rule, 0, sizeof *rule);
    /* POSIX counts west of Greenwich. */
    if (!read_name(&at) || !read_time(&rule->std_offset, &at)) {
        return 0;
    }
    rule->std_offset = -rule->std_offset;
    if (!*at) {
        return 1;
    }
    rule->has_dst = 1;
    rule->dst_offset = rule->std_offset + 3600;
    if (!read_name(&at)) {
        return 0;
    }
    if (*at != ',') {
        if (!read_time(&rule->dst_offset, &at)) {
            return 0;
        }
        rule->dst_offset = -rule->dst_offset;
    }
    return read_change(&rule->start, &at) && read_change(&rule->end, &at) && !*at;
}

/* The day number on which the change falls in this year. */
static apr_int64_t change_day(const pd_zone_change_t *change, int year)
{
    if (change->kind == 'M') {
        apr_int64_t first = pd_days_of(year, change->month, 1);
        int weekday = pd_weekday_of(first) % 7; /* Sunday is 0, as in POSIX */
        int day = (change->weekday - weekday + 7) % 7 + (change->week - 1) * 7;
        return first + (day >= pd_days_in_month(year, change->month) ? day - 7 : day);
    }
    if (change->kind == 'J') { /* 29 February is never counted */
        int leap = pd_days_in_month(year, 2) == 29;
        return pd_days_of(year, 1, 1) + change->day - 1 + (leap && change->day >= 60);
    }
    return pd_days_of(year, 1, 1) + change->day;
}

int pd_zone_rule_offset(const pd_zone_rule_t *rule, apr_int64_t secs)
{
    int year, month, day;
    if (!rule->has_dst) {
        return rule->std_offset;
    }
    pd_date_of(&year, &month, &day, pd_floor_div(secs + rule->std_offset, PD_SECS_PER_DAY));
    apr_int64_t start =
        change_day(&rule->start, year) * PD_SECS_PER_DAY + rule->start.secs - rule->std_offset;
    apr_int64_t end =
        change_day(&rule->end, year) * PD_SECS_PER_DAY + rule->end.secs - rule->dst_offset;
    int daylight = start < end ? secs >= start && secs < end /* north */
                               : secs >= start || secs < end;
    return daylight ? rule->dst_offset : rule->std_offset;
}
