/* cache_directives_reference.h - Cache-Control read another way: copied, cut up, compared.
 * Internal. */
#ifndef CAIRN_TESTKIT_CACHE_DIRECTIVES_REFERENCE_H
#define CAIRN_TESTKIT_CACHE_DIRECTIVES_REFERENCE_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/values/cache_directives.h>

#define DIRECTIVES_REFERENCE_BYTES 512

/* The value of the directive NAME in ELEMENT, without white space and case; NULL: another one. */
static inline const char *directives_reference_is(const char *element, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(element, name, length) != 0)
        return NULL;
    while (element[length] == ' ' || element[length] == '\t')
        length++;
    if (element[length] == '\0')
        return element + length;
    return element[length] == '=' ? element + length + 1 : NULL;
}

static inline void directives_reference_age(const char *value, int64_t *to)
{
    char digits[DIRECTIVES_REFERENCE_BYTES];
    double seconds = 0;
    snprintf(digits, sizeof(digits), "%s", value + strspn(value, " \t"));
    size_t length = strlen(digits);
    if (length >= 2 && digits[0] == '"' && digits[length - 1] == '"') {
        memmove(digits, digits + 1, length);
        digits[length - 2] = '\0';
        length -= 2;
    }
    if (length && strspn(digits, "0123456789") == length)
        seconds = strtod(digits, NULL);
    if (seconds > 2147483648.0)
        seconds = 2147483648.0;
    if (*to < 0 || (int64_t)seconds < *to)
        *to = (int64_t)seconds;
}

static inline void directives_reference_element(char *element, struct cairn__cache_directives *out)
{
    const char *value;
    size_t length = strlen(element);
    while (length && (element[length - 1] == ' ' || element[length - 1] == '\t'))
        element[--length] = '\0';
    element += strspn(element, " \t");
    for (char *c = element; *c && *c != '='; c++)
        *c = (char)tolower((unsigned char)*c);
    out->no_store |= directives_reference_is(element, "no-store") != NULL;
    out->no_cache |= directives_reference_is(element, "no-cache") != NULL;
    out->is_private |= directives_reference_is(element, "private") != NULL;
    out->must_revalidate |= directives_reference_is(element, "must-revalidate") != NULL ||
                            directives_reference_is(element, "proxy-revalidate") != NULL;
    if ((value = directives_reference_is(element, "max-age")))
        directives_reference_age(value, &out->max_age_s);
    if ((value = directives_reference_is(element, "s-maxage")))
        directives_reference_age(value, &out->s_maxage_s);
    if ((value = directives_reference_is(element, "stale-if-error")))
        directives_reference_age(value, &out->stale_if_error_s);
}

/* LINE, without NUL and shorter than DIRECTIVES_REFERENCE_BYTES. Commas in quoted strings are put
 * out of the way first. */
static inline struct cairn__cache_directives directives_reference(const char *line)
{
    struct cairn__cache_directives out = {
        .max_age_s = -1, .s_maxage_s = -1, .stale_if_error_s = -1};
    char copy[DIRECTIVES_REFERENCE_BYTES];
    char *rest = copy;
    bool is_quoted = false;
    snprintf(copy, sizeof(copy), "%s", line);
    for (size_t i = 0; copy[i]; i++) {
        if (is_quoted && copy[i] == '\\' && copy[i + 1]) {
            copy[i] = 'x';
            copy[++i] = 'x';
        } else if (copy[i] == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && copy[i] == ',') {
            copy[i] = 'x';
        }
    }
    for (char *element; (element = strsep(&rest, ","));)
        directives_reference_element(element, &out);
    return out;
}

static inline bool directives_reference_agrees(
    const struct cairn__cache_directives *a, const struct cairn__cache_directives *b)
{
    return a->no_store == b->no_store && a->no_cache == b->no_cache &&
           a->is_private == b->is_private && a->must_revalidate == b->must_revalidate &&
           a->max_age_s == b->max_age_s && a->s_maxage_s == b->s_maxage_s &&
           a->stale_if_error_s == b->stale_if_error_s;
}

#endif
