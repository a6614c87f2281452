#include "bench/micro/micro.h"

#include <llhttp.h>
#include <stdio.h>

#include <cairn/http/decoder.h>
#include <cairn/service/arena.h>

#define CALLS 50000

static const char small[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:18080\r\n\r\n";
static const char large[] =
    "GET /search/results?q=benchmarks&page=2&sort=newest HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.8,de;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.com/search/results?q=benchmarks\r\n"
    "Connection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Cookie: session=4f1c9a7be2d84c310a7d3e; theme=dark\r\n"
    "If-None-Match: \"5e8c0a-20d\"\r\n\r\n";

_Static_assert(sizeof(small) == 41 + 1, "a small request has 41 bytes");
_Static_assert(sizeof(large) == 617 + 1, "a large request has 617 bytes");

static struct cairn_http_limits limits;
static struct cairn_arena_cache *arenas; /* as long as the program */

static struct cairn_arena *decode(const struct cairn_str *text, struct cairn_http_request **req)
{
    struct cairn_arena *arena = cairn_arena_new(arenas);
    struct cairn_http_decoder *decoder = cairn_http_decoder_new(arena, &limits);
    size_t used = 0;
    micro_check(cairn_http_decoder_feed(decoder, text->data, text->length, &used) ==
                        CAIRN_HTTP_EVENT_HEAD &&
                    cairn_http_decoder_feed(decoder, text->data + used, text->length - used,
                        &used) == CAIRN_HTTP_EVENT_DONE,
        "a request is not understood");
    *req = cairn_http_decoder_request(decoder);
    return arena;
}

static void decoder_run(void *state, unsigned calls)
{
    struct cairn_http_request *req;
    for (unsigned i = 0; i < calls; i++)
        cairn_arena_free(decode(state, &req));
}

static int llhttp_span(llhttp_t *parser, const char *at, size_t length)
{
    (void)at;
    parser->data = (char *)parser->data + length;
    return 0;
}

static void llhttp_run(void *state, unsigned calls)
{
    static const llhttp_settings_t settings = {
        .on_url = llhttp_span, .on_header_field = llhttp_span, .on_header_value = llhttp_span};
    const struct cairn_str *text = state;
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    for (unsigned i = 0; i < calls; i++)
        micro_check(llhttp_execute(&parser, text->data, text->length) == HPE_OK, "llhttp says no");
}

static void nothing(void *state)
{
    (void)state;
}

static void add(const char *name, void (*run)(void *state, unsigned calls), struct cairn_str *text)
{
    struct micro self = {.run = run, .end = nothing, .state = text, .calls = CALLS};
    snprintf(self.name, sizeof(self.name), "%s.%zu", name, text->length);
    micro_add(self);
}

struct lookup {
    struct cairn_arena *arena;
    struct cairn_http_request *req;
    const char *name;
    bool is_there;
};

static void lookup_run(void *state, unsigned calls)
{
    const struct lookup *self = state;
    for (unsigned i = 0; i < calls; i++)
        micro_check(
            (cairn_http_request_field(self->req, self->name).data != NULL) == self->is_there,
            "a field is not found, or one that is not there");
}

static void lookup_end(void *state)
{
    struct lookup *self = state;
    cairn_arena_free(self->arena);
}

static void add_lookup(const char *name, struct lookup *lookup, struct cairn_str *text)
{
    struct micro self = {.run = lookup_run, .end = lookup_end, .state = lookup, .calls = 4 * CALLS};
    snprintf(self.name, sizeof(self.name), "%s", name);
    lookup->arena = decode(text, &lookup->req);
    micro_add(self);
}

void micro_add_parsers(void)
{
    static struct cairn_str texts[] = {{small, sizeof(small) - 1}, {large, sizeof(large) - 1}};
    static struct lookup hit = {.name = "If-None-Match", .is_there = true};
    static struct lookup miss = {.name = "X-Request-Id"};
    arenas = cairn_arena_cache_new(0);
    micro_check(arenas && !cairn_http_limits_resolve(NULL, &limits), "no memory");
    for (size_t i = 0; i < 2; i++) {
        add("parse.decoder", decoder_run, &texts[i]);
        add("parse.llhttp", llhttp_run, &texts[i]);
    }
    add_lookup("header.hit", &hit, &texts[1]);
    add_lookup("header.miss", &miss, &texts[1]);
}
