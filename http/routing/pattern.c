#include <cairn/http/routing/pattern.h>

#include <cairn/http/text/percent.h>

static bool pattern_has(struct cairn_str s, char c)
{
    return s.length && memchr(s.data, c, s.length);
}

/* Why S cannot stand in a pattern as it is; NULL: it can. */
static const char *pattern_literal_complaint(struct cairn_str s)
{
    if (pattern_has(s, '{') || pattern_has(s, '}'))
        return "braces stand around the name of a capture, one in a segment, as in /users/{id}";
    if (pattern_has(s, '?') || pattern_has(s, '#'))
        return "only the path is matched, without a query or a fragment";
    if (cairn__percent_is_in(s) && cairn__percent_is_valid(s))
        return "patterns are written decoded, without percent-encoding";
    return NULL;
}

static bool pattern_is_name(struct cairn_str s)
{
    for (size_t i = 0; i < s.length; i++) {
        char c = s.data[i];
        char lower = (char)(c | 0x20);
        if ((lower < 'a' || lower > 'z') && (c < '0' || c > '9') && c != '_')
            return false;
    }
    return s.length > 0;
}

/* The pieces of S, which has a capture from OPEN to CLOSE, its braces. */
static const char *pattern_parse_capture(
    struct cairn_str s, const char *open, const char *close, struct cairn__segment *out)
{
    const char *end = s.data + s.length;
    bool is_rest = close - open > 1 && open[1] == '*';
    const char *name = open + (is_rest ? 2 : 1);
    *out = (struct cairn__segment){
        .kind = is_rest ? CAIRN__SEGMENT_REST : CAIRN__SEGMENT_CAPTURE,
        .text = cairn_str_of(name, (size_t)(close - name)),
        .prefix = cairn_str_of(s.data, (size_t)(open - s.data)),
        .suffix = cairn_str_of(close + 1, (size_t)(end - close - 1)),
    };
    if (!pattern_is_name(out->text))
        return "a capture's name is of letters, digits and underscores, at least one";
    if (is_rest && s.length > (size_t)(close + 1 - open))
        return "{*rest} is a whole segment";
    const char *complaint = pattern_literal_complaint(out->prefix);
    return complaint ? complaint : pattern_literal_complaint(out->suffix);
}

static const char *pattern_parse_segment(struct cairn_str s, struct cairn__segment *out)
{
    const char *open = s.length ? memchr(s.data, '{', s.length) : NULL;
    const char *close = open ? memchr(open, '}', s.length - (size_t)(open - s.data)) : NULL;
    if (close)
        return pattern_parse_capture(s, open, close, out);
    *out = (struct cairn__segment){.kind = CAIRN__SEGMENT_STATIC, .text = s};
    return pattern_literal_complaint(s);
}

static bool pattern_has_name(const struct cairn__pattern *self, struct cairn_str name)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct cairn__segment *segment = &self->segments[i];
        if (segment->kind != CAIRN__SEGMENT_STATIC && cairn_str_equal(segment->text, name))
            return true;
    }
    return false;
}

static const char *pattern_add(struct cairn__pattern *self, struct cairn_str s)
{
    struct cairn__segment segment;
    const char *complaint = pattern_parse_segment(s, &segment);
    if (complaint)
        return complaint;
    if (self->count == CAIRN__PATTERN_SEGMENTS)
        return "a pattern has at most 64 segments";
    if (self->count && self->segments[self->count - 1].kind == CAIRN__SEGMENT_REST)
        return "nothing can follow {*rest}";
    if (segment.kind != CAIRN__SEGMENT_STATIC) {
        if (self->captures == CAIRN_HTTP_MAX_PARAMS)
            return "a pattern has at most 16 captures";
        if (pattern_has_name(self, segment.text))
            return "each capture has a name of its own";
        self->captures++;
    }
    self->segments[self->count++] = segment;
    return NULL;
}

const char *cairn__pattern_parse(struct cairn_str text, struct cairn__pattern *out)
{
    out->text = text;
    out->count = 0;
    out->captures = 0;
    if (text.length == 0 || text.data[0] != '/')
        return "a pattern begins with a slash";
    if (text.length > CAIRN__PATTERN_BYTES)
        return "a pattern has at most 1024 bytes";
    const char *end = text.data + text.length;
    for (const char *at = text.data; at < end;) {
        const char *start = at + 1;
        at = start < end ? memchr(start, '/', (size_t)(end - start)) : NULL;
        if (!at)
            at = end;
        const char *complaint = pattern_add(out, cairn_str_of(start, (size_t)(at - start)));
        if (complaint)
            return complaint;
    }
    return NULL;
}
