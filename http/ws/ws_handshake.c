#include <cairn/http/ws/ws_connection.h>

#include <string.h>

#include <cairn/http/base64.h>
#include <cairn/http/codec/list.h>
#include <cairn/http/error_response.h>
#include <cairn/http/ws/sha1.h>

#define WS_KEY_BYTES 16
#define WS_KEY_TEXT 24
#define WS_MIB ((size_t)1024 * 1024)
#define WS_MOST ((size_t)2147483647)

/* What the upgrade hands on. In the arena. */
struct ws_start {
    struct cairn_ws_options options;
    struct cairn_str protocol;
    struct cairn_future (*run)(struct cairn_ws *ws, void *cx);
    void *cx;
};

static struct cairn_future ws_begin(void *cx, struct cairn_byte_stream stream)
{
    const struct ws_start *self = cx;
    return cairn__ws_begin(&self->options, self->protocol, self->run, self->cx, stream);
}

static bool ws_in_range(uint64_t *value, uint64_t fallback, uint64_t min, uint64_t max)
{
    if (*value == 0)
        *value = fallback;
    return *value >= min && *value <= max;
}

static bool ws_size_in_range(size_t *value, size_t fallback, size_t min)
{
    uint64_t wide = *value;
    bool is_good = ws_in_range(&wide, fallback, min, WS_MOST);
    *value = (size_t)wide;
    return is_good;
}

/* NULL, or what is wrong with the options. */
static const char *ws_resolve(struct cairn_ws_options *opts)
{
    if (!ws_size_in_range(&opts->max_message, 64 * WS_MIB, 1))
        return "ws: max_message must be 1 to 2147483647";
    if (!ws_size_in_range(&opts->max_frame, 16 * WS_MIB, 1))
        return "ws: max_frame must be 1 to 2147483647";
    if (!ws_size_in_range(&opts->max_queued, WS_MIB, 1024))
        return "ws: max_queued must be 1024 to 2147483647";
    if (!ws_in_range(&opts->ping_ms, 30000, 10, 86400000))
        return "ws: ping_ms must be 10 to 86400000";
    if (!ws_in_range(&opts->close_ms, 5000, 10, 3600000))
        return "ws: close_ms must be 10 to 3600000";
    return NULL;
}

/* Sub-protocols are compared with case (RFC 6455 section 4.1 item 10: tokens, ABNF of 4.3). */
static struct cairn_str ws_choose(const struct cairn_http_request *req, const char *protocols)
{
    struct cairn_str ours = cairn_str_from(protocols);
    struct cairn_str protocol;
    while (cairn__list_next(&ours, &protocol)) {
        struct cairn_str offers;
        size_t cursor = 0;
        while (cairn_http_fields_next(
            &req->fields, CAIRN_STR("sec-websocket-protocol"), &cursor, &offers)) {
            if (protocol.length && cairn__list_has(offers, protocol))
                return protocol;
        }
    }
    return cairn_str_of(NULL, 0);
}

/* The scheme's end: what stands behind it is host and port. */
static struct cairn_str ws_authority(struct cairn_str origin)
{
    for (size_t i = 0; i + 3 <= origin.length; i++) {
        if (memcmp(origin.data + i, "://", 3) == 0)
            return cairn_str_of(origin.data + i + 3, origin.length - i - 3);
    }
    return cairn_str_of(NULL, 0);
}

static bool ws_may_connect(const struct cairn_http_request *req, const char *origins)
{
    struct cairn_str origin = cairn_http_request_field(req, "origin");
    if (!origin.data)
        return true;
    if (!origins) {
        struct cairn_str authority = ws_authority(origin);
        return authority.data &&
               cairn_str_equal_nocase(authority, cairn_http_request_field(req, "host"));
    }
    return strcmp(origins, "*") == 0 ||
           (origin.length > 0 && cairn__list_has(cairn_str_from(origins), origin));
}

static bool ws_key_is_valid(struct cairn_str key)
{
    char bytes[WS_KEY_TEXT];
    size_t length;
    return key.length == WS_KEY_TEXT && cairn_base64_decode(CAIRN_BASE64, key, bytes, &length) &&
           length == WS_KEY_BYTES;
}

/* RFC 6455 section 4.2.2 item 5.4. */
static struct cairn_str ws_accept(struct cairn_arena *arena, struct cairn_str key)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[WS_KEY_TEXT + sizeof(guid) - 1];
    uint8_t digest[CAIRN__SHA1_BYTES];
    memcpy(text, key.data, WS_KEY_TEXT);
    memcpy(text + WS_KEY_TEXT, guid, sizeof(guid) - 1);
    cairn__sha1(cairn_str_of(text, sizeof(text)), digest);
    return cairn_base64_encode_in(
        arena, CAIRN_BASE64, cairn_str_of((const char *)digest, sizeof(digest)));
}

static struct cairn_http_response *ws_refuse_version(const struct cairn_http_request *req)
{
    struct cairn_http_response *res =
        cairn_http_problem(req, 426, "only version 13 of the WebSocket protocol is spoken");
    if (!res || cairn_http_fields_add(&res->fields, CAIRN_STR("Upgrade"), CAIRN_STR("websocket")) ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("Sec-WebSocket-Version"), CAIRN_STR("13")))
        return NULL;
    return res;
}

/* NULL: the handshake is good so far. */
static struct cairn_http_response *ws_check(
    const struct cairn_http_request *req, const struct cairn_ws_options *opts, bool *is_good)
{
    *is_good = false;
    if (!cairn_str_equal(cairn_http_request_field(req, "sec-websocket-version"), CAIRN_STR("13")))
        return ws_refuse_version(req);
    if (req->method != CAIRN_HTTP_GET ||
        !ws_key_is_valid(cairn_http_request_field(req, "sec-websocket-key")))
        return cairn_http_problem(req, 400, "a WebSocket begins with GET and a key of 16 bytes");
    if (!ws_may_connect(req, opts->origins))
        return cairn_http_problem(req, 403, "not from this origin");
    *is_good = true;
    return NULL;
}

static struct cairn_http_response *ws_switch(struct cairn_http_request *req, struct ws_start *start)
{
    struct cairn_str accept =
        ws_accept(req->arena, cairn_http_request_field(req, "sec-websocket-key"));
    struct cairn_http_response *res = cairn_http_upgrade(req, "websocket", ws_begin, start);
    if (!res || !accept.data ||
        cairn_http_fields_add(&res->fields, CAIRN_STR("Sec-WebSocket-Accept"), accept))
        return NULL;
    if (start->protocol.data &&
        cairn_http_fields_add(&res->fields, CAIRN_STR("Sec-WebSocket-Protocol"), start->protocol))
        return NULL;
    return res;
}

struct cairn_http_response *cairn_ws_upgrade(struct cairn_http_request *req,
    const struct cairn_ws_options *options,
    struct cairn_future (*run)(struct cairn_ws *ws, void *cx), void *cx)
{
    struct ws_start *start = cairn_arena_alloc(req->arena, sizeof(*start));
    bool is_good;
    if (!start)
        return NULL;
    *start = (struct ws_start){.run = run, .cx = cx};
    if (options)
        memcpy(&start->options, options, options->size);
    const char *complaint = ws_resolve(&start->options);
    if (complaint)
        return cairn_http_problem(req, 500, complaint);
    if (!cairn_http_wants_upgrade(req, "websocket"))
        return cairn_http_upgrade(req, "websocket", ws_begin, start);
    struct cairn_http_response *refusal = ws_check(req, &start->options, &is_good);
    if (!is_good)
        return refusal;
    start->protocol = ws_choose(req, start->options.protocols);
    return ws_switch(req, start);
}
