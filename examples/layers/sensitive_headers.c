/* sensitive_headers.c - a log that shows header fields, and hides a key among them. */
#include <stdio.h>
#include <string.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/sensitive_headers.h>
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
    return strstr(line, "\"req.user-agent\":\"curl\",\"req.x-api-key\":\"(sensitive)\"}");
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
    static const char *const secrets[] = {"X-Api-Key", NULL};
    static const char *const logged[] = {"User-Agent", "X-Api-Key", NULL};
    struct cairn_service *app =
        cairn_stack(cairn_http_handler(hello, NULL), cairn_sensitive_headers(.names = secrets),
            cairn_access_log(.file = file, .request_fields = logged));
    /* [/snippet] */
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (!req || cairn_http_fields_add(&req->fields, CAIRN_STR("User-Agent"), CAIRN_STR("curl")) ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("X-Api-Key"), CAIRN_STR("12345")))
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, req), &out);
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    bool is_hidden = show(file);
    fclose(file);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return p == CAIRN_READY && is_hidden ? 0 : 1;
}
