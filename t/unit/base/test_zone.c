/* Zones: the tz database's data, its footer's rules, and times as text. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "base/pd_zone_int.h"

#include <apr_strings.h>
#include <string.h>

/* Instant in UTC, zone, and what its clock shows: "YYYY-MM-DD hh:mm:ss weekday offset". */
static const struct {
    const char *utc, *zone, *shown;
} clocks[] = {
    {"1970-01-01T00:00:00Z", "UTC", "1970-01-01 00:00:00 4 0"},
    {"1969-12-31T23:59:59Z", "UTC", "1969-12-31 23:59:59 3 0"},
    {"2000-02-29T12:00:00Z", "UTC", "2000-02-29 12:00:00 2 0"},
    {"2100-03-01T00:00:00Z", "UTC", "2100-03-01 00:00:00 1 0"},
    {"2010-01-15T12:00:00Z", "Europe/Moscow", "2010-01-15 15:00:00 5 10800"},
    {"2010-07-15T12:00:00Z", "Europe/Moscow", "2010-07-15 16:00:00 4 14400"},
    {"2012-01-15T12:00:00Z", "Europe/Moscow", "2012-01-15 16:00:00 7 14400"},
    {"2014-10-25T21:59:59Z", "Europe/Moscow", "2014-10-26 01:59:59 7 14400"},
    {"2014-10-25T22:00:00Z", "Europe/Moscow", "2014-10-26 01:00:00 7 10800"},
    {"2015-07-15T12:00:00Z", "Europe/Moscow", "2015-07-15 15:00:00 3 10800"},
    {"2026-11-22T18:05:00Z", "Europe/Moscow", "2026-11-22 21:05:00 7 10800"},
    {"2040-07-15T22:00:00Z", "Europe/Moscow", "2040-07-16 01:00:00 1 10800"},
    {"1850-01-01T00:00:00Z", "Europe/Moscow", "1850-01-01 02:30:17 2 9017"},
    {"2026-03-29T00:59:59Z", "Europe/Berlin", "2026-03-29 01:59:59 7 3600"},
    {"2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-29 03:00:00 7 7200"},
    {"2026-10-25T00:59:59Z", "Europe/Berlin", "2026-10-25 02:59:59 7 7200"},
    {"2026-10-25T01:00:00Z", "Europe/Berlin", "2026-10-25 02:00:00 7 3600"},
    {"2040-03-25T00:59:59Z", "Europe/Berlin", "2040-03-25 01:59:59 7 3600"},
    {"2040-03-25T01:00:00Z", "Europe/Berlin", "2040-03-25 03:00:00 7 7200"},
    {"2040-10-28T00:59:59Z", "Europe/Berlin", "2040-10-28 02:59:59 7 7200"},
    {"2040-10-28T01:00:00Z", "Europe/Berlin", "2040-10-28 02:00:00 7 3600"},
    {"2040-12-31T23:30:00Z", "Europe/Berlin", "2041-01-01 00:30:00 2 3600"},
    {"2040-01-15T00:00:00Z", "Australia/Sydney", "2040-01-15 11:00:00 7 39600"},
    {"2040-07-15T00:00:00Z", "Australia/Sydney", "2040-07-15 10:00:00 7 36000"},
    {"2040-07-15T12:00:00Z", "America/New_York", "2040-07-15 08:00:00 7 -14400"},
};

static const pd_zone_t *zone_of(const char *name)
{
    const pd_zone_t *zone;
    ck_assert_int_eq(pd_zone_load(&zone, name, tp), APR_SUCCESS);
    return zone;
}

START_TEST(clock_shows)
{
    apr_time_t instant;
    pd_local_time_t l;
    ck_assert_int_eq(pd_zone_parse(&instant, zone_of("UTC"), clocks[_i].utc), APR_SUCCESS);
    ck_assert_str_eq(pd_time_rfc3339(instant, tp), clocks[_i].utc);
    pd_zone_local(&l, zone_of(clocks[_i].zone), instant);
    ck_assert_str_eq(apr_psprintf(tp, "%04d-%02d-%02d %02d:%02d:%02d %d %d", l.year, l.month, l.day,
                                  l.hour, l.minute, l.second, l.weekday, l.offset_secs),
                     clocks[_i].shown);
}
END_TEST

static const struct {
    const char *zone, *text, *utc; /* NULL: refused */
} texts[] = {
    {"Europe/Moscow", "2026-12-01", "2026-11-30T21:00:00Z"},
    {"Europe/Moscow", "2026-12-01 09:30", "2026-12-01T06:30:00Z"},
    {"Europe/Moscow", "2026-12-01T09:30:15", "2026-12-01T06:30:15Z"},
    {"Europe/Moscow", "2026-12-01T09:30:15Z", "2026-12-01T09:30:15Z"},
    {"Europe/Moscow", "2026-12-01T09:30:15.123456789+05:30", "2026-12-01T04:00:15Z"},
    {"Europe/Moscow", "2026-12-01 09:30-01:00", "2026-12-01T10:30:00Z"},
    {"Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59:00Z"},
    {"Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:30:00Z"},
    {"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z"},
    {"Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00Z"},
    {"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z"},
    {"America/New_York", "2026-11-01 01:30", "2026-11-01T05:30:00Z"},
    {"America/New_York", "2026-03-08 02:30", "2026-03-08T07:30:00Z"},
    {"America/New_York", "2040-03-11 03:00", "2040-03-11T07:00:00Z"},
    {"UTC", "2024-02-29", "2024-02-29T00:00:00Z"},
    {"UTC", "2026-02-29", NULL},
    {"UTC", "2026-13-01", NULL},
    {"UTC", "2026-00-01", NULL},
    {"UTC", "2026-04-31", NULL},
    {"UTC", "2026-4-1", NULL},
    {"UTC", "", NULL},
    {"UTC", "2026-12-01 ", NULL},
    {"UTC", "2026-12-01 24:00", NULL},
    {"UTC", "2026-12-01 09:60", NULL},
    {"UTC", "2026-12-01 09:30:60", NULL},
    {"UTC", "2026-12-01 09:30.5", NULL},
    {"UTC", "2026-12-01 09:30:00.", NULL},
    {"UTC", "2026-12-01 09:30z", NULL},
    {"UTC", "2026-12-01 09:30+3", NULL},
    {"UTC", "2026-12-01Z", NULL},
    {"UTC", "2026-12-01 09:30Zx", NULL},
};

START_TEST(text_is_read)
{
    apr_time_t instant;
    apr_status_t status = pd_zone_parse(&instant, zone_of(texts[_i].zone), texts[_i].text);
    if (!texts[_i].utc) {
        ck_assert_int_eq(status, PD_ETEXT);
        return;
    }
    ck_assert_int_eq(status, APR_SUCCESS);
    ck_assert_str_eq(pd_time_rfc3339(instant, tp), texts[_i].utc);
}
END_TEST

static const struct {
    const char *zone, *from, *last; /* the last second of the term */
    int days;
} terms[] = {
    {"Europe/Moscow", "2026-11-25 00:00", "2026-12-25T20:59:59Z", 30},
    {"Europe/Moscow", "2026-11-25 23:59", "2026-12-25T20:59:59Z", 30},
    {"Europe/Moscow", "2025-12-05 12:00", "2026-01-04T20:59:59Z", 30},
    {"Europe/Moscow", "2024-01-30 12:00", "2024-02-29T20:59:59Z", 30},
    {"Europe/Moscow", "2026-11-25 12:00", "2026-11-25T20:59:59Z", 0},
    {"Europe/Berlin", "2026-03-01 12:00", "2026-03-31T21:59:59Z", 30}, /* a day of 23 hours */
    {"Europe/Berlin", "2026-10-01 12:00", "2026-10-31T22:59:59Z", 30}, /* one of 25 */
    {"Asia/Beirut", "2026-02-26 12:00", "2026-03-28T21:59:59Z", 30},   /* midnight is skipped */
    {"UTC", "1969-12-01 12:00", "1969-12-31T23:59:59Z", 30},
};

START_TEST(terms_end_with_their_day)
{
    apr_time_t from, end;
    const pd_zone_t *zone = zone_of(terms[_i].zone);
    ck_assert_int_eq(pd_zone_parse(&from, zone, terms[_i].from), APR_SUCCESS);
    end = pd_zone_day_end(zone, from, terms[_i].days);
    ck_assert_str_eq(pd_time_rfc3339(end, tp), terms[_i].last);
    ck_assert_int_eq((end + 1) % APR_USEC_PER_SEC, 0);
}
END_TEST

static const struct {
    const char *zone, *text;
    pd_wall_e wall;
} walls[] = {
    {"Europe/Berlin", "2026-03-29 01:59", PD_WALL_ONCE},
    {"Europe/Berlin", "2026-03-29 02:00", PD_WALL_NEVER},
    {"Europe/Berlin", "2026-03-29 02:59:59", PD_WALL_NEVER},
    {"Europe/Berlin", "2026-03-29 03:00", PD_WALL_ONCE},
    {"Europe/Berlin", "2026-10-25 01:59:59", PD_WALL_ONCE},
    {"Europe/Berlin", "2026-10-25 02:00", PD_WALL_TWICE},
    {"Europe/Berlin", "2026-10-25 02:59:59", PD_WALL_TWICE},
    {"Europe/Berlin", "2026-10-25 03:00", PD_WALL_ONCE},
    {"Europe/Berlin", "2026-10-25T02:30:00+01:00", PD_WALL_ONCE},
    {"Europe/Berlin", "2026-03-29", PD_WALL_ONCE},
    {"Europe/Moscow", "2011-03-27 02:30", PD_WALL_NEVER},
    {"Europe/Moscow", "2014-10-26 01:30", PD_WALL_TWICE},
    {"Europe/Moscow", "2026-10-25 02:30", PD_WALL_ONCE},
    {"UTC", "2026-10-25 02:30", PD_WALL_ONCE},
};

START_TEST(doubled_and_skipped_times_are_told)
{
    apr_time_t instant;
    pd_wall_e wall;
    ck_assert_int_eq(pd_zone_parse_wall(&instant, &wall, zone_of(walls[_i].zone), walls[_i].text),
                     0);
    ck_assert_int_eq(wall, walls[_i].wall);
}
END_TEST

START_TEST(fractions_are_kept_to_the_microsecond)
{
    apr_time_t instant;
    ck_assert_int_eq(pd_zone_parse(&instant, zone_of("UTC"), "1970-01-01T00:00:01.1234567Z"), 0);
    ck_assert_int_eq(instant, 1123456);
    ck_assert_int_eq(pd_zone_parse(&instant, zone_of("UTC"), NULL), PD_ETEXT);
}
END_TEST

static const struct {
    const char *name;
    apr_status_t expected;
} names[] = {
    {"UTC", APR_SUCCESS},      {"Etc/GMT+5", APR_SUCCESS}, {"Europe/Nowhere", APR_ENOENT},
    {"UTC/x", APR_ENOENT},     {"", APR_EINVAL},           {"/etc/passwd", APR_EINVAL},
    {"../zone", APR_EINVAL},   {"Europe", APR_EINVAL},     {"zone.tab", APR_EINVAL},
    {"Europe/..", APR_EINVAL}, {"a b", APR_EINVAL},        {NULL, APR_EINVAL},
};

START_TEST(names_stay_in_the_folder)
{
    const pd_zone_t *zone;
    ck_assert_int_eq(pd_zone_load(&zone, names[_i].name, tp), names[_i].expected);
    ck_assert((zone != NULL) == (names[_i].expected == APR_SUCCESS));
}
END_TEST

static const struct {
    const char *text;
    int sound;
} rules[] = {
    {"MSK-3", 1},
    {"<+0330>-3:30", 1},
    {"CET-1CEST,M3.5.0,M10.5.0/3", 1},
    {"IST-2IDT,M3.4.4/26,M10.5.0", 1},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1},
    {"AAA3BBB2,J60/2,300", 1},
    {"", 0},
    {"MS-3", 0},
    {"MSK", 0},
    {"MSK-3x", 0},
    {"MSK-999", 0},
    {"CET-1CEST", 0},
    {"CET-1CEST,M3.5.0", 0},
    {"CET-1CEST,M13.5.0,M10.5.0", 0},
    {"CET-1CEST,M3.6.0,M10.5.0", 0},
    {"CET-1CEST,M3.5.7,M10.5.0", 0},
    {"CET-1CEST,M3.5.0,M10.5.0/3z", 0},
    {"CET-1CEST,J0,J366", 0},
    {"<+03-3", 0},
};

START_TEST(rule_is_read)
{
    pd_zone_rule_t rule;
    ck_assert_int_eq(pd_zone_rule_read(&rule, rules[_i].text), rules[_i].sound);
}
END_TEST

START_TEST(julian_days_count_with_and_without_leap_days)
{
    pd_zone_rule_t rule;
    ck_assert(pd_zone_rule_read(&rule, "AAA0BBB-1,J60/0,300/0"));
    /* J60 is 1 March in each year, 300 counts 29 February. */
    apr_int64_t march = pd_days_of(2024, 3, 1) * PD_SECS_PER_DAY;
    ck_assert_int_eq(pd_zone_rule_offset(&rule, march - 1), 0);
    ck_assert_int_eq(pd_zone_rule_offset(&rule, march), 3600);
    apr_int64_t end = (pd_days_of(2024, 1, 1) + 300) * PD_SECS_PER_DAY - 3600;
    ck_assert_int_eq(pd_zone_rule_offset(&rule, end - 1), 3600);
    ck_assert_int_eq(pd_zone_rule_offset(&rule, end), 0);
}
END_TEST

/* Every prefix of a real file, and every single changed byte, is refused or harmless. */
START_TEST(damaged_files_do_no_harm)
{
    /* version 2, no old block, one transition at 0 to +1 h, one type before it */
    static const unsigned char head[20] = "TZif2";
    unsigned char file[160] = {0}, *at = file;
    memcpy(at, head, 20);
    at[39] = 1; /* old block: one type, one character */
    at[43] = 1;
    at += 44 + 7;
    memcpy(at, head, 20);
    at[35] = 1; /* one transition, two types, four characters */
    at[39] = 2;
    at[43] = 4;
    at += 44 + 8;
    *at++ = 1;
    at += 6;
    at[2] = 0x0e; /* 3600 */
    at[3] = 0x10;
    at += 6 + 4;
    memcpy(at, "\nCET-1\n", 7);
    apr_size_t length = (apr_size_t)(at + 7 - file);
    pd_zone_t zone;
    ck_assert_int_eq(pd_zone_read(&zone, file, length, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_zone_offset(&zone, -1), 0);
    ck_assert_int_eq(pd_zone_offset(&zone, 0), 3600);
    for (apr_size_t cut = 0; cut < length; cut++) {
        unsigned char *part = apr_pmemdup(tp, file, cut);
        ck_assert_int_eq(pd_zone_read(&zone, part, cut, tp), APR_EINVAL);
    }
    for (apr_size_t i = 0; i < length; i++) {
        unsigned char *part = apr_pmemdup(tp, file, length);
        part[i] = 0xff;
        if (pd_zone_read(&zone, part, length, tp) == APR_SUCCESS) {
            ck_assert_int_lt(abs(pd_zone_offset(&zone, 5)), 100000);
        }
    }
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

int main(void)
{
    Suite *suite = suite_create("base/zone");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(all, clock_shows, 0, ROWS(clocks));
    tcase_add_loop_test(all, text_is_read, 0, ROWS(texts));
    tcase_add_loop_test(all, terms_end_with_their_day, 0, ROWS(terms));
    tcase_add_loop_test(all, doubled_and_skipped_times_are_told, 0, ROWS(walls));
    tcase_add_test(all, fractions_are_kept_to_the_microsecond);
    tcase_add_loop_test(all, names_stay_in_the_folder, 0, ROWS(names));
    tcase_add_loop_test(all, rule_is_read, 0, ROWS(rules));
    tcase_add_test(all, julian_days_count_with_and_without_leap_days);
    tcase_add_test(all, damaged_files_do_no_harm);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
