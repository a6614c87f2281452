/* filter.c - a request that no service should see is rejected before it gets there. */
#include <stdio.h>
#include <string.h>

#include <cairn/layers/filter.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

/* [predicate] */
static void *without_slash(void *cx, void *req, struct cairn_error **error)
{
    static struct cairn_error absolute =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "files", "absolute names are not served");
    const char *name = req;
    (void)cx;
    if (*name != '/')
        return req; /* or another request */
    *error = &absolute;
    return NULL;
}
/* [/predicate] */

static void *open_file(void *cx, void *req, struct cairn_error **error)
{
    (void)cx;
    (void)error;
    return req;
}

int main(void)
{
    char message[128];
    char secret[] = "/etc/shadow";
    char file[] = "index.html";
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *files = cairn_service_fn("files", &text, &text, open_file, NULL);
    struct cairn_service *app = cairn_stack(files, cairn_filter(.predicate = without_slash));
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    if (!copy)
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, file), &out);
    bool is_right = p == CAIRN_READY && strcmp(out.value, "index.html") == 0;
    p = cairn_block_on(runtime, cairn_service_oneshot(copy, secret), &out);
    if (p == CAIRN_FAILED) { /* "files: absolute names are not served" */
        puts(cairn_error_format(out.error, message, sizeof(message)));
        is_right = is_right && out.error->code == CAIRN_ERROR_REJECTED;
        cairn_error_unref(out.error);
    }
    cairn_runtime_free(runtime);
    return is_right && p == CAIRN_FAILED ? 0 : 1;
}
