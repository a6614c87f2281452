#include <cairn/http/json_number.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t cairn__json_uint(uint64_t value, char *text)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (size_t i = 0; i < count; i++)
        text[i] = digits[count - 1 - i];
    return count;
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

size_t cairn__json_double(double value, char *text)
{
    if (!isfinite(value))
        return 0;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, CAIRN__JSON_NUMBER_MOST - 2, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return cairn__json_normalize(text);
}
