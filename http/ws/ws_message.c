#include <cairn/http/ws.h>

#include <cairn/service/alloc.h>

void cairn_ws_message_free(struct cairn_ws_message *message)
{
    cairn_free(message);
}

static void ws_message_drop(void *value)
{
    cairn_ws_message_free(value);
}

const struct cairn_type cairn_ws_message_type = {.name = "ws.message", .drop = ws_message_drop};
