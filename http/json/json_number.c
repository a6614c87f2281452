#include <cairn/http/json/json_number.h>

#include <cairn/http/text/decimal.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t cairn__json_uint(uint64_t value, char *text)
{
    return (size_t)(cairn__decimal_put(text, value) - text);
}

size_t cairn__json_int(int64_t value, char *text)
{
    if (value >= 0)
        return cairn__json_uint((uint64_t)value, text);
    text[0] = '-';
    return 1 + cairn__json_uint(-(uint64_t)value, text + 1);
}

static bool number_is_plain(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
}

/* What the locale has between the digits, one byte or more, becomes a point. */
size_t cairn__json_normalize(char *text)
{
    size_t length = 0;
    bool is_real = false;
    for (const char *c = text; *c;) {
        is_real |= *c == 'e' || !number_is_plain(*c);
        if (number_is_plain(*c)) {
            text[length++] = *c++;
            continue;
        }
        while (*c && !number_is_plain(*c))
            c++;
        text[length++] = '.';
    }
    if (!is_real) {
        memcpy(text + length, ".0", 2);
        length += 2;
    }
    return length;
}

#define NUMBER_SHORT 1e15 /* a decimal of no more digits has one double, and that one decimal */
#define NUMBER_PLACES 6

/* WHOLE / SCALE with PLACES digits behind the point. */
static size_t number_decimal(uint64_t whole, uint64_t scale, int places, char *text)
{
    size_t length = cairn__json_uint(whole / scale, text);
    text[length++] = '.';
    uint64_t rest = whole % scale;
    for (int i = places; i > 0; i--) {
        text[length + (size_t)i - 1] = (char)('0' + rest % 10);
        rest /= 10;
    }
    return length + (size_t)places;
}

/* A number with a few digits, as most are, without printf; the same text. 0 for any other. Both the
 * whole number and the scale are exact, so their quotient is what a parser would make of them. */
static size_t number_short(double value, char *text)
{
    static const double scales[NUMBER_PLACES + 1] = {1, 10, 100, 1000, 1e4, 1e5, 1e6};
    double magnitude = fabs(value);
    if (magnitude >= NUMBER_SHORT || (magnitude < 1e-4 && magnitude != 0))
        return 0;
    for (int places = 0; places <= NUMBER_PLACES; places++) {
        double whole = nearbyint(magnitude * scales[places]);
        if (whole >= NUMBER_SHORT)
            return 0;
        if (whole / scales[places] != magnitude)
            continue;
        size_t sign = signbit(value) ? 1 : 0;
        text[0] = '-';
        return sign + number_decimal((uint64_t)whole, (uint64_t)scales[places], places ? places : 1,
                          text + sign);
    }
    return 0;
}

size_t cairn__json_double(double value, char *text)
{
    if (!isfinite(value))
        return 0;
    size_t short_length = number_short(value, text);
    if (short_length)
        return short_length;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, CAIRN__JSON_NUMBER_MOST - 2, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return cairn__json_normalize(text);
}
