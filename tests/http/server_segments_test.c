/* How a stream of large chunks is cut into what TCP sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cairn/http/answer.h>
#include <cairn/http/handler.h>
#include <cairn/service/random.h>
#include <cairn/service/stream.h>

#include "server_rig.h"

#define PATTERN 251
#define CHUNK ((size_t)66000) /* of no segment size a multiple */
#define MOST_CHUNK 100000

/* How often all that was sent was taken, and was full segments alone. The server's thread counts,
 * and has ended when it is read. */
static unsigned whole;
static size_t most; /* that a send was asked for */

ssize_t __real_send(int fd, const void *data, size_t length, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t length, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

static int segment_of(int fd)
{
    int segment = 0;
    socklen_t size = sizeof(segment);
    getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, &size);
    return segment;
}

/* What is small does not count, the client's requests among it; nor what a full socket cuts off. */
static void look(size_t length, ssize_t sent, int segment)
{
    if (length <= 16384)
        return;
    most = length > most ? length : most;
    if (sent < 0 || (size_t)sent < length)
        return;
    whole += segment > 0 && sent % segment == 0;
}

ssize_t __wrap_send(int fd, const void *data, size_t length, int flags)
{
    int segment = segment_of(fd);
    ssize_t sent = __real_send(fd, data, length, flags);
    look(length, sent, segment);
    return sent;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    int segment = segment_of(fd);
    size_t length = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        length += message->msg_iov[i].iov_len;
    ssize_t sent = __real_sendmsg(fd, message, flags);
    look(length, sent, segment);
    return sent;
}

/* Chunks of CHUNK bytes, or of random sizes; each in the same memory. Pending now and then. */
struct giving {
    struct cairn_http_chunk chunk;
    size_t at;
    size_t total;
    struct cairn_random dice; /* seed 0: none */
    bool is_random;
    bool has_waited;
};

static char memory[MOST_CHUNK];

static size_t giving_length(struct giving *self)
{
    size_t left = self->total - self->at;
    size_t length =
        self->is_random ? (size_t)cairn_random_range(&self->dice, 1, MOST_CHUNK + 1) : CHUNK;
    return length < left ? length : left;
}

static enum cairn_poll giving_poll_next(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct giving *self = state;
    if (self->is_random && !self->has_waited && cairn_random_range(&self->dice, 0, 4) == 0) {
        self->has_waited = true;
        cairn_task_wake(cx->task);
        return CAIRN_PENDING;
    }
    self->has_waited = false;
    size_t length = giving_length(self);
    for (size_t i = 0; i < length; i++)
        memory[i] = (char)((self->at + i) % PATTERN);
    self->at += length;
    self->chunk.bytes = cairn_str_of(memory, length);
    out->value = length ? &self->chunk : NULL;
    return CAIRN_READY;
}

static struct cairn_http_response *give(struct cairn_http_request *req, void *state)
{
    static const struct cairn_stream_ops ops = {
        .name = "giving", .size = sizeof(struct giving), .poll_next = giving_poll_next};
    const struct giving *giving = state;
    return cairn_http_stream(
        req, 200, NULL, cairn_stream_box(&ops, giving), (int64_t)giving->total);
}

static struct cairn_service *stream_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_http_handler(give, cx);
}

static void receive_pattern(int fd, size_t total)
{
    static char bytes[65536];
    size_t at = 0;
    ssize_t n = 0;
    while (at < total && (n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        for (ssize_t i = 0; i < n; i++, at++) {
            if (bytes[i] != (char)(at % PATTERN))
                fail_msg("byte %zu is another", at);
        }
    }
    assert_int_equal(at, total);
}

static void play(cairn_http_app *app, void *cx, size_t total)
{
    struct server_rig rig;
    char head[1024];
    server_rig_start(&rig, app, cx, NULL);
    int fd = client_connect(cairn_http_server_port(rig.server));
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(client_response(fd, true, head, sizeof(head)) > 0);
    receive_pattern(fd, total);
    close(fd);
    server_rig_stop(&rig);
}

static void a_stream_of_large_chunks_goes_out_in_full_segments(void **state)
{
    (void)state;
    whole = 0;
    play(stream_app, &(struct giving){.total = CHUNK * 64}, CHUNK * 64);
    assert_in_range(whole, 4, 64); /* the others met a socket that was full */
}

static void chunks_of_any_size_arrive_as_they_were(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        play(stream_app, &(struct giving){.total = 1500000, .dice = {seed}, .is_random = true},
            1500000);
}

static struct cairn_http_response *give_memory(struct cairn_http_request *req, void *state)
{
    const struct cairn_str *bytes = state;
    return cairn_http_bytes(req, 200, NULL, *bytes);
}

static struct cairn_service *memory_app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_http_handler(give_memory, cx);
}

static void a_large_body_of_memory_goes_out_in_turns(void **state)
{
    size_t total = (size_t)16 << 20;
    char *bytes = malloc(total);
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < total; i++)
        bytes[i] = (char)(i % PATTERN);
    most = 0;
    play(memory_app, &(struct cairn_str){bytes, total}, total);
    assert_in_range(most, 1 << 20, (1 << 20) + 4096);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_of_large_chunks_goes_out_in_full_segments),
        cmocka_unit_test(chunks_of_any_size_arrive_as_they_were),
        cmocka_unit_test(a_large_body_of_memory_goes_out_in_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
