#include <cairn/http/layers/access_line.h>

#include <cairn/http/json/json_plain.h>
#include <cairn/http/text/decimal.h>

#define ACCESS_LINE_METHOD_MOST 32
#define ACCESS_LINE_TARGET_MOST 1024
#define ACCESS_LINE_ROUTE_MOST 1024
/* More than all keys, numbers and what stands around them. */
#define ACCESS_LINE_REST 256

void cairn__access_line_plain(struct cairn__log_line *line, const struct cairn__access *access)
{
    cairn__log_line_text(line, "method", access->method, ACCESS_LINE_METHOD_MOST);
    cairn__log_line_text(line, "target", access->target, ACCESS_LINE_TARGET_MOST);
    cairn__log_line_text(line, "route", access->route, ACCESS_LINE_ROUTE_MOST);
    cairn__log_line_number(line, "status", access->status);
    cairn__log_line_number(line, "bytes", access->bytes);
    cairn__log_line_duration(line, "dur_ms", access->ns);
    cairn__log_line_plain(line, "request_id", access->request_id);
    cairn__log_line_plain(line, "peer", access->peer);
}

/* Nothing is absent, of another form, or too long. */
static bool access_line_is_usual(
    const struct cairn__log_line *line, const struct cairn__access *access)
{
    size_t short_ones = access->method.length + access->request_id.length + access->peer.length;
    return !line->is_logfmt && access->method.data && access->target.data && access->route.data &&
           access->request_id.data && access->peer.data && access->status >= 0 &&
           access->bytes >= 0 && access->method.length <= ACCESS_LINE_METHOD_MOST &&
           access->target.length <= ACCESS_LINE_TARGET_MOST &&
           access->route.length <= ACCESS_LINE_ROUTE_MOST &&
           access->target.length + access->route.length + ACCESS_LINE_REST + short_ones <=
               cairn__log_line_room(line);
}

/* LITERAL's length is known to the compiler, and its copy a store or two. */
static inline char *access_line_put(char *at, struct cairn_str literal)
{
    memcpy(at, literal.data, literal.length);
    return at + literal.length;
}

/* In JSON, what stands between two values as one text. False: a text has to be escaped, and LINE is
 * as it was. */
static bool access_line_quick(struct cairn__log_line *line, const struct cairn__access *access)
{
    cairn__block marks = {0};
    char *at = access_line_put(line->at, CAIRN_STR(",\"method\":\""));
    at = cairn__json_put_plain(at, access->method, &marks);
    at = access_line_put(at, CAIRN_STR("\",\"target\":\""));
    at = cairn__json_put_plain(at, access->target, &marks);
    at = access_line_put(at, CAIRN_STR("\",\"route\":\""));
    at = cairn__json_put_plain(at, access->route, &marks);
    if (CAIRN_UNLIKELY(!cairn__block_is_zero(marks)))
        return false;
    at = access_line_put(at, CAIRN_STR("\",\"status\":"));
    at = cairn__decimal_put(at, (uint64_t)access->status);
    at = access_line_put(at, CAIRN_STR(",\"bytes\":"));
    at = cairn__decimal_put(at, (uint64_t)access->bytes);
    at = access_line_put(at, CAIRN_STR(",\"dur_ms\":"));
    at = cairn__log_put_duration(at, access->ns);
    at = access_line_put(at, CAIRN_STR(",\"request_id\":\""));
    at = cairn__put(at, access->request_id.data, access->request_id.length);
    at = access_line_put(at, CAIRN_STR("\",\"peer\":\""));
    at = cairn__put(at, access->peer.data, access->peer.length);
    *at = '"';
    line->at = at + 1;
    return true;
}

void cairn__access_line(struct cairn__log_line *line, const struct cairn__access *access)
{
    if (!access_line_is_usual(line, access) || !access_line_quick(line, access))
        cairn__access_line_plain(line, access);
}
