#include <cairn/http/connection/connection.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cairn/http/server/worker.h>

/* What the socket holds is not known yet. */
#define WAIT_UNKNOWN UINT64_MAX
/* Of write_ms, the part after which the peer's kernel has taken what it takes by itself. */
#define WAIT_SETTLES 8

/*
 * While output waits for the socket its peer must take it, and fast enough to be worth the wait.
 * The socket says that there is room again only when a good part of its buffer is free: where it
 * has not said so for long, what it holds tells whether the peer takes some all the same.
 */

static uint64_t wait_now(const struct cairn__connection *self)
{
    return cairn_runtime_now_ms(self->task.runtime);
}

static uint64_t wait_least(const struct cairn__connection *self, uint64_t waited_ms)
{
    return waited_ms * self->worker->options->limits.write_bytes_per_s / 1000;
}

/* Sent, and not yet acknowledged by the peer. */
static uint64_t wait_held(const struct cairn__connection *self)
{
    int bytes = 0;
    return ioctl(self->io.fd, SIOCOUTQ, &bytes) == 0 ? (uint64_t)bytes : 0;
}

static void wait_start(struct cairn__connection *self)
{
    self->wait.since_ms = wait_now(self);
    self->wait.moved_bytes = 0;
}

static uint64_t wait_settle_ms(const struct cairn__connection *self)
{
    return self->worker->options->limits.write_ms / WAIT_SETTLES;
}

static void wait_allow_time(struct cairn__connection *self)
{
    self->wait.held_bytes = WAIT_UNKNOWN;
    cairn__connection_deadline(self, wait_settle_ms(self));
}

void cairn__wait_begin(struct cairn__connection *self)
{
    wait_start(self);
    wait_allow_time(self);
}

bool cairn__wait_progress(struct cairn__connection *self)
{
    uint64_t waited_ms = wait_now(self) - self->wait.since_ms;
    wait_allow_time(self);
    if (waited_ms < CAIRN__WRITE_RATE_MS)
        return true;
    bool is_enough = self->wait.moved_bytes >= wait_least(self, waited_ms);
    wait_start(self);
    return is_enough;
}

bool cairn__wait_expires(struct cairn__connection *self)
{
    uint64_t rest_ms = self->worker->options->limits.write_ms - wait_settle_ms(self);
    uint64_t before = self->wait.held_bytes;
    if (!self->io.is_writing)
        return true;
    self->wait.held_bytes = wait_held(self);
    bool is_over = before == WAIT_UNKNOWN
                       ? wait_now(self) >= self->deadline_ms + rest_ms
                       : before == self->wait.held_bytes ||
                             before < self->wait.held_bytes + wait_least(self, rest_ms);
    if (!is_over)
        cairn__connection_deadline(self, rest_ms);
    return is_over;
}

static uint64_t linger_ms(const struct cairn__connection *self)
{
    return self->is_late ? CAIRN__LINGER_LATE_MS : CAIRN__LINGER_MS;
}

void cairn__linger_begin(struct cairn__connection *self)
{
    wait_start(self);
    cairn__connection_deadline(self, linger_ms(self));
}

bool cairn__linger_expires(struct cairn__connection *self)
{
    uint64_t least = linger_ms(self) / 1000 * self->worker->options->limits.body_bytes_per_s;
    if (self->state != CAIRN__LINGER || self->wait.moved_bytes < least ||
        wait_now(self) - self->wait.since_ms >= CAIRN__LINGER_MOST_MS)
        return true;
    self->wait.moved_bytes = 0;
    cairn__connection_deadline(self, linger_ms(self));
    return false;
}

bool cairn__connection_retires(struct cairn__connection *self)
{
    if (self->has_more || wait_now(self) < self->retire_ms)
        return false;
    self->worker->counters.retired++;
    return true;
}
