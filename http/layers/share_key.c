#include <cairn/http/layers/share_key.h>

#include <stdio.h>
#include <string.h>

#include <cairn/http/layers/field_names.h>
#include <cairn/service/alloc.h>

#define SHARE_KEY_DESCRIBE_BYTES 256

/* Whether REQ may share its answer. */

static bool share_key_has_field(const struct cairn_http_request *req, struct cairn_str name)
{
    return cairn_http_fields_get(&req->fields, name).data != NULL;
}

/* RFC 9110 sections 13.1, 14.2 and 7.8: the answer is for this request alone. */
static bool share_key_is_special(
    const struct cairn__share_key *self, const struct cairn_http_request *req)
{
    static const struct cairn_str names[] = {CAIRN_STR_INIT("Range"), CAIRN_STR_INIT("If-Range"),
        CAIRN_STR_INIT("If-Match"), CAIRN_STR_INIT("If-Unmodified-Since"),
        CAIRN_STR_INIT("Upgrade"), CAIRN_STR_INIT("If-None-Match"),
        CAIRN_STR_INIT("If-Modified-Since")};
    size_t count = sizeof(names) / sizeof(names[0]) - (self->opts.takes_validators ? 2 : 0);
    for (size_t i = 0; i < count; i++) {
        if (share_key_has_field(req, names[i]))
            return true;
    }
    return cairn_http_fields_has_token(
        &req->fields, CAIRN_STR("Cache-Control"), CAIRN_STR("no-store"));
}

/* What says who asks, and is not part of the key. */
static bool share_key_is_personal(
    const struct cairn__share_key *self, const struct cairn_http_request *req)
{
    const struct cairn_str authorization = CAIRN_STR("Authorization");
    const struct cairn_str cookie = CAIRN_STR("Cookie");
    if (!self->opts.ignores_authorization && share_key_has_field(req, authorization) &&
        !cairn__share_key_has(self, authorization))
        return true;
    return !self->opts.ignores_cookies && share_key_has_field(req, cookie) &&
           !cairn__share_key_has(self, cookie);
}

static bool share_key_is_shared(
    const struct cairn__share_key *self, const struct cairn_http_request *req)
{
    return (req->method == CAIRN_HTTP_GET || req->method == CAIRN_HTTP_HEAD) &&
           req->body.length == 0 && cairn_stream_is_empty(&req->stream) &&
           !share_key_is_special(self, req) && !share_key_is_personal(self, req);
}

/* The key. Behind the salt parts end with a NUL, which none of them has. */

struct share_key_writer {
    char *at;
    size_t length;
};

static void share_key_put(struct share_key_writer *out, struct cairn_str part)
{
    if (out->at && part.length)
        memcpy(out->at + out->length, part.data, part.length);
    if (out->at)
        out->at[out->length + part.length] = '\0';
    out->length += part.length + 1;
}

static void share_key_put_lower(struct share_key_writer *out, struct cairn_str part)
{
    size_t begin = out->length;
    share_key_put(out, part);
    for (size_t i = begin; out->at && i < out->length; i++) {
        if (out->at[i] >= 'A' && out->at[i] <= 'Z')
            out->at[i] = (char)(out->at[i] + ('a' - 'A'));
    }
}

/* A path that a layer outside has put in place of the target's. */
static bool share_key_is_rewritten(const struct cairn_http_request *req)
{
    uintptr_t path = (uintptr_t)req->path.data;
    uintptr_t target = (uintptr_t)req->target.data;
    return path < target || path + req->path.length > target + req->target.length;
}

/* Each value behind a mark, so that one that is empty is not one that is absent. */
static void share_key_put_field(
    struct share_key_writer *out, const struct cairn_http_request *req, struct cairn_str name)
{
    struct cairn_str value;
    for (size_t cursor = 0; cairn_http_fields_next(&req->fields, name, &cursor, &value);) {
        share_key_put(out, CAIRN_STR("\1"));
        share_key_put(out, value);
    }
    share_key_put(out, CAIRN_STR(""));
}

static size_t share_key_write(const struct cairn__share_key *self,
    const struct cairn_http_request *req, uint32_t salt, struct share_key_writer out)
{
    bool is_rewritten = share_key_is_rewritten(req);
    share_key_put(&out, cairn_str_of((const char *)&salt, sizeof(salt)));
    share_key_put(&out, req->method_name);
    share_key_put_lower(&out, cairn_http_request_field(req, "Host"));
    share_key_put(&out, req->target);
    share_key_put(&out, is_rewritten ? req->path : CAIRN_STR(""));
    share_key_put(&out, is_rewritten ? req->query : CAIRN_STR(""));
    for (size_t i = 0; i < self->vary->count; i++)
        share_key_put_field(&out, req, self->vary->names[i]);
    return out.length;
}

static bool share_key_reserve(struct cairn__share_key *self, size_t length)
{
    if (length <= self->capacity)
        return true;
    char *text = cairn_resize(self->text, length);
    if (!text)
        return false;
    self->text = text;
    self->capacity = length;
    return true;
}

struct cairn_str cairn__share_key_of(
    struct cairn__share_key *self, const struct cairn_http_request *req, uint32_t salt)
{
    if (!share_key_is_shared(self, req))
        return (struct cairn_str){0};
    if (!share_key_reserve(self, share_key_write(self, req, salt, (struct share_key_writer){0})))
        return (struct cairn_str){0};
    return cairn_str_of(
        self->text, share_key_write(self, req, salt, (struct share_key_writer){self->text, 0}));
}

/* The rest. */

bool cairn__share_key_has(const struct cairn__share_key *self, struct cairn_str name)
{
    for (size_t i = 0; i < self->vary->count; i++) {
        if (cairn_str_equal_nocase(self->vary->names[i], name))
            return true;
    }
    return false;
}

void cairn__share_key_describe(const struct cairn__share_key *self, struct cairn_describe *d)
{
    char text[SHARE_KEY_DESCRIBE_BYTES] = "";
    size_t used = 0;
    for (size_t i = 0; i < self->vary->count && used < sizeof(text); i++)
        used += (size_t)snprintf(
            text + used, sizeof(text) - used, "%s%s", i ? "," : "", self->vary->names[i].data);
    if (used)
        cairn_describe_text(d, "vary", text);
}

static struct cairn__share_key *share_key_alloc(const struct cairn__share_key_options *opts)
{
    struct cairn__share_key *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->references = 1;
    self->opts = *opts;
    self->opts.vary = NULL;
    self->vary = cairn__field_names_new(opts->vary);
    if (self->vary)
        return self;
    cairn_free(self);
    return NULL;
}

struct cairn__share_key *cairn__share_key_new(const struct cairn__share_key_options *opts,
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn_service **broken)
{
    struct cairn__share_key *self = NULL;
    if (cairn__field_names_count(opts->vary, CAIRN__SHARE_KEY_MOST_FIELDS) >
        CAIRN__SHARE_KEY_MOST_FIELDS)
        *broken = cairn_layer_invalid(
            layer, inner, "vary must be at most %d names", CAIRN__SHARE_KEY_MOST_FIELDS);
    else if (!cairn__field_names_are_valid(opts->vary))
        *broken = cairn_layer_invalid(layer, inner, "vary must be names of header fields");
    else if (!(self = share_key_alloc(opts)))
        *broken = cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    return self;
}

void cairn__share_key_unref(struct cairn__share_key *self)
{
    if (--self->references != 0)
        return;
    cairn_free(self->vary);
    cairn_free(self->text);
    cairn_free(self);
}
