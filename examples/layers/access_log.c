/* access_log.c - each request leaves one line, whatever became of it. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

static struct cairn_http_response *hello(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "Hello!");
}

/* The line, shown on standard output; whether it is the one we want. */
static bool show(FILE *file)
{
    char line[512] = "";
    rewind(file);
    if (!fgets(line, sizeof(line), file))
        return false;
    fputs(line, stdout);
    return strstr(line, "\"target\":\"/hello?to=you\",\"status\":200,\"bytes\":6,") &&
           strstr(line, "\"request_id\":\"");
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    FILE *file = tmpfile();
    if (!runtime || !arena || !file)
        return 1;
    union cairn_outcome out;
    /* [snippet] */
    struct cairn_service *app =
        cairn_stack(cairn_http_handler(hello, NULL), cairn_request_id(), /* the line has its id */
            cairn_access_log(.file = file), /* no .file: standard output */
            cairn_error_to_response());     /* the line has the status of every answer */

    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/hello?to=you");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    /* [/snippet] */
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    bool is_logged = show(file);
    fclose(file);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && is_logged ? 0 : 1;
}
