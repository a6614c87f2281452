#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/files/mime_types.h>
#include <cairn/http/media_type.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/mime_reference.h>

#define ROUNDS 20000

#define traced(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

static const char *type_of(const char *name)
{
    return cairn_mime_type(NULL, cairn_str_from(name));
}

static void knows_types_by_extension(void **state)
{
    (void)state;
    assert_string_equal(type_of("index.html"), "text/html; charset=utf-8");
    assert_string_equal(type_of("/a/b.c/photo.jpeg"), "image/jpeg");
    assert_string_equal(type_of("app.js"), "text/javascript; charset=utf-8");
    assert_string_equal(type_of("data.json"), "application/json");
    assert_string_equal(type_of("module.wasm"), "application/wasm");
    assert_string_equal(type_of("7.7z"), "application/x-7z-compressed");
    assert_string_equal(type_of("last.zst"), "application/zstd");
}

static void the_last_extension_counts_in_any_case(void **state)
{
    (void)state;
    assert_string_equal(type_of("archive.tar.GZ"), "application/gzip");
    assert_string_equal(type_of("page.html.png"), "image/png");
    assert_string_equal(type_of("INDEX.HTML"), "text/html; charset=utf-8");
}

static void what_nobody_knows_has_no_type(void **state)
{
    (void)state;
    assert_null(type_of("Makefile"));
    assert_null(type_of(""));
    assert_null(type_of("a."));
    assert_null(type_of("html"));
    assert_null(type_of("folder.html/file"));
    assert_null(type_of("folder.html/"));
    assert_null(type_of("a.unknown"));
    assert_null(type_of("a.0123456789012345678901234567890123456789"));
    assert_null(type_of(NULL));
    assert_null(cairn_mime_type(NULL, CAIRN_STR("a.html\0b")));
}

static void the_types_that_are_built_in_are_sorted_and_well_formed(void **state)
{
    (void)state;
    assert_true(cairn__mime_type_count >= 100);
    for (size_t i = 0; i < cairn__mime_type_count; i++) {
        const struct cairn__mime_entry *entry = &cairn__mime_types[i];
        struct cairn_http_media_type type;
        assert_true(i == 0 || cairn__mime_compare(entry - 1, entry) < 0);
        assert_true(strlen(entry->extension) < CAIRN__MIME_EXTENSION_BYTES);
        assert_true(cairn_http_media_type_parse(cairn_str_from(entry->type), &type));
        assert_int_equal(
            strncmp(entry->type, "text/", 5) == 0, strstr(entry->type, "; charset=utf-8") != NULL);
    }
}

static struct cairn_mime *table_of(const char *text)
{
    struct cairn_error *error = NULL;
    struct cairn_mime *table = cairn_mime_new(cairn_str_from(text), &error);
    assert_non_null(table);
    return table;
}

static void assert_type(const struct cairn_mime *table, const char *name, const char *type)
{
    assert_string_equal(cairn_mime_type(table, cairn_str_from(name)), type);
}

static void a_table_goes_before_what_is_built_in(void **state)
{
    (void)state;
    char text[] = "# comment\n"
                  "text/x-note\tnote NOTES # and more\n"
                  "\r\n"
                  "application/x-page   html\r\n"
                  "application/x-none\n"
                  "image/x-first one\n"
                  "image/x-last two one";
    struct cairn_mime *table = table_of(text);
    memset(text, '!', sizeof(text) - 1);
    assert_type(table, "a.note", "text/x-note; charset=utf-8");
    assert_type(table, "a.Notes", "text/x-note; charset=utf-8");
    assert_type(table, "a.html", "application/x-page");
    assert_type(table, "a.one", "image/x-last");
    assert_type(table, "a.png", "image/png");
    assert_null(cairn_mime_type(table, CAIRN_STR("a.and")));
    cairn_mime_free(table);
}

static void an_empty_table_says_nothing(void **state)
{
    (void)state;
    struct cairn_mime *table = table_of("");
    assert_type(table, "a.png", "image/png");
    cairn_mime_free(table);
    cairn_mime_free(NULL);
}

static void assert_bad(struct cairn_str text, enum cairn_error_code code, const char *message)
{
    struct cairn_error *error = NULL;
    assert_null(cairn_mime_new(text, &error));
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void refuses_what_is_malformed_and_names_the_line(void **state)
{
    (void)state;
    static const char types[] = "a type is two names with a slash between them";
    static const char *const bad[] = {"text", "text/", "/plain", "a/b/c", "a b/c", "text/pl;ain"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char text[64];
        char message[128];
        snprintf(text, sizeof(text), "a/b c\n\n%s x\n", bad[i]);
        snprintf(message, sizeof(message), "line 3: %s", types);
        assert_bad(cairn_str_from(text), CAIRN_ERROR_INVALID, message);
    }
    static const char extensions[] =
        "line 1: an extension has at most 31 characters, no dot and no slash";
    assert_bad(CAIRN_STR("a/b .c"), CAIRN_ERROR_INVALID, extensions);
    assert_bad(CAIRN_STR("a/b d/c"), CAIRN_ERROR_INVALID, extensions);
    assert_bad(CAIRN_STR("a/b d\0c"), CAIRN_ERROR_INVALID, extensions);
    assert_bad(CAIRN_STR("a/b 01234567890123456789012345678901"), CAIRN_ERROR_INVALID, extensions);
}

static void refuses_more_than_4_mib(void **state)
{
    (void)state;
    size_t length = 4u * 1024 * 1024 + 1;
    char *text = malloc(length);
    memset(text, '\n', length);
    assert_bad(cairn_str_of(text, length), CAIRN_ERROR_TOO_LARGE, "more than 4194304 bytes");
    struct cairn_error *error = NULL;
    struct cairn_mime *table = cairn_mime_new(cairn_str_of(text, length - 1), &error);
    assert_non_null(table);
    cairn_mime_free(table);
    free(text);
}

static void loads_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/cairn_mime_XXXXXX";
    struct cairn_error *error = NULL;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "x/y z\n", 6), 6);
    close(fd);
    struct cairn_mime *table = cairn_mime_load(path, &error);
    unlink(path);
    assert_non_null(table);
    assert_type(table, "a.z", "x/y");
    cairn_mime_free(table);

    assert_null(cairn_mime_load("/nonexistent/mime.types", &error));
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    assert_string_equal(
        error->message, "/nonexistent/mime.types: No such file or directory (errno 2)");
    cairn_error_unref(error);
    assert_null(cairn_mime_load("/", &error));
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    cairn_error_unref(error);
}

static void load_or_fail(void *cx)
{
    struct cairn_error *error = NULL;
    struct cairn_mime *table = cairn_mime_load(cx, &error);
    if (!table) {
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
        cairn_error_unref(error);
    }
    cairn_mime_free(table);
}

static void fails_without_memory(void **state)
{
    (void)state;
    char path[] = "/tmp/cairn_mime_XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "x/y z\n", 6), 6);
    close(fd);
    assert_int_equal(cairn_test_each_allocation(load_or_fail, path), 2);
    unlink(path);
}

static void agrees_with_the_reference_on_random_tables(void **state)
{
    (void)state;
    static const char *const parts[] = {"text/a", "x/y", "image/b", " ", "\t", "\n", "\n", "a", "B",
        "b", "html", "#", "\r\n", " a", "/"};
    static const char *const extensions[] = {"a", "b", "html", "ab"};
    struct cairn_random random;
    cairn_random_init(&random, 1);
    unsigned read = 0;
    for (int i = 0; i < ROUNDS; i++) {
        char text[256] = "x/y a";
        size_t length = (size_t)cairn_random_range(&random, 0, 16);
        while (length--)
            strcat(text, parts[cairn_random_range(&random, 0, sizeof(parts) / sizeof(*parts))]);
        struct cairn_error *error = NULL;
        struct cairn_mime *table = cairn_mime_new(cairn_str_from(text), &error);
        cairn_error_unref(error);
        for (size_t k = 0; table && k < sizeof(extensions) / sizeof(*extensions); k++) {
            if (!mime_reference_agrees(table, text, extensions[k]))
                fail_msg("%s in: %s", extensions[k], text);
        }
        read += table != NULL;
        cairn_mime_free(table);
    }
    assert_true(read > ROUNDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        traced(knows_types_by_extension),
        traced(the_last_extension_counts_in_any_case),
        traced(what_nobody_knows_has_no_type),
        traced(the_types_that_are_built_in_are_sorted_and_well_formed),
        traced(a_table_goes_before_what_is_built_in),
        traced(an_empty_table_says_nothing),
        traced(refuses_what_is_malformed_and_names_the_line),
        traced(refuses_more_than_4_mib),
        traced(loads_a_file),
        cmocka_unit_test(fails_without_memory),
        traced(agrees_with_the_reference_on_random_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
