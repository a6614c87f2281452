#include <cairn/http/routing/route_strip.h>

#include <cairn/http/routing/route_target.h>
#include <cairn/service/alloc.h>

/* Its text stands behind it in one block. */
struct strip_prefix {
    unsigned references;
    size_t segments;
    struct cairn_str text;
};

struct strip {
    struct cairn_service base;
    struct strip_prefix *prefix;
};

static struct cairn_str strip_segments(struct cairn_str path, size_t segments)
{
    const char *end = path.data + path.length;
    const char *at = path.data;
    while (segments-- && at < end) {
        const char *slash = memchr(at + 1, '/', (size_t)(end - at - 1));
        at = slash ? slash : end;
    }
    return at < end ? cairn_str_of(at, (size_t)(end - at)) : CAIRN_STR("/");
}

static struct cairn_str strip_join(
    struct cairn_arena *arena, struct cairn_str a, struct cairn_str b)
{
    char *text = cairn_arena_alloc_text(arena, a.length + b.length);
    if (!text)
        return cairn_str_of(NULL, 0);
    if (a.length)
        memcpy(text, a.data, a.length);
    memcpy(text + a.length, b.data, b.length);
    return cairn_str_of(text, a.length + b.length);
}

/* The text is copied: it outlives the router. */
static struct cairn_future strip_call(struct cairn_service *base, void *request)
{
    const struct strip_prefix *prefix = ((struct strip *)base)->prefix;
    struct cairn_http_request *req = request;
    struct cairn_str joined = strip_join(req->arena, req->route_prefix, prefix->text);
    if (!joined.data)
        return cairn__route_fail(req, &cairn_error_no_memory);
    req->route_prefix = joined;
    req->path = strip_segments(req->path, prefix->segments);
    return cairn_service_call(base->inner, req);
}

static void strip_cloned(struct cairn_service *base)
{
    ((struct strip *)base)->prefix->references++;
}

static void strip_drop(struct cairn_service *base)
{
    struct strip_prefix *prefix = ((struct strip *)base)->prefix;
    if (--prefix->references == 0)
        cairn_free(prefix);
}

static const struct cairn_service_ops strip_ops = {
    .name = "strip",
    .size = sizeof(struct strip),
    .call = strip_call,
    .cloned = strip_cloned,
    .drop = strip_drop,
    .is_hidden = true,
};

static struct strip_prefix *strip_prefix_new(const char *text)
{
    size_t length = strlen(text);
    struct strip_prefix *prefix = cairn_alloc(sizeof(*prefix) + length);
    if (!prefix)
        return NULL;
    char *copy = memcpy(prefix + 1, text, length);
    *prefix = (struct strip_prefix){1, 0, cairn_str_of(copy, length)};
    for (size_t i = 0; i < length; i++)
        prefix->segments += text[i] == '/';
    return prefix;
}

struct cairn_service *cairn__route_strip(struct cairn_service *service, const char *prefix)
{
    if (cairn_service_error(service))
        return service;
    struct strip_prefix *copy = strip_prefix_new(prefix);
    struct strip *self = copy ? cairn_service_new(&strip_ops, service) : NULL;
    if (self) {
        self->prefix = copy;
        return &self->base;
    }
    cairn_free(copy);
    cairn_service_drop(service);
    return cairn_service_broken(&cairn_error_no_memory);
}
