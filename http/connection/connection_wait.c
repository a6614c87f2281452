#include <cairn/http/connection/connection.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cairn/http/server/worker.h>

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

void cairn__wait_begin(struct cairn__connection *self)
{
    wait_start(self);
    self->wait.held_bytes = wait_held(self);
    cairn__connection_deadline(self, self->worker->options->limits.write_ms);
}

bool cairn__wait_progress(struct cairn__connection *self)
{
    uint64_t waited_ms = wait_now(self) - self->wait.since_ms;
    self->wait.held_bytes = wait_held(self);
    cairn__connection_deadline(self, self->worker->options->limits.write_ms);
    if (waited_ms < CAIRN__WRITE_RATE_MS)
        return true;
    bool is_enough = self->wait.moved_bytes >= wait_least(self, waited_ms);
    wait_start(self);
    return is_enough;
}

bool cairn__wait_expires(struct cairn__connection *self)
{
    uint64_t write_ms = self->worker->options->limits.write_ms;
    uint64_t before = self->wait.held_bytes;
    if (!self->io.is_writing)
        return true;
    self->wait.held_bytes = wait_held(self);
    if (before < self->wait.held_bytes + wait_least(self, write_ms) ||
        before == self->wait.held_bytes)
        return true;
    cairn__connection_deadline(self, write_ms);
    return false;
}

void cairn__linger_begin(struct cairn__connection *self)
{
    wait_start(self);
    cairn__connection_deadline(self, CAIRN__LINGER_MS);
}

bool cairn__linger_expires(struct cairn__connection *self)
{
    uint64_t least = CAIRN__LINGER_MS / 1000 * self->worker->options->limits.body_bytes_per_s;
    if (self->state != CAIRN__LINGER || self->wait.moved_bytes < least ||
        wait_now(self) - self->wait.since_ms >= CAIRN__LINGER_MOST_MS)
        return true;
    self->wait.moved_bytes = 0;
    cairn__connection_deadline(self, CAIRN__LINGER_MS);
    return false;
}
