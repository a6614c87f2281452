/* load.c - how busy a service is: what balancers compare. */
#include <stdio.h>

#include <cairn/layers/load.h>
#include <cairn/layers/load_constant.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/pending_requests.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};
static char question[] = "how are you?";

static struct cairn_future answer_in_a_while(void *cx, void *req)
{
    (void)cx;
    (void)req;
    return cairn_sleep(5);
}

static struct cairn_service *slow(void)
{
    return cairn_service_async_fn("slow", &text, &text, answer_in_a_while, NULL);
}

/* [completion] */
struct download {
    struct cairn_load_handle handle; /* dropped with the last byte */
};

static void *count_to_the_end(void *cx, struct cairn_load_handle handle, void *response)
{
    ((struct download *)cx)->handle = handle;
    return response;
}
/* [/completion] */

/* The response is there, and the call pending still. */
static bool counts_to_the_end(struct cairn_runtime *runtime)
{
    struct download download = {.handle = {0}};
    union cairn_outcome out;
    /* [completion] */

    struct cairn_service *app = cairn_stack(
        slow(), cairn_pending_requests(.completion = {.track = count_to_the_end, .cx = &download}));
    /* [/completion] */
    struct cairn_service *copy = cairn_service_clone(app);
    if (!copy || cairn_block_on(runtime, cairn_service_oneshot(copy, question), &out))
        return false;
    double before = cairn_load_of(app);
    cairn_load_handle_drop(&download.handle);
    double after = cairn_load_of(app);
    cairn_service_drop(app);
    return before > 0 && !(after > 0);
}

int main(void)
{
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *east = cairn_stack(slow(), cairn_pending_requests());
    struct cairn_service *west = cairn_stack(slow(), cairn_peak_ewma(.default_rtt_ms = 1));
    struct cairn_service *last_resort = cairn_stack(slow(), cairn_load_constant(1e12));

    printf("%g calls\n", cairn_load_of(east));
    printf("%g ns\n", cairn_load_of(west));
    printf("%g always\n", cairn_load_of(last_resort));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(west);
    bool is_right =
        copy && cairn_block_on(runtime, cairn_service_oneshot(copy, question), &out) == CAIRN_READY;
    is_right = is_right && cairn_load_of(west) > 2e6 && counts_to_the_end(runtime);
    printf("%g ns\n", cairn_load_of(west));
    cairn_service_drop(east);
    cairn_service_drop(west);
    cairn_service_drop(last_resort);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
