#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <cairn/http/file_backend.h>
#include <cairn/testkit/alloc.h>

#include "tree.h"

static int open_before;

static int setup(void **state)
{
    (void)state;
    open_before = tree_open_files();
    tree_begin();
    tree_file("file", "inside");
    tree_folder("folder");
    tree_link("link", "file");
    cairn_test_alloc_begin();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_test_alloc_end();
    tree_end();
    assert_int_equal(tree_open_files(), open_before);
    return 0;
}

static struct cairn_http_file_backend folder(bool no_symlinks)
{
    struct cairn_error *error = NULL;
    struct cairn_http_file_backend backend = cairn_http_folder(tree_path, no_symlinks, &error);
    assert_non_null(backend.ops);
    return backend;
}

static int open_in(
    struct cairn_http_file_backend backend, const char *name, struct cairn_http_found *found)
{
    return backend.ops->open(backend.self, name, found);
}

static void a_folder_has_files_folders_and_nothing_else(void **state)
{
    (void)state;
    struct cairn_http_file_backend backend = folder(false);
    struct cairn_http_found found;
    assert_int_equal(open_in(backend, "file", &found), 0);
    assert_false(found.is_folder);
    assert_int_equal(found.length, 6);
    assert_int_equal(found.modified_ns, INT64_C(784111777000000001));
    close(found.fd);
    assert_int_equal(open_in(backend, "folder", &found), 0);
    assert_true(found.is_folder);
    assert_int_equal(open_in(backend, "", &found), 0);
    assert_true(found.is_folder);
    assert_int_equal(open_in(backend, "none", &found), ENOENT);
    assert_int_equal(open_in(backend, "../x", &found), EXDEV);
    assert_int_equal(mkfifo(tree_at("pipe"), 0600), 0);
    assert_int_equal(open_in(backend, "pipe", &found), ENOENT);
    backend.ops->free(backend.self);
}

static void links_are_followed_unless_that_is_forbidden(void **state)
{
    (void)state;
    struct cairn_http_file_backend backend = folder(false);
    struct cairn_http_found found;
    assert_int_equal(open_in(backend, "link", &found), 0);
    close(found.fd);
    backend.ops->free(backend.self);
    backend = folder(true);
    assert_int_equal(open_in(backend, "link", &found), ELOOP);
    backend.ops->free(backend.self);
}

static void a_folder_stays_the_same_when_it_moves(void **state)
{
    (void)state;
    tree_folder("a");
    tree_file("a/x", "inside");
    struct cairn_error *error = NULL;
    struct cairn_http_file_backend backend = cairn_http_folder(tree_at("a"), false, &error);
    assert_int_equal(rename(tree_at("a"), tree_at("b")), 0);
    struct cairn_http_found found;
    assert_int_equal(open_in(backend, "x", &found), 0);
    close(found.fd);
    backend.ops->free(backend.self);
}

static void what_is_no_folder_is_an_error(void **state)
{
    (void)state;
    struct cairn_error *error = NULL;
    assert_null(cairn_http_folder(tree_at("file"), false, &error).ops);
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    cairn_error_unref(error);
    assert_null(cairn_http_folder("/nonexistent", false, &error).ops);
    assert_string_equal(error->message, "/nonexistent: No such file or directory (errno 2)");
    cairn_error_unref(error);
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_http_folder(tree_path, false, &error).ops);
    assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
}

static void memory_has_files_and_the_folders_they_are_in(void **state)
{
    (void)state;
    static const struct cairn_http_memory_file files[] = {
        {"index.html", "hello", 5, 784111777},
        {"css/site.css", "body{}", 6, 0},
        {"far", "x", 1, INT64_MAX},
        {0},
    };
    struct cairn_http_file_backend backend = cairn_http_memory(files);
    struct cairn_http_found found;
    assert_int_equal(open_in(backend, "index.html", &found), 0);
    assert_false(found.is_folder);
    assert_int_equal(found.fd, -1);
    assert_int_equal(found.length, 5);
    assert_memory_equal(found.data, "hello", 5);
    assert_int_equal(found.modified_ns, INT64_C(784111777000000000));
    assert_int_equal(open_in(backend, "css/site.css", &found), 0);
    assert_int_equal(found.modified_ns, CAIRN_HTTP_NOT_DATED);
    assert_int_equal(open_in(backend, "far", &found), 0);
    assert_int_equal(found.modified_ns, CAIRN_HTTP_NOT_DATED);
    assert_int_equal(open_in(backend, "css", &found), 0);
    assert_true(found.is_folder);
    assert_int_equal(open_in(backend, "", &found), 0);
    assert_true(found.is_folder);
    assert_int_equal(open_in(backend, "cs", &found), ENOENT);
    assert_int_equal(open_in(backend, "css/site", &found), ENOENT);
    assert_int_equal(open_in(backend, "index.html/x", &found), ENOENT);
    assert_null(backend.ops->free);
}

#define traced(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        traced(a_folder_has_files_folders_and_nothing_else),
        traced(links_are_followed_unless_that_is_forbidden),
        traced(a_folder_stays_the_same_when_it_moves),
        traced(what_is_no_folder_is_an_error),
        traced(memory_has_files_and_the_folders_they_are_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
