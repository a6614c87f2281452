/* multipart_reference.h - the parts of a whole body, found by searching it: for tests that hold the
 * parser to it, whose events are told in the same words. Internal.
 *
 * A transcript has "(name|filename|type)" for a part, its data, ";" at its end; then "." at the
 * last boundary, or "!" and the status. What is absent is "-".
 */
#ifndef CAIRN_TESTKIT_MULTIPART_REFERENCE_H
#define CAIRN_TESTKIT_MULTIPART_REFERENCE_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cairn/http/multipart_parser.h>
#include <cairn/service/random.h>

#define MULTIPART_REFERENCE_BYTES 4096

struct multipart_transcript {
    char text[2 * MULTIPART_REFERENCE_BYTES];
    size_t length;
};

static inline void multipart_tell(
    struct multipart_transcript *self, const char *data, size_t length)
{
    if (self->length + length > sizeof(self->text))
        abort();
    if (length)
        memcpy(self->text + self->length, data, length);
    self->length += length;
}

static inline void multipart_tell_name(
    struct multipart_transcript *self, struct cairn_str s, const char *end)
{
    multipart_tell(self, s.data ? s.data : "-", s.data ? s.length : 1);
    multipart_tell(self, end, 1);
}

static inline void multipart_tell_status(struct multipart_transcript *self, int status)
{
    char text[4] = {
        '!', (char)('0' + status / 100), (char)('0' + status / 10 % 10), (char)('0' + status % 10)};
    multipart_tell(self, text, sizeof(text));
}

static inline void multipart_tell_part(
    struct multipart_transcript *self, const struct cairn_http_part *part)
{
    multipart_tell(self, "(", 1);
    multipart_tell_name(self, part->name, "|");
    multipart_tell_name(self, part->filename, "|");
    multipart_tell_name(self, part->content_type, ")");
}

/* One event; false at the last. */
static inline bool multipart_tell_event(struct multipart_transcript *self,
    const struct cairn_http_multipart_parser *parser, enum cairn_http_multipart_event event)
{
    struct cairn_str piece = cairn_http_multipart_parser_piece(parser);
    if (event == CAIRN_HTTP_MULTIPART_PART)
        multipart_tell_part(self, cairn_http_multipart_parser_part(parser));
    else if (event == CAIRN_HTTP_MULTIPART_DATA)
        multipart_tell(self, piece.data, piece.length ? piece.length : SIZE_MAX);
    else if (event == CAIRN_HTTP_MULTIPART_PART_END)
        multipart_tell(self, ";", 1);
    else if (event == CAIRN_HTTP_MULTIPART_DONE)
        multipart_tell(self, ".", 1);
    else if (event == CAIRN_HTTP_MULTIPART_REFUSED)
        multipart_tell_status(self, cairn_http_multipart_parser_status(parser));
    return event != CAIRN_HTTP_MULTIPART_DONE && event != CAIRN_HTTP_MULTIPART_REFUSED;
}

/* Feeds PIECE; false when there is no more to tell. */
static inline bool multipart_tell_piece(struct multipart_transcript *self,
    struct cairn_http_multipart_parser *parser, const char *piece, size_t length)
{
    for (size_t done = 0, used = 0;; done += used) {
        enum cairn_http_multipart_event event =
            cairn_http_multipart_parser_feed(parser, piece + done, length - done, &used);
        if (!multipart_tell_event(self, parser, event))
            return false;
        if (event == CAIRN_HTTP_MULTIPART_MORE && done + used < length)
            abort();
        if (event == CAIRN_HTTP_MULTIPART_MORE)
            return true;
    }
}

/* What the parser tells of BODY, fed in pieces of STEP bytes. 0: whole; above 16: of random sizes,
 * with STEP as seed, each in a block of its own. */
static inline void multipart_transcribe(struct multipart_transcript *self, const char *body,
    size_t length, size_t step, const struct cairn_http_multipart_limits *limits)
{
    static struct cairn_arena_cache *cache;
    if (!cache)
        cache = cairn_arena_cache_new(1);
    struct cairn_arena *arena = cairn_arena_new(cache);
    struct cairn_http_multipart_parser *parser =
        cairn_http_multipart_parser_new(arena, CAIRN_STR("b"), limits);
    struct cairn_random dice = {step};
    bool goes_on = true;
    if (!parser)
        abort();
    self->length = 0;
    for (size_t at = 0, size = 0; goes_on && at < length; at += size) {
        size = step > 16 ? (size_t)cairn_random_range(&dice, 1, 33) : step ? step : length;
        if (size > length - at)
            size = length - at;
        char *copy = step > 16 ? malloc(size) : NULL;
        if (copy)
            memcpy(copy, body + at, size);
        goes_on = multipart_tell_piece(self, parser, copy ? copy : body + at, size);
        free(copy);
    }
    if (goes_on)
        multipart_tell_event(self, parser, cairn_http_multipart_parser_finish(parser));
    cairn_arena_free(arena);
}

/* The first TEXT in BODY from AT on, or its length. */
static inline size_t multipart_reference_find(struct cairn_str body, size_t at, const char *text)
{
    size_t length = strlen(text);
    for (; at + length <= body.length; at++) {
        if (body.data[at] == *text && memcmp(body.data + at, text, length) == 0)
            return at;
    }
    return body.length;
}

static inline bool multipart_reference_match(
    regex_t *regex, const char *pattern, const char *text, regmatch_t *groups)
{
    if (!regex->re_nsub && regcomp(regex, pattern, REG_EXTENDED | REG_ICASE))
        abort();
    return regexec(regex, text, 8, groups, 0) == 0;
}

#define MULTIPART_REFERENCE_TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
#define MULTIPART_REFERENCE_PARAM \
    "(" MULTIPART_REFERENCE_TOKEN ")=(" MULTIPART_REFERENCE_TOKEN "|\"([^\"\\]|\\\\.)*\")"

/* The parameters at TEXT; 0, or the status. BUFFER has room for the values. */
static inline int multipart_reference_params(
    const char *text, char *buffer, size_t name_bytes, struct cairn_http_part *out)
{
    static regex_t regex;
    regmatch_t groups[8];
    while (multipart_reference_match(
        &regex, "^[ \t]*;[ \t]*" MULTIPART_REFERENCE_PARAM, text, groups)) {
        struct cairn_str *to = NULL;
        size_t length = (size_t)(groups[1].rm_eo - groups[1].rm_so);
        if (length == 4 && strncasecmp(text + groups[1].rm_so, "name", 4) == 0)
            to = &out->name;
        if (length == 8 && strncasecmp(text + groups[1].rm_so, "filename", 8) == 0)
            to = &out->filename;
        const char *at = text + groups[2].rm_so;
        const char *end = text + groups[2].rm_eo;
        if (to && to->data)
            return 400;
        if (to)
            *to = cairn_str_of(buffer, 0);
        bool is_quoted = *at == '"';
        for (at += is_quoted, end -= is_quoted; to && at < end; at++) {
            if (is_quoted && *at == '\\' && (at[1] == '\\' || at[1] == '"') && at + 1 < end)
                at++;
            *buffer++ = *at;
            to->length++;
        }
        if (to && to->length > name_bytes)
            return 413;
        text += groups[0].rm_eo;
    }
    text += strspn(text, " \t");
    text += *text == ';';
    text += strspn(text, " \t");
    return *text || !out->name.data ? 400 : 0;
}

/* Keeps the value of LINE in VALUE, when it is of NAME, and counts that. */
static inline void multipart_reference_keep(
    const char *line, const char *name, char *value, size_t *count)
{
    if (strncasecmp(line, name, strlen(name)) != 0)
        return;
    ++*count;
    line += strlen(name);
    strcpy(value, line + strspn(line, " \t"));
    for (size_t length = strlen(value); length && strchr(" \t", value[length - 1]);)
        value[--length] = '\0';
}

/* The head of a part, up to its empty line; 0, or the status. */
static inline int multipart_reference_head(struct cairn_str head,
    const struct cairn_http_multipart_limits *limits, struct cairn_http_part *out)
{
    static regex_t any;
    static regex_t form_data;
    static char line[MULTIPART_REFERENCE_BYTES];
    static char type[MULTIPART_REFERENCE_BYTES];
    static char disposition[MULTIPART_REFERENCE_BYTES];
    static char values[MULTIPART_REFERENCE_BYTES];
    regmatch_t groups[8];
    size_t types = 0;
    size_t dispositions = 0;
    *out = (struct cairn_http_part){.name = {NULL, 0}};
    for (size_t at = 0, end, count = 0;; at = end + 2, count++) {
        end = multipart_reference_find(head, at, "\r\n");
        if (end == at)
            break;
        memcpy(line, head.data + at, end - at);
        line[end - at] = '\0';
        if (strlen(line) < end - at ||
            !multipart_reference_match(
                &any, "^(" MULTIPART_REFERENCE_TOKEN "):[\t -~\x80-\xff]*$", line, groups))
            return 400;
        if (count == limits->header_count)
            return 413;
        multipart_reference_keep(line, "content-type:", type, &types);
        multipart_reference_keep(line, "content-disposition:", disposition, &dispositions);
    }
    if (types > 1 || dispositions != 1 ||
        !multipart_reference_match(&form_data, "^(form-data)([ \t;]|$)", disposition, groups))
        return 400;
    if (types)
        out->content_type = cairn_str_from(type);
    return multipart_reference_params(
        disposition + groups[1].rm_eo, values, limits->name_bytes, out);
}

/* What is held back at the end of BODY, from AT on: the longest begin of a boundary. */
static inline size_t multipart_reference_held(struct cairn_str body, size_t at)
{
    static const char boundary[] = "\r\n--b";
    for (size_t length = strlen(boundary); length > 0; length--) {
        if (body.length >= at + length &&
            memcmp(body.data + body.length - length, boundary, length) == 0)
            return length;
    }
    return 0;
}

/* The data from AT on; behind it, in *NEXT, is the boundary. Returns false when that was all. */
static inline bool multipart_reference_data(struct multipart_transcript *self,
    struct cairn_str body, size_t at, uint64_t part_bytes, size_t *next)
{
    *next = multipart_reference_find(body, at - 2, "\r\n--b");
    bool is_cut = *next == body.length;
    size_t end = is_cut ? body.length - multipart_reference_held(body, at - 2) : *next;
    size_t length = end > at ? end - at : 0;
    bool is_over = length > part_bytes;
    multipart_tell(self, body.data + at, is_over ? (size_t)part_bytes : length);
    if (is_over || is_cut) {
        multipart_tell_status(self, is_over ? 413 : 400);
        return false;
    }
    multipart_tell(self, ";", 1);
    return true;
}

/* A part, whose head begins at AT. Returns false when that was all. */
static inline bool multipart_reference_part(struct multipart_transcript *self,
    struct cairn_str body, size_t at, const struct cairn_http_multipart_limits *limits,
    size_t *next)
{
    struct cairn_http_part part;
    size_t end = multipart_reference_find(body, at - 2, "\r\n\r\n");
    size_t length = end == body.length ? end - at : end + 4 - at;
    if (length > limits->header_bytes) {
        multipart_tell_status(self, 413);
        return false;
    }
    int status = end == body.length ? 400
                                    : multipart_reference_head(
                                          cairn_str_of(body.data + at, length), limits, &part);
    if (status) {
        multipart_tell_status(self, status);
        return false;
    }
    multipart_tell_part(self, &part);
    return multipart_reference_data(self, body, at + length, limits->part_bytes, next);
}

/* What is to be told of BODY, whose boundary is "b". All LIMITS are given. */
static inline void multipart_reference(struct multipart_transcript *self, const char *body,
    size_t length, const struct cairn_http_multipart_limits *limits)
{
    static char text[MULTIPART_REFERENCE_BYTES + 2] = "\r\n";
    memcpy(text + 2, body, length);
    struct cairn_str whole = cairn_str_of(text, length + 2);
    self->length = 0;
    size_t at = multipart_reference_find(whole, 0, "\r\n--b");
    size_t before = at == whole.length ? at - multipart_reference_held(whole, 0) : at;
    if (before > 2 + limits->header_bytes) {
        multipart_tell_status(self, 413);
        return;
    }
    for (size_t parts = 0; at < whole.length; parts++) {
        at += strlen("\r\n--b");
        if (multipart_reference_find(whole, at, "--") == at && at < whole.length) {
            multipart_tell(self, ".", 1);
            return;
        }
        while (at < whole.length && strchr(" \t", text[at]) && text[at])
            at++;
        if (at + 2 > whole.length || memcmp(text + at, "\r\n", 2) != 0)
            break;
        if (parts == limits->parts) {
            multipart_tell_status(self, 413);
            return;
        }
        if (!multipart_reference_part(self, whole, at + 2, limits, &at))
            return;
    }
    multipart_tell_status(self, 400);
}

#endif
