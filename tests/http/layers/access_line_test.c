#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/json/json_plain.h>
#include <cairn/http/layers/access_line.h>
#include <cairn/service/random.h>

#define ROUNDS 100000

static struct cairn_random dice = {20261128};

static size_t below(size_t bound)
{
    return (size_t)cairn_random_next_u64(&dice) % bound;
}

/* The line that PUT makes of ACCESS in OUT, with ROOM for it. */
static struct cairn_str line_of(char *out, bool is_logfmt, size_t room,
    void (*put)(struct cairn__log_line *line, const struct cairn__access *access),
    const struct cairn__access *access)
{
    struct cairn__log_line line = {.is_logfmt = is_logfmt, .at = out, .end = out + room};
    put(&line, access);
    assert_true(line.at <= line.end);
    return cairn_str_of(out, (size_t)(line.at - out));
}

/* Quick and plain are the same, and a line has no more than its room. */
static void assert_same_line(const struct cairn__access *access, bool is_logfmt, size_t room)
{
    static char quick[CAIRN__LOG_LINE_BYTES], plain[CAIRN__LOG_LINE_BYTES];
    struct cairn_str a = line_of(quick, is_logfmt, room, cairn__access_line, access);
    struct cairn_str b = line_of(plain, is_logfmt, room, cairn__access_line_plain, access);
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.data, b.data, a.length);
}

static struct cairn__access usual(void)
{
    return (struct cairn__access){
        .method = CAIRN_STR("GET"),
        .target = CAIRN_STR("/users/7?full=1"),
        .route = CAIRN_STR("/users/{id}"),
        .request_id = CAIRN_STR("0199c0de-0000-7000-8000-000000000000"),
        .peer = CAIRN_STR("192.0.2.1"),
        .status = 200,
        .bytes = 13,
        .ns = 1234567,
    };
}

static void a_usual_line_is_what_it_says(void **state)
{
    static const char expected[] =
        ",\"method\":\"GET\",\"target\":\"/users/7?full=1\",\"route\":\"/users/"
        "{id}\",\"status\":200,"
        "\"bytes\":13,\"dur_ms\":1.234,\"request_id\":\"0199c0de-0000-7000-8000-000000000000\","
        "\"peer\":\"192.0.2.1\"";
    char out[CAIRN__LOG_LINE_BYTES];
    struct cairn__access access = usual();
    (void)state;
    struct cairn_str line = line_of(out, false, sizeof(out), cairn__access_line, &access);
    assert_int_equal(line.length, sizeof(expected) - 1);
    assert_memory_equal(line.data, expected, line.length);
    assert_same_line(&access, false, sizeof(out));
}

/* In memory that ends with the text. Mostly plain. */
static struct cairn_str random_text(size_t most)
{
    static const char odd[] = "\"\\\n\x7f\xc3\xa9\xff";
    size_t length = below(below(4) ? 24 : most);
    char *text = malloc(length);
    if (below(20) == 0 || !text) {
        free(text);
        return cairn_str_of(NULL, 0);
    }
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(' ' + 2 + (char)below(58));
    if (length > 0 && below(4) == 0)
        text[below(length)] = odd[below(sizeof(odd))];
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '"' && below(8) ? 'q' : text[i];
    return cairn_str_of(text, length);
}

static void lines_made_in_one_go_are_those_made_field_by_field(void **state)
{
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct cairn__access access = usual();
        struct cairn_str method = random_text(40), target = random_text(1100),
                         route = random_text(1100);
        access.method = method;
        access.target = target;
        access.route = route;
        access.status = (int)below(1000);
        access.bytes = below(8) ? (int64_t)below(1u << 30) : -1;
        access.ns = below(1u << 30) * (below(4) ? 1 : 1000);
        if (below(16) == 0)
            access.request_id = cairn_str_of(NULL, 0);
        if (below(16) == 0)
            access.peer = cairn_str_of(NULL, 0);
        assert_same_line(&access, below(8) == 0,
            below(4) ? CAIRN__LOG_LINE_BYTES : 300 + below(CAIRN__LOG_LINE_BYTES - 300));
        free((char *)(uintptr_t)method.data);
        free((char *)(uintptr_t)target.data);
        free((char *)(uintptr_t)route.data);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* Each byte at each place of every length to 40. */
static void a_byte_that_is_not_plain_is_seen_at_every_place(void **state)
{
    char copy[40];
    (void)state;
    for (size_t length = 1; length <= sizeof(copy); length++) {
        char *text = malloc(length);
        assert_non_null(text);
        for (size_t i = 0; i < length; i++) {
            for (int c = 0; c < 256; c++) {
                cairn__block marks = {0};
                memset(text, 'a', length);
                text[i] = (char)c;
                char *end = cairn__json_put_plain(copy, cairn_str_of(text, length), &marks);
                assert_ptr_equal(end, copy + length);
                assert_memory_equal(copy, text, length);
                assert_int_equal(cairn__block_is_zero(marks), is_plain((unsigned char)c));
            }
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_line_is_what_it_says),
        cmocka_unit_test(lines_made_in_one_go_are_those_made_field_by_field),
        cmocka_unit_test(a_byte_that_is_not_plain_is_seen_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
