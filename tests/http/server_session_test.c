/* Random sessions over sockets, against what a plain reading says that they must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>

#include "open_descriptors.h"
#include "server_rig.h"
#include "session.h"
#include "session_app.h"

/* Sessions in one run; CAIRN_SESSIONS says otherwise, and CAIRN_SEED where they begin. */
#ifdef __SANITIZE_THREAD__
#define SESSIONS 500 /* it takes its time */
#else
#define SESSIONS 2000
#endif
#define SMALL_SESSIONS 250
#define SEED 1
#define AT_ONCE 24
#define ROUNDS 10
#define PATIENCE_MS 60000

/* The machine may be slow, and that is nobody's fault. */
static const struct cairn_http_server_options options = {
    .limits = {.body_bytes = SESSION_LIMIT_BYTES,
        .body_bytes_per_s = 1,
        .body_idle_ms = PATIENCE_MS,
        .head_ms = PATIENCE_MS,
        .write_bytes_per_s = 1,
        .write_ms = PATIENCE_MS},
    .drain_ms = PATIENCE_MS};

/* A session that runs. */
struct player {
    struct session session;
    struct cairn_random dice;
    int fd; /* -1: none */
    size_t sent;
    size_t piece;     /* the most that is sent at once */
    uint64_t send_at; /* not before; in ms */
    uint64_t read_at; /* not before */
    uint64_t began_at;
    unsigned pauses; /* one in so many steps; 0: none */
    bool has_shut;
    bool was_reset; /* as the socket told who wanted to send */
};

/* What came of all of them. */
struct result {
    size_t sessions;
    size_t answers;
    size_t broken;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static size_t number_from(const char *name, size_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : fallback;
}

static void set(int fd, int level, int option, int value)
{
    assert_int_equal(setsockopt(fd, level, option, &value, sizeof(value)), 0);
}

/* As little as the kernel keeps. */
static void make_small(int fd)
{
    set(fd, SOL_SOCKET, SO_SNDBUF, 1);
    set(fd, SOL_SOCKET, SO_RCVBUF, 1);
}

/* Connections get what the listening socket has. */
static void make_listeners_small(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        int listens = 0;
        socklen_t length = sizeof(listens);
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens)
            make_small(fd);
    }
}

static int player_connect(uint16_t port, bool is_small)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    if (is_small) {
        make_small(fd);
        set(fd, IPPROTO_TCP, TCP_MAXSEG, 500); /* windows are counted in segments */
    }
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void player_begin(struct player *self, uint64_t seed, uint16_t port, bool is_small)
{
    static const size_t pieces[] = {1, 7, 100, 1500, 16384, 1 << 20, 1 << 20};
    static const unsigned pauses[] = {0, 0, 0, 3, 30};
    *self = (struct player){.fd = player_connect(port, is_small), .began_at = now_ms()};
    cairn_random_init(&self->dice, seed);
    session_init(&self->session, seed, is_small ? 3 : SESSION_REQUESTS);
    self->piece = pieces[cairn_random_range(&self->dice, 0, 7)];
    if (self->piece < self->session.length / 500) /* else it takes too long */
        self->piece = self->session.length / 500;
    self->pauses = pauses[cairn_random_range(&self->dice, 0, 5)];
}

static uint64_t player_pause(struct player *self)
{
    if (!self->pauses || cairn_random_range(&self->dice, 0, self->pauses) != 0)
        return 0;
    return now_ms() + cairn_random_range(&self->dice, 1, 4);
}

static void player_fail(const struct player *self, const char *what)
{
    const struct session *s = &self->session;
    fprintf(stderr,
        "seed %llu, ending %d: %s; %zu of %zu answers, sent %zu of %zu, at %zu of %zu\n",
        (unsigned long long)s->seed, (int)s->ending, what, s->answered, s->count, self->sent,
        s->length, s->at, s->received_length);
    for (size_t i = 0; i < s->count; i++)
        fprintf(stderr, "%s%.*s", i == s->answered ? "--> " : "", 200,
            s->script + s->exchanges[i].begin);
    fprintf(stderr, "\n== received\n%.*s\n", (int)(s->received_length - s->at),
        s->received ? s->received + s->at : "");
    fail_msg("%s", what);
}

static void player_end(struct player *self, struct result *result)
{
    if (self->session.wrong)
        player_fail(self, self->session.wrong);
    result->sessions++;
    result->answers += self->session.answered;
    result->broken += self->session.broken;
    close(self->fd);
    self->fd = -1;
    session_fini(&self->session);
}

static bool player_may_leave(const struct player *self)
{
    const struct session *s = &self->session;
    return s->ending == SESSION_LEAVES && s->answered == s->count && !s->has_ended;
}

static void player_send(struct player *self)
{
    const struct session *s = &self->session;
    size_t length = session_may_send(s) - self->sent;
    if (length > self->piece)
        length = 1 + (size_t)cairn_random_range(&self->dice, 0, self->piece);
    if (length) {
        ssize_t n = send(self->fd, s->script + self->sent, length, MSG_NOSIGNAL);
        self->sent += n > 0 ? (size_t)n : 0;
        self->was_reset |= n < 0 && (errno == ECONNRESET || errno == EPIPE);
        self->send_at = player_pause(self);
    }
    bool shuts = s->ending == SESSION_SHUTS || s->ending == SESSION_STOPS_SHORT;
    if (self->sent == s->length && shuts && !self->has_shut) {
        self->has_shut = true;
        shutdown(self->fd, SHUT_WR);
    }
}

static void player_read(struct player *self, struct result *result)
{
    char data[20000];
    size_t length = self->pauses ? 1 + (size_t)cairn_random_range(&self->dice, 0, sizeof(data) - 1)
                                 : sizeof(data);
    ssize_t n = recv(self->fd, data, length, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        session_receive(&self->session, data, (size_t)n);
    else
        session_end(&self->session, n < 0 || self->was_reset);
    self->read_at = player_pause(self);
    if (n <= 0 || self->session.wrong || player_may_leave(self))
        player_end(self, result);
}

static short player_events(const struct player *self, uint64_t now)
{
    short events = 0;
    if (self->read_at <= now)
        events |= POLLIN;
    if (self->send_at <= now && (session_may_send(&self->session) > self->sent ||
                                    (self->sent == self->session.length && !self->has_shut &&
                                        (self->session.ending == SESSION_SHUTS ||
                                            self->session.ending == SESSION_STOPS_SHORT))))
        events |= POLLOUT;
    return events;
}

static void players_turn(struct player *players, struct result *result)
{
    struct pollfd fds[AT_ONCE];
    uint64_t now = now_ms();
    for (int i = 0; i < AT_ONCE; i++) {
        fds[i] = (struct pollfd){.fd = players[i].fd};
        if (players[i].fd < 0)
            continue;
        fds[i].events = player_events(&players[i], now);
        if (!fds[i].events) /* a reset is not to be met before it is looked for */
            fds[i].fd = -1;
        if (now - players[i].began_at > PATIENCE_MS)
            player_fail(&players[i], "hangs");
    }
    assert_true(poll(fds, AT_ONCE, 1) >= 0);
    for (int i = 0; i < AT_ONCE; i++) {
        if (fds[i].revents & fds[i].events & POLLOUT)
            player_send(&players[i]);
        if (fds[i].revents & ~POLLOUT && fds[i].events & POLLIN)
            player_read(&players[i], result);
    }
}

static void play(uint16_t port, size_t count, bool is_small, struct result *result)
{
    static struct player players[AT_ONCE];
    uint64_t seed = number_from("CAIRN_SEED", SEED);
    size_t begun = 0;
    for (int i = 0; i < AT_ONCE; i++)
        players[i].fd = -1;
    while (result->sessions < count) {
        for (int i = 0; i < AT_ONCE; i++) {
            if (players[i].fd < 0 && begun < count)
                player_begin(&players[i], seed + begun++, port, is_small);
        }
        players_turn(players, result);
    }
}

/* All at once, and after a moment the server is asked to END. */
static void play_to(uint64_t seed, void (*end)(struct cairn_http_server *server), bool cuts)
{
    static struct player players[AT_ONCE];
    struct server_rig rig;
    struct result result = {0};
    bool has_ended = false;
    server_rig_start(&rig, session_app, NULL, &options);
    for (int i = 0; i < AT_ONCE; i++) {
        player_begin(&players[i], seed + (uint64_t)i, cairn_http_server_port(rig.server), false);
        players[i].session.may_end_early = true;
        players[i].session.may_be_cut = cuts;
    }
    uint64_t end_at = now_ms() + seed % 40;
    while (result.sessions < AT_ONCE) {
        if (!has_ended && now_ms() >= end_at) {
            has_ended = true;
            end(rig.server);
        }
        players_turn(players, &result);
    }
    struct cairn_http_counters counters = server_rig_finish(&rig);
    assert_int_equal(counters.requests + counters.refused, counters.responses + counters.cancelled);
    if (!cuts) /* else all of one may have come, while the server waited for its stream's end */
        assert_true(counters.responses >= result.answers);
}

static void end_in_the_middle(void (*end)(struct cairn_http_server *server), bool cuts)
{
    uint64_t seed = number_from("CAIRN_SEED", SEED);
    size_t count = number_from("CAIRN_SESSIONS", ROUNDS * AT_ONCE);
    struct session_counts before = session_app_counts();
    size_t open = open_descriptors();
    cairn_test_alloc_begin();
    session_app_open();
    for (size_t i = 0; i < count; i += AT_ONCE)
        play_to(seed + i, end, cuts);
    session_app_close();
    cairn_test_alloc_end();
    assert_int_equal(open_descriptors(), open);
    struct session_counts after = session_app_counts();
    assert_int_equal(after.begun - before.begun, after.ended - before.ended);
}

static void play_all(size_t count, bool is_small)
{
    struct server_rig rig;
    struct result result = {0};
    struct session_counts before = session_app_counts();
    size_t open = open_descriptors();
    cairn_test_alloc_begin();
    session_app_open();
    server_rig_start(&rig, session_app, NULL, &options);
    if (is_small)
        make_listeners_small();
    play(cairn_http_server_port(rig.server), count, is_small, &result);
    struct cairn_http_counters counters = server_rig_finish(&rig);
    session_app_close();
    cairn_test_alloc_end();
    assert_int_equal(open_descriptors(), open);
    struct session_counts after = session_app_counts();
    assert_int_equal(after.begun - before.begun, after.ended - before.ended);
    assert_int_equal(counters.accepted, count);
    assert_int_equal(counters.responses, result.answers);
    assert_int_equal(counters.cancelled, result.broken);
    assert_int_equal(counters.requests + counters.refused, counters.responses + counters.cancelled);
    assert_int_equal(counters.timeouts, 0);
}

static void every_session_is_answered_as_it_should_be(void **state)
{
    (void)state;
    play_all(number_from("CAIRN_SESSIONS", SESSIONS), false);
}

static void and_when_the_sockets_hold_next_to_nothing(void **state)
{
    (void)state;
    play_all(number_from("CAIRN_SESSIONS", SMALL_SESSIONS), true);
}

static void a_drain_in_the_middle_cuts_no_answer_short(void **state)
{
    (void)state;
    end_in_the_middle(cairn_http_server_drain, false);
}

static void a_stop_in_the_middle_leaves_nothing_behind(void **state)
{
    (void)state;
    end_in_the_middle(cairn_http_server_stop, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_session_is_answered_as_it_should_be),
        cmocka_unit_test(and_when_the_sockets_hold_next_to_nothing),
        cmocka_unit_test(a_drain_in_the_middle_cuts_no_answer_short),
        cmocka_unit_test(a_stop_in_the_middle_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
