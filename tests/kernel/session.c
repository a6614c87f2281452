#include "session.h"

#include <signal.h>
#include <stdio.h>

#include <cairn/testkit/alloc.h>

struct session_sums session_sums;

/* What a session is. */

static void session_plan_limits(struct session *self)
{
    struct chance *chance = self->chance;
    struct cairn_http_limits *limits = &self->options.limits;
    limits->body_bytes = chance_below(chance, 2) ? 100 + chance_size(chance, 200000) : 0;
    limits->head_bytes = chance_once_in(chance, 4) ? 1024 : 0;
    limits->head_ms = 10 + chance_size(chance, 5000);
    limits->body_idle_ms = 10 + chance_size(chance, 5000);
    limits->body_bytes_per_s = chance_once_in(chance, 4) ? 100000 : 0;
    limits->keep_alive_ms = 10 + chance_size(chance, 5000);
    limits->write_ms = 10 + chance_size(chance, 5000);
    limits->connections = chance_below(chance, 2) ? 1 + chance_below(chance, 4) : 0;
    limits->write_bytes_per_s = chance_once_in(chance, 4) ? 100000 : 0;
    self->options.no_half_close = chance_once_in(chance, 4);
    self->options.drain_ms = 1 + chance_size(chance, 20000);
    self->app.options.timeout_ms = chance_below(chance, 2) ? 1 + chance_size(chance, 100) : 0;
    self->app.options.sheds = chance_once_in(chance, 3);
}

static void session_plan_faults(struct session *self)
{
    struct chance *chance = self->chance;
    struct kernel_faults *faults = &kernel.faults;
    unsigned *const rates[] = {&faults->interrupted, &faults->again, &faults->partial,
        &faults->broken, &faults->accept, &faults->setup, &faults->watch, &faults->spurious};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        if (chance_once_in(chance, 3))
            *rates[i] = 3 + (unsigned)chance_size(chance, 300);
    }
    self->is_hungry = chance_once_in(chance, 4);
}

static enum peer_style session_style(struct session *self)
{
    size_t n = chance_below(self->chance, 8);
    if (self->level != PEER_ROUGH)
        return n == 7 ? PEER_GARBAGE : PEER_GOOD;
    return n < 3 ? PEER_GOOD : n < 6 ? PEER_RUDE : n < 7 ? PEER_GARBAGE : PEER_NOISE;
}

static void session_plan(struct session *self)
{
    struct chance *chance = self->chance;
    size_t level = chance_below(chance, 8);
    self->level = level < 3 ? PEER_CALM : level < 4 ? PEER_DRAIN : PEER_ROUGH;
    self->options = (struct cairn_http_server_options){.size = sizeof(self->options)};
    self->options.no_watchdog = true; /* its thread is none of the session's */
    self->options.host = "127.0.0.1";
    self->options.workers = 1;
    self->options.keep_signals = chance_below(chance, 4) > 0;
    /* So that what is queued is more than that, and less. */
    self->options.limits.output_high_bytes = chance_below(chance, 2) ? 4096 : 0;
    self->options.limits.output_low_bytes = chance_below(chance, 2) ? 1 : 0;
    self->app.options.concurrency = chance_below(chance, 2) ? 1 + chance_below(chance, 3) : 0;
    self->app.options.makes_responses = chance_below(chance, 2);
    if (self->level == PEER_ROUGH) {
        session_plan_limits(self);
        session_plan_faults(self);
    } else {
        kernel.faults.partial = chance_below(chance, 2) ? 4 : 0;
    }
    self->peer_count = 1 + chance_size(chance, SESSION_PEERS - 1);
    for (size_t i = 0; i < self->peer_count; i++)
        peer_plan(&self->peers[i], chance, session_style(self));
    self->waits = chance_below(chance, 3) == 0;
    self->is_unkind = self->level == PEER_ROUGH && chance_below(chance, 2);
}

/* What happens in it. */

static bool session_let_act(struct session *self)
{
    size_t first = chance_below(self->chance, self->peer_count);
    for (size_t i = 0; i < self->peer_count; i++) {
        struct peer *peer = &self->peers[(first + i) % self->peer_count];
        if (peer_act(peer, self->chance, self->level))
            return true;
    }
    return false;
}

static void session_pass(uint64_t ms)
{
    kernel.now_ms += ms;
    kernel.progress++;
    kernel_trace("time has passed");
}

/* Until the server's clock wakes it. */
static bool session_pass_to_alarm(void)
{
    uint64_t at_ms = kernel_alarm_ms();
    if (at_ms == UINT64_MAX)
        return false;
    if (at_ms > kernel.now_ms)
        session_pass(at_ms - kernel.now_ms);
    return true;
}

static void session_enter(struct session *self, enum session_phase phase)
{
    self->phase = phase;
    self->since_ms = kernel.now_ms;
    kernel.progress++;
}

static void session_drain(struct session *self)
{
    kernel_trace("drain");
    if (self->phase != SESSION_DRAINS)
        session_enter(self, SESSION_DRAINS);
    kernel.is_draining = true;
    if (self->options.keep_signals || !kernel_raise(SIGTERM))
        cairn_http_server_drain(self->server);
}

static void session_stop(struct session *self)
{
    kernel_trace("stop");
    if (self->phase != SESSION_DRAINS)
        session_enter(self, SESSION_DRAINS);
    kernel.is_draining = true;
    cairn_http_server_stop(self->server);
}

static void session_happen(struct session *self)
{
    static FILE *nowhere;
    struct chance *chance = self->chance;
    if (self->is_hungry && cairn_test_alloc_has_failed())
        cairn_test_alloc_fail_at(1 + chance_size(chance, 2000));
    if (chance_once_in(chance, 30))
        session_pass(chance_size(chance, 10000));
    if (chance_once_in(chance, 80))
        kernel.faults.is_starved = !kernel.faults.is_starved;
    if (self->is_unkind && chance_once_in(chance, 200))
        session_drain(self);
    if (self->is_unkind && chance_once_in(chance, 400))
        session_stop(self);
    if (chance_once_in(chance, 400)) {
        if (!nowhere)
            nowhere = fopen("/dev/null", "we");
        cairn_http_server_print(self->server, nowhere);
    }
}

static bool session_is_played(const struct session *self)
{
    for (size_t i = 0; i < self->peer_count; i++) {
        if (!self->peers[i].is_done)
            return false;
    }
    return true;
}

/* Nobody acts any more, and no clock runs: nothing may be left but what the app itself holds. */
static void session_check_rest(const struct session *self)
{
    KERNEL_CHECK(kernel.open == self->app.upgraded, "a connection stays for ever");
    KERNEL_CHECK(kernel.backlog_count == 0 || kernel.open, "a peer waits and nobody accepts it");
}

/* The longest that a peer who does nothing may be kept: each of its requests may wait for those of
 * all others, with all they may take. */
static uint64_t session_patience_ms(const struct session *self)
{
    const struct cairn_http_limits *limits = &self->options.limits;
    uint64_t head_ms = limits->head_ms ? limits->head_ms : 10000;
    uint64_t idle_ms = limits->body_idle_ms ? limits->body_idle_ms : 10000;
    uint64_t keep_ms = limits->keep_alive_ms ? limits->keep_alive_ms : 75000;
    uint64_t write_ms = limits->write_ms ? limits->write_ms : 30000;
    uint64_t one = APP_LONGEST_MS * 200 + idle_ms + write_ms;
    return head_ms + keep_ms + 5000 + one * PEER_ASKS * self->peer_count;
}

static void session_play(struct session *self, bool is_idle)
{
    bool has_acted = false;
    size_t acts = is_idle ? 1 : chance_below(self->chance, 4);
    if (self->level == PEER_ROUGH)
        session_happen(self);
    if (self->level == PEER_DRAIN && chance_once_in(self->chance, 60))
        session_drain(self);
    while (acts--)
        has_acted |= session_let_act(self);
    if (has_acted || !is_idle || self->phase != SESSION_PLAYS)
        return;
    if (session_is_played(self) || !session_pass_to_alarm()) {
        KERNEL_CHECK(self->level != PEER_CALM || session_is_played(self), "a peer waits for ever");
        kernel.faults = (struct kernel_faults){0};
        session_enter(self, SESSION_WAITS);
    }
}

static void session_wait(struct session *self, bool is_idle)
{
    if (self->waits) {
        KERNEL_CHECK(kernel.now_ms - self->since_ms <= session_patience_ms(self),
            "a connection outlives its deadlines");
        if (!is_idle || session_pass_to_alarm())
            return;
        session_check_rest(self);
    }
    if (self->is_unkind)
        session_stop(self);
    else
        session_drain(self);
}

static bool session_step(void *cx, bool is_idle)
{
    struct session *self = cx;
    switch (self->phase) {
    case SESSION_PLAYS:
        session_play(self, is_idle);
        return true;
    case SESSION_WAITS:
        session_wait(self, is_idle);
        return true;
    case SESSION_DRAINS:
        break;
    }
    uint64_t drain_ms = self->options.drain_ms ? self->options.drain_ms : 20000;
    KERNEL_CHECK(kernel.now_ms - self->since_ms <= drain_ms + 1, "a drain without an end");
    if (self->level == PEER_ROUGH && self->is_unkind && chance_once_in(self->chance, 40))
        session_stop(self);
    return session_let_act(self) || !is_idle || session_pass_to_alarm();
}

/* How it was. */

static void session_sum(const struct cairn_http_counters *c)
{
    session_sums.connections += c->accepted;
    session_sums.requests += c->requests;
    session_sums.responses += c->responses;
    session_sums.refused += c->refused;
    session_sums.failed += c->failed;
    session_sums.cancelled += c->cancelled;
    session_sums.timeouts += c->timeouts;
    session_sums.waited += c->waited;
    session_sums.pauses += c->accept_pauses;
}

static void session_check_counters(const struct session *self, const struct cairn_http_counters *c)
{
    size_t answered = 0;
    size_t cut = 0;
    bool is_good = true;
    for (size_t i = 0; i < self->peer_count; i++) {
        answered += self->peers[i].answered;
        cut += self->peers[i].cut;
        is_good = is_good && self->peers[i].style == PEER_GOOD &&
                  !(self->peers[i].socket && self->peers[i].socket->is_torn);
    }
    KERNEL_CHECK(c->accepted == kernel.accepted, "connections are counted wrong");
    KERNEL_CHECK(c->responses <= c->requests + c->refused, "more responses than requests");
    KERNEL_CHECK(self->app.begun == self->app.ended, "an exchange did not end");
    KERNEL_CHECK(self->app.begun <= c->requests, "more calls than requests");
    KERNEL_CHECK(self->app.ends[CAIRN_HTTP_COMPLETE] <= c->responses, "responses are not counted");
    KERNEL_CHECK(self->app.upgraded == 0, "an upgraded connection was not dropped");
    if (self->level != PEER_CALM || !is_good)
        return;
    KERNEL_CHECK(c->responses == answered, "responses are counted wrong");
    KERNEL_CHECK(c->requests == answered + cut, "requests are counted wrong");
    KERNEL_CHECK(c->cancelled == cut, "cut responses are counted wrong");
    KERNEL_CHECK(c->refused == 0, "a good request was refused");
}

static void session_serve(struct session *self)
{
    struct cairn_error *error = cairn_http_server_run(self->server);
    KERNEL_CHECK(!error || self->level == PEER_ROUGH, "the server did not run");
    if (!error) {
        const struct cairn_http_counters counters = cairn_http_server_counters(self->server);
        for (size_t i = 0; i < self->peer_count; i++)
            peer_finish(&self->peers[i], self->level);
        session_check_counters(self, &counters);
        session_sum(&counters);
    }
    cairn_error_unref(error);
}

void session_run(struct chance *chance, const char *name)
{
    static struct session self;
    struct cairn_error *error = NULL;
    self.app = (struct app){.options = {0}};
    self.phase = SESSION_PLAYS;
    self.is_hungry = false;
    self.chance = chance;
    kernel_name(name);
    kernel_begin(chance);
    session_plan(&self);
    cairn_test_alloc_begin();
    kernel_set_world((struct kernel_world){session_step, &self});
    if (self.is_hungry)
        cairn_test_alloc_fail_at(1 + chance_size(chance, 2000));
    self.server = cairn_http_server_new(app_make, &self.app, &self.options, &error);
    if (self.server)
        session_serve(&self);
    KERNEL_CHECK(self.server || self.level == PEER_ROUGH, "no server");
    cairn_error_unref(error);
    cairn_http_server_free(self.server);
    kernel_end();
    cairn_test_alloc_end();
    session_sums.sessions++;
}
