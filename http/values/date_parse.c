#include <cairn/http/date.h>

#define DATE_DAY_SECONDS 86400
#define DATE_YEARS_AHEAD 50

/* What stands in a date, in the order in which a form has it. */
struct date_parts {
    int weekday; /* 0 is Sunday */
    int day;
    int month; /* 0 is January */
    int year;
    int hour;
    int minute;
    int second;
};

static const char date_weekdays[] = "SunMonTueWedThuFriSat";
static const char date_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* The index of the three letters at AT in NAMES, or -1. */
static int date_name(const char *at, const char *names)
{
    for (int i = 0; names[i]; i += 3) {
        if (memcmp(at, names + i, 3) == 0)
            return i / 3;
    }
    return -1;
}

/* DIGITS digits as a number, or -1. */
static int date_number(const char *at, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        value = 10 * value + (at[i] - '0');
    }
    return value;
}

/* "08:49:37". What is no number is -1, and found by date_is_real. */
static bool date_time(const char *at, struct date_parts *out)
{
    out->hour = date_number(at, 2);
    out->minute = date_number(at + 3, 2);
    out->second = date_number(at + 6, 2);
    return at[2] == ':' && at[5] == ':';
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool date_imf(struct cairn_str s, struct date_parts *out)
{
    const char *at = s.data;
    out->weekday = date_name(at, date_weekdays);
    out->day = date_number(at + 5, 2);
    out->month = date_name(at + 8, date_months);
    out->year = date_number(at + 12, 4);
    return memcmp(at + 3, ", ", 2) == 0 && at[7] == ' ' && at[11] == ' ' && at[16] == ' ' &&
           date_time(at + 17, out) && memcmp(at + 25, " GMT", 4) == 0;
}

/* "Sun Nov  6 08:49:37 1994": a space in place of a leading zero. */
static bool date_asctime(struct cairn_str s, struct date_parts *out)
{
    const char *at = s.data;
    out->weekday = date_name(at, date_weekdays);
    out->month = date_name(at + 4, date_months);
    out->day = at[8] == ' ' ? date_number(at + 9, 1) : date_number(at + 8, 2);
    out->year = date_number(at + 20, 4);
    return at[3] == ' ' && at[7] == ' ' && at[10] == ' ' && date_time(at + 11, out) &&
           at[19] == ' ';
}

/* Orders dates; no two have the same. */
static int64_t date_order(const struct date_parts *d)
{
    int64_t days = ((int64_t)d->year * 12 + d->month) * 31 + d->day;
    return days * DATE_DAY_SECONDS + d->hour * 3600 + d->minute * 60 + d->second;
}

/* The last year that ends with the two digits of D and is not more than 50 years after NOW. */
static int date_year(const struct date_parts *d, int64_t now)
{
    char text[CAIRN_HTTP_DATE_BYTES];
    struct date_parts last = {0};
    struct date_parts candidate = *d;
    cairn_http_date(now, text);
    date_imf(cairn_str_of(text, sizeof(text) - 1), &last);
    last.year += DATE_YEARS_AHEAD;
    candidate.year += last.year - last.year % 100;
    return date_order(&candidate) > date_order(&last) ? candidate.year - 100 : candidate.year;
}

/* "06-Nov-94 08:49:37 GMT", behind a full name and a comma. */
static bool date_rfc850(struct cairn_str s, int64_t now, struct date_parts *out)
{
    static const char *const names[] = {
        "Sunday, ", "Monday, ", "Tuesday, ", "Wednesday, ", "Thursday, ", "Friday, ", "Saturday, "};
    out->weekday = date_name(s.data, date_weekdays);
    struct cairn_str name = cairn_str_from(out->weekday < 0 ? NULL : names[out->weekday]);
    if (!name.data || s.length != name.length + 22 || memcmp(s.data, name.data, name.length) != 0)
        return false;
    const char *at = s.data + name.length;
    out->day = date_number(at, 2);
    out->month = date_name(at + 3, date_months);
    out->year = date_number(at + 7, 2);
    if (at[2] != '-' || at[6] != '-' || at[9] != ' ' || !date_time(at + 10, out) ||
        memcmp(at + 18, " GMT", 4) != 0)
        return false;
    if (out->year >= 0)
        out->year = date_year(out, now);
    return true;
}

static bool date_split(struct cairn_str s, int64_t now, struct date_parts *out)
{
    if (s.length == 29 && s.data[3] == ',')
        return date_imf(s, out);
    if (s.length == 24 && s.data[3] == ' ')
        return date_asctime(s, out);
    return s.length > 29 && date_rfc850(s, now, out);
}

static bool date_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool date_is_real(const struct date_parts *d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d->weekday < 0 || d->month < 0 || d->year < 0 || d->day < 1)
        return false;
    if (d->day > days[d->month] + (d->month == 1 && date_is_leap(d->year)))
        return false;
    if (d->hour == 23 && d->minute == 59 && d->second == 60)
        return true;
    return d->hour >= 0 && d->hour < 24 && d->minute >= 0 && d->minute < 60 && d->second >= 0 &&
           d->second < 60;
}

/* Days since 1970. A year that begins in March ends with its leap day: see date.c. */
static int64_t date_days(const struct date_parts *d)
{
    int64_t month = (d->month + 10) % 12; /* 0 is March */
    int64_t year = d->year - (d->month < 2);
    int64_t era = (year + 400) / 400 - 1;
    int64_t of_era = year - 400 * era;
    int64_t day = (153 * month + 2) / 5 + d->day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719468;
}

bool cairn_http_date_parse(struct cairn_str s, int64_t now, int64_t *unix_seconds)
{
    struct date_parts d;
    if (!date_split(s, now, &d) || !date_is_real(&d))
        return false;
    int64_t days = date_days(&d);
    if (((days + 4) % 7 + 7) % 7 != d.weekday)
        return false;
    *unix_seconds = days * DATE_DAY_SECONDS + d.hour * 3600 + d.minute * 60 + d.second;
    return true;
}
