#include <cairn/http/message/message_copy.h>

#include <netinet/in.h>
#include <sys/un.h>

#include <cairn/http/values/sensitive.h>

int cairn__message_copy_fields(struct cairn_http_fields *copy, const struct cairn_http_fields *of)
{
    for (size_t i = 0; i < of->count; i++) {
        struct cairn_str name = cairn_arena_copy(copy->arena, of->items[i].name);
        struct cairn_str value = cairn_arena_copy(copy->arena, of->items[i].value);
        if (!name.data || !value.data || cairn_http_fields_add(copy, name, value) != 0)
            return -1;
    }
    return cairn__sensitive_copy(copy, of);
}

/* The absent string stays absent. */
static bool message_copy_text(struct cairn_arena *arena, struct cairn_str *text)
{
    if (!text->data)
        return true;
    *text = cairn_arena_copy(arena, *text);
    return text->data != NULL;
}

static size_t message_peer_size(const struct sockaddr *peer)
{
    switch (peer->sa_family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return sizeof(peer->sa_family); /* nothing more is known of any other */
    }
}

static bool message_copy_peer(struct cairn_arena *arena, const struct sockaddr **peer)
{
    if (!*peer)
        return true;
    size_t size = message_peer_size(*peer);
    void *copy = cairn_arena_alloc(arena, sizeof(struct sockaddr_storage));
    if (!copy)
        return false;
    memset(copy, 0, sizeof(struct sockaddr_storage));
    *peer = memcpy(copy, *peer, size);
    return true;
}

static bool message_copy_texts(struct cairn_arena *arena, struct cairn_http_request *copy)
{
    struct cairn_str *const texts[] = {&copy->method_name, &copy->target, &copy->path, &copy->query,
        &copy->route, &copy->route_prefix, &copy->route_host};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!message_copy_text(arena, texts[i]))
            return false;
    }
    for (size_t i = 0; i < copy->param_count; i++) {
        if (!message_copy_text(arena, &copy->params[i].name) ||
            !message_copy_text(arena, &copy->params[i].value))
            return false;
    }
    return true;
}

struct cairn_http_request *cairn__message_copy_head(
    struct cairn_arena *arena, const struct cairn_http_request *req)
{
    struct cairn_http_request *copy = cairn_arena_alloc(arena, sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *req;
    copy->arena = arena;
    copy->fields = (struct cairn_http_fields){.arena = arena};
    copy->body = (struct cairn_str){0};
    copy->stream = (struct cairn_stream){0};
    copy->stream_length = 0;
    copy->is_stream_held = false;
    copy->trailers = NULL;
    copy->exchange = NULL;
    copy->extensions = NULL;
    bool is_whole = message_copy_texts(arena, copy) && message_copy_peer(arena, &copy->peer) &&
                    cairn__message_copy_fields(&copy->fields, &req->fields) == 0;
    return is_whole ? copy : NULL;
}
