/* log_line.h - a line of a log: keys and values, as JSON or as logfmt. Internal. */
#ifndef CAIRN_HTTP_LAYERS_LOG_LINE_H
#define CAIRN_HTTP_LAYERS_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/layers/log_sink.h>
#include <cairn/service/str.h>

struct cairn__log_line {
    bool is_logfmt;
    size_t length;
    char text[CAIRN__LOG_LINE_BYTES];
};

/* Begins an empty line. What does not fit is left out, and never half a character. */
void cairn__log_line_begin(struct cairn__log_line *line, bool is_logfmt);
/* KEY is plain. Of VALUE, escaped, at most MOST bytes. An absent one: nothing. */
void cairn__log_line_text(
    struct cairn__log_line *line, const char *key, struct cairn_str value, size_t most);
void cairn__log_line_number(struct cairn__log_line *line, const char *key, int64_t value);
/* In milliseconds with three decimals. */
void cairn__log_line_duration(struct cairn__log_line *line, const char *key, uint64_t ns);
void cairn__log_line_true(struct cairn__log_line *line, const char *key);
/* The line end. */
void cairn__log_line_end(struct cairn__log_line *line);

#endif
