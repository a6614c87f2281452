/* add_extension.c - handlers find on the request what belongs to the whole application. */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/add_extension.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [snippet] */
struct settings {
    const char *greeting;
};

static const char settings_key; /* its address is the key */

static struct cairn_http_response *greet(struct cairn_http_request *req, void *state)
{
    const struct settings *settings = cairn_http_extension_get(req, &settings_key);
    (void)state;
    return cairn_http_text(req, 200, settings->greeting);
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    union cairn_outcome out;
    bool is_greeted = false;
    struct settings settings = {"Good morning!"};
    /* [snippet] */

    struct cairn_service *app = cairn_stack(cairn_http_handler(greet, NULL),
        cairn_add_extension(.key = &settings_key, .value = &settings));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_READY) {
        const struct cairn_http_response *res = out.value;
        printf("%.*s\n", (int)res->body.length, res->body.data);
        is_greeted = cairn_str_equal(res->body, CAIRN_STR("Good morning!"));
    } else {
        cairn_error_unref(out.error);
    }
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_greeted ? 0 : 1;
}
