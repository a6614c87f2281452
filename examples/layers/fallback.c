/* fallback.c - where one service fails, another answers. */
#include <stdio.h>

#include <cairn/layers/fallback.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static void *same(const void *value)
{
    return (void *)(size_t)value; /* texts of this program live as long as it does */
}

static const struct cairn_type text = {.name = "text", .clone = same};
static char question[] = "what is in the news?";
static char old_news[] = "nothing since yesterday";

static struct cairn_future ask_far_away(void *cx, void *req)
{
    (void)cx;
    (void)req;
    return cairn_sleep(60000);
}

static void *recall(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)req;
    (void)error;
    return old_news;
}

/* [snippet] */
static bool is_no_answer(void *cx, const struct cairn_error *error)
{
    (void)cx;
    return error->code == CAIRN_ERROR_ELAPSED || error->code == CAIRN_ERROR_UNAVAILABLE;
}

static struct cairn_service *news(struct cairn_service *live, struct cairn_service *archive)
{
    return cairn_stack(live,
        cairn_fallback(.service = archive, .after_ms = 200, .on_error = is_no_answer),
        cairn_timeout(.after_ms = 20));
}
/* [/snippet] */

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    union cairn_outcome out;
    struct cairn_service *live = cairn_service_async_fn("live", &text, &text, ask_far_away, NULL);
    struct cairn_service *archive = cairn_service_fn("archive", &text, &text, recall, NULL);
    struct cairn_service *app = news(live, archive);
    cairn_service_drop(archive); /* the layer has copies of its own */

    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, question), &out);
    bool is_answered = p == CAIRN_READY && out.value == old_news;
    if (is_answered)
        puts(out.value);
    cairn_runtime_free(runtime);
    return is_answered ? 0 : 1;
}
