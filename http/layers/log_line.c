#include <cairn/http/layers/log_line.h>

#include <cairn/http/json/json_escape.h>
#include <cairn/http/text/decimal.h>

/* The closing brace and the line end. */
#define LOG_LINE_TAIL 2

void cairn__log_line_begin(struct cairn__log_line *line, struct cairn__log_sink *sink,
    bool is_logfmt, struct cairn__wall_clock *clock)
{
    static const char json[] = "{\"ts\":\"";
    static const char logfmt[] = "ts=\"";
    char *at = cairn__log_sink_place(sink);
    line->is_logfmt = is_logfmt;
    line->sink = sink;
    line->end = at + CAIRN__LOG_LINE_BYTES - LOG_LINE_TAIL;
    if (is_logfmt) {
        memcpy(at, logfmt, sizeof(logfmt) - 1);
        at += sizeof(logfmt) - 1;
    } else {
        memcpy(at, json, sizeof(json) - 1);
        at += sizeof(json) - 1;
    }
    memcpy(at, cairn__wall_clock_text(clock), CAIRN__WALL_TEXT_BYTES);
    at[CAIRN__WALL_TEXT_BYTES] = '"';
    line->at = at + CAIRN__WALL_TEXT_BYTES + 1;
}

void cairn__log_line_put_text(struct cairn__log_line *line, struct cairn_str value, size_t most)
{
    size_t room = (size_t)(line->end - line->at) - 2;
    *line->at++ = '"';
    line->at += cairn__json_escape(value, line->at, most < room ? most : room);
    *line->at++ = '"';
}

void cairn__log_line_put_number(struct cairn__log_line *line, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        *line->at++ = '-';
        magnitude = -magnitude;
    }
    line->at = cairn__decimal_put(line->at, magnitude);
}

void cairn__log_line_put_duration(struct cairn__log_line *line, uint64_t ns)
{
    line->at = cairn__log_put_duration(line->at, ns);
}

void cairn__log_line_end(struct cairn__log_line *line)
{
    if (!line->is_logfmt)
        *line->at++ = '}';
    *line->at++ = '\n';
    cairn__log_sink_put(line->sink, line->at);
}
