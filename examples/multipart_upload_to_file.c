/* multipart_upload_to_file.c - files of a form are written to a folder while they come: memory does
 * not grow with them. UPLOAD_DIR in the environment is the folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/all.h>
#include <cairn/http/multipart.h>

#define MOST_BYTES ((uint64_t)1 << 30)

static const char form_page[] =
    "<!doctype html><title>upload</title><form method=post enctype=multipart/form-data>"
    "<input type=file name=file multiple><button>Send</button></form>";

struct folder {
    int fd;
    struct cairn_blocking_pool *pool; /* writes, so that no slow disk stops the loop */
};

struct upload {
    struct cairn_async async;
    struct cairn_http_request *req;
    struct folder *folder;
    struct cairn_http_multipart *form;
    const struct cairn_http_part *part;
    const int64_t *saved;
    int fd; /* of the file that comes in; -1: none */
    char name[64];
    int files;
    int64_t bytes;
};

/* A name of our own, which no file has: what the client calls it is no name for one of ours. */
static int upload_create(struct upload *self)
{
    static unsigned long number; /* one worker */
    int fd;
    do {
        snprintf(
            self->name, sizeof(self->name), "upload-%lld-%lu", (long long)time(NULL), ++number);
        fd = openat(self->folder->fd, self->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EEXIST);
    return fd;
}

static enum cairn_poll upload_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct upload *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    for (;;) {
        CAIRN_AWAIT(cairn_http_multipart_next(self->form), self->part);
        if (!self->part)
            break;
        if (self->part->filename.length == 0)
            continue; /* a field that is no file is skipped */
        self->fd = upload_create(self);
        if (self->fd < 0)
            CAIRN_ASYNC_RETURN(cairn_http_problem(self->req, 507, "no file can be made"));
        CAIRN_AWAIT(cairn_http_part_save(self->form, self->folder->pool, self->fd, 0), self->saved);
        close(self->fd);
        self->fd = -1;
        self->files++;
        self->bytes += *self->saved;
    }
    CAIRN_ASYNC_RETURN(cairn_http_textf(
        self->req, 201, "%d files, %lld bytes\n", self->files, (long long)self->bytes));
    CAIRN_ASYNC_END();
}

/* A client that goes away in the middle ends here as well, and so does a form that is malformed or
 * too large: half a file is no file. */
static void upload_drop(void *state)
{
    struct upload *self = state;
    cairn_async_drop(&self->async);
    if (self->fd < 0)
        return;
    unlinkat(self->folder->fd, self->name, 0);
    close(self->fd);
}

static struct cairn_future upload(struct cairn_http_request *req, void *state)
{
    static const struct cairn_future_ops ops = {
        .name = "upload", .size = sizeof(struct upload), .poll = upload_poll, .drop = upload_drop};
    const struct cairn_http_multipart_limits limits = {
        .size = sizeof(limits), .parts = 20, .body_bytes = MOST_BYTES};
    struct upload self = {.req = req, .folder = state, .fd = -1};
    int status = cairn_http_multipart_open(req, &limits, &self.form);
    if (status)
        return cairn_future_ready(cairn_http_problem(req, status, "a form with files, please"));
    return cairn_future_start(&ops, &self);
}

static struct cairn_http_response *show_form(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_html(req, 200, cairn_str_from(form_page));
}

static struct cairn_service *app(void *folder, const struct cairn_http_worker *worker)
{
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(show_form, NULL));
    cairn_http_post(r, "/", cairn_http_stream_handler(upload, folder)); /* not collected */
    return cairn_stack(cairn_http_router_service(r), cairn_error_to_response());
}

int main(int argc, char **argv)
{
    struct cairn_error *error = NULL;
    const char *path = getenv("UPLOAD_DIR");
    struct folder folder = {.fd = open(path ? path : ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC)};
    folder.pool = cairn_blocking_pool_new(NULL, &error);
    if (folder.fd < 0 || !folder.pool) {
        fprintf(stderr, "UPLOAD_DIR is no folder\n");
        return 1;
    }
    int status = cairn_http_serve(
        app, &folder, .workers = 1, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
    cairn_blocking_pool_free(folder.pool);
    close(folder.fd);
    return status;
}
