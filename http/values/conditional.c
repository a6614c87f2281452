#include <cairn/http/conditional.h>

#include <cairn/http/date.h>

/* A request and what it is about. */
struct conditional {
    const struct cairn_http_request *req;
    const struct cairn_http_validators *validators;
    int64_t now;
    bool is_read; /* GET or HEAD */
};

/* The only value of NAME: absent when there is none, or more than one. */
static struct cairn_str conditional_single(
    const struct cairn_http_request *req, struct cairn_str name)
{
    struct cairn_str value = {0};
    struct cairn_str other;
    size_t cursor = 0;
    if (cairn_http_fields_next(&req->fields, name, &cursor, &value) &&
        cairn_http_fields_next(&req->fields, name, &cursor, &other))
        return cairn_str_of(NULL, 0);
    return value;
}

static bool conditional_date(const struct conditional *c, struct cairn_str value, int64_t *out)
{
    return value.data && cairn_http_date_parse(value, c->now, out);
}

static bool conditional_has(const struct conditional *c, struct cairn_str name)
{
    return cairn_http_fields_get(&c->req->fields, name).data != NULL;
}

/* One field's value. "*" is whatever there is. */
static enum cairn_http_etag_match conditional_match_value(const struct conditional *c,
    struct cairn_str value, bool (*equal)(struct cairn_http_etag, struct cairn_http_etag))
{
    static const struct cairn_http_etag none = {0};
    const struct cairn_http_validators *v = c->validators;
    if (cairn_str_equal(value, CAIRN_STR("*")))
        return v->is_absent ? CAIRN_HTTP_ETAG_DIFFERS : CAIRN_HTTP_ETAG_MATCHES;
    return cairn_http_etag_match_list(value, v->is_absent ? none : v->etag, equal);
}

/* Over all fields of NAME, of which there is at least one. */
static enum cairn_http_etag_match conditional_match(const struct conditional *c,
    struct cairn_str name, bool (*equal)(struct cairn_http_etag, struct cairn_http_etag))
{
    enum cairn_http_etag_match match = CAIRN_HTTP_ETAG_DIFFERS;
    struct cairn_str value;
    size_t cursor = 0;
    while (cairn_http_fields_next(&c->req->fields, name, &cursor, &value)) {
        enum cairn_http_etag_match one = conditional_match_value(c, value, equal);
        if (one == CAIRN_HTTP_ETAG_MALFORMED)
            return one;
        if (one == CAIRN_HTTP_ETAG_MATCHES)
            match = one;
    }
    return match;
}

/* Whether DATE, of a field that is not to be ignored, is before the last modification. */
enum conditional_age { CONDITIONAL_UNKNOWN, CONDITIONAL_MODIFIED, CONDITIONAL_UNMODIFIED };

static enum conditional_age conditional_age(const struct conditional *c, struct cairn_str name)
{
    const struct cairn_http_validators *v = c->validators;
    int64_t date;
    if (v->is_absent || !v->has_modified ||
        !conditional_date(c, conditional_single(c->req, name), &date))
        return CONDITIONAL_UNKNOWN;
    return v->modified > date ? CONDITIONAL_MODIFIED : CONDITIONAL_UNMODIFIED;
}

/* Steps 1 and 2: may it still be done? */
static bool conditional_is_lost(const struct conditional *c)
{
    struct cairn_str name = CAIRN_STR("if-match");
    if (conditional_has(c, name))
        return conditional_match(c, name, cairn_http_etag_equal_strong) != CAIRN_HTTP_ETAG_MATCHES;
    return conditional_age(c, CAIRN_STR("if-unmodified-since")) == CONDITIONAL_MODIFIED;
}

/* Steps 3 and 4: is it known already? */
static bool conditional_is_known(const struct conditional *c)
{
    struct cairn_str name = CAIRN_STR("if-none-match");
    if (conditional_has(c, name)) {
        enum cairn_http_etag_match match = conditional_match(c, name, cairn_http_etag_equal_weak);
        return c->is_read ? match == CAIRN_HTTP_ETAG_MATCHES : match != CAIRN_HTTP_ETAG_DIFFERS;
    }
    return c->is_read &&
           conditional_age(c, CAIRN_STR("if-modified-since")) == CONDITIONAL_UNMODIFIED;
}

/* Step 5: a part is of use only to who has the rest of the same. */
static bool conditional_is_same(const struct conditional *c)
{
    const struct cairn_http_validators *v = c->validators;
    struct cairn_http_etag tag;
    int64_t date;
    if (!conditional_has(c, CAIRN_STR("if-range")))
        return true;
    struct cairn_str value = conditional_single(c->req, CAIRN_STR("if-range"));
    if (value.data && cairn_http_etag_parse(value, &tag))
        return cairn_http_etag_equal_strong(tag, v->etag);
    return v->has_modified && conditional_date(c, value, &date) && date == v->modified &&
           date < c->now;
}

static bool conditional_knows(enum cairn_http_method method)
{
    return method != CAIRN_HTTP_CONNECT && method != CAIRN_HTTP_OPTIONS &&
           method != CAIRN_HTTP_TRACE;
}

struct cairn_http_condition cairn_http_conditional(const struct cairn_http_request *req,
    const struct cairn_http_validators *validators, int64_t now)
{
    bool is_read = req->method == CAIRN_HTTP_GET || req->method == CAIRN_HTTP_HEAD;
    struct conditional c = {req, validators, now, is_read};
    struct cairn_http_condition condition = {0};
    if (!conditional_knows(req->method))
        return condition;
    if (conditional_is_lost(&c))
        condition.status = 412;
    else if (conditional_is_known(&c))
        condition.status = is_read ? 304 : 412;
    else if (req->method == CAIRN_HTTP_GET && !validators->is_absent && conditional_is_same(&c))
        condition.range = conditional_single(req, CAIRN_STR("range"));
    return condition;
}
