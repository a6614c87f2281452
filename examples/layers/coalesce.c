/* coalesce.c - three callers ask for the same thing at the same time: it is fetched once. */
#include <stdio.h>

#include <cairn/layers/coalesce.h>
#include <cairn/service/alloc.h>
#include <cairn/service/call.h>
#include <cairn/service/combine.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static void *same(const void *value)
{
    return (void *)(size_t)value; /* texts of this program live as long as it does */
}

static const struct cairn_type text = {.name = "text", .clone = same};
static char path[] = "/news";
static char news[] = "nothing new";
static unsigned fetched;

static void *found(void *cx, void *value)
{
    (void)cx;
    (void)value;
    return news;
}

static struct cairn_future fetch(void *cx, void *req)
{
    (void)req;
    fetched++;
    return cairn_future_map(cairn_sleep(5), found, cx);
}

/* [snippet] */
static struct cairn_str path_of(void *cx, const void *request)
{
    (void)cx;
    return cairn_str_from(request);
}

static struct cairn_service *client_stack(struct cairn_service *client)
{
    return cairn_stack(client, cairn_coalesce(.key = path_of));
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *app =
        client_stack(cairn_service_async_fn("client", &text, &text, fetch, NULL));
    const struct cairn_future calls[] = {
        cairn_service_oneshot(cairn_service_clone(app), path),
        cairn_service_oneshot(cairn_service_clone(app), path),
        cairn_service_oneshot(app, path),
    };
    if (cairn_block_on(runtime, cairn_join_all(calls, 3, NULL), &out) != CAIRN_READY)
        return 1;
    void **answers = out.value;
    bool is_same = answers[0] == news && answers[1] == news && answers[2] == news;
    printf("3 answers, fetched %u time\n", fetched);
    cairn_free(answers);
    cairn_runtime_free(runtime);
    return is_same && fetched == 1 ? 0 : 1;
}
