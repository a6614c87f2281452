#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/path.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/path_reference.h>

static struct cairn_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = cairn_arena_new(NULL);
    return arena ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_free(arena);
    return 0;
}

static void assert_str(struct cairn_str s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.length, strlen(expected));
    assert_memory_equal(s.data, expected, s.length);
}

static void assert_normal(const char *path, const char *expected)
{
    struct cairn_str out;
    assert_int_equal(cairn_http_path_normalize(cairn_str_from(path), arena, &out), 0);
    assert_str(out, expected);
}

static void assert_decoded(const char *path, const char *expected)
{
    struct cairn_str out;
    assert_int_equal(cairn_http_path_decode(cairn_str_from(path), arena, &out), 0);
    assert_str(out, expected);
}

static void dot_segments_are_removed(void **state)
{
    (void)state;
    assert_normal("/a/b/c/./../../g", "/a/g");
    assert_normal("/a/..", "/");
    assert_normal("/a/.", "/a/");
    assert_normal("/./a/./", "/a/");
    assert_normal("/..", "/");
    assert_normal("/../../a", "/a");
    assert_normal("/a/b/..", "/a/");
    assert_normal("/a//../b", "/a/b");
    assert_normal("/.", "/");
}

static void what_only_looks_like_a_dot_segment_remains(void **state)
{
    (void)state;
    assert_normal("/.well-known/..a/a../...", "/.well-known/..a/a../...");
    assert_normal("/a//b/", "/a//b/");
    assert_normal("//", "//");
    assert_normal("/", "/");
}

static void encodings_have_one_form(void **state)
{
    (void)state;
    assert_normal("/%7euser/%41%2d%2E%5F0", "/~user/A-._0");
    assert_normal("/%c3%a9%2fb%3F", "/%C3%A9%2Fb%3F");
    assert_normal("/%2e%2E/a/%2e/b", "/a/b");
    assert_normal("/a/..%2fb", "/a/..%2Fb");
    assert_normal("/a%252e", "/a%252e");
    assert_normal("/caf\xc3\xa9;x=1", "/caf\xc3\xa9;x=1");
}

static void decoding_happens_once(void **state)
{
    (void)state;
    assert_decoded("/a%20b%c3%a9", "/a b\xc3\xa9");
    assert_decoded("/a%252fb", "/a%2fb");
    assert_decoded("/a/%2e%2e/b+c", "/a/../b+c");
}

static void what_needs_no_change_is_not_copied(void **state)
{
    static const char path[] = "/users/7/a.b";
    struct cairn_str out;
    (void)state;
    assert_int_equal(cairn_http_path_normalize(cairn_str_from(path), NULL, &out), 0);
    assert_ptr_equal(out.data, path);
    assert_int_equal(cairn_http_path_decode(cairn_str_from(path), NULL, &out), 0);
    assert_ptr_equal(out.data, path);
}

static void broken_encodings_and_nuls_are_refused(void **state)
{
    static const char *const refused[] = {
        "", "a", "*", "%2fa", "/%", "/%4", "/%4g", "/%g4", "/a%00", "/%00/..", "/%%20"};
    struct cairn_str out;
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct cairn_str path = cairn_str_from(refused[i]);
        assert_int_equal(cairn_http_path_normalize(path, arena, &out), 400);
        assert_null(out.data);
        assert_int_equal(cairn_http_path_decode(path, arena, &out), 400);
        assert_null(out.data);
    }
    assert_int_equal(cairn_http_path_normalize(cairn_str_of(NULL, 0), arena, &out), 400);
}

static void a_slash_that_decoding_would_uncover_is_refused(void **state)
{
    struct cairn_str out;
    (void)state;
    assert_int_equal(cairn_http_path_decode(CAIRN_STR("/a%2fb"), arena, &out), 400);
    assert_int_equal(cairn_http_path_decode(CAIRN_STR("/%20%2F"), arena, &out), 400);
    assert_null(out.data);
}

static void segments_are_encoded(void **state)
{
    (void)state;
    assert_str(cairn_http_path_encode(arena, CAIRN_STR("a/b c%\xc3\xa9~-._Z9")),
        "a%2Fb%20c%25%C3%A9~-._Z9");
    assert_str(cairn_http_path_encode(arena, CAIRN_STR("")), "");
}

static void scenario_without_memory(void *cx)
{
    static char path[5000];
    struct cairn_str out = {NULL, 0};
    cairn_test_alloc_exempt(true);
    struct cairn_arena *own = cairn_arena_new(NULL);
    cairn_test_alloc_exempt(false);
    memset(path, 'a', sizeof(path));
    memcpy(path, "/%20", 4);
    struct cairn_str s = cairn_str_of(path, sizeof(path));
    int status = 0;
    if (*(int *)cx == 0)
        status = cairn_http_path_normalize(s, own, &out);
    else if (*(int *)cx == 1)
        status = cairn_http_path_decode(s, own, &out);
    else
        out = cairn_http_path_encode(own, s);
    assert_int_equal(out.data == NULL, cairn_test_alloc_has_failed());
    assert_int_equal(status, cairn_test_alloc_has_failed() && *(int *)cx < 2 ? 503 : 0);
    cairn_arena_free(own);
}

static void without_memory_there_is_no_path(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++)
        assert_int_equal(cairn_test_each_allocation(scenario_without_memory, &which), 1);
}

static void assert_like_the_reference(const char *path)
{
    char expected[PATH_REFERENCE_BYTES + 1];
    struct cairn_str out;
    struct cairn_str again;
    bool is_valid = path_reference_is_valid(path);
    int status = cairn_http_path_normalize(cairn_str_from(path), arena, &out);
    if (status != (is_valid ? 0 : 400))
        fail_msg("%s: %d", path, status);
    if (!is_valid) {
        assert_int_equal(cairn_http_path_decode(cairn_str_from(path), arena, &out), 400);
        return;
    }
    path_reference_normalize(path, expected);
    if (!cairn_str_equal(out, cairn_str_from(expected)))
        fail_msg("%s: %.*s, and not %s", path, (int)out.length, out.data, expected);
    assert_int_equal(cairn_http_path_normalize(out, arena, &again), 0);
    assert_true(cairn_str_equal(again, out));
    bool has_decoded = path_reference_decode(path, expected);
    assert_int_equal(
        cairn_http_path_decode(cairn_str_from(path), arena, &out), has_decoded ? 0 : 400);
    if (has_decoded)
        assert_str(out, expected);
}

static void renew_arena(size_t round)
{
    if (round % 256)
        return;
    cairn_arena_free(arena);
    arena = cairn_arena_new(NULL);
}

static void all_short_paths_are_normalized_like_the_reference(void **state)
{
    static const char alphabet[] = "/.a%2eFf";
    size_t total = 1;
    (void)state;
    for (size_t length = 0; length <= 5; length++, total *= 8) {
        for (size_t number = 0; number < total; number++) {
            char path[8] = "/";
            size_t rest = number;
            for (size_t i = 0; i < length; i++, rest /= 8)
                path[i + 1] = alphabet[rest % 8];
            renew_arena(number);
            assert_like_the_reference(path);
        }
    }
}

static void random_paths_are_normalized_like_the_reference(void **state)
{
    static const char *const pieces[] = {"/", "/", "/..", "/.", "/a", "b", ".", "%2e", "%2E", "%2f",
        "%5c", "%7E", "%c3%A9", "%00", "%", "%25", "\x80", "/../", "?"};
    struct cairn_random dice = {1};
    (void)state;
    for (size_t round = 0; round < 100000; round++) {
        char path[128] = "";
        for (size_t i = 0, count = cairn_random_range(&dice, 0, 12); i < count; i++) {
            strcat(path, pieces[cairn_random_range(&dice, 0, sizeof(pieces) / sizeof(pieces[0]))]);
        }
        renew_arena(round);
        assert_like_the_reference(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_segments_are_removed),
        cmocka_unit_test(what_only_looks_like_a_dot_segment_remains),
        cmocka_unit_test(encodings_have_one_form),
        cmocka_unit_test(decoding_happens_once),
        cmocka_unit_test(what_needs_no_change_is_not_copied),
        cmocka_unit_test(broken_encodings_and_nuls_are_refused),
        cmocka_unit_test(a_slash_that_decoding_would_uncover_is_refused),
        cmocka_unit_test(segments_are_encoded),
        cmocka_unit_test(without_memory_there_is_no_path),
        cmocka_unit_test(all_short_paths_are_normalized_like_the_reference),
        cmocka_unit_test(random_paths_are_normalized_like_the_reference),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
