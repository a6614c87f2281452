#include <cairn/http/range.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

struct range_reader {
    const char *at;
    const char *end;
};

static bool range_take(struct range_reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static void range_skip_space(struct range_reader *r)
{
    while (range_take(r, ' ') || range_take(r, '\t'))
        continue;
}

/* One digit or more; what is too big for 64 bits stays as big as they can be. */
static bool range_number(struct range_reader *r, uint64_t *out)
{
    const char *begin = r->at;
    uint64_t value = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*r->at - '0'), &value))
            value = UINT64_MAX;
    }
    *out = value;
    return r->at > begin;
}

enum range_spec { RANGE_BAD, RANGE_MET, RANGE_UNMET };

/* "-5": of an empty representation none is left to tell apart from no range at all. */
static enum range_spec range_suffix(
    struct range_reader *r, uint64_t size, struct cairn_http_range *out)
{
    uint64_t length;
    if (!range_number(r, &length))
        return RANGE_BAD;
    if (length == 0)
        return RANGE_UNMET;
    if (size == 0)
        return RANGE_BAD;
    out->first = length < size ? size - length : 0;
    out->last = size - 1;
    return RANGE_MET;
}

/* "0-4" or "5-". */
static enum range_spec range_bounds(
    struct range_reader *r, uint64_t size, struct cairn_http_range *out)
{
    if (!range_number(r, &out->first) || !range_take(r, '-'))
        return RANGE_BAD;
    if (!range_number(r, &out->last))
        out->last = UINT64_MAX;
    if (out->last < out->first)
        return RANGE_BAD;
    if (out->first >= size)
        return RANGE_UNMET;
    if (out->last >= size)
        out->last = size - 1;
    return RANGE_MET;
}

/* One element of the list and the space behind it. */
static enum range_spec range_element(
    struct range_reader *r, uint64_t size, struct cairn_http_range *out)
{
    enum range_spec spec =
        range_take(r, '-') ? range_suffix(r, size, out) : range_bounds(r, size, out);
    range_skip_space(r);
    if (r->at < r->end && *r->at != ',')
        return RANGE_BAD;
    return spec;
}

/* Moves on to the next element that is not empty. */
static bool range_next(struct range_reader *r)
{
    do
        range_skip_space(r);
    while (range_take(r, ','));
    return r->at < r->end;
}

enum cairn_http_range_result cairn_http_range_parse(
    struct cairn_str value, uint64_t size, struct cairn_http_range *out, size_t max, size_t *count)
{
    static const struct cairn_str unit = CAIRN_STR_INIT("bytes=");
    size_t seen = 0;
    size_t met = 0;
    *count = 0;
    if (value.length < unit.length ||
        !cairn_str_equal_nocase(cairn_str_of(value.data, unit.length), unit))
        return CAIRN_HTTP_RANGE_IGNORED;
    struct range_reader r = {value.data + unit.length, value.data + value.length};
    while (range_next(&r)) {
        struct cairn_http_range range;
        enum range_spec spec = range_element(&r, size, &range);
        if (spec == RANGE_BAD || ++seen > max)
            return CAIRN_HTTP_RANGE_IGNORED;
        if (spec == RANGE_MET)
            out[met++] = range;
    }
    *count = met;
    if (met)
        return CAIRN_HTTP_RANGE_SATISFIABLE;
    return seen ? CAIRN_HTTP_RANGE_UNSATISFIABLE : CAIRN_HTTP_RANGE_IGNORED;
}

size_t cairn_http_content_range(struct cairn_http_range range, uint64_t size, char *buffer)
{
    return (size_t)snprintf(buffer, CAIRN_HTTP_CONTENT_RANGE_BYTES,
        "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first, range.last, size);
}

size_t cairn_http_content_range_none(uint64_t size, char *buffer)
{
    return (size_t)snprintf(buffer, CAIRN_HTTP_CONTENT_RANGE_BYTES, "bytes */%" PRIu64, size);
}
