/* sse.c - server-sent events: a page that shows ticks as they come, and goes on where it stopped
 * when the connection was lost. */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/all.h>

static const char page[] = "<!doctype html><title>ticks</title><ul id=list></ul><script>"
                           "const list = document.getElementById('list');"
                           "new EventSource('/ticks').addEventListener('tick', event => {"
                           "  const item = document.createElement('li');"
                           "  item.textContent = event.lastEventId + ': ' + event.data;"
                           "  list.append(item);"
                           "});</script>";

static struct cairn_http_response *show_page(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_html(req, 200, cairn_str_from(page));
}

/* [ticks] */
/* A stream that gives an event every 100 ms. */
struct ticks {
    struct cairn_sleep_state sleep;
    unsigned long long number;
};

static enum cairn_poll ticks_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct ticks *self = state;
    char number[24];
    if (self->sleep.at_ms == 0)
        self->sleep.at_ms = cairn_runtime_deadline_ms(cx->runtime, 100);
    if (cairn_sleep_poll(&self->sleep, cx) == CAIRN_PENDING)
        return CAIRN_PENDING;
    self->sleep.at_ms = 0;
    snprintf(number, sizeof(number), "%llu", ++self->number);
    out->value = cairn_sse_chunk(&(struct cairn_sse_event){.event = CAIRN_STR("tick"),
        .id = cairn_str_from(number),
        .data = CAIRN_STR("100 ms have passed")});
    if (out->value)
        return CAIRN_READY;
    out->error = &cairn_error_no_memory;
    return CAIRN_FAILED;
}

static void ticks_drop(void *state)
{
    cairn_sleep_stop(&((struct ticks *)state)->sleep);
}

static const struct cairn_stream_ops ticks_ops = {.name = "ticks",
    .size = sizeof(struct ticks),
    .poll_next = ticks_poll_next,
    .drop = ticks_drop};

static struct cairn_http_response *send_ticks(struct cairn_http_request *req, void *state)
{
    struct ticks ticks = {.number = 0};
    (void)state;
    /* What a client that connects again has seen already. */
    struct cairn_str last = cairn_http_request_field(req, "last-event-id");
    if (last.data && !cairn_str_to_u64(last, &ticks.number))
        return cairn_http_problem(req, 400, "Last-Event-ID is not one of ours");
    return cairn_http_sse(req, cairn_stream_box(&ticks_ops, &ticks), NULL);
}
/* [/ticks] */

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(show_page, NULL));
    cairn_http_get(r, "/ticks", cairn_http_handler(send_ticks, NULL));
    /* The timeout is for the answer's head: it does not cut the events. */
    return cairn_stack(
        cairn_http_router_service(r), cairn_error_to_response(), cairn_timeout(.after_ms = 1000));
}

int main(int argc, char **argv)
{
    return cairn_http_serve(
        app, NULL, .drain_ms = 1000, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
