/* websocket_chat.c - a chat room over WebSockets: what one says, all get. */
#include <stdlib.h>

#include <cairn/http/all.h>
#include <cairn/http/ws.h>

static const char page[] =
    "<!doctype html><title>chat</title><ul id=list></ul><form id=form><input id=text></form>"
    "<script>"
    "const list = document.getElementById('list'), text = document.getElementById('text');"
    "const socket = new WebSocket('ws://' + location.host + '/chat', 'chat');"
    "const show = line => {"
    "  const item = document.createElement('li'); item.textContent = line; list.append(item); };"
    "socket.onopen = () => show('connected');"
    "socket.onclose = event => show('closed ' + event.code);"
    "socket.onmessage = event => show(event.data);"
    "document.getElementById('form').onsubmit = event => {"
    "  event.preventDefault(); socket.send(text.value); text.value = ''; };"
    "</script>";

static struct cairn_http_response *show_page(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_html(req, 200, cairn_str_from(page));
}

/* [member] */
/* Who is in the room. One worker, so one thread: no lock. */
struct room {
    struct member *members;
};

struct member {
    struct cairn_async async;
    struct cairn_ws *ws;
    struct room *room;
    struct member *next;
    struct member **link;
    struct cairn_ws_message *message;
};

static void room_say(const struct room *room, struct cairn_str text)
{
    for (struct member *member = room->members; member; member = member->next) {
        /* Who does not read what all the others do must not make them wait. */
        if (cairn_ws_try_send(member->ws, true, text) != 0)
            cairn_ws_close(member->ws, 1008, "too slow");
    }
}

static void member_join(struct member *self)
{
    self->next = self->room->members;
    self->link = &self->room->members;
    if (self->next)
        self->next->link = &self->next;
    self->room->members = self;
}

static enum cairn_poll member_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct member *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    member_join(self);
    for (;;) {
        CAIRN_AWAIT(cairn_ws_receive(self->ws), self->message);
        if (!self->message)
            break; /* gone */
        if (self->message->is_text)
            room_say(self->room, self->message->data);
        cairn_ws_message_free(self->message);
        self->message = NULL;
    }
    CAIRN_ASYNC_END();
}

/* Once, however it ended. */
static void member_drop(void *state)
{
    struct member *self = state;
    cairn_async_drop(&self->async);
    cairn_ws_message_free(self->message);
    if (!self->link)
        return;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
}

static struct cairn_future member_run(struct cairn_ws *ws, void *room)
{
    static const struct cairn_future_ops ops = {
        .name = "member", .size = sizeof(struct member), .poll = member_poll, .drop = member_drop};
    return cairn_future_box(&ops, &(struct member){.ws = ws, .room = room});
}

static struct cairn_http_response *enter(struct cairn_http_request *req, void *room)
{
    const struct cairn_ws_options options = {
        .size = sizeof(options), .protocols = "chat", .max_message = 4096};
    return cairn_ws_upgrade(req, &options, member_run, room);
}
/* [/member] */

static struct cairn_service *app(void *room, const struct cairn_http_worker *worker)
{
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(show_page, NULL));
    cairn_http_get(r, "/chat", cairn_http_handler(enter, room));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    struct room room = {NULL};
    return cairn_http_serve(
        app, &room, .workers = 1, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
