#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cairn/layers/reconnect.h>
#include <cairn/service/connector.h>
#include <cairn/service/make_service.h>
#include <cairn/service/map.h>
#include <cairn/service/socket.h>
#include <cairn/service/socket_stream.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/clock.h>
#include <cairn/testkit/harness.h>

/* The peer is played by hand, with the plain calls of the system. */
struct fixture {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness hand;
    struct cairn_harness other;
    struct cairn_service *connector;
    int listener;
    char address[CAIRN_ADDRESS_BYTES];
};

static int descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int listen_at(char *text, int backlog)
{
    struct cairn_address address;
    assert_true(cairn_address_parse(&address, cairn_str_from(text)));
    int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in *v4 = (void *)&address.storage;
    if (v4->sin_family != AF_UNIX)
        v4->sin_port = 0;
    assert_int_equal(bind(fd, (void *)&address.storage, address.length), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (void *)&address.storage, &address.length), 0);
    cairn_address_format(&address, text, CAIRN_ADDRESS_BYTES);
    return fd;
}

static int fixture_open(void **state)
{
    static struct fixture f;
    cairn_test_alloc_begin();
    f.runtime = cairn_test_runtime_new(&f.clock);
    cairn_harness_init(&f.hand, f.runtime);
    cairn_harness_init(&f.other, f.runtime);
    f.connector = cairn_connector_new(NULL);
    assert_null(cairn_service_error(f.connector));
    strcpy(f.address, "127.0.0.1:1");
    f.listener = listen_at(f.address, 64);
    *state = &f;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *f = *state;
    close(f->listener);
    cairn_service_drop(f->connector);
    cairn_harness_fini(&f->hand);
    cairn_harness_fini(&f->other);
    cairn_runtime_free(f->runtime);
    cairn_test_alloc_end();
    return 0;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

/* Turns the loop until HAND was woken. The kernel needs no more than a moment. */
static void await_wake(struct fixture *f, struct cairn_harness *hand)
{
    for (int i = 0; i < 1000000 && !cairn_harness_is_woken(hand); i++) {
        cairn_runtime_turn(f->runtime);
        sched_yield();
    }
}

static struct cairn_future begin(struct cairn_service *connector, const char *text)
{
    struct cairn_error *error = NULL;
    struct cairn_address *address = cairn_address_new(text, &error);
    assert_non_null(address);
    return cairn_service_call(connector, address);
}

static enum cairn_poll finish(
    struct fixture *f, struct cairn_future *future, union cairn_outcome *out)
{
    enum cairn_poll p;
    cairn_harness_is_woken(&f->hand);
    while ((p = cairn_harness_poll(&f->hand, future, out)) == CAIRN_PENDING)
        await_wake(f, &f->hand);
    return p;
}

static struct cairn_byte_stream connect_with(
    struct fixture *f, struct cairn_service *connector, const char *text)
{
    union cairn_outcome out;
    struct cairn_future future = begin(connector, text);
    assert_int_equal(finish(f, &future, &out), CAIRN_READY);
    return cairn_byte_stream_unbox(out.value);
}

/* One end of a connection, and the peer's descriptor. */
static struct cairn_byte_stream connect_pair(struct fixture *f, int *peer)
{
    struct cairn_byte_stream s = connect_with(f, f->connector, f->address);
    *peer = accept(f->listener, NULL, NULL);
    assert_true(*peer >= 0);
    return s;
}

/* The peer vanishes without a farewell. */
static void reset(int peer)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(peer);
}

static void assert_failed(struct fixture *f, struct cairn_service *connector, const char *text,
    enum cairn_error_code code, const char *message)
{
    union cairn_outcome out;
    struct cairn_future future = begin(connector, text);
    assert_int_equal(finish(f, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, code);
    assert_string_equal(out.error->layer, "connector");
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
}

static void assert_written(struct fixture *f, struct cairn_byte_stream *s, const char *text)
{
    union cairn_outcome out;
    struct cairn_future future = cairn_byte_stream_write(s, text, strlen(text));
    assert_int_equal(finish(f, &future, &out), CAIRN_READY);
}

/* The next bytes are TEXT; "" is the peer's end. */
static void assert_read(struct fixture *f, struct cairn_byte_stream *s, const char *text)
{
    char buffer[64];
    size_t length = strlen(text);
    size_t count = 0;
    do {
        size_t more = 0;
        union cairn_outcome out;
        struct cairn_future future =
            cairn_byte_stream_read(s, buffer + count, sizeof(buffer) - count, &more);
        assert_int_equal(finish(f, &future, &out), CAIRN_READY);
        assert_ptr_equal(out.value, &more);
        assert_true(more > 0 || length == 0);
        count += more;
    } while (count < length);
    assert_int_equal(count, length);
    assert_memory_equal(buffer, text, length);
}

static void assert_peer_reads(int peer, const char *text)
{
    char buffer[64];
    ssize_t n = recv(peer, buffer, strlen(text) + 1, text[0] ? 0 : MSG_WAITALL);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(buffer, text, strlen(text));
}

static uint64_t number(const struct cairn_service *service, const char *key)
{
    char buffer[512] = "";
    char wanted[64];
    FILE *out = fmemopen(buffer, sizeof(buffer), "w");
    cairn_stack_print(service, out);
    fclose(out);
    snprintf(wanted, sizeof(wanted), "%s=", key);
    const char *found = strstr(buffer, wanted);
    assert_non_null(found);
    return strtoull(found + strlen(wanted), NULL, 10);
}

/* Connecting. */

static void assert_talks(struct fixture *f, const char *text, int listener)
{
    struct cairn_byte_stream s = connect_with(f, f->connector, text);
    int peer = accept(listener, NULL, NULL);
    assert_string_equal(s.ops->name, "socket");
    assert_false(cairn_byte_stream_is_closing(&s));
    assert_written(f, &s, "hello");
    assert_peer_reads(peer, "hello");
    assert_int_equal(write(peer, "good day", 8), 8);
    assert_read(f, &s, "good day");
    cairn_byte_stream_drop(&s);
    assert_peer_reads(peer, "");
    close(peer);
}

static void connects_by_ipv4(void **state)
{
    struct fixture *f = *state;
    assert_ptr_equal(f->connector->request_type, &cairn_address_type);
    assert_ptr_equal(f->connector->response_type, &cairn_byte_stream_type);
    assert_talks(f, f->address, f->listener);
}

static void connects_by_ipv6(void **state)
{
    struct fixture *f = *state;
    char text[CAIRN_ADDRESS_BYTES] = "[::1]:1";
    int listener = listen_at(text, 8);
    assert_talks(f, text, listener);
    close(listener);
}

static void unix_path(char *text, const char *name)
{
    snprintf(text, CAIRN_ADDRESS_BYTES, "unix:/tmp/cairn-connector-%d-%s", (int)getpid(), name);
}

static void connects_by_unix_socket(void **state)
{
    struct fixture *f = *state;
    char text[CAIRN_ADDRESS_BYTES];
    unix_path(text, "talk");
    int listener = listen_at(text, 8);
    assert_talks(f, text, listener);
    unlink(text + 5);
    close(listener);
}

static void says_in_words_why_it_could_not(void **state)
{
    struct fixture *f = *state;
    char text[CAIRN_ADDRESS_BYTES];
    char message[2 * CAIRN_ADDRESS_BYTES];
    close(f->listener);
    f->listener = -1;
    int before = descriptors();
    snprintf(message, sizeof(message), "connection refused (%s)", f->address);
    assert_failed(f, f->connector, f->address, CAIRN_ERROR_UNAVAILABLE, message);
    unix_path(text, "nowhere");
    snprintf(message, sizeof(message), "no such file or directory (%s)", text);
    assert_failed(f, f->connector, text, CAIRN_ERROR_UNAVAILABLE, message);
    assert_failed(f, f->connector, "255.255.255.255:9", CAIRN_ERROR_UNAVAILABLE,
        "network is unreachable (255.255.255.255:9)");
    assert_int_equal(descriptors(), before);
    assert_int_equal(number(f->connector, "failed"), 3);
    assert_int_equal(number(f->connector, "elapsed"), 0);
    assert_int_equal(number(f->connector, "connected"), 0);
}

static void says_that_the_queue_of_a_unix_socket_is_full(void **state)
{
    struct fixture *f = *state;
    struct cairn_byte_stream s[2];
    char text[CAIRN_ADDRESS_BYTES];
    char message[2 * CAIRN_ADDRESS_BYTES];
    unix_path(text, "full");
    int listener = listen_at(text, 0);
    s[0] = connect_with(f, f->connector, text);
    snprintf(message, sizeof(message), "the listener's queue is full (%s)", text);
    assert_failed(f, f->connector, text, CAIRN_ERROR_OVERLOADED, message);
    close(accept(listener, NULL, NULL));
    s[1] = connect_with(f, f->connector, text); /* there is room again */
    cairn_byte_stream_drop(&s[0]);
    cairn_byte_stream_drop(&s[1]);
    unlink(text + 5);
    close(listener);
}

/* A listener that does not answer: its queue is full. */
struct silence {
    int listener;
    int first;
    char address[CAIRN_ADDRESS_BYTES];
};

static void silence_open(struct fixture *f, struct silence *silence)
{
    struct cairn_byte_stream s;
    strcpy(silence->address, "127.0.0.1:1");
    silence->listener = listen_at(silence->address, 0);
    s = connect_with(f, f->connector, silence->address);
    silence->first = dup(((struct cairn__socket *)s.state)->io.fd);
    cairn_byte_stream_drop(&s);
}

static void silence_close(struct silence *silence)
{
    close(silence->first);
    close(silence->listener);
}

static void gives_up_after_a_second_unless_told_otherwise(void **state)
{
    struct fixture *f = *state;
    struct silence silence;
    struct cairn_service *patient = cairn_connector(.timeout_ms = 60000);
    char message[2 * CAIRN_ADDRESS_BYTES];
    union cairn_outcome out;
    silence_open(f, &silence);
    struct cairn_future future = begin(f->connector, silence.address);
    struct cairn_future longer = begin(patient, silence.address);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    assert_int_equal(cairn_harness_poll(&f->other, &longer, &out), CAIRN_PENDING);
    assert_int_equal(number(f->connector, "connecting"), 1);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 999);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 1);
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_ELAPSED);
    snprintf(message, sizeof(message), "not connected after 1000 ms (%s)", silence.address);
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
    assert_int_equal(number(f->connector, "elapsed"), 1);
    assert_int_equal(number(f->connector, "failed"), 1);
    assert_int_equal(number(f->connector, "connecting"), 0);
    assert_int_equal(cairn_harness_poll(&f->other, &longer, &out), CAIRN_PENDING);
    cairn_test_clock_advance_ms(&f->clock, f->runtime, 59000);
    assert_int_equal(cairn_harness_poll(&f->other, &longer, &out), CAIRN_FAILED);
    cairn_error_unref(out.error);
    cairn_service_drop(patient);
    silence_close(&silence);
}

static void closes_the_descriptor_of_a_future_that_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct silence silence;
    union cairn_outcome out;
    silence_open(f, &silence);
    int before = descriptors();
    struct cairn_future future = begin(f->connector, silence.address);
    assert_int_equal(descriptors(), before + 1);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    cairn_future_drop(&future);
    assert_int_equal(descriptors(), before);
    future = begin(f->connector, silence.address); /* and one that was never polled */
    cairn_future_drop(&future);
    assert_int_equal(descriptors(), before);
    future = begin(f->connector, f->address); /* and one that has connected meanwhile */
    cairn_future_drop(&future);
    assert_int_equal(descriptors(), before);
    assert_int_equal(number(f->connector, "connecting"), 0);
    silence_close(&silence);
}

static void a_connection_to_itself_is_one_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_byte_stream s = connect_with(f, f->connector, f->address);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(own);
    int pair[2];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (void *)&own, length), 0);
    assert_int_equal(getsockname(fd, (void *)&own, &length), 0);
    assert_false(cairn__socket_is_own_peer(fd));
    assert_int_equal(connect(fd, (void *)&own, length), 0);
    assert_true(cairn__socket_is_own_peer(fd));
    assert_false(cairn__socket_is_own_peer(((struct cairn__socket *)s.state)->io.fd));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0); /* both without a name */
    assert_false(cairn__socket_is_own_peer(pair[0]));
    close(pair[0]);
    close(pair[1]);
    close(fd);
    cairn_byte_stream_drop(&s);
}

static int socket_option(const struct cairn_byte_stream *s, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);
    int fd = ((struct cairn__socket *)s->state)->io.fd;
    assert_int_equal(getsockopt(fd, level, name, &value, &length), 0);
    return value;
}

static void has_nagle_off_and_no_keep_alive_unless_asked(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *other = cairn_connector(.keep_alive_ms = 30999, .waits_for_more = true);
    struct cairn_byte_stream s = connect_with(f, f->connector, f->address);
    assert_true(socket_option(&s, IPPROTO_TCP, TCP_NODELAY));
    assert_false(socket_option(&s, SOL_SOCKET, SO_KEEPALIVE));
    cairn_byte_stream_drop(&s);
    s = connect_with(f, other, f->address);
    assert_false(socket_option(&s, IPPROTO_TCP, TCP_NODELAY));
    assert_true(socket_option(&s, SOL_SOCKET, SO_KEEPALIVE));
    assert_int_equal(socket_option(&s, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    assert_int_equal(socket_option(&s, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    assert_int_equal(socket_option(&s, IPPROTO_TCP, TCP_KEEPCNT), 3);
    cairn_byte_stream_drop(&s);
    assert_int_equal(number(other, "keep_alive"), 30999);
    cairn_service_drop(other);
}

static void assert_invalid(struct cairn_service *connector, const char *message)
{
    const struct cairn_error *error = cairn_service_error(connector);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_service_drop(connector);
}

static void refuses_options_out_of_range(void **state)
{
    (void)state;
    assert_invalid(
        cairn_connector(.timeout_ms = 86400001), "timeout_ms must be 1 to 86400000, got 86400001");
    assert_invalid(cairn_connector(.keep_alive_ms = 999),
        "keep_alive_ms must be 0, or 1000 to 32767000, got 999");
    assert_invalid(cairn_connector(.keep_alive_ms = 32767001),
        "keep_alive_ms must be 0, or 1000 to 32767000, got 32767001");
}

static void copies_count_together_and_calls_outlive_them(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *copy = cairn_service_clone(f->connector);
    struct cairn_byte_stream s = connect_with(f, f->connector, f->address);
    cairn_byte_stream_drop(&s);
    assert_int_equal(number(copy, "connected"), 1);
    union cairn_outcome out;
    struct cairn_service *brief = cairn_connector_new(NULL);
    struct cairn_future future = begin(brief, f->address);
    cairn_service_drop(brief);
    assert_int_equal(finish(f, &future, &out), CAIRN_READY);
    cairn_type_drop(&cairn_byte_stream_type, out.value);
    cairn_service_drop(copy);
}

static void ten_thousand_connections_leave_no_descriptor(void **state)
{
    struct fixture *f = *state;
    int before = descriptors();
    for (int i = 0; i < 10000; i++) {
        int peer;
        struct cairn_byte_stream s = connect_pair(f, &peer);
        reset(peer);
        cairn_byte_stream_drop(&s);
    }
    assert_int_equal(descriptors(), before);
    assert_int_equal(number(f->connector, "connected"), 10000);
}

/* The stream. */

static void fails_again_and_again_once_the_peer_has_reset(void **state)
{
    struct fixture *f = *state;
    int peer;
    char buffer[8];
    size_t count = 0;
    struct cairn_byte_stream s = connect_pair(f, &peer);
    union cairn_outcome out;
    struct cairn_future future = cairn_byte_stream_read(&s, buffer, sizeof(buffer), &count);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    reset(peer);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(finish(f, &future, &out), CAIRN_FAILED);
        assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
        assert_string_equal(out.error->layer, "socket");
        assert_string_equal(out.error->message, "connection reset by peer");
        future = cairn_byte_stream_read(&s, buffer, sizeof(buffer), &count);
    }
    cairn_future_drop(&future);
    future = cairn_byte_stream_write(&s, "x", 1);
    assert_int_equal(finish(f, &future, &out), CAIRN_FAILED);
    assert_string_equal(out.error->message, "connection reset by peer");
    future = cairn_byte_stream_shutdown(&s);
    assert_int_equal(finish(f, &future, &out), CAIRN_FAILED);
    cairn_byte_stream_drop(&s);
}

static void writing_to_a_peer_that_is_gone_fails_without_a_signal(void **state)
{
    struct fixture *f = *state;
    int pair[2];
    struct cairn_byte_stream s;
    union cairn_outcome out;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_null(cairn_socket_stream(f->runtime, pair[0], &s));
    close(pair[1]);
    struct cairn_future future = cairn_byte_stream_write(&s, "x", 1);
    assert_int_equal(finish(f, &future, &out), CAIRN_FAILED);
    assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
    cairn_byte_stream_drop(&s);
}

static void each_direction_ends_by_itself(void **state)
{
    struct fixture *f = *state;
    int peer;
    union cairn_outcome out;
    struct cairn_byte_stream s = connect_pair(f, &peer);
    assert_written(f, &s, "last words");
    struct cairn_future future = cairn_byte_stream_shutdown(&s);
    assert_int_equal(finish(f, &future, &out), CAIRN_READY);
    assert_null(out.value);
    assert_peer_reads(peer, "last words");
    assert_peer_reads(peer, "");
    assert_int_equal(write(peer, "heard", 5), 5); /* the other direction goes on */
    assert_read(f, &s, "heard");
    cairn_byte_stream_drop(&s);
    close(peer);

    s = connect_pair(f, &peer);
    shutdown(peer, SHUT_WR);
    assert_read(f, &s, "");
    assert_read(f, &s, "");
    assert_written(f, &s, "still here");
    assert_peer_reads(peer, "still here");
    cairn_byte_stream_drop(&s);
    close(peer);
}

static void a_byte_at_a_time_arrives_as_it_was_sent(void **state)
{
    struct fixture *f = *state;
    int peer;
    struct cairn_byte_stream s = connect_pair(f, &peer);
    for (int i = 0; i < 512; i++) {
        char sent = (char)i;
        char got = 0;
        size_t count = 0;
        union cairn_outcome out;
        struct cairn_future future = cairn_byte_stream_read(&s, &got, 1, &count);
        if (i % 2) /* waits for it, or finds it there */
            assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
        assert_int_equal(write(peer, &sent, 1), 1);
        assert_int_equal(finish(f, &future, &out), CAIRN_READY);
        assert_int_equal(count, 1);
        assert_int_equal(got, sent);
        future = cairn_byte_stream_write(&s, &sent, 1);
        assert_int_equal(finish(f, &future, &out), CAIRN_READY);
        assert_int_equal(read(peer, &got, 1), 1);
        assert_int_equal(got, sent);
    }
    cairn_byte_stream_drop(&s);
    close(peer);
}

static void what_the_socket_does_not_take_waits_for_room(void **state)
{
    enum { TOTAL = 8 << 20 };
    struct fixture *f = *state;
    int peer;
    char *sent = malloc(TOTAL);
    char *got = malloc(TOTAL);
    size_t count = 0;
    size_t waits = 0;
    union cairn_outcome out;
    struct cairn_byte_stream s = connect_pair(f, &peer);
    for (size_t i = 0; i < TOTAL; i++)
        sent[i] = (char)(i * 7 + i / 251);
    struct cairn_future future = cairn_byte_stream_write(&s, sent, TOTAL);
    while (cairn_harness_poll(&f->hand, &future, &out) == CAIRN_PENDING) {
        waits++;
        while (!cairn_harness_is_woken(&f->hand)) {
            ssize_t n = recv(peer, got + count, TOTAL - count, MSG_DONTWAIT);
            count += n > 0 ? (size_t)n : 0;
            cairn_runtime_turn(f->runtime);
        }
    }
    assert_true(waits > 0);
    while (count < TOTAL) {
        ssize_t n = read(peer, got + count, TOTAL - count);
        assert_true(n > 0);
        count += (size_t)n;
    }
    assert_memory_equal(sent, got, TOTAL);
    cairn_byte_stream_drop(&s);
    close(peer);
    free(sent);
    free(got);
}

/* Nobody reads, nobody writes: the loop has nothing to do. */
static void asks_for_no_event_that_nobody_waits_for(void **state)
{
    struct fixture *f = *state;
    int peer;
    char buffer[8];
    size_t count = 0;
    union cairn_outcome out;
    struct cairn_byte_stream s = connect_pair(f, &peer);
    const struct cairn__socket *socket = s.state;
    assert_false(socket->io.is_reading);
    assert_false(socket->io.is_writing);
    struct cairn_future future = cairn_byte_stream_read(&s, buffer, sizeof(buffer), &count);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    assert_true(socket->io.is_reading);
    assert_int_equal(write(peer, "12", 2), 2);
    await_wake(f, &f->hand);
    cairn_future_drop(&future);
    for (int i = 0; i < 1000 && socket->io.is_reading; i++)
        cairn_runtime_turn(f->runtime);
    assert_false(socket->io.is_reading);
    assert_read(f, &s, "12");
    cairn_byte_stream_drop(&s);
    close(peer);
}

static void a_poll_that_cannot_wait_stores_nothing(void **state)
{
    struct fixture *f = *state;
    const struct cairn_context spot = {0};
    int peer;
    char buffer[8];
    size_t count = 0;
    struct cairn_error *error = NULL;
    struct cairn_byte_stream s = connect_pair(f, &peer);
    assert_int_equal(
        cairn_byte_stream_poll_read(&s, &spot, buffer, 8, &count, &error), CAIRN_PENDING);
    assert_false(((struct cairn__socket *)s.state)->io.is_reading);
    cairn_byte_stream_drop(&s);
    close(peer);
}

static void takes_a_descriptor_also_when_it_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_byte_stream s;
    int before = descriptors();
    struct cairn_error *error = cairn_socket_stream(f->runtime, -1, &s);
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    assert_string_equal(error->message, "fcntl: Bad file descriptor (errno 9)");
    cairn_error_unref(error);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cairn_test_alloc_fail_at(1);
    assert_ptr_equal(cairn_socket_stream(f->runtime, fd, &s), &cairn_error_no_memory);
    assert_int_equal(descriptors(), before);
    assert_null(cairn_byte_stream_unbox(NULL).ops);
}

/* A call with one of its allocations failing. */
static void connect_and_talk(void *cx)
{
    struct fixture *f = cx;
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness hand;
    struct cairn_error *error = NULL;
    union cairn_outcome out = {0};
    char buffer[8];
    size_t count;
    int peer = -1;
    cairn_test_alloc_exempt(true);
    runtime = cairn_test_runtime_new(&clock);
    cairn_harness_init(&hand, runtime);
    struct cairn_address *address = cairn_address_new(f->address, &error);
    cairn_test_alloc_exempt(false);
    struct cairn_service *connector = cairn_connector_new(NULL);
    if (cairn_service_error(connector)) {
        cairn_address_free(address);
        goto out;
    }
    struct cairn_future future = cairn_service_call(connector, address);
    enum cairn_poll p;
    while ((p = cairn_harness_poll(&hand, &future, &out)) == CAIRN_PENDING)
        while (!cairn_harness_is_woken(&hand))
            cairn_runtime_turn(runtime);
    if (p == CAIRN_READY) {
        struct cairn_byte_stream s = cairn_byte_stream_unbox(out.value);
        peer = accept(f->listener, NULL, NULL);
        const struct cairn_context context = cairn_harness_context(&hand);
        p = cairn_byte_stream_poll_read(&s, &context, buffer, sizeof(buffer), &count, &out.error);
        cairn_byte_stream_drop(&s);
        reset(peer);
    }
    if (p == CAIRN_FAILED) {
        assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        cairn_error_unref(out.error);
    }
out:
    cairn_service_drop(connector);
    cairn_harness_fini(&hand);
    cairn_runtime_free(runtime);
}

static void every_allocation_may_fail(void **state)
{
    struct fixture f;
    (void)state;
    strcpy(f.address, "127.0.0.1:1");
    f.listener = listen_at(f.address, 64);
    int before = descriptors();
    assert_in_range(cairn_test_each_allocation(connect_and_talk, &f), 5, 20);
    assert_int_equal(descriptors(), before);
    close(f.listener);
}

/* A protocol over the stream, and reconnect around its maker: a line is answered by a line. */

static const struct cairn_type line_type = {.name = "line"};

struct line_client {
    struct cairn_service base;
    struct cairn_byte_stream stream;
    bool is_dead;
};

struct line_call {
    struct line_client *client;
    char *line;
    size_t sent;
    size_t read;
};

/* The answer comes in the place of the question. */
static enum cairn_poll line_call_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct line_call *self = state;
    struct line_client *client = self->client;
    size_t length = strlen(self->line);
    size_t count = 0;
    enum cairn_poll p = CAIRN_READY;
    while (p == CAIRN_READY && self->sent < length) {
        p = cairn_byte_stream_poll_write(
            &client->stream, cx, self->line + self->sent, length - self->sent, &count, &out->error);
        self->sent += p == CAIRN_READY ? count : 0;
    }
    while (p == CAIRN_READY && self->read < length) {
        p = cairn_byte_stream_poll_read(
            &client->stream, cx, self->line + self->read, length - self->read, &count, &out->error);
        if (p == CAIRN_READY && count == 0) {
            out->error = cairn_error_new(CAIRN_ERROR_CLOSED, "line", NULL, "the peer is gone");
            p = CAIRN_FAILED;
        }
        self->read += p == CAIRN_READY ? count : 0;
    }
    client->is_dead = client->is_dead || p == CAIRN_FAILED;
    if (p == CAIRN_READY)
        out->value = self->line;
    return p;
}

static const struct cairn_future_ops line_call_ops = {
    .name = "line", .size = sizeof(struct line_call), .poll = line_call_poll};

static enum cairn_poll line_poll_ready(
    struct cairn_service *base, const struct cairn_context *cx, struct cairn_error **error)
{
    static struct cairn_error dead = CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "line", "closed");
    (void)cx;
    *error = &dead;
    return ((struct line_client *)base)->is_dead ? CAIRN_FAILED : CAIRN_READY;
}

static struct cairn_future line_client_call(struct cairn_service *base, void *line)
{
    return cairn_future_box(
        &line_call_ops, &(struct line_call){.client = (struct line_client *)base, .line = line});
}

static void line_drop(struct cairn_service *base)
{
    cairn_byte_stream_drop(&((struct line_client *)base)->stream);
}

static const struct cairn_service_ops line_ops = {.name = "line",
    .size = sizeof(struct line_client),
    .poll_ready = line_poll_ready,
    .call = line_client_call,
    .drop = line_drop,
    .not_cloneable = true};

static void *line_client_new(void *cx, void *stream)
{
    struct line_client *self = cairn_service_new(&line_ops, NULL);
    (void)cx;
    self->base.request_type = self->base.response_type = &line_type;
    self->stream = cairn_byte_stream_unbox(stream);
    return self;
}

/* Sends LINE, has the echo answer it, and returns how the call ended. */
static enum cairn_poll ask(struct fixture *f, struct cairn_service *s, char *line, int *peer)
{
    struct cairn_error *error = NULL;
    union cairn_outcome out;
    enum cairn_poll p;
    while ((p = cairn_harness_poll_ready(&f->hand, s, &error)) == CAIRN_PENDING)
        await_wake(f, &f->hand);
    assert_int_equal(p, CAIRN_READY);
    struct cairn_future future = cairn_service_call(s, line);
    while ((p = cairn_harness_poll(&f->hand, &future, &out)) == CAIRN_PENDING) {
        char buffer[64];
        if (*peer < 0)
            *peer = accept(f->listener, NULL, NULL);
        ssize_t n = recv(*peer, buffer, sizeof(buffer), 0);
        assert_true(n > 0);
        assert_int_equal(write(*peer, buffer, (size_t)n), n);
        await_wake(f, &f->hand);
    }
    if (p == CAIRN_FAILED) {
        assert_int_equal(out.error->code, CAIRN_ERROR_CLOSED);
        cairn_error_unref(out.error);
    }
    return p;
}

static void reconnect_makes_connections_of_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_address *address = cairn_address_new(f->address, &error);
    struct cairn_service *maker = cairn_stack(
        cairn_connector_new(NULL), cairn_map_response(&cairn_service_type, line_client_new, NULL));
    struct cairn_service *s = cairn_reconnect(
        maker, .target = address, .request_type = &line_type, .response_type = &line_type);
    char line[] = "over and over\n";
    int peer = -1;
    assert_null(cairn_service_error(s));
    cairn_address_free(address);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(f, s, line, &peer), CAIRN_READY);
    assert_string_equal(line, "over and over\n");
    assert_int_equal(number(s, "connects"), 1);
    reset(peer);
    assert_int_equal(ask(f, s, line, &peer), CAIRN_FAILED);
    peer = -1;
    assert_int_equal(ask(f, s, line, &peer), CAIRN_READY);
    assert_int_equal(number(s, "connects"), 2);
    close(peer);
    cairn_service_drop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(connects_by_ipv4),
        fixture_test(connects_by_ipv6),
        fixture_test(connects_by_unix_socket),
        fixture_test(says_in_words_why_it_could_not),
        fixture_test(says_that_the_queue_of_a_unix_socket_is_full),
        fixture_test(gives_up_after_a_second_unless_told_otherwise),
        fixture_test(closes_the_descriptor_of_a_future_that_is_dropped),
        fixture_test(a_connection_to_itself_is_one_refused),
        fixture_test(has_nagle_off_and_no_keep_alive_unless_asked),
        fixture_test(refuses_options_out_of_range),
        fixture_test(copies_count_together_and_calls_outlive_them),
        fixture_test(ten_thousand_connections_leave_no_descriptor),
        fixture_test(fails_again_and_again_once_the_peer_has_reset),
        fixture_test(writing_to_a_peer_that_is_gone_fails_without_a_signal),
        fixture_test(each_direction_ends_by_itself),
        fixture_test(a_byte_at_a_time_arrives_as_it_was_sent),
        fixture_test(what_the_socket_does_not_take_waits_for_room),
        fixture_test(asks_for_no_event_that_nobody_waits_for),
        fixture_test(a_poll_that_cannot_wait_stores_nothing),
        fixture_test(takes_a_descriptor_also_when_it_fails),
        cmocka_unit_test(every_allocation_may_fail),
        fixture_test(reconnect_makes_connections_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
