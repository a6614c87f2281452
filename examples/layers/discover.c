/* discover.c - discovery of one's own: a stream of inserts and removes, here from a text. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/balance.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>

static const struct cairn_type text = {.name = "text"};

static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

static struct cairn_service *connect_to(const char *address)
{
    (void)address;
    return cairn_service_fn("client", &text, &text, answer, NULL);
}

/* [snippet] */
/* "+10.0.0.1:80 -10.0.0.2:80": what a file or a registry says. */
struct words {
    const char *at;
};

static enum cairn_poll words_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct words *self = state;
    char sign, key[64];
    int length = 0;
    (void)cx; /* all is there already; what has to wait stores the waker */
    out->value = NULL;
    if (sscanf(self->at, " %c%63s%n", &sign, key, &length) != 2)
        return CAIRN_READY; /* the end */
    self->at += length;
    out->value =
        sign == '+' ? cairn_change_insert(key, connect_to(key), 1) : cairn_change_remove(key);
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static const struct cairn_stream_ops words_ops = {
    .name = "words", .size = sizeof(struct words), .poll_next = words_poll_next};

static struct cairn_stream discover_words(const char *list)
{
    return cairn_stream_box(&words_ops, &(struct words){list});
}
/* [/snippet] */

int main(void)
{
    char hello[] = "hello";
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    struct cairn_service *app =
        cairn_balance(discover_words("+10.0.0.1:80 +10.0.0.2:80 -10.0.0.1:80"),
            .request_type = &text, .response_type = &text);
    struct cairn_service *copy = cairn_service_clone(app);
    bool is_right =
        copy && cairn_block_on(runtime, cairn_service_oneshot(copy, hello), &out) == CAIRN_READY;
    is_right = is_right && cairn_balance_len(app) == 1;
    cairn_service_drop(app);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
