/* Lines up to an empty one are patterns, the others are paths: the router against the reference. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/router.h>
#include <cairn/testkit/route_reference.h>

#define PATTERNS 32
#define BYTES 4096
#define LINE_MOST (ROUTE_REFERENCE_BYTES - 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct lines {
    char text[BYTES + 1];
    const char *patterns[PATTERNS];
    size_t count;
    char *paths; /* what follows the empty line */
};

/* Cuts the next line off *AT. NULL at the end. */
static char *next_line(char **at)
{
    char *line = *at;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    *at = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return line;
}

static void read_patterns(struct lines *self, const uint8_t *data, size_t size)
{
    memcpy(self->text, data, size);
    self->text[size] = '\0';
    self->count = 0;
    self->paths = self->text;
    for (char *line; self->count < PATTERNS && (line = next_line(&self->paths)) && *line;) {
        if (strlen(line) <= LINE_MOST)
            self->patterns[self->count++] = line;
    }
}

static struct cairn_http_response *answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "");
}

static void check(bool holds, const char *what, const char *path)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, path);
    abort();
}

static void check_values(
    const struct cairn_http_request *req, const struct route_reference *reference, const char *path)
{
    check(req->param_count == reference->count, "another number of values", path);
    for (size_t i = 0; i < reference->count; i++)
        check(cairn_str_equal(req->params[i].value, cairn_str_from(reference->values[i])),
            "another value", path);
}

static void check_path(const struct lines *lines, struct cairn_service *router, const char *path)
{
    struct route_reference reference;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    req->path = cairn_str_from(path);
    struct cairn_future future = cairn_service_call(router, req);
    check(cairn_future_is_complete(&future), "no answer", path);
    const struct cairn_http_response *res = future.state;
    if (!route_reference_is_encoded_well(path)) {
        check(res->status == 400, "broken encoding was taken", path);
    } else {
        size_t i = route_reference_find(lines->patterns, lines->count, path, &reference);
        check(res->status == (i < lines->count ? 200 : 404), "another status", path);
        if (i < lines->count) {
            check(cairn_str_equal(req->route, cairn_str_from(lines->patterns[i])), "another route",
                path);
            check_values(req, &reference, path);
        }
    }
    cairn_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines lines;
    if (size > BYTES || memchr(data, '\0', size))
        return 0;
    read_patterns(&lines, data, size);
    struct cairn_http_router *r = cairn_http_router_new();
    for (size_t i = 0; i < lines.count; i++)
        cairn_http_get(r, lines.patterns[i], cairn_http_handler(answer, NULL));
    struct cairn_service *router = cairn_http_router_service(r);
    for (char *line; !cairn_service_error(router) && (line = next_line(&lines.paths));) {
        if (strlen(line) <= LINE_MOST)
            check_path(&lines, router, line);
    }
    cairn_service_drop(router);
    return 0;
}
