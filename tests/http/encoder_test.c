#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <llhttp.h>

#include <cairn/http/codec/content_types.h>
#include <cairn/http/encoder.h>
#include <cairn/http/message/fields_core.h>
#include <cairn/service/random.h>

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define RANDOM_CASES 20000

static struct cairn_arena *arena;
static struct cairn_http_request *req;

static int open_arena(void **state)
{
    (void)state;
    arena = cairn_arena_new(NULL);
    req = arena ? cairn_http_request_new(arena, CAIRN_HTTP_GET, "/") : NULL;
    return req ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_free(arena);
    return 0;
}

/* To a peer that keeps a connection of HTTP/1.1 alive. */
static struct cairn_http_plan plan_for(enum cairn_http_method method)
{
    return (struct cairn_http_plan){.method = method, .version_minor = 1, .keep_alive = true};
}

/* The head is EXPECTED whatever the room, and nothing is written behind what there is. */
static void assert_head(
    const struct cairn_http_response *res, struct cairn_http_plan plan, const char *expected)
{
    char buffer[2048];
    size_t length = strlen(expected);
    cairn_http_encoder_plan(res, &plan);
    for (size_t size = 0; size <= 1024; size++) {
        memset(buffer, '~', sizeof(buffer));
        assert_int_equal(cairn_http_encoder_head(res, &plan, DATE, buffer, size), length);
        if (size >= length)
            assert_memory_equal(buffer, expected, length);
        for (size_t i = size; i < sizeof(buffer); i++)
            assert_int_equal(buffer[i], '~');
    }
}

static void writes_a_response_with_a_body(void **state)
{
    (void)state;
    assert_head(cairn_http_text(req, 200, "Hello, world!"), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 13\r\n\r\n");
    assert_head(cairn_http_response_new(req, 404), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 404 Not Found\r\nDate: " DATE "\r\nContent-Length: 0\r\n\r\n");
}

static struct cairn_random dice = {20260802};

static size_t below(size_t bound)
{
    return (size_t)cairn_random_next_u64(&dice) % bound;
}

/* The same fields, each judged by its characters. */
static struct cairn_http_response *without_lines(struct cairn_http_response *res)
{
    struct cairn_http_response *plain = cairn_arena_alloc(arena, sizeof(*plain));
    *plain = *res;
    plain->fields.lines = 0;
    return plain;
}

static void writes_a_known_content_type_as_any_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAIRN__CONTENT_TYPES; i++) {
        const struct cairn_http_field *field = &cairn__content_types[i];
        char value[64], expected[256];
        snprintf(value, sizeof(value), "%.*s", (int)field->value.length, field->value.data);
        snprintf(expected, sizeof(expected),
            "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: 0\r\n\r\n", DATE,
            value);
        struct cairn_http_response *res = cairn_http_bytes(req, 200, value, cairn_str_of("", 0));
        assert_int_equal(res->fields.lines, 1);
        assert_head(res, plan_for(CAIRN_HTTP_GET), expected);
        assert_head(without_lines(res), plan_for(CAIRN_HTTP_GET), expected);
        assert_ptr_equal(cairn__content_type_find(field->value), field);
    }
    assert_null(cairn__content_type_find(CAIRN_STR("text/plain")));
}

/* A list that was written to past its functions, so that a mark is not that of its field. */
static void believes_no_mark_of_a_field_that_is_no_line(void **state)
{
    static const char line[] = "X-Name: some value\r\n";
    static const char *const expected =
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\n%sContent-Length: 0\r\n\r\n";
    char text[256];
    (void)state;
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    assert_int_equal(cairn__fields_append_line(&res->fields, cairn__line_field(line, 6, 10)), 0);
    struct cairn_http_field *field = &res->fields.items[0];
    field->value.length = 4;
    snprintf(text, sizeof(text), expected, "X-Name: some\r\n");
    assert_head(res, plan_for(CAIRN_HTTP_GET), text);
    field->value = CAIRN_STR("other");
    snprintf(text, sizeof(text), expected, "X-Name: other\r\n");
    assert_head(res, plan_for(CAIRN_HTTP_GET), text);
    field->value = CAIRN_STR("split\r\nHere: 1");
    assert_head(res, plan_for(CAIRN_HTTP_GET), "");
    *field = cairn__line_field(line, 6, 10);
    field->name = CAIRN_STR("Date");
    snprintf(text, sizeof(text), expected, "");
    assert_head(res, plan_for(CAIRN_HTTP_GET), text);
}

/* One of a few names, and a value of each length; a line in half the cases. */
static void change_at_random(struct cairn_http_fields *fields)
{
    static const char *const names[] = {"A", "B", "Vary", "Content-Type", "X-A-Name-Of-Its-Own"};
    struct cairn_str name = cairn_str_from(names[below(5)]);
    char *value = cairn_arena_alloc_text(arena, 80);
    size_t length = below(80);
    memset(value, 'a' + (int)below(26), length);
    char *text = cairn_arena_alloc_text(arena, name.length + length + CAIRN__LINE_EXTRA);
    cairn__line_put(text, name, cairn_str_of(value, length));
    struct cairn_http_field line = cairn__line_field(text, name.length, length);
    switch (below(6)) {
    case 0:
        cairn_http_fields_add(fields, name, cairn_str_of(value, length));
        break;
    case 1:
        cairn_http_fields_set(fields, name, cairn_str_of(value, length));
        break;
    case 2:
        cairn_http_fields_remove(fields, name);
        break;
    case 3:
        cairn__fields_replace_line(fields, line);
        break;
    default:
        cairn__fields_append_line(fields, line);
    }
}

static void assert_marks_are_of_lines(const struct cairn_http_fields *fields)
{
    for (size_t i = 0; i < CAIRN__FIELDS_LINES; i++) {
        if (fields->lines >> i & 1)
            assert_true(
                i < fields->count && cairn__field_is_line(&fields->items[i], fields->lines >> i));
    }
}

/* Whatever is added, replaced and removed, beyond the fields that have a mark too. */
static void writes_lines_as_it_writes_any_field(void **state)
{
    static char quick[65536], plain[65536];
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    (void)state;
    for (size_t round = 0; round < 100; round++) {
        struct cairn_http_response *res = cairn_http_text(req, 200, "Hello, world!");
        for (size_t changes = below(150); changes > 0; changes--) {
            change_at_random(&res->fields);
            assert_marks_are_of_lines(&res->fields);
            cairn_http_encoder_plan(res, &plan);
            size_t length = cairn_http_encoder_head(res, &plan, DATE, quick, sizeof(quick));
            assert_int_equal(length,
                cairn_http_encoder_head(without_lines(res), &plan, DATE, plain, sizeof(plain)));
            assert_memory_equal(quick, plain, length);
        }
        cairn_arena_free(arena);
        assert_int_equal(open_arena(NULL), 0);
    }
}

static void names_a_status_that_has_no_name_unknown(void **state)
{
    (void)state;
    assert_head(cairn_http_response_new(req, 299), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 299 Unknown\r\nDate: " DATE "\r\nContent-Length: 0\r\n\r\n");
}

static void says_how_the_connection_goes_on_where_it_must(void **state)
{
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    (void)state;
    plan.version_minor = 0;
    assert_head(res, plan,
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    plan.keep_alive = false;
    assert_head(res, plan,
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    plan.version_minor = 1;
    assert_head(res, plan,
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void leaves_out_fields_that_are_its_own(void **state)
{
    struct cairn_http_response *res = cairn_http_response_new(req, 200);
    (void)state;
    cairn_http_response_set(res, "content-length", "99");
    cairn_http_response_set(res, "Transfer-Encoding", "chunked");
    cairn_http_response_set(res, "CONNECTION", "close");
    cairn_http_response_set(res, "date", "today");
    cairn_http_response_set(res, "X", "");
    cairn_http_response_set(res, "Etag", "\"x\"");
    assert_head(res, plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nX: \r\nEtag: \"x\"\r\nContent-Length: 0\r\n\r\n");
}

static void sends_no_body_where_none_may_be(void **state)
{
    (void)state;
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_HEAD);
    struct cairn_http_response *res = cairn_http_bytes(req, 200, NULL, CAIRN_STR("body"));
    cairn_http_encoder_plan(res, &plan);
    assert_false(plan.has_body);
    assert_head(res, plan_for(CAIRN_HTTP_HEAD),
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 4\r\n\r\n");
    plan = plan_for(CAIRN_HTTP_GET);
    cairn_http_encoder_plan(cairn_http_response_new(req, 200), &plan);
    assert_false(plan.has_body);
    cairn_http_encoder_plan(cairn_http_bytes(req, 200, NULL, CAIRN_STR("b")), &plan);
    assert_true(plan.has_body);
    cairn_http_encoder_plan(res, &plan);
    assert_true(plan.has_body);
    assert_false(plan.is_chunked);
    assert_head(cairn_http_bytes(req, 204, NULL, CAIRN_STR("body")), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 204 No Content\r\nDate: " DATE "\r\n\r\n");
    assert_head(cairn_http_bytes(req, 304, NULL, CAIRN_STR("body")), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 304 Not Modified\r\nDate: " DATE "\r\n\r\n");
    assert_head(cairn_http_bytes(req, 205, NULL, CAIRN_STR("body")), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 205 Reset Content\r\nDate: " DATE "\r\nContent-Length: 0\r\n\r\n");
    static const int statuses[] = {204, 205, 304};
    for (size_t i = 0; i < 3; i++) {
        cairn_http_encoder_plan(cairn_http_bytes(req, statuses[i], NULL, CAIRN_STR("body")), &plan);
        assert_false(plan.has_body);
    }
}

static enum cairn_poll end_at_once(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    (void)state;
    (void)cx;
    out->value = NULL;
    return CAIRN_READY;
}

static struct cairn_http_response *streamed(int status, int64_t length)
{
    static const struct cairn_stream_ops ops = {
        .name = "empty", .size = 1, .poll_next = end_at_once};
    return cairn_http_stream(req, status, NULL, cairn_stream_box(&ops, ""), length);
}

static void sends_a_stream_of_known_length_with_that_length(void **state)
{
    struct cairn_http_response *res = streamed(200, 5000000000);
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    (void)state;
    cairn_http_encoder_plan(res, &plan);
    assert_true(plan.has_body);
    assert_false(plan.is_chunked);
    assert_head(
        res, plan, "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 5000000000\r\n\r\n");
    cairn_http_encoder_plan(streamed(200, 0), &plan);
    assert_false(plan.has_body);
    assert_false(plan.is_chunked);
    assert_head(streamed(200, 0), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Length: 0\r\n\r\n");
}

static void sends_a_stream_of_unknown_length_in_chunks(void **state)
{
    struct cairn_http_response *res = streamed(200, -1);
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    (void)state;
    cairn_http_encoder_plan(res, &plan);
    assert_true(plan.has_body);
    assert_true(plan.is_chunked);
    assert_true(plan.keep_alive);
    assert_head(res, plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_head(res, plan_for(CAIRN_HTTP_HEAD), "HTTP/1.1 200 OK\r\nDate: " DATE "\r\n\r\n");
    assert_head(streamed(204, -1), plan_for(CAIRN_HTTP_GET),
        "HTTP/1.1 204 No Content\r\nDate: " DATE "\r\n\r\n");
}

static void ends_the_connection_with_a_stream_of_unknown_length_to_http_1_0(void **state)
{
    struct cairn_http_response *res = streamed(200, -1);
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    (void)state;
    plan.version_minor = 0;
    assert_head(res, plan, "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nConnection: close\r\n\r\n");
    cairn_http_encoder_plan(res, &plan);
    assert_true(plan.has_body);
    assert_false(plan.is_chunked);
    assert_false(plan.keep_alive);
}

static void sends_nothing_of_a_response_that_would_be_read_as_two(void **state)
{
    static const struct cairn_http_field bad[] = {{CAIRN_STR_INIT("a b"), CAIRN_STR_INIT("x")},
        {CAIRN_STR_INIT(""), CAIRN_STR_INIT("x")}, {CAIRN_STR_INIT("a:"), CAIRN_STR_INIT("x")},
        {CAIRN_STR_INIT("a\r\nb"), CAIRN_STR_INIT("x")},
        {CAIRN_STR_INIT("a"), CAIRN_STR_INIT("x\r\ny: z")},
        {CAIRN_STR_INIT("a"), CAIRN_STR_INIT("x\ny")},
        {CAIRN_STR_INIT("a"), CAIRN_STR_INIT("x\0y")},
        {CAIRN_STR_INIT("a"), CAIRN_STR_INIT("x\x7fy")},
        {CAIRN_STR_INIT("Date"), CAIRN_STR_INIT("x\r\n")}};
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    char buffer[1024];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cairn_http_response *res = cairn_http_text(req, 200, "x");
        res->fields.items[0] = bad[i];
        cairn_http_encoder_plan(res, &plan);
        assert_int_equal(cairn_http_encoder_head(res, &plan, DATE, buffer, sizeof(buffer)), 0);
        assert_int_equal(cairn_http_encoder_head(res, &plan, DATE, buffer, 0), 0);
    }
    static const int statuses[] = {-1, 0, 100, 199, 600, 1000};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct cairn_http_response *res = cairn_http_text(req, 200, "x");
        res->status = statuses[i];
        assert_int_equal(cairn_http_encoder_head(res, &plan, DATE, buffer, sizeof(buffer)), 0);
    }
}

static void writes_chunk_sizes_in_hexadecimal(void **state)
{
    char buffer[CAIRN_HTTP_CHUNK_HEAD_BYTES];
    (void)state;
    assert_int_equal(cairn_http_encoder_chunk_head(1, buffer), 3);
    assert_memory_equal(buffer, "1\r\n", 3);
    assert_int_equal(cairn_http_encoder_chunk_head(500, buffer), 5);
    assert_memory_equal(buffer, "1f4\r\n", 5);
    assert_int_equal(cairn_http_encoder_chunk_head(SIZE_MAX, buffer), 18);
    assert_memory_equal(buffer, "ffffffffffffffff\r\n", 18);
}

static void writes_dates_as_the_c_library_does(void **state)
{
    char date[CAIRN_HTTP_DATE_BYTES];
    char expected[CAIRN_HTTP_DATE_BYTES];
    struct tm parts;
    (void)state;
    cairn_http_date(784111777, date);
    assert_string_equal(date, DATE);
    for (time_t day = 0; day < 2932897; day++) {
        time_t now = day * 86400 + (day * 7919) % 86400;
        cairn_http_date(now, date);
        gmtime_r(&now, &parts);
        strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        if (strcmp(date, expected) != 0)
            fail_msg("%s instead of %s", date, expected);
    }
    cairn_http_date(-1, date);
    assert_string_equal(date, "Thu, 01 Jan 1970 00:00:00 GMT");
    cairn_http_date(INT64_MAX, date);
    assert_string_equal(date, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* What llhttp reads in a head, for comparison. */
struct reading {
    llhttp_t parser; /* first: the callbacks get its address */
    char names[16][64];
    char values[16][64];
    size_t name_lengths[16];
    size_t value_lengths[16];
    size_t count;
    bool is_complete;
};

static int read_name(llhttp_t *parser, const char *at, size_t length)
{
    struct reading *r = (struct reading *)parser;
    if (r->count == 16 || length > 64)
        return -1;
    memcpy(r->names[r->count], at, length);
    r->name_lengths[r->count] = length;
    r->value_lengths[r->count++] = 0;
    return 0;
}

static int read_value(llhttp_t *parser, const char *at, size_t length)
{
    struct reading *r = (struct reading *)parser;
    if (length > 64)
        return -1;
    memcpy(r->values[r->count - 1], at, length);
    r->value_lengths[r->count - 1] = length;
    return 0;
}

static int read_end(llhttp_t *parser)
{
    ((struct reading *)parser)->is_complete = true;
    return HPE_PAUSED;
}

static void assert_reads_back(
    const struct cairn_http_response *res, const char *head, size_t length)
{
    static const llhttp_settings_t settings = {.on_header_field = read_name,
        .on_header_value = read_value,
        .on_headers_complete = read_end};
    struct reading r = {.count = 0};
    llhttp_init(&r.parser, HTTP_RESPONSE, &settings);
    assert_int_equal(llhttp_execute(&r.parser, head, length), HPE_PAUSED);
    assert_true(r.is_complete);
    assert_ptr_equal(llhttp_get_error_pos(&r.parser), head + length);
    assert_int_equal(r.parser.status_code, res->status);
    assert_int_equal(r.count, res->fields.count + 2); /* Date and Content-Length */
    for (size_t i = 0; i < res->fields.count; i++) {
        const struct cairn_http_field *field = &res->fields.items[i];
        assert_int_equal(r.name_lengths[i + 1], field->name.length);
        assert_memory_equal(r.names[i + 1], field->name.data, field->name.length);
        assert_int_equal(r.value_lengths[i + 1], field->value.length);
        if (field->value.length)
            assert_memory_equal(r.values[i + 1], field->value.data, field->value.length);
    }
}

/* Mostly what may stand there, at times any byte. */
static struct cairn_str random_text(const char *set, size_t min)
{
    size_t length = min + below(30);
    char *text = cairn_arena_alloc_text(arena, length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = below(200) == 0 ? (char)below(256) : set[below(strlen(set))];
    return cairn_str_of(text, length);
}

static bool value_is_right(struct cairn_str s)
{
    bool is_right = true;
    for (size_t i = 0; i < s.length; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool is_space = c == ' ' || c == '\t';
        bool is_end = i == 0 || i == s.length - 1;
        is_right = is_right && (is_space ? !is_end : c > ' ' && c != 127);
    }
    return is_right;
}

static void one_random_response(unsigned *sent, unsigned *kept_back)
{
    struct cairn_http_response *res = cairn_http_response_new(req, 200 + (int)below(400));
    struct cairn_http_plan plan = plan_for(CAIRN_HTTP_GET);
    struct cairn_http_field items[6];
    char buffer[1024];
    bool is_right = true;
    if (res->status == 204 || res->status == 304)
        res->status = 200;
    res->fields.items = items;
    res->fields.count = below(6);
    for (size_t i = 0; i < res->fields.count; i++) {
        items[i].name = random_text("abcXYZ019-_!~", 1);
        items[i].value = random_text("abc XYZ\t,;=\"\xff\x80/", 0);
        is_right = is_right && cairn_http_is_token(items[i].name) && value_is_right(items[i].value);
    }
    cairn_http_encoder_plan(res, &plan);
    size_t length = cairn_http_encoder_head(res, &plan, DATE, buffer, sizeof(buffer));
    assert_int_equal(length != 0, is_right);
    if (length)
        assert_reads_back(res, buffer, length);
    *(length ? sent : kept_back) += 1;
}

static void what_it_sends_reads_back_as_it_was(void **state)
{
    unsigned sent = 0;
    unsigned kept_back = 0;
    for (int i = 0; i < RANDOM_CASES; i++) {
        open_arena(state);
        one_random_response(&sent, &kept_back);
        close_arena(state);
    }
    assert_true(sent > RANDOM_CASES / 5);
    assert_true(kept_back > RANDOM_CASES / 5);
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(writes_a_response_with_a_body),
        IN_ARENA(names_a_status_that_has_no_name_unknown),
        IN_ARENA(says_how_the_connection_goes_on_where_it_must),
        IN_ARENA(leaves_out_fields_that_are_its_own),
        IN_ARENA(sends_no_body_where_none_may_be),
        IN_ARENA(sends_a_stream_of_known_length_with_that_length),
        IN_ARENA(sends_a_stream_of_unknown_length_in_chunks),
        IN_ARENA(ends_the_connection_with_a_stream_of_unknown_length_to_http_1_0),
        IN_ARENA(sends_nothing_of_a_response_that_would_be_read_as_two),
        IN_ARENA(writes_a_known_content_type_as_any_other),
        IN_ARENA(believes_no_mark_of_a_field_that_is_no_line),
        IN_ARENA(writes_lines_as_it_writes_any_field),
        cmocka_unit_test(writes_chunk_sizes_in_hexadecimal),
        cmocka_unit_test(writes_dates_as_the_c_library_does),
        cmocka_unit_test(what_it_sends_reads_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
