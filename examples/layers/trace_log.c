/* trace_log.c - what happens to a request, a line for each step. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/trace_log.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    FILE *file = tmpfile();
    char line[1024];
    int lines = 0;
    union cairn_outcome out;
    if (!runtime || !arena || !file)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(hello, NULL),
        cairn_trace_log(.file = file, .headers = true, .unit = CAIRN_TRACE_LOG_US));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/hello");
    if (!req ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), CAIRN_STR("secret")))
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    rewind(file);
    while (fgets(line, sizeof(line), file)) {
        fputs(line, stdout);
        lines += !strstr(line, "secret");
    }
    fclose(file);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && lines == 3 ? 0 : 1;
}
