/* cache.c - an answer is fetched once, and given again for a while. */
#include <stdio.h>

#include <cairn/layers/cache.h>
#include <cairn/layers/coalesce.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static void *same(const void *value)
{
    return (void *)(size_t)value; /* texts of this program live as long as it does */
}

static const struct cairn_type text = {.name = "text", .clone = same};
static char path[] = "/news";
static char news[] = "nothing new";
static unsigned fetched;

static void *fetch(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)req;
    (void)error;
    fetched++;
    return news;
}

/* [snippet] */
static struct cairn_str path_of(void *cx, const void *request)
{
    (void)cx;
    return cairn_str_from(request);
}

static struct cairn_service *client_stack(struct cairn_service *client)
{
    return cairn_stack(client, cairn_cache(.key = path_of, .ttl_ms = 5000, .stale_ms = 60000),
        cairn_coalesce(.key = path_of)); /* one call fetches what has expired */
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *app = client_stack(cairn_service_fn("client", &text, &text, fetch, NULL));
    unsigned answers = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), path);
        if (cairn_block_on(runtime, call, &out) == CAIRN_READY && out.value == news)
            answers++;
    }
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return answers == 3 && fetched == 1 ? 0 : 1;
}
