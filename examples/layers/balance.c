/* balance.c - three servers behind one service; they come and go, and each has its own load. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/balance.h>
#include <cairn/layers/peak_ewma.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/channel.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

/* Answers with the address that was asked. */
static void *answer(void *cx, void *req, struct cairn_error **error)
{
    (void)req;
    (void)error;
    return cx;
}

/* [endpoint] */
static struct cairn_service *connect_to(char *address)
{
    struct cairn_service *client = cairn_service_fn("client", &text, &text, answer, address);
    return cairn_stack(client, cairn_peak_ewma(), /* what the balancer compares */
        cairn_timeout(.after_ms = 500));
}
/* [/endpoint] */

/* Without memory a change is NULL, and what it was made of is dropped. */
static void announce(struct cairn_sender *sender, struct cairn_change *change)
{
    if (change && cairn_sender_try_send(sender, change) != CAIRN_READY)
        cairn_change_drop(change);
}

/* Asks a copy, which shares the endpoints. */
static const char *ask(struct cairn_runtime *runtime, const struct cairn_service *app)
{
    static char question[] = "who are you?";
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(app);
    if (copy && cairn_block_on(runtime, cairn_service_oneshot(copy, question), &out) == CAIRN_READY)
        return out.value;
    return "nobody";
}

/* [picks] */
static struct cairn_service *in_turn(struct cairn_service **services, size_t count)
{
    return cairn_balance(cairn_discover_list(services, count), .request_type = &text,
        .response_type = &text, .pick = &cairn_balance_round_robin);
}
/* [/picks] */

static bool goes_round(struct cairn_runtime *runtime)
{
    char east[] = "east", west[] = "west";
    struct cairn_service *services[] = {connect_to(east), connect_to(west)};
    struct cairn_service *app = in_turn(services, 2);
    const char *first = ask(runtime, app), *second = ask(runtime, app), *third = ask(runtime, app);
    cairn_service_drop(app);
    return first == east && second == west && third == east;
}

int main(void)
{
    char a[] = "10.0.0.1:80", b[] = "10.0.0.2:80";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    const struct cairn_channel_options changes = {
        .size = sizeof(changes), .type = &cairn_change_type};
    struct cairn_channel channel;
    if (cairn_channel_new(&changes, &channel))
        return 1;
    /* [snippet] */
    struct cairn_service *app =
        cairn_balance(channel.receiver, .request_type = &text, .response_type = &text);

    announce(channel.sender, cairn_change_insert(a, connect_to(a), 1));
    announce(channel.sender, cairn_change_insert(b, connect_to(b), 1));
    puts(ask(runtime, app)); /* one of the two */

    announce(channel.sender, cairn_change_remove(a));
    puts(ask(runtime, app)); /* "10.0.0.2:80" */
    /* [/snippet] */
    bool is_right = ask(runtime, app) == b && cairn_balance_len(app) == 1 && goes_round(runtime);
    cairn_stack_print(app, stdout);
    cairn_service_drop(app);
    cairn_sender_unref(channel.sender);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
