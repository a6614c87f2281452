#include <cairn/http/layers/cors_policy.h>

#include <inttypes.h>
#include <string.h>

#include <cairn/http/codec/list.h>
#include <cairn/http/layers/option_text.h>
#include <cairn/http/vary.h>
#include <cairn/service/alloc.h>

#define CORS_ORIGIN CAIRN_STR("Access-Control-Allow-Origin")
#define CORS_CREDENTIALS CAIRN_STR("Access-Control-Allow-Credentials")
#define CORS_EXPOSE CAIRN_STR("Access-Control-Expose-Headers")
#define CORS_ASKED_METHOD CAIRN_STR("Access-Control-Request-Method")
#define CORS_ASKED_HEADERS CAIRN_STR("Access-Control-Request-Headers")
#define CORS_ASKED_NETWORK CAIRN_STR("Access-Control-Request-Private-Network")

struct cairn__cors *cairn__cors_new(const struct cairn_cors_options *opts)
{
    const char *const texts[] = {opts->origins, opts->methods, opts->headers, opts->expose};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        bytes += cairn__option_bytes(texts[i]);
    struct cairn__cors *self = cairn_alloc_zero(sizeof(*self) + bytes);
    if (!self)
        return NULL;
    char *text = (char *)(self + 1);
    self->references = 1;
    self->opts = *opts;
    self->origins = cairn_str_from(cairn__option_copy(&text, opts->origins));
    self->methods = cairn_str_from(cairn__option_copy(&text, opts->methods));
    self->headers = cairn_str_from(cairn__option_copy(&text, opts->headers));
    self->expose = cairn_str_from(cairn__option_copy(&text, opts->expose));
    self->is_constant = opts->origins && !strchr(opts->origins, ',');
    return self;
}

void cairn__cors_unref(struct cairn__cors *self)
{
    if (--self->references == 0)
        cairn_free(self);
}

static const char *cors_way(const struct cairn__cors *self)
{
    if (self->origins.data)
        return self->origins.data;
    if (self->opts.mirror & CAIRN_CORS_MIRROR_ORIGIN)
        return "mirror";
    return self->opts.allows ? "allows" : "allows_later";
}

static void cors_describe_list(const struct cairn__cors *self, struct cairn_describe *d,
    const char *key, struct cairn_str list, unsigned mirror)
{
    if (list.data)
        cairn_describe_text(d, key, list.data);
    else if (self->opts.mirror & mirror)
        cairn_describe_text(d, key, "mirror");
}

void cairn__cors_describe(const struct cairn__cors *self, struct cairn_describe *d)
{
    cairn_describe_text(d, "origins", cors_way(self));
    cors_describe_list(self, d, "methods", self->methods, CAIRN_CORS_MIRROR_METHODS);
    cors_describe_list(self, d, "headers", self->headers, CAIRN_CORS_MIRROR_HEADERS);
    cairn_describe_text(d, "credentials", self->opts.credentials ? "yes" : "no");
    cairn_describe_counter(d, "preflights", self->preflights);
    cairn_describe_counter(d, "refused", self->refused);
    cairn_describe_counter(d, "failed", self->failed);
}

bool cairn__cors_is_preflight(const struct cairn_http_request *req)
{
    return req->method == CAIRN_HTTP_OPTIONS &&
           cairn_http_fields_get(&req->fields, CAIRN_STR("Origin")).data &&
           cairn_http_fields_get(&req->fields, CORS_ASKED_METHOD).data;
}

static bool cors_allows(
    const struct cairn__cors *self, struct cairn_str origin, const struct cairn_http_request *req)
{
    if (self->opts.allows)
        return self->opts.allows(self->opts.cx, origin, req);
    return (self->opts.mirror & CAIRN_CORS_MIRROR_ORIGIN) || cairn__list_has(self->origins, origin);
}

struct cairn_str cairn__cors_decide(
    const struct cairn__cors *self, const struct cairn_http_request *req)
{
    if (self->is_constant)
        return self->origins;
    struct cairn_str origin = cairn_http_fields_get(&req->fields, CAIRN_STR("Origin"));
    return origin.data && cors_allows(self, origin, req) ? origin : cairn_str_of(NULL, 0);
}

/* A response may outlive the layer, whose texts are copied to its arena therefore. */
static int cors_set(struct cairn_http_response *res, struct cairn_str name, struct cairn_str value)
{
    struct cairn_str copy = cairn_arena_copy(res->arena, value);
    return copy.data ? cairn_http_fields_set(&res->fields, name, copy) : -1;
}

/* The fields that an answer and one to a preflight have in common. */
static int cors_allow(
    const struct cairn__cors *self, struct cairn_http_response *res, struct cairn_str allowed)
{
    if (cors_set(res, CORS_ORIGIN, allowed) != 0)
        return -1;
    return self->opts.credentials
               ? cairn_http_fields_set(&res->fields, CORS_CREDENTIALS, CAIRN_STR("true"))
               : 0;
}

int cairn__cors_edit(
    const struct cairn__cors *self, struct cairn_http_response *res, struct cairn_str allowed)
{
    cairn_http_fields_remove(&res->fields, CORS_ORIGIN);
    cairn_http_fields_remove(&res->fields, CORS_CREDENTIALS);
    cairn_http_fields_remove(&res->fields, CORS_EXPOSE);
    if (!self->is_constant && cairn_http_vary_add(&res->fields, CAIRN_STR("Origin")) != 0)
        return -1;
    if (!allowed.data)
        return 0;
    if (cors_allow(self, res, allowed) != 0)
        return -1;
    return self->expose.data ? cors_set(res, CORS_EXPOSE, self->expose) : 0;
}

/* LIST, or, if it is mirrored, what REQ has in ASKED. */
static int cors_allow_list(const struct cairn__cors *self, struct cairn_http_response *res,
    const struct cairn_http_request *req, struct cairn_str name, struct cairn_str list,
    struct cairn_str asked, unsigned mirror)
{
    if (self->opts.mirror & mirror)
        list = cairn_http_fields_get(&req->fields, asked);
    return list.data ? cors_set(res, name, list) : 0;
}

static int cors_set_max_age(const struct cairn__cors *self, struct cairn_http_response *res,
    const struct cairn_http_request *req)
{
    int64_t seconds = self->opts.max_age_s;
    if (self->opts.max_age)
        seconds = self->opts.max_age(
            self->opts.cx, cairn_http_fields_get(&req->fields, CAIRN_STR("Origin")), req);
    else if (seconds == 0)
        return 0;
    if (seconds < 0)
        seconds = 0;
    if (seconds > CAIRN_CORS_MAX_AGE_S)
        seconds = CAIRN_CORS_MAX_AGE_S;
    struct cairn_str text = cairn_arena_printf(res->arena, "%" PRId64, seconds);
    return text.data
               ? cairn_http_fields_set(&res->fields, CAIRN_STR("Access-Control-Max-Age"), text)
               : -1;
}

static int cors_set_network(const struct cairn__cors *self, struct cairn_http_response *res,
    const struct cairn_http_request *req)
{
    struct cairn_str asked = cairn_http_fields_get(&req->fields, CORS_ASKED_NETWORK);
    if (!self->opts.private_network || !cairn_str_equal(asked, CAIRN_STR("true")))
        return 0;
    return cairn_http_fields_set(
        &res->fields, CAIRN_STR("Access-Control-Allow-Private-Network"), CAIRN_STR("true"));
}

/* What else an answer to a preflight depends on. */
static int cors_vary_preflight(const struct cairn__cors *self, struct cairn_http_fields *fields)
{
    const unsigned mirror = self->opts.mirror;
    const struct {
        bool is_read;
        struct cairn_str name;
    } reads[] = {
        {!self->is_constant || self->opts.max_age, CAIRN_STR("Origin")},
        {(mirror & CAIRN_CORS_MIRROR_METHODS) != 0, CORS_ASKED_METHOD},
        {(mirror & CAIRN_CORS_MIRROR_HEADERS) != 0, CORS_ASKED_HEADERS},
        {self->opts.private_network, CORS_ASKED_NETWORK},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(reads) / sizeof(*reads) && rc == 0; i++)
        rc = reads[i].is_read ? cairn_http_vary_add(fields, reads[i].name) : 0;
    return rc;
}

static int cors_allow_preflight(const struct cairn__cors *self, struct cairn_http_response *res,
    const struct cairn_http_request *req, struct cairn_str allowed)
{
    if (cors_allow(self, res, allowed) != 0 ||
        cors_allow_list(self, res, req, CAIRN_STR("Access-Control-Allow-Methods"), self->methods,
            CORS_ASKED_METHOD, CAIRN_CORS_MIRROR_METHODS) != 0 ||
        cors_allow_list(self, res, req, CAIRN_STR("Access-Control-Allow-Headers"), self->headers,
            CORS_ASKED_HEADERS, CAIRN_CORS_MIRROR_HEADERS) != 0)
        return -1;
    return cors_set_max_age(self, res, req) != 0 ? -1 : cors_set_network(self, res, req);
}

struct cairn_http_response *cairn__cors_preflight(
    const struct cairn__cors *self, const struct cairn_http_request *req, struct cairn_str allowed)
{
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    if (!res || cors_vary_preflight(self, &res->fields) != 0)
        return NULL;
    if (allowed.data && cors_allow_preflight(self, res, req, allowed) != 0)
        return NULL;
    return res;
}
