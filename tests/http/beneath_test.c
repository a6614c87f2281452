#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include <cairn/http/files/beneath.h>

#include "tree.h"

#define TRIES 10000

/* Three ways to open: with links, without them, and step by step. */
enum way { WAY_LINKS, WAY_NO_LINKS, WAY_WALKING, WAYS };

static int root;
static int open_before;

static int open_by(enum way way, const char *name)
{
    switch (way) {
    case WAY_LINKS:
        return cairn__open_beneath(root, name, CAIRN__LINKS_BENEATH);
    case WAY_NO_LINKS:
        return cairn__open_beneath(root, name, CAIRN__LINKS_NONE);
    default:
        return cairn__open_walking(root, name);
    }
}

static int setup(void **state)
{
    (void)state;
    open_before = tree_open_files();
    tree_begin();
    tree_folder("root");
    tree_folder("root/a");
    tree_folder("root/a/b");
    tree_file("root/file", "inside");
    tree_file("root/a/b/deep", "inside");
    tree_folder("outside");
    tree_file("outside/file", "SECRET");
    tree_file("secret", "SECRET");
    root = open(tree_at("root"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(root);
    tree_end();
    assert_int_equal(tree_open_files(), open_before);
    return 0;
}

static void assert_inside(enum way way, const char *name)
{
    char content[16] = "";
    int fd = open_by(way, name);
    if (fd < 0)
        fail_msg("way %d: %s: %s", (int)way, name, strerror(-fd));
    assert_int_equal(read(fd, content, sizeof(content)), 6);
    assert_string_equal(content, "inside");
    close(fd);
}

static void assert_error(enum way way, const char *name, int error)
{
    int fd = open_by(way, name);
    if (fd != -error)
        fail_msg("way %d: %s: %s instead of %s", (int)way, name, fd < 0 ? strerror(-fd) : "opened",
            strerror(error));
}

static void opens_files_and_folders_beneath(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        assert_inside(way, "file");
        assert_inside(way, "a/b/deep");
        int fd = open_by(way, "a/b");
        assert_true(fd >= 0);
        close(fd);
        fd = open_by(way, "");
        assert_true(fd >= 0);
        close(fd);
        assert_error(way, "none", ENOENT);
        assert_error(way, "a/none/x", ENOENT);
        assert_error(way, "file/x", ENOTDIR);
    }
    assert_true(cairn__can_open_beneath(root));
}

static void opens_nothing_above(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        assert_error(way, "../secret", EXDEV);
        assert_error(way, "a/b/../../../secret", EXDEV);
        assert_error(way, "..", EXDEV);
        assert_error(way, "/etc/passwd", EXDEV);
        assert_error(way, tree_at("secret"), EXDEV);
    }
}

static void a_link_that_stays_within_is_followed_where_links_are(void **state)
{
    (void)state;
    tree_link("root/link", "file");
    tree_link("root/up", "a/b/../../file");
    tree_link("root/folder", "a");
    assert_inside(WAY_LINKS, "link");
    assert_inside(WAY_LINKS, "up");
    assert_inside(WAY_LINKS, "folder/b/deep");
    assert_error(WAY_NO_LINKS, "link", ELOOP);
    assert_error(WAY_NO_LINKS, "folder/b/deep", ELOOP);
    assert_error(WAY_WALKING, "link", ELOOP);
    assert_error(WAY_WALKING, "folder/b/deep", ENOTDIR);
}

static void a_link_that_leads_out_is_never_followed(void **state)
{
    (void)state;
    tree_link("root/up", "../secret");
    tree_link("root/absolute", tree_at("secret"));
    tree_link("root/folder", "../outside");
    tree_link("root/back", "../root/file");
    tree_link("root/magic", "/proc/self/root/etc/passwd");
    tree_link("root/self", "self");
    for (enum way way = 0; way < WAYS; way++) {
        static const char *const names[] = {
            "up", "absolute", "folder/file", "back", "magic", "self"};
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
            int fd = open_by(way, names[i]);
            if (fd != -EXDEV && fd != -ELOOP && fd != -ENOTDIR)
                fail_msg("way %d: %s: %s", (int)way, names[i], strerror(-fd));
        }
    }
}

static void waits_for_no_pipe(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(tree_at("root/pipe"), 0600), 0);
    for (enum way way = 0; way < WAYS; way++) {
        int fd = open_by(way, "pipe");
        assert_true(fd >= 0);
        close(fd);
    }
}

static void names_that_are_too_long_are_not_there(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_error(WAY_LINKS, name, ENAMETOOLONG);
    assert_error(WAY_WALKING, name, ENOENT);
    assert_error(WAY_WALKING, "a//b", ENOENT);
    assert_error(WAY_WALKING, "a/", ENOENT);
}

/* Swaps a file with a link to a secret, and a folder with a link out, as fast as it can. */
struct swapper {
    char file[TREE_PATH_BYTES];
    char folder[TREE_PATH_BYTES];
    char link[TREE_PATH_BYTES];
    char folder_link[TREE_PATH_BYTES];
    bool is_done; /* atomic */
};

static void *swapper_run(void *value)
{
    struct swapper *self = value;
    while (!__atomic_load_n(&self->is_done, __ATOMIC_RELAXED)) {
        renameat2(AT_FDCWD, self->file, AT_FDCWD, self->link, RENAME_EXCHANGE);
        renameat2(AT_FDCWD, self->folder, AT_FDCWD, self->folder_link, RENAME_EXCHANGE);
    }
    return NULL;
}

/* Opens NAME over and over; whatever is opened must be inside. Goes on until it has been there and
 * has been away, for the swapper may have no processor for a while. */
static void open_in_a_race(enum way way, const char *name)
{
    unsigned opened = 0;
    for (unsigned i = 0; i < TRIES || opened == 0 || opened == i; i++) {
        if (i % 1000 == 999)
            sched_yield();
        char content[16] = "";
        int fd = open_by(way, name);
        if (fd < 0)
            continue;
        ssize_t length = read(fd, content, sizeof(content) - 1);
        close(fd);
        if (length != 6 || strcmp(content, "inside") != 0)
            fail_msg("way %d, try %u: %s is %s", (int)way, i, name, content);
        opened++;
    }
}

static void nothing_outside_is_opened_while_others_swap_files_for_links(void **state)
{
    (void)state;
    struct swapper swapper = {.is_done = false};
    pthread_t thread;
    tree_folder("root/x");
    tree_file("root/x/file", "inside");
    tree_link("link", tree_at("secret"));
    tree_link("folder_link", tree_at("outside"));
    strcpy(swapper.file, tree_at("root/file"));
    strcpy(swapper.folder, tree_at("root/x"));
    strcpy(swapper.link, tree_at("link"));
    strcpy(swapper.folder_link, tree_at("folder_link"));
    assert_int_equal(pthread_create(&thread, NULL, swapper_run, &swapper), 0);
    for (enum way way = 0; way < WAYS; way++) {
        open_in_a_race(way, "file");
        open_in_a_race(way, "x/file");
    }
    __atomic_store_n(&swapper.is_done, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}

#define tree_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(opens_files_and_folders_beneath),
        tree_test(opens_nothing_above),
        tree_test(a_link_that_stays_within_is_followed_where_links_are),
        tree_test(a_link_that_leads_out_is_never_followed),
        tree_test(waits_for_no_pipe),
        tree_test(names_that_are_too_long_are_not_there),
        tree_test(nothing_outside_is_opened_while_others_swap_files_for_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
