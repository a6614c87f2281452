/* health.c - a service that tells whether it lives, and whether to send it requests. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/health.h>
#include <cairn/http/server.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello, World!");
}

/* [snippet] */
static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct cairn_http_health *health = cx;
    return cairn_stack(
        cairn_http_handler(hello, NULL), cairn_health(.server = worker->server, .health = health));
}

static struct cairn_error *add_checks(struct cairn_http_health *health)
{
    return cairn_http_health_add_latch(health, CAIRN_HTTP_READINESS, "database");
}
/* [/snippet] */

/* What a probe of readiness is told, without a server: its own check is not asked then. */
static int probe(struct cairn_runtime *runtime, struct cairn_http_health *health)
{
    int status = 0;
    union cairn_outcome out;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_service *service =
        cairn_stack(cairn_http_handler(hello, NULL), cairn_health(.health = health));
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/readyz");
    if (cairn_block_on(runtime, cairn_service_oneshot(service, req), &out) == CAIRN_READY)
        status = ((struct cairn_http_response *)out.value)->status;
    else
        cairn_error_unref(out.error);
    printf("/readyz: %d\n", status);
    cairn_arena_free(arena);
    return status;
}

int main(int argc, char **argv)
{
    struct cairn_error *error = NULL;
    struct cairn_http_health *health = cairn_http_health_new();
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!health || !runtime || add_checks(health))
        return 1;
    int before = probe(runtime, health);
    cairn_http_health_set(health, "database", true); /* what keeps the connections does that */
    int after = probe(runtime, health);
    cairn_runtime_free(runtime);
    int status = before == 503 && after == 200 ? 0 : 1;
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        status = cairn_http_serve(app, health, .port = 8080);
    cairn_http_health_unref(health);
    return status;
}
