/* log_line.h - a line of a log: keys and values, as JSON or as logfmt. Internal. */
#ifndef CAIRN_HTTP_LAYERS_LOG_LINE_H
#define CAIRN_HTTP_LAYERS_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cairn/http/codec/blocks.h>
#include <cairn/http/layers/log_sink.h>
#include <cairn/http/layers/wall_clock.h>
#include <cairn/http/text/decimal.h>
#include <cairn/service/str.h>

/* What a key needs beside itself: what stands around it, and the longest number, or an empty text.
 */
#define CAIRN__LOG_LINE_FIELD 32

/* It grows where it will be written from, at the end of the sink. */
struct cairn__log_line {
    bool is_logfmt;
    struct cairn__log_sink *sink;
    char *at;
    char *end;
};

/* Begins a line in SINK with the time of CLOCK. A field that does not fit is left out, of a text
 * the end is, and never half a character: whatever comes, a line of JSON is whole. */
void cairn__log_line_begin(struct cairn__log_line *line, struct cairn__log_sink *sink,
    bool is_logfmt, struct cairn__wall_clock *clock);

/* The values, behind their key. */
void cairn__log_line_put_text(struct cairn__log_line *line, struct cairn_str value, size_t most);
void cairn__log_line_put_number(struct cairn__log_line *line, int64_t value);
void cairn__log_line_put_duration(struct cairn__log_line *line, uint64_t ns);

/* Milliseconds with three decimals, at AT. Returns where they end. */
static inline char *cairn__log_put_duration(char *at, uint64_t ns)
{
    uint64_t us = ns / 1000;
    unsigned fraction = (unsigned)(us % 1000);
    at = cairn__decimal_put(at, us / 1000);
    *at++ = '.';
    *at++ = (char)('0' + fraction / 100);
    return cairn__decimal_put_pair(at, fraction % 100);
}

/* Bytes that are left for fields. */
static inline size_t cairn__log_line_room(const struct cairn__log_line *line)
{
    return (size_t)(line->end - line->at);
}

/* KEY, which is plain. In line, so that the length of a constant one is known and its copy a store
 * or two. False: there is no room for the field. */
static inline bool cairn__log_line_key(struct cairn__log_line *line, const char *key)
{
    size_t length = strlen(key);
    char *at = line->at;
    if (length + CAIRN__LOG_LINE_FIELD > cairn__log_line_room(line))
        return false;
    if (line->is_logfmt) {
        *at = ' ';
        memcpy(at + 1, key, length);
        at[1 + length] = '=';
        line->at = at + length + 2;
    } else {
        memcpy(at, ",\"", 2);
        memcpy(at + 2, key, length);
        memcpy(at + 2 + length, "\":", 2);
        line->at = at + length + 4;
    }
    return true;
}

/* Of VALUE, escaped, at most MOST bytes. An absent one: nothing. */
static inline void cairn__log_line_text(
    struct cairn__log_line *line, const char *key, struct cairn_str value, size_t most)
{
    if (value.data && cairn__log_line_key(line, key))
        cairn__log_line_put_text(line, value, most);
}

/* VALUE is plain, and short. */
static inline void cairn__log_line_plain(
    struct cairn__log_line *line, const char *key, struct cairn_str value)
{
    size_t most = strlen(key) + CAIRN__LOG_LINE_FIELD + value.length;
    if (!value.data || most > cairn__log_line_room(line) || !cairn__log_line_key(line, key))
        return;
    *line->at++ = '"';
    line->at = cairn__put(line->at, value.data, value.length);
    *line->at++ = '"';
}

static inline void cairn__log_line_number(
    struct cairn__log_line *line, const char *key, int64_t value)
{
    if (cairn__log_line_key(line, key))
        cairn__log_line_put_number(line, value);
}

/* In milliseconds with three decimals. */
static inline void cairn__log_line_duration(
    struct cairn__log_line *line, const char *key, uint64_t ns)
{
    if (cairn__log_line_key(line, key))
        cairn__log_line_put_duration(line, ns);
}

static inline void cairn__log_line_true(struct cairn__log_line *line, const char *key)
{
    if (!cairn__log_line_key(line, key))
        return;
    memcpy(line->at, "true", 4);
    line->at += 4;
}

/* Ends the line; the sink has it. */
void cairn__log_line_end(struct cairn__log_line *line);

#endif
