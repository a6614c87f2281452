#include "bench/micro/micro.h"

#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/handler.h>
#include <cairn/http/router.h>
#include <cairn/service/arena.h>

#define CALLS 50000
#define PATHS 10

struct routed {
    struct cairn_arena *arena;
    struct cairn_service *router;
    struct cairn_http_request *reqs[PATHS];
    char paths[PATHS][64];
};

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)req;
    return state;
}

/* COUNT routes of five kinds, and paths that have some of them, from the first to the last. */
static struct cairn_service *router_of(
    size_t count, struct cairn_http_response *res, char paths[PATHS][64])
{
    static const char *const patterns[] = {"/static%04zu/list", "/users/{id}/thing%04zu",
        "/v%04zu-{minor}/info", "/files%04zu/{*path}", "/{name}.ext%04zu"};
    static const char *const examples[] = {"/static%04zu/list", "/users/42/thing%04zu",
        "/v%04zu-7/info", "/files%04zu/a/b", "/x.ext%04zu"};
    struct cairn_http_router *r = cairn_http_router_new();
    char pattern[64];
    for (size_t i = 0; i < count; i++) {
        snprintf(pattern, sizeof(pattern), patterns[i % 5], i);
        cairn_http_get(r, pattern, cairn_http_handler(answer, res));
    }
    for (size_t i = 0; i < PATHS; i++) {
        size_t n = i * (count - 1) / (PATHS - 1);
        snprintf(paths[i], sizeof(paths[i]), examples[n % 5], n);
    }
    return cairn_http_router_service(r);
}

static void routed_new_requests(struct routed *self)
{
    cairn_arena_free(self->arena);
    self->arena = cairn_arena_new(NULL);
    for (int i = 0; i < PATHS; i++) {
        self->reqs[i] = cairn_http_request_new(self->arena, CAIRN_HTTP_GET, "/");
        self->reqs[i]->path = cairn_str_from(self->paths[i]);
    }
}

static void *routed_begin(const struct micro *micro)
{
    static struct cairn_arena *forever;
    static struct cairn_http_response *res;
    struct routed *self = calloc(1, sizeof(*self));
    if (!forever) {
        forever = cairn_arena_new(NULL);
        res = cairn_http_response_new(cairn_http_request_new(forever, CAIRN_HTTP_GET, "/"), 299);
    }
    micro_check(self && res, "no memory");
    self->router = router_of(micro->count, res, self->paths);
    micro_check(!cairn_service_error(self->router), "the router is broken");
    return self;
}

static void routed_end(void *state)
{
    struct routed *self = state;
    cairn_service_drop(self->router);
    cairn_arena_free(self->arena);
    free(self);
}

/* A route leaves the names and values of its pattern in the arena of the request. */
static void routed_run(void *state, unsigned calls)
{
    struct routed *self = state;
    struct cairn_error *error;
    union cairn_outcome out;
    routed_new_requests(self);
    for (unsigned i = 0; i < calls; i++) {
        micro_check(cairn_service_poll_ready(self->router, &micro_context, &error) == CAIRN_READY,
            "a router is not ready");
        struct cairn_future future = cairn_service_call(self->router, self->reqs[i % PATHS]);
        micro_check(cairn_future_poll(&future, &micro_context, &out) == CAIRN_READY &&
                        ((struct cairn_http_response *)out.value)->status == 299,
            "a path has no route");
    }
}

void micro_add_routers(void)
{
    static const size_t counts[] = {10, 100, 1000};
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        struct micro self = {.begin = routed_begin,
            .run = routed_run,
            .end = routed_end,
            .count = counts[i],
            .calls = CALLS};
        snprintf(self.name, sizeof(self.name), "router.%zu", counts[i]);
        micro_add(self);
    }
}
