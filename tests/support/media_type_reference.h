/* media_type_reference.h - which texts are media types, by a regular expression of RFC 9110: for
 * tests that hold the parser to it. Internal. */
#ifndef CAIRN_TESTKIT_MEDIA_TYPE_REFERENCE_H
#define CAIRN_TESTKIT_MEDIA_TYPE_REFERENCE_H

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEDIA_TYPE_REFERENCE_TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
#define MEDIA_TYPE_REFERENCE_VALUE \
    "(" MEDIA_TYPE_REFERENCE_TOKEN "|\"([]\t !#-[^-~\x80-\xff]|\\\\[\t -~\x80-\xff])*\")"
#define MEDIA_TYPE_REFERENCE_PARAM MEDIA_TYPE_REFERENCE_TOKEN "=" MEDIA_TYPE_REFERENCE_VALUE

static inline bool media_type_reference_match(
    regex_t *regex, const char *pattern, const char *text, regmatch_t *groups)
{
    if (!regex->re_nsub && regcomp(regex, pattern, REG_EXTENDED))
        abort();
    return regexec(regex, text, 4, groups, 0) == 0;
}

/* Whether TEXT is one. TYPE gets its first half, SUBTYPE its second; both have room for TEXT. */
static inline bool media_type_reference(const char *text, char *type, char *subtype)
{
    static regex_t regex;
    regmatch_t groups[4];
    if (!media_type_reference_match(&regex,
            "^[ \t]*(" MEDIA_TYPE_REFERENCE_TOKEN ")/(" MEDIA_TYPE_REFERENCE_TOKEN
            ")([ \t]*;([ \t]*" MEDIA_TYPE_REFERENCE_PARAM ")?)*[ \t]*$",
            text, groups))
        return false;
    strcpy(type, text + groups[1].rm_so);
    type[groups[1].rm_eo - groups[1].rm_so] = '\0';
    strcpy(subtype, text + groups[2].rm_so);
    subtype[groups[2].rm_eo - groups[2].rm_so] = '\0';
    return true;
}

/* Whether TEXT, a media type, has parameter NAME; its first value in OUT. */
static inline bool media_type_reference_param(const char *text, const char *name, char *out)
{
    static regex_t regex;
    regmatch_t groups[4];
    while (media_type_reference_match(&regex,
        ";[ \t]*(" MEDIA_TYPE_REFERENCE_TOKEN ")=" MEDIA_TYPE_REFERENCE_VALUE, text, groups)) {
        size_t length = (size_t)(groups[1].rm_eo - groups[1].rm_so);
        if (length != strlen(name) || strncasecmp(text + groups[1].rm_so, name, length) != 0) {
            text += groups[2].rm_eo;
            continue;
        }
        const char *at = text + groups[2].rm_so;
        const char *end = text + groups[2].rm_eo;
        bool is_quoted = *at == '"';
        for (at += is_quoted, end -= is_quoted; at < end; at++) {
            if (is_quoted && *at == '\\')
                at++;
            *out++ = *at;
        }
        *out = '\0';
        return true;
    }
    return false;
}

#endif
