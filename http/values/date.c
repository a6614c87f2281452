#include <cairn/http/date.h>

#include <string.h>

#define DATE_DAY_SECONDS 86400
#define DATE_LAST 253402300799 /* of the year 9999 */

static void date_put_number(char *at, int64_t value, int digits)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

struct date_civil {
    int64_t year;
    int64_t month; /* 0 is January */
    int64_t day;
};

/* The calendar repeats every 400 years, 146097 days. A year that begins in March ends with its leap
 * day, and then the lengths of its months follow one line: 153 days in five months. */
static struct date_civil date_civil_of(int64_t days)
{
    int64_t since_0000_03_01 = days + 719468;
    int64_t era = since_0000_03_01 / 146097;
    int64_t day_of_era = since_0000_03_01 % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    struct date_civil civil;
    civil.day = day_of_year - (153 * month + 2) / 5 + 1;
    civil.month = (month + 2) % 12;
    civil.year = era * 400 + year_of_era + (month >= 10);
    return civil;
}

void cairn_http_date(int64_t unix_seconds, char *buffer)
{
    static const char weekdays[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (unix_seconds < 0)
        unix_seconds = 0;
    if (unix_seconds > DATE_LAST)
        unix_seconds = DATE_LAST;
    int64_t days = unix_seconds / DATE_DAY_SECONDS;
    int64_t seconds = unix_seconds % DATE_DAY_SECONDS;
    struct date_civil civil = date_civil_of(days);
    memcpy(buffer, "Thu, 01 Jan 1970 00:00:00 GMT", CAIRN_HTTP_DATE_BYTES);
    memcpy(buffer, weekdays + 3 * (days % 7), 3);
    date_put_number(buffer + 5, civil.day, 2);
    memcpy(buffer + 8, months + 3 * civil.month, 3);
    date_put_number(buffer + 12, civil.year, 4);
    date_put_number(buffer + 17, seconds / 3600, 2);
    date_put_number(buffer + 20, seconds / 60 % 60, 2);
    date_put_number(buffer + 23, seconds % 60, 2);
}
