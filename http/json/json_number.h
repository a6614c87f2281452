/* json_number.h - numbers as text that any JSON parser reads back as the same number. Internal. */
#ifndef CAIRN_HTTP_JSON_NUMBER_H
#define CAIRN_HTTP_JSON_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Room for any of them. */
#define CAIRN__JSON_NUMBER_MOST 40

/* Each writes into TEXT, without a terminator, and returns the length. */
size_t cairn__json_uint(uint64_t value, char *text);
size_t cairn__json_int(int64_t value, char *text);
/* As few digits as give VALUE back, and a fraction or an exponent always, whatever the locale's
 * decimal point. 0 for NaN and infinity, which JSON has not. */
size_t cairn__json_double(double value, char *text);
/* TEXT as printf's %g wrote it, in whatever locale, as JSON. There is room for two bytes more. */
size_t cairn__json_normalize(char *text);

#endif
