#include <cairn/http/layers/log_sink.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairn/service/alloc.h>
#include <cairn/service/runtime.h>

#define LOG_SINK_FLUSH_AT (CAIRN__LOG_SINK_BYTES / 4 * 3)
#define LOG_SINK_DELAY_MS 100

/* O_NONBLOCK belongs to the open file, which may be standard output of half the system: so it is
 * set on one of our own. Returns -1 where that cannot be. */
static int log_sink_reopen(int fd)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void log_sink_choose(struct cairn__log_sink *sink, int fd)
{
    struct stat info = {0};
    int rc = fstat(fd, &info);
    sink->fd = fd;
    sink->kind = CAIRN__LOG_SINK_SHARED;
    if (rc)
        return;
    if (S_ISREG(info.st_mode)) {
        sink->kind = CAIRN__LOG_SINK_FILE;
    } else if (S_ISSOCK(info.st_mode)) {
        sink->kind = CAIRN__LOG_SINK_SOCKET;
    } else if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
        int own = log_sink_reopen(fd);
        if (own >= 0) {
            sink->fd = own;
            sink->kind = CAIRN__LOG_SINK_OWN;
        }
    }
}

int cairn__log_sink_init(struct cairn__log_sink *sink, int fd)
{
    *sink = (struct cairn__log_sink){
        .buffer = cairn_alloc(CAIRN__LOG_SINK_BYTES + CAIRN__LOG_LINE_BYTES)};
    if (!sink->buffer)
        return -1;
    log_sink_choose(sink, fd);
    return 0;
}

static ssize_t log_sink_write(struct cairn__log_sink *sink, const char *data, size_t length)
{
    struct pollfd one = {.fd = sink->fd, .events = POLLOUT};
    if (sink->kind == CAIRN__LOG_SINK_SOCKET)
        return send(sink->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sink->kind == CAIRN__LOG_SINK_SHARED && poll(&one, 1, 0) != 1) {
        errno = EAGAIN;
        return -1;
    }
    return write(sink->fd, data, length);
}

/* How much goes in one write: whole lines, as many as are not mixed with those of others. */
static size_t log_sink_batch(const struct cairn__log_sink *sink, size_t from)
{
    size_t left = sink->length - from;
    if (sink->kind == CAIRN__LOG_SINK_FILE || left <= CAIRN__LOG_LINE_BYTES)
        return left;
    const char *start = sink->buffer + from;
    const char *end = memrchr(start, '\n', CAIRN__LOG_LINE_BYTES);
    return end ? (size_t)(end + 1 - start) : CAIRN__LOG_LINE_BYTES;
}

bool cairn__log_sink_flush(struct cairn__log_sink *sink)
{
    size_t from = 0;
    while (from < sink->length) {
        ssize_t n = log_sink_write(sink, sink->buffer + from, log_sink_batch(sink, from));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        from += (size_t)n;
    }
    sink->length -= from;
    memmove(sink->buffer, sink->buffer + from, sink->length);
    sink->is_stuck = sink->length > 0;
    return !sink->is_stuck;
}

static void log_sink_fire(struct cairn_timer *timer);

static void log_sink_arm(struct cairn__log_sink *sink)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    if (runtime && !cairn_timer_is_armed(&sink->timer))
        cairn_timer_arm(runtime, &sink->timer,
            cairn_runtime_deadline_ms(runtime, LOG_SINK_DELAY_MS), log_sink_fire);
}

/* The timer is the first member. */
static void log_sink_fire(struct cairn_timer *timer)
{
    struct cairn__log_sink *sink = (struct cairn__log_sink *)timer;
    if (!cairn__log_sink_flush(sink))
        log_sink_arm(sink);
}

void cairn__log_sink_put(struct cairn__log_sink *sink, const char *end)
{
    size_t length = (size_t)(end - cairn__log_sink_place(sink));
    if (length > CAIRN__LOG_SINK_BYTES - sink->length) {
        sink->dropped++;
        return;
    }
    sink->length += length;
    sink->lines++;
    bool is_waiting = sink->is_stuck && cairn_timer_is_armed(&sink->timer);
    if (sink->length < LOG_SINK_FLUSH_AT || is_waiting || !cairn__log_sink_flush(sink))
        log_sink_arm(sink);
    else
        cairn_timer_cancel(&sink->timer);
}

void cairn__log_sink_fini(struct cairn__log_sink *sink)
{
    cairn_timer_cancel(&sink->timer);
    if (!sink->buffer)
        return;
    cairn__log_sink_flush(sink);
    if (sink->kind == CAIRN__LOG_SINK_OWN)
        close(sink->fd);
    cairn_free(sink->buffer);
    sink->buffer = NULL;
}
