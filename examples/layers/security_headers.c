/* security_headers.c - pages of an application behind a proxy that speaks TLS. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/security_headers.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *home(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Welcome.");
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    union cairn_outcome out;
    size_t count = 0;
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(home, NULL),
        cairn_security_headers(.content_security_policy = "default-src 'self'",
            .hsts_max_age_s = 31536000)); /* a year; the proxy in front speaks TLS */
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cairn_block_on(runtime, cairn_service_oneshot(app, req), &out) == CAIRN_READY) {
        const struct cairn_http_fields *fields = &((struct cairn_http_response *)out.value)->fields;
        for (count = 0; count < fields->count; count++)
            printf("%.*s: %.*s\n", (int)fields->items[count].name.length,
                fields->items[count].name.data, (int)fields->items[count].value.length,
                fields->items[count].value.data);
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return count == 8 ? 0 : 1;
}
