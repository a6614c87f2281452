#include <cairn/layers/circuit.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cairn__circuit_init(
    struct cairn__circuit *circuit, const struct cairn__circuit_config *config, uint64_t seed)
{
    memset(circuit, 0, sizeof(*circuit));
    circuit->config = *config;
    cairn_random_init(&circuit->random, seed);
}

static void circuit_forget(struct cairn__circuit *self)
{
    memset(self->buckets, 0, sizeof(self->buckets));
    self->window = (struct cairn__circuit_bucket){0, 0};
    self->in_a_row = 0;
    self->probing = 0;
    self->passed = 0;
    self->epoch++;
}

static void circuit_open(
    struct cairn__circuit *self, enum cairn__circuit_cause cause, uint64_t now_ms)
{
    self->cause = cause;
    self->counts = self->window;
    if (cause == CAIRN__CIRCUIT_ROW)
        self->counts.failures = self->in_a_row;
    self->open_ms = cairn_backoff_delay_ms(&self->config.backoff, self->reopened, &self->random);
    if (__builtin_add_overflow(now_ms, self->open_ms, &self->until_ms))
        self->until_ms = UINT64_MAX;
    self->reopened += self->reopened < UINT32_MAX;
    self->state = CAIRN__CIRCUIT_OPEN;
    circuit_forget(self);
}

static void circuit_close(struct cairn__circuit *self)
{
    self->reopened = 0;
    self->state = CAIRN__CIRCUIT_CLOSED;
    circuit_forget(self);
}

enum cairn__circuit_state cairn__circuit_state_at(
    const struct cairn__circuit *circuit, uint64_t now_ms)
{
    bool is_over = circuit->state == CAIRN__CIRCUIT_OPEN && now_ms >= circuit->until_ms;
    return is_over ? CAIRN__CIRCUIT_HALF_OPEN : circuit->state;
}

bool cairn__circuit_admits(const struct cairn__circuit *circuit, uint64_t now_ms)
{
    if (circuit->state == CAIRN__CIRCUIT_CLOSED)
        return true;
    return cairn__circuit_state_at(circuit, now_ms) == CAIRN__CIRCUIT_HALF_OPEN &&
           circuit->probing + circuit->passed < circuit->config.probes;
}

bool cairn__circuit_enter(
    struct cairn__circuit *circuit, uint64_t now_ms, struct cairn__circuit_pass *pass)
{
    if (!cairn__circuit_admits(circuit, now_ms))
        return false;
    circuit->state = cairn__circuit_state_at(circuit, now_ms);
    pass->epoch = circuit->epoch;
    pass->is_probe = circuit->state == CAIRN__CIRCUIT_HALF_OPEN;
    circuit->probing += pass->is_probe;
    return true;
}

static void circuit_next_bucket(struct cairn__circuit *self)
{
    self->bucket = (self->bucket + 1) % CAIRN__CIRCUIT_BUCKETS;
    struct cairn__circuit_bucket *oldest = &self->buckets[self->bucket];
    self->window.requests -= oldest->requests;
    self->window.failures -= oldest->failures;
    *oldest = (struct cairn__circuit_bucket){0, 0};
}

static void circuit_expire(struct cairn__circuit *self, uint64_t now_ms)
{
    const uint64_t bucket_ms = self->config.window_ms / CAIRN__CIRCUIT_BUCKETS;
    if (now_ms < self->bucket_end_ms)
        return;
    uint64_t passed = (now_ms - self->bucket_end_ms) / bucket_ms + 1;
    self->bucket_end_ms += passed * bucket_ms;
    for (uint64_t n = passed < CAIRN__CIRCUIT_BUCKETS ? passed : CAIRN__CIRCUIT_BUCKETS; n > 0; n--)
        circuit_next_bucket(self);
}

static void circuit_count(struct cairn__circuit *self, bool is_failure, uint64_t now_ms)
{
    struct cairn__circuit_bucket *bucket;
    circuit_expire(self, now_ms);
    bucket = &self->buckets[self->bucket];
    bucket->requests++;
    bucket->failures += is_failure;
    self->window.requests++;
    self->window.failures += is_failure;
    self->in_a_row = is_failure ? self->in_a_row + 1 : 0;
}

static bool circuit_is_rate_over(const struct cairn__circuit *self)
{
    const struct cairn__circuit_config *config = &self->config;
    return config->failure_rate > 0 && self->window.failures &&
           self->window.requests >= config->min_requests &&
           (double)self->window.failures >= config->failure_rate * (double)self->window.requests;
}

static bool circuit_leave_closed(struct cairn__circuit *self, bool is_failure, uint64_t now_ms)
{
    circuit_count(self, is_failure, now_ms);
    bool is_row_over = self->config.failures && self->in_a_row >= self->config.failures;
    if (!is_row_over && !circuit_is_rate_over(self))
        return false;
    circuit_open(self, is_row_over ? CAIRN__CIRCUIT_ROW : CAIRN__CIRCUIT_RATE, now_ms);
    return true;
}

static bool circuit_leave_probe(
    struct cairn__circuit *self, enum cairn__circuit_outcome outcome, uint64_t now_ms)
{
    self->probing--;
    if (outcome == CAIRN__CIRCUIT_FAILURE) {
        circuit_open(self, CAIRN__CIRCUIT_PROBE, now_ms);
        return true;
    }
    self->passed += outcome == CAIRN__CIRCUIT_SUCCESS;
    if (self->passed == self->config.probes)
        circuit_close(self);
    return false;
}

bool cairn__circuit_leave(struct cairn__circuit *circuit, struct cairn__circuit_pass pass,
    enum cairn__circuit_outcome outcome, uint64_t now_ms)
{
    if (pass.epoch != circuit->epoch)
        return false;
    if (pass.is_probe)
        return circuit_leave_probe(circuit, outcome, now_ms);
    if (outcome == CAIRN__CIRCUIT_IGNORED)
        return false;
    return circuit_leave_closed(circuit, outcome == CAIRN__CIRCUIT_FAILURE, now_ms);
}

char *cairn__circuit_why(const struct cairn__circuit *circuit, char *buffer, size_t size)
{
    if (circuit->cause == CAIRN__CIRCUIT_ROW)
        snprintf(buffer, size, "%" PRIu64 " failure%s in a row", circuit->counts.failures,
            circuit->counts.failures == 1 ? "" : "s");
    else if (circuit->cause == CAIRN__CIRCUIT_RATE)
        snprintf(buffer, size, "%" PRIu64 " of %" PRIu64 " calls failed", circuit->counts.failures,
            circuit->counts.requests);
    else
        snprintf(buffer, size, "a probe failed");
    return buffer;
}
