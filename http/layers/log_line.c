#include <cairn/http/layers/log_line.h>

#include <cairn/http/json/json_escape.h>

/* The closing brace and the line end always have room. */
#define LOG_LINE_MOST (CAIRN__LOG_LINE_BYTES - 2)

/* Two copies, so that the compiler makes of one whose length it knows a store or two. */
static inline void log_line_put(struct cairn__log_line *line, const char *data, size_t length)
{
    size_t room = LOG_LINE_MOST - line->length;
    if (length <= room) {
        memcpy(line->text + line->length, data, length);
        line->length += length;
    } else {
        memcpy(line->text + line->length, data, room);
        line->length += room;
    }
}

static void log_line_key(struct cairn__log_line *line, const char *key)
{
    bool is_first = line->length == 0;
    if (line->is_logfmt) {
        log_line_put(line, " ", is_first ? 0 : 1);
        log_line_put(line, key, strlen(key));
        log_line_put(line, "=", 1);
        return;
    }
    log_line_put(line, is_first ? "{\"" : ",\"", 2);
    log_line_put(line, key, strlen(key));
    log_line_put(line, "\":", 2);
}

void cairn__log_line_begin(struct cairn__log_line *line, bool is_logfmt)
{
    line->is_logfmt = is_logfmt;
    line->length = 0;
}

void cairn__log_line_text(
    struct cairn__log_line *line, const char *key, struct cairn_str value, size_t most)
{
    if (!value.data)
        return;
    log_line_key(line, key);
    log_line_put(line, "\"", 1);
    size_t room = LOG_LINE_MOST - line->length;
    line->length += cairn__json_escape(value, line->text + line->length, most < room ? most : room);
    log_line_put(line, "\"", 1);
}

static void log_line_unsigned(struct cairn__log_line *line, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    log_line_put(line, digits + at, sizeof(digits) - at);
}

void cairn__log_line_number(struct cairn__log_line *line, const char *key, int64_t value)
{
    log_line_key(line, key);
    if (value < 0)
        log_line_put(line, "-", 1);
    log_line_unsigned(line, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void cairn__log_line_duration(struct cairn__log_line *line, const char *key, uint64_t ns)
{
    uint64_t us = ns / 1000;
    char fraction[4] = {
        '.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10), (char)('0' + us % 10)};
    log_line_key(line, key);
    log_line_unsigned(line, us / 1000);
    log_line_put(line, fraction, sizeof(fraction));
}

void cairn__log_line_true(struct cairn__log_line *line, const char *key)
{
    log_line_key(line, key);
    log_line_put(line, "true", 4);
}

void cairn__log_line_end(struct cairn__log_line *line)
{
    if (!line->is_logfmt)
        line->text[line->length++] = '}';
    line->text[line->length++] = '\n';
}
