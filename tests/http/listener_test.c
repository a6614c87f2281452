/* What a listener does when its descriptor cannot be watched. */
#include "connection_rig.h"

#include <netinet/in.h>

#include <cairn/http/handler.h>
#include <cairn/service/io.h>

static unsigned watch_failures; /* how many of the next attempts fail */

int __real_cairn_io_want_read(struct cairn_io *io, bool wanted);
int __wrap_cairn_io_want_read(struct cairn_io *io, bool wanted);

int __wrap_cairn_io_want_read(struct cairn_io *io, bool wanted)
{
    if (wanted && watch_failures > 0) {
        watch_failures--;
        return -1;
    }
    return __real_cairn_io_want_read(io, wanted);
}

static struct cairn_http_response *listener_answer(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "hello");
}

static void listener_open(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    rig_open(cairn_http_handler(listener_answer, NULL), NULL);
    assert_null(cairn__listener_open(&rig.worker.listener, &rig.worker, fd));
}

static int listener_client(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(getsockname(rig.worker.listener.fd, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void one_that_cannot_be_watched_is_tried_again_until_it_can(void **state)
{
    (void)state;
    listener_open();
    cairn_io_want_read(&rig.worker.listener.io, false); /* as when there were too many */
    watch_failures = 3;
    cairn__listener_resume(&rig.worker.listener);
    int client = listener_client();
    rig_run();
    assert_int_equal(rig.worker.counters.accepted, 0);
    for (int i = 0; i < 3; i++)
        rig_advance(1000);
    assert_int_equal(watch_failures, 0);
    assert_int_equal(rig.worker.counters.accepted, 1);
    cairn__listener_close(&rig.worker.listener);
    close(client);
}

static void one_that_is_closed_meanwhile_is_not(void **state)
{
    (void)state;
    listener_open();
    cairn_io_want_read(&rig.worker.listener.io, false);
    watch_failures = 1;
    cairn__listener_resume(&rig.worker.listener);
    cairn__listener_close(&rig.worker.listener);
    rig_advance(5000);
    assert_int_equal(rig.worker.listener.fd, -1);
    assert_false(rig.worker.listener.io.is_reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(one_that_cannot_be_watched_is_tried_again_until_it_can),
        rig_test(one_that_is_closed_meanwhile_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
