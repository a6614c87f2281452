/* The first line is a Cookie field, read beside the reference; the next four are name, value, path
 * and domain of a cookie to be set, which is refused or comes back as it went. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/cookie.h>
#include <cairn/testkit/cookie_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static char *next_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');
    *at = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

static void check_reader(struct cairn_arena *arena, const char *field)
{
    struct cookie_reference reference;
    struct cairn_http_cookie_cursor cursor = {0};
    struct cairn_http_cookie cookie;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cairn_http_fields_add(&req->fields, CAIRN_STR("Cookie"), cairn_str_from(field)))
        return;
    cookie_reference_read(&reference, field);
    for (size_t i = 0; i < reference.count; i++) {
        CHECK(cairn_http_cookie_next(req, &cursor, &cookie));
        CHECK(cairn_str_equal(cookie.name, cairn_str_from(reference.names[i])));
        CHECK(cairn_str_equal(cookie.value, cairn_str_from(reference.values[i])));
    }
    if (reference.count < COOKIE_REFERENCE_MOST)
        CHECK(!cairn_http_cookie_next(req, &cursor, &cookie));
}

static size_t count_of(struct cairn_str s, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < s.length; i++)
        count += s.data[i] == c;
    return count;
}

static void check_writer(struct cairn_arena *arena, char *lines)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    const char *name = next_line(&lines);
    const char *value = next_line(&lines);
    const char *path = next_line(&lines);
    const char *domain = next_line(&lines);
    if (cairn_http_set_cookie(
            res, .name = name, .value = value, .path = path, .domain = *domain ? domain : NULL))
        return;
    struct cairn_str text = res->fields.items[0].value;
    CHECK(cairn_http_is_field_value(text));
    CHECK(count_of(text, ';') == 3u + (*path != '\0') + (*domain != '\0'));
    text.length = (size_t)((const char *)memchr(text.data, ';', text.length) - text.data);
    CHECK(cairn_http_fields_add(&req->fields, CAIRN_STR("Cookie"), text) == 0);
    struct cairn_str back = cairn_http_cookie_get(req, name);
    CHECK(cairn_str_equal(back, cairn_str_from(value)) && back.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[COOKIE_REFERENCE_BYTES];
    char *at = text;
    if (size >= sizeof(text) || memchr(data, '\0', size))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct cairn_arena *arena = cairn_arena_new(NULL);
    check_reader(arena, next_line(&at));
    check_writer(arena, at);
    cairn_arena_free(arena);
    return 0;
}
