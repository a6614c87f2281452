#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cairn/service/notify.h>

/* A service manager: a socket for datagrams at PATH, or at a name that the kernel makes up. */
static int manager_open(const char *path, char *name, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(sa_family_t);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (path) {
        strcpy(address.sun_path, path);
        length = (socklen_t)sizeof(address);
    }
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    length = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    if (path)
        snprintf(name, size, "%s", path);
    else
        snprintf(
            name, size, "@%.*s", (int)(length - sizeof(sa_family_t)) - 1, address.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void assert_heard(int manager, const char *expected)
{
    char text[256] = "";
    assert_int_equal(recv(manager, text, sizeof(text) - 1, 0), strlen(expected));
    assert_string_equal(text, expected);
}

static void sends_to_an_abstract_name(void **state)
{
    char name[128];
    int manager = manager_open(NULL, name, sizeof(name));
    (void)state;
    assert_int_equal(cairn_notify("READY=1\nSTATUS=serving"), 1);
    assert_heard(manager, "READY=1\nSTATUS=serving");
    close(manager);
}

static void sends_to_a_path(void **state)
{
    char folder[] = "/tmp/cairn-notify-XXXXXX";
    char path[64];
    char name[128];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/notify", folder);
    int manager = manager_open(path, name, sizeof(name));
    assert_int_equal(cairn_notify("STOPPING=1"), 1);
    assert_heard(manager, "STOPPING=1");
    close(manager);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void says_nothing_where_nobody_asked(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(cairn_notify("READY=1"), 0);
}

static void a_manager_that_is_gone_is_an_error(void **state)
{
    (void)state;
    setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
    assert_int_equal(cairn_notify("READY=1"), -1);
    assert_int_equal(errno, ENOENT);
}

static void a_name_that_is_none_is_an_error(void **state)
{
    static const char *const names[] = {"", "/", "@", "notify", "vsock:2:1234"};
    char too_long[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        errno = 0;
        assert_int_equal(cairn_notify("READY=1"), -1);
        assert_int_equal(errno, EINVAL);
    }
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    setenv("NOTIFY_SOCKET", too_long, 1);
    assert_int_equal(cairn_notify("READY=1"), -1);
    assert_int_equal(errno, EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_to_an_abstract_name),
        cmocka_unit_test(sends_to_a_path),
        cmocka_unit_test(says_nothing_where_nobody_asked),
        cmocka_unit_test(a_manager_that_is_gone_is_an_error),
        cmocka_unit_test(a_name_that_is_none_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
