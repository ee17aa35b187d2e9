/* The calendar under the zones: dates and day numbers. Source: Howard Hinnant, "chrono-compatible
 * low-level date algorithms" (years that begin in March, eras of 400 years). */
#include "base/pd_zone_int.h"

#define DAYS_PER_ERA    146097
#define DAYS_TO_1970    719468 /* from 0000-03-01 */
#define YEARS_PER_ERA   400
#define WEEKDAY_OF_DAY0 3 /* 1970-01-01 was a Thursday; Monday is 0 here */

apr_int64_t pd_floor_div(apr_int64_t number, apr_int64_t by)
{
    apr_int64_t quotient = number / by;
    return quotient - (number % by < 0);
}

apr_int64_t pd_days_of(int year, int month, int day)
{
    apr_int64_t y = (apr_int64_t)year - (month <= 2);
    apr_int64_t era = pd_floor_div(y, YEARS_PER_ERA);
    apr_int64_t year_of_era = y - era * YEARS_PER_ERA;
    apr_int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    apr_int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

void pd_date_of(int *year, int *month, int *day, apr_int64_t days)
{
    apr_int64_t shifted = days + DAYS_TO_1970;
    apr_int64_t era = pd_floor_div(shifted, DAYS_PER_ERA);
    apr_int64_t doe = shifted - era * DAYS_PER_ERA;
    apr_int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    apr_int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    apr_int64_t march_month = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(yoe + era * YEARS_PER_ERA + (*month <= 2));
}

int pd_days_in_month(int year, int month)
{
    return month == 12 ? 31 : (int)(pd_days_of(year, month + 1, 1) - pd_days_of(year, month, 1));
}

int pd_weekday_of(apr_int64_t days)
{
    apr_int64_t shifted = days + WEEKDAY_OF_DAY0;
    return (int)(shifted - pd_floor_div(shifted, 7) * 7) + 1;
}
