/* date_reference.h - HTTP dates read with the C library: what it prints for a time, compared.
 * Internal. */
#ifndef CAIRN_TESTKIT_DATE_REFERENCE_H
#define CAIRN_TESTKIT_DATE_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cairn/http/date.h>

#define DATE_REFERENCE_BYTES 64
#define DATE_REFERENCE_FORMS 3

/* T in one of the three forms. */
static inline void date_reference_print(int64_t t, int form, char *out)
{
    static const char *const formats[DATE_REFERENCE_FORMS] = {
        "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
    time_t time = (time_t)t;
    struct tm tm;
    gmtime_r(&time, &tm);
    strftime(out, DATE_REFERENCE_BYTES, formats[form], &tm);
}

/* Whether DATE, read as T, is what the library prints for T: for T - 1 and a leap second else. */
static inline bool date_reference_agrees(const char *date, int64_t t)
{
    char s[DATE_REFERENCE_BYTES];
    strcpy(s, date);
    if (strlen(s) == 24 && s[8] == '0')
        s[8] = ' '; /* asctime's grammar has either */
    for (int form = 0; form < DATE_REFERENCE_FORMS; form++) {
        char text[DATE_REFERENCE_BYTES];
        date_reference_print(t, form, text);
        if (strcmp(text, s) == 0)
            return true;
        date_reference_print(t - 1, form, text);
        char *second = strstr(text, "23:59:59");
        if (second && memcpy(second + 6, "60", 2) && strcmp(text, s) == 0)
            return true;
    }
    return false;
}

#endif
