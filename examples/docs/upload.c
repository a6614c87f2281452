/* upload.c - files are saved while they come. */
#include <stdio.h>
#include <unistd.h>

#include <cairn/http/error_response.h>
#include <cairn/http/handler.h>
#include <cairn/http/multipart.h>
#include <cairn/service/async.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>

/* [upload] */
struct upload {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct cairn_http_multipart *form;
    const struct cairn_http_part *part;
    const int64_t *saved;
    int64_t bytes;
    FILE *file;
};

static enum cairn_poll upload_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct upload *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    CAIRN_AWAIT(cairn_http_multipart_next(self->form), self->part);
    while (self->part) {
        if (self->part->filename.length) { /* other fields are skipped */
            self->file = tmpfile();        /* never named as the client says */
            if (!self->file)
                CAIRN_ASYNC_RETURN(cairn_http_problem(self->req, 507, NULL));
            CAIRN_AWAIT(cairn_http_part_save(self->form, NULL, fileno(self->file), 0), self->saved);
            self->bytes += *self->saved;
            fclose(self->file); /* a real service keeps it */
            self->file = NULL;
        }
        CAIRN_AWAIT(cairn_http_multipart_next(self->form), self->part);
    }
    struct cairn_str text =
        cairn_arena_printf(self->req->arena, "%lld bytes saved", (long long)self->bytes);
    CAIRN_ASYNC_RETURN(text.data ? cairn_http_bytes(self->req, 201, "text/plain", text) : NULL);
    CAIRN_ASYNC_END();
}

static void upload_drop(void *state)
{
    struct upload *self = state;
    cairn_async_drop(&self->async);
    if (self->file)
        fclose(self->file);
}

static struct cairn_future upload(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "upload", .size = sizeof(struct upload), .poll = upload_poll, .drop = upload_drop};
    const struct cairn_http_multipart_limits limits = {
        .size = sizeof(limits), .parts = 10, .body_bytes = (uint64_t)100 << 20};
    struct upload self = {.req = req};
    (void)state;
    int status = cairn_http_multipart_open(req, &limits, &self.form);
    if (status) /* 415: another type */
        return cairn_future_ready(cairn_http_problem(req, status, NULL));
    return cairn_future_start(&ops, &self); /* fails as a form that is malformed does: 400 */
}

static struct cairn_service *app(void)
{
    return cairn_http_stream_handler(upload, NULL);
}
/* [/upload] */

static struct cairn_http_request *request(
    struct cairn_arena *arena, const char *type, const char *body)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/files");
    if (req && cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"), cairn_str_from(type)))
        return NULL;
    if (req)
        req->body = cairn_str_from(body);
    return req;
}

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

int main(void)
{
    static const char type[] = "multipart/form-data; boundary=b";
    static const char body[] =
        "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nTwo\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"a\"; "
        "filename=\"a.txt\"\r\n\r\none\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"b\"; "
        "filename=\"b.txt\"\r\n\r\nthree\r\n--b--\r\n";
    union cairn_outcome out;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &out.error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return check(0, "runtime and arena");
    enum cairn_poll p =
        cairn_block_on(runtime, cairn_service_oneshot(app(), request(arena, type, body)), &out);
    const struct cairn_http_response *res = p == CAIRN_READY ? out.value : NULL;
    int rc = check(res && cairn_str_equal(res->body, CAIRN_STR("8 bytes saved")), "bytes saved");
    p = cairn_block_on(
        runtime, cairn_service_oneshot(app(), request(arena, "text/plain", body)), &out);
    res = p == CAIRN_READY ? out.value : NULL;
    rc += check(res && res->status == 415, "another type");
    p = cairn_block_on(runtime, cairn_service_oneshot(app(), request(arena, type, "--c")), &out);
    rc += check(p == CAIRN_FAILED && cairn_http_error_status(out.error) == 400, "malformed");
    if (p == CAIRN_FAILED)
        cairn_error_unref(out.error);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return rc;
}
