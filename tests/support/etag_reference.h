/* etag_reference.h - lists of entity tags read with regular expressions, for what is tested against
 * them. Internal. */
#ifndef CAIRN_TESTKIT_ETAG_REFERENCE_H
#define CAIRN_TESTKIT_ETAG_REFERENCE_H

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/etag.h>

#define ETAG_REFERENCE_TAG "(W/)?\"[^\x01-\x20\"\x7f]*\""
#define ETAG_REFERENCE_SPACE "[ \t]*"

static inline bool etag_reference_fits(const char *pattern, const char *s, regmatch_t *found)
{
    static struct {
        const char *pattern;
        regex_t compiled;
    } known[4];
    size_t i = 0;
    while (known[i].pattern && known[i].pattern != pattern)
        i++;
    if (!known[i].pattern && regcomp(&known[i].compiled, pattern, REG_EXTENDED))
        abort();
    known[i].pattern = pattern;
    return regexec(&known[i].compiled, s, 1, found, 0) == 0;
}

/* The tag TAG, as text, in LIST: both without NUL. */
static inline enum cairn_http_etag_match etag_reference_match(
    const char *list, const char *tag, bool is_strong)
{
    static const char whole[] =
        "^(" ETAG_REFERENCE_SPACE "(" ETAG_REFERENCE_TAG ")?" ETAG_REFERENCE_SPACE
        ",)*" ETAG_REFERENCE_SPACE "(" ETAG_REFERENCE_TAG ")?" ETAG_REFERENCE_SPACE "$";
    static const char one[] = ETAG_REFERENCE_TAG;
    regmatch_t at;
    enum cairn_http_etag_match match = CAIRN_HTTP_ETAG_DIFFERS;
    if (!etag_reference_fits(whole, list, &at))
        return CAIRN_HTTP_ETAG_MALFORMED;
    const char *opaque = strchr(tag, '"');
    for (; etag_reference_fits(one, list, &at); list += at.rm_eo) {
        const char *other = list + at.rm_so;
        size_t length = (size_t)(at.rm_eo - at.rm_so);
        bool is_weak = *other == 'W';
        if (is_strong && (is_weak || *tag == 'W'))
            continue;
        other += is_weak ? 2 : 0;
        length -= is_weak ? 2 : 0;
        if (strlen(opaque) == length && memcmp(opaque, other, length) == 0)
            match = CAIRN_HTTP_ETAG_MATCHES;
    }
    return match;
}

static inline bool etag_reference_agrees(const char *list, const char *tag)
{
    struct cairn_http_etag parsed;
    struct cairn_str s = cairn_str_from(list);
    return cairn_http_etag_parse(cairn_str_from(tag), &parsed) &&
           cairn_http_etag_match_list(s, parsed, cairn_http_etag_equal_strong) ==
               etag_reference_match(list, tag, true) &&
           cairn_http_etag_match_list(s, parsed, cairn_http_etag_equal_weak) ==
               etag_reference_match(list, tag, false);
}

#endif
