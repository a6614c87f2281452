#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/files/serve_path.h>
#include <cairn/service/random.h>

#define ROUNDS 200000

static int split_at(
    const char *path, const char *prefix, bool hidden, struct cairn__serve_path *out)
{
    memset(out, '!', sizeof(*out));
    return cairn__serve_path(cairn_str_from(path), cairn_str_from(prefix), hidden, out);
}

static void assert_name(const char *path, const char *prefix, const char *name, bool is_folder)
{
    struct cairn__serve_path out;
    assert_int_equal(split_at(path, prefix, false, &out), 0);
    assert_string_equal(out.name, name);
    assert_int_equal(out.is_folder, is_folder);
}

static void assert_status(const char *path, const char *prefix, int status)
{
    struct cairn__serve_path out;
    int got = split_at(path, prefix, false, &out);
    if (got != status)
        fail_msg("%s: %d instead of %d", path, got, status);
}

static void decodes_once_and_tells_files_from_folders(void **state)
{
    (void)state;
    assert_name("/", "", "", true);
    assert_name("/a", "", "a", false);
    assert_name("/a/", "", "a", true);
    assert_name("/a/b.c", "", "a/b.c", false);
    assert_name("/caf%C3%A9%20%2525", "", "caf\xc3\xa9 %25", false);
    assert_name("/a%3Fb%23c", "", "a?b#c", false);
}

static void takes_the_prefix_off(void **state)
{
    (void)state;
    assert_name("/static/a/b", "/static", "a/b", false);
    assert_name("/st%61tic/a/", "/static", "a", true);
    assert_name("/static/", "/static", "", true);
    assert_name("/static", "/static", "", false);
    assert_name("/v1/static/a", "/v1/static", "a", false);
    assert_status("/staticx/a", "/static", 404);
    assert_status("/stati", "/static", 404);
    assert_status("/", "/static", 404);
    assert_status("/static//", "/static", 404);
    assert_status("/static//a", "/static", 404);
}

static void broken_encoding_and_nul_are_400(void **state)
{
    (void)state;
    assert_status("/a%", "", 400);
    assert_status("/a%2", "", 400);
    assert_status("/%zz", "", 400);
    assert_status("/a%00b", "", 400);
}

static void refuses_what_is_no_name_of_a_file(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "a", "*", "//", "//a", "/a//", "/a//b", "/.", "/./a",
        "/a/.", "/..", "/../a", "/a/..", "/a/../b", "/%2e%2e/a", "/.%2E/a", "/a%2fb", "/a%2Fb",
        "/%2fetc", "/a\\b", "/a%5cb", "/..%5c..", "/.git", "/a/.git/b", "/.htaccess",
        "/.well-knownx", "/a/.well-known", "/c:", "/C:/a", "/a/z:b", "/c%3a", "/nul", "/NUL.txt",
        "/a/con", "/aux.", "/aux .x", "/prn/a", "/com1", "/COM9.log", "/lpt1.tar.gz", "/conin$",
        "/CONOUT$.x"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        assert_status(paths[i], "", 404);
    struct cairn__serve_path out;
    assert_int_equal(cairn__serve_path(CAIRN_STR("/a\0b"), CAIRN_STR(""), false, &out), 404);
}

static void leaves_names_that_only_look_odd(void **state)
{
    (void)state;
    static const char *const names[] = {"a..", "a.", "12:30", "com", "com0", "com10", "console",
        "nulx", "lpt", "ab:c", "1:", "%", "~", "a b", "-", "con-x", ".well-known/x"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_true(cairn__serve_name_is_safe(names[i], false));
    assert_name("/a..", "", "a..", false);
    assert_name("/12:30", "", "12:30", false);
    assert_name("/com0/com10/console", "", "com0/com10/console", false);
    assert_name("/.well-known/x", "", ".well-known/x", false);
}

static void hidden_names_are_served_on_request(void **state)
{
    (void)state;
    struct cairn__serve_path out;
    assert_int_equal(split_at("/.git/.x", "", true, &out), 0);
    assert_string_equal(out.name, ".git/.x");
    assert_int_equal(split_at("/..a/...", "", true, &out), 0);
    assert_int_equal(split_at("/../a", "", true, &out), 404);
    assert_int_equal(split_at("/.", "", true, &out), 404);
}

static void paths_of_more_than_1023_bytes_are_not_looked_for(void **state)
{
    (void)state;
    char path[CAIRN__SERVE_PATH_BYTES + 1];
    struct cairn__serve_path out;
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(split_at(path, "", false, &out), 404);
    path[sizeof(path) - 2] = '\0';
    assert_int_equal(split_at(path, "", false, &out), 0);
    assert_int_equal(strlen(out.name), CAIRN__SERVE_PATH_BYTES - 2);
}

/* A path is made of segments of which it is known what they are, each character written one way or
 * the other. */
struct made {
    char path[512];
    char name[256];
    int status;
};

static void made_put(struct cairn_random *random, char *out, const char *segment)
{
    for (; *segment; segment++) {
        bool must = *segment == '%' || *segment == '/';
        if (must || cairn_random_range(random, 0, 4) == 0)
            out += sprintf(out, "%%%02X", (unsigned)(unsigned char)*segment);
        else
            *out++ = *segment;
    }
    *out = '\0';
}

static struct made make(struct cairn_random *random)
{
    static const char *const good[] = {"a", "b.html", "caf\xc3\xa9", "x y", "%41", "a..b", "~"};
    static const char *const bad[] = {
        "..", ".", "", "a/b", "..\\x", ".git", "nul.x", "c:", "../.."};
    struct made made = {.status = 0};
    size_t count = (size_t)cairn_random_range(random, 1, 5);
    for (size_t i = 0; i < count; i++) {
        bool is_bad = cairn_random_range(random, 0, 8) == 0;
        const char *segment =
            is_bad ? bad[cairn_random_range(random, 0, sizeof(bad) / sizeof(*bad))]
                   : good[cairn_random_range(random, 0, sizeof(good) / sizeof(*good))];
        /* An empty last segment is a slash at the end. */
        bool is_slash = is_bad && !*segment && i > 0 && i + 1 == count;
        if (is_bad && !is_slash && !(count == 1 && !*segment))
            made.status = 404;
        strcat(made.path, "/");
        made_put(random, made.path + strlen(made.path), segment);
        if (i && !is_slash)
            strcat(made.name, "/");
        strcat(made.name, segment);
    }
    return made;
}

static void finds_the_name_in_random_paths(void **state)
{
    (void)state;
    struct cairn_random random;
    cairn_random_init(&random, 1);
    for (int i = 0; i < ROUNDS; i++) {
        struct made made = make(&random);
        struct cairn__serve_path out;
        int status = split_at(made.path, "", false, &out);
        if (status != made.status || (status == 0 && strcmp(out.name, made.name) != 0))
            fail_msg("%s: %d, %s", made.path, status, status ? "" : out.name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_once_and_tells_files_from_folders),
        cmocka_unit_test(takes_the_prefix_off),
        cmocka_unit_test(broken_encoding_and_nul_are_400),
        cmocka_unit_test(refuses_what_is_no_name_of_a_file),
        cmocka_unit_test(leaves_names_that_only_look_odd),
        cmocka_unit_test(hidden_names_are_served_on_request),
        cmocka_unit_test(paths_of_more_than_1023_bytes_are_not_looked_for),
        cmocka_unit_test(finds_the_name_in_random_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
