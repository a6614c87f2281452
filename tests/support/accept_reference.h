/* accept_reference.h - content negotiation the slow and plain way, with regular expressions: for
 * tests that hold the real one to it. Internal.
 *
 * What a field says about an offer is worked out for each offer from nothing, as RFC 9110 and RFC
 * 4647 put it. Fields have at most ACCEPT_REFERENCE_BYTES, on one line.
 */
#ifndef CAIRN_TESTKIT_ACCEPT_REFERENCE_H
#define CAIRN_TESTKIT_ACCEPT_REFERENCE_H

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ACCEPT_REFERENCE_BYTES 1024
#define ACCEPT_REFERENCE_PARAMS 16

#define ACCEPT_REFERENCE_TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/* A token other than "*". */
#define ACCEPT_REFERENCE_TYPE \
    "([*]" ACCEPT_REFERENCE_TOKEN "|[!#$%&'+.^_`|~0-9A-Za-z-][!#$%&'*+.^_`|~0-9A-Za-z-]*)"
#define ACCEPT_REFERENCE_QUOTED "\"([]\t !#-[^-~\x80-\xff]|\\\\[\t -~\x80-\xff])*\""

struct accept_reference_member {
    char text[ACCEPT_REFERENCE_BYTES + 1]; /* cut into its pieces */
    const char *name;
    const char *params[ACCEPT_REFERENCE_PARAMS]; /* without the weight */
    size_t param_count;
    double weight;
};

struct accept_reference {
    struct accept_reference_member members[64];
    size_t count;
};

static inline bool accept_reference_matches(const char *pattern, const char *text)
{
    static struct {
        const char *pattern;
        regex_t regex;
    } cache[8];
    char whole[512];
    size_t i = 0;
    while (i < 7 && cache[i].pattern && strcmp(cache[i].pattern, pattern) != 0)
        i++;
    if (!cache[i].pattern) {
        snprintf(whole, sizeof(whole), "^(%s)$", pattern);
        if (regcomp(&cache[i].regex, whole, REG_EXTENDED | REG_NOSUB))
            abort();
        cache[i].pattern = pattern;
    }
    return regexec(&cache[i].regex, text, 0, NULL, 0) == 0;
}

/* The end of what stands at TEXT before a MARK that is in no quotes. */
static inline char *accept_reference_end(char *text, char mark)
{
    for (bool is_quoted = false; *text && (is_quoted || *text != mark); text++) {
        if (*text == '"')
            is_quoted = !is_quoted;
        if (*text == '\\' && is_quoted && text[1])
            text++;
    }
    return text;
}

static inline char *accept_reference_trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static inline bool accept_reference_param(
    struct accept_reference_member *self, char *param, bool *has_weight)
{
    if (!accept_reference_matches(ACCEPT_REFERENCE_TOKEN "=(" ACCEPT_REFERENCE_TOKEN
                                                         "|" ACCEPT_REFERENCE_QUOTED ")",
            param))
        return false;
    if (strncasecmp(param, "q=", 2) != 0) {
        if (self->param_count == ACCEPT_REFERENCE_PARAMS)
            abort();
        self->params[self->param_count++] = param;
        return true;
    }
    if (*has_weight ||
        !accept_reference_matches("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?|\\.[0-9]{1,3}", param + 2))
        return false;
    self->weight = strtod(param + 2, NULL);
    *has_weight = true;
    return true;
}

/* The name is cut off first: no quote in it means anything. */
static inline bool accept_reference_member(struct accept_reference_member *self)
{
    bool has_weight = false;
    char *at = strchr(self->text, ';');
    self->weight = 1;
    self->param_count = 0;
    if (at)
        *at++ = '\0';
    while (at) {
        char *end = accept_reference_end(at, ';');
        char *next = *end ? end + 1 : NULL;
        *end = '\0';
        at = accept_reference_trim(at);
        if (*at && !accept_reference_param(self, at, &has_weight))
            return false;
        at = next;
    }
    self->name = accept_reference_trim(self->text);
    return true;
}

static inline void accept_reference_read(
    struct accept_reference *self, const char *field, const char *name_pattern, bool takes_params)
{
    char line[ACCEPT_REFERENCE_BYTES + 1];
    size_t seen = 0;
    snprintf(line, sizeof(line), "%s", field);
    self->count = 0;
    for (char *at = line; at && seen < 64;) {
        struct accept_reference_member *member = &self->members[self->count];
        char *end = accept_reference_end(at, ',');
        char *next = *end ? end + 1 : NULL;
        *end = '\0';
        snprintf(member->text, sizeof(member->text), "%s", accept_reference_trim(at));
        seen += *member->text != '\0';
        if (accept_reference_member(member) && (takes_params || member->param_count == 0) &&
            accept_reference_matches(name_pattern, member->name))
            self->count++;
        at = next;
    }
}

/* The best of COUNT weights: the first of the highest; -1 when all are 0. */
static inline int accept_reference_best(const double *weights, size_t count)
{
    int best = -1;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] > (best < 0 ? 0 : weights[best]))
            best = (int)i;
    }
    return best;
}

/* PARAM with its name in lower case, its value too, and neither quotes nor escapes. */
static inline void accept_reference_plain(const char *param, char *out)
{
    size_t name = strcspn(param, "=");
    bool is_quoted = param[name + 1] == '"';
    for (size_t i = 0; param[i]; i++) {
        if (is_quoted && i > name && param[i] == '"')
            continue;
        if (is_quoted && i > name && param[i] == '\\')
            i++;
        *out++ = (char)(param[i] >= 'A' && param[i] <= 'Z' ? param[i] + 32 : param[i]);
    }
    *out = '\0';
}

/* Whether OFFER, "type/subtype" with plain params behind "; ", has PARAM. */
static inline bool accept_reference_has(const char *offer, const char *param)
{
    char plain[ACCEPT_REFERENCE_BYTES + 1];
    accept_reference_plain(param, plain);
    for (const char *at = offer; (at = strstr(at, "; ")); at++) {
        if (strncmp(at + 2, plain, strlen(plain)) == 0 &&
            (at[2 + strlen(plain)] == ';' || at[2 + strlen(plain)] == '\0'))
            return true;
    }
    return false;
}

/* How specific RANGE is; -1 when it does not fit. OFFER is in lower case. */
static inline int accept_reference_specific(
    const struct accept_reference_member *range, const char *offer)
{
    size_t type = strcspn(offer, "/") + 1;
    size_t whole = strcspn(offer, ";");
    int kind = -1;
    if (strcmp(range->name, "*") == 0 || strcmp(range->name, "*/*") == 0)
        kind = 0;
    else if (strncasecmp(range->name, offer, type) == 0 && strcmp(range->name + type, "*") == 0)
        kind = 1;
    else if (strlen(range->name) == whole && strncasecmp(range->name, offer, whole) == 0)
        kind = 2;
    for (size_t i = 0; i < range->param_count; i++) {
        if (!accept_reference_has(offer, range->params[i]))
            kind = -1;
    }
    return kind < 0 ? -1 : 100 * kind + (int)range->param_count;
}

/* FIELD NULL: none. Offers are media types in lower case, with their parameters behind "; ". */
static inline int accept_reference_media(const char *field, const char *const *offers, size_t count)
{
    static struct accept_reference list;
    list.count = 0;
    double weights[8] = {0};
    if (field)
        accept_reference_read(
            &list, field, "[*]|[*]/[*]|" ACCEPT_REFERENCE_TYPE "/" ACCEPT_REFERENCE_TOKEN, true);
    for (size_t i = 0; i < count; i++) {
        int best = -1;
        weights[i] = list.count == 0;
        for (size_t k = 0; k < list.count; k++) {
            int specific = accept_reference_specific(&list.members[k], offers[i]);
            if (specific > best) {
                best = specific;
                weights[i] = list.members[k].weight;
            }
        }
    }
    return accept_reference_best(weights, count);
}

/* FIELD NULL: none. Offers are codings in lower case, without aliases. */
static inline int accept_reference_encoding(
    const char *field, const char *const *offers, size_t count)
{
    static struct accept_reference list;
    list.count = 0;
    double weights[8] = {0};
    if (field)
        accept_reference_read(&list, field, ACCEPT_REFERENCE_TOKEN, false);
    for (size_t i = 0; i < count; i++) {
        bool is_identity = strcmp(offers[i], "identity") == 0;
        double any = -1;
        double own = -1;
        for (size_t k = 0; k < list.count; k++) {
            const char *name = list.members[k].name;
            bool is_alias = strcasecmp(name, "x-gzip") == 0 || strcasecmp(name, "x-compress") == 0;
            if (own < 0 && strcasecmp(name + (is_alias ? 2 : 0), offers[i]) == 0)
                own = list.members[k].weight;
            if (any < 0 && strcmp(name, "*") == 0)
                any = list.members[k].weight;
        }
        weights[i] = own >= 0 ? own : any >= 0 ? any : is_identity ? 0.001 : 0;
        if (!field)
            weights[i] = is_identity ? 1 : 0.5;
    }
    return accept_reference_best(weights, count);
}

/* RFC 4647 section 3.3.1. */
static inline bool accept_reference_filters(const char *range, const char *tag)
{
    size_t length = strlen(range);
    return strncasecmp(range, tag, length) == 0 && (tag[length] == '-' || tag[length] == '\0');
}

/* The weight of the longest range that filters TAG, or of "*"; -1: there is neither. *RANGE is its
 * name. */
static inline double accept_reference_say(
    const struct accept_reference *list, const char *tag, const char **range)
{
    double weight = -1;
    *range = "";
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->members[i].name;
        bool is_any = strcmp(name, "*") == 0;
        bool is_better =
            is_any ? !**range : strcmp(*range, "*") == 0 || strlen(name) > strlen(*range);
        if (is_better && (is_any || accept_reference_filters(name, tag))) {
            *range = name;
            weight = list->members[i].weight;
        }
    }
    return weight;
}

/* Section 3.4: shorter and shorter, a single letter before what is cut off goes with it. */
static inline int accept_reference_look_up(
    const char *range, const char *const *offers, const bool *is_refused, size_t count)
{
    char shorter[ACCEPT_REFERENCE_BYTES + 1];
    snprintf(shorter, sizeof(shorter), "%s", range);
    while (*shorter) {
        for (size_t i = 0; i < count; i++) {
            if (!is_refused[i] && strcasecmp(shorter, offers[i]) == 0)
                return (int)i;
        }
        char *hyphen = strrchr(shorter, '-');
        if (hyphen && hyphen - shorter >= 2 && hyphen[-2] == '-')
            hyphen -= 2;
        *(hyphen ? hyphen : shorter) = '\0';
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_refused[i] && accept_reference_filters(range, offers[i]))
            return (int)i;
    }
    return -1;
}

static inline int accept_reference_heavier(const void *a, const void *b)
{
    const struct accept_reference_member *of_a = *(struct accept_reference_member *const *)a;
    const struct accept_reference_member *of_b = *(struct accept_reference_member *const *)b;
    if (of_a->weight != of_b->weight)
        return of_a->weight > of_b->weight ? -1 : 1;
    return of_a < of_b ? -1 : of_a > of_b;
}

/* FIELD NULL: none. No offer has a subtag of a single letter. */
static inline int accept_reference_language(
    const char *field, const char *const *offers, size_t count)
{
    static struct accept_reference list;
    list.count = 0;
    struct accept_reference_member *order[64];
    const char *says[8];
    bool is_refused[8];
    if (field)
        accept_reference_read(&list, field, "[*]|[A-Za-z]{1,8}(-[0-9A-Za-z]{1,8})*", false);
    for (size_t i = 0; i < count; i++)
        is_refused[i] = accept_reference_say(&list, offers[i], &says[i]) == 0;
    for (size_t i = 0; i < list.count; i++)
        order[i] = &list.members[i];
    qsort(order, list.count, sizeof(order[0]), accept_reference_heavier);
    for (size_t i = 0; i < list.count && order[i]->weight > 0; i++) {
        if (strcmp(order[i]->name, "*") != 0) {
            int found = accept_reference_look_up(order[i]->name, offers, is_refused, count);
            if (found >= 0)
                return found;
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            if (!is_refused[k] && strcmp(says[k], "*") == 0)
                return (int)k;
        }
    }
    return list.count || !count ? -1 : 0;
}

#endif
