/* In place of service/loop.c: the same functions, with the events of kernel.c in place of
 * libevent's. */
#include <cairn/service/loop.h>

#include <errno.h>

#include <cairn/service/alloc.h>
#include <cairn/service/io.h>
#include <cairn/service/runtime_core.h>

#include "kernel.h"

/* Turns of the loop in which nothing gets on: no byte, no connection, no time, no act of a peer. */
#define LOOP_IDLE_TURNS 500
#define LOOP_EVENTS 128

struct event {
    struct event *next;
    struct event **link;
    struct cairn_io *io; /* or … */
    struct cairn_signal *signal;
    int number;
    bool is_write;
    bool is_added;
    bool is_caught;
};

struct event_base {
    bool is_broken; /* out of cairn__loop_run */
};

static struct {
    struct event *events;
    struct event *active[LOOP_EVENTS]; /* of this turn; NULL: freed, or dealt with */
    size_t active_count;
    bool is_turn_asked;
    bool is_next_turn_asked;
    bool is_woken; /* the one thing that other threads could touch; there are none */
    struct kernel_world world;
    struct cairn__loop *loop;
    unsigned long progress;
    unsigned idle_turns;
} loop_state;

void kernel_set_world(struct kernel_world world)
{
    loop_state.world = world;
}

uint64_t kernel_alarm_ms(void)
{
    return loop_state.loop ? loop_state.loop->alarm_ms : UINT64_MAX;
}

size_t kernel_events(void)
{
    size_t count = 0;
    for (const struct event *event = loop_state.events; event; event = event->next)
        count++;
    return count;
}

bool kernel_raise(int number)
{
    for (struct event *event = loop_state.events; event; event = event->next) {
        if (event->signal && event->number == number) {
            event->is_caught = true;
            kernel.progress++;
            return true;
        }
    }
    return false;
}

void cairn__loop_set_allocator(const struct cairn_allocator *allocator)
{
    (void)allocator;
}

struct cairn_error *cairn__loop_open(
    struct cairn__loop *loop, struct event_base *base, struct cairn_runtime *runtime)
{
    (void)runtime;
    *loop = (struct cairn__loop){.wake_fd = -1, .alarm_fd = -1, .alarm_ms = UINT64_MAX};
    loop->owns_base = true;
    loop->base = base ? NULL : cairn_alloc_zero(sizeof(*loop->base));
    if (!loop->base)
        return &cairn_error_no_memory;
    if (kernel.is_on && chance_once_in(kernel.chance, kernel.faults.setup))
        return cairn_error_system("runtime", "eventfd", EMFILE);
    loop_state.loop = loop;
    loop_state.is_turn_asked = loop_state.is_next_turn_asked = loop_state.is_woken = false;
    loop_state.idle_turns = 0;
    return NULL;
}

void cairn__loop_close(struct cairn__loop *loop)
{
    cairn_free(loop->base);
    loop->base = NULL;
    loop_state.loop = NULL;
}

void cairn__loop_close_wake(struct cairn__loop *loop)
{
    (void)loop;
}

void cairn__loop_ask_turn(struct cairn__loop *loop)
{
    (void)loop;
    loop_state.is_turn_asked = true;
}

void cairn__loop_ask_next_turn(struct cairn__loop *loop)
{
    (void)loop;
    loop_state.is_next_turn_asked = true;
}

void cairn__loop_wake(struct cairn__loop *loop)
{
    (void)loop;
    loop_state.is_woken = true;
}

void cairn__loop_set_alarm(struct cairn__loop *loop, uint64_t at_ms)
{
    loop->alarm_ms = at_ms;
}

void cairn__loop_break(struct cairn__loop *loop)
{
    loop->base->is_broken = true;
}

/* One turn. */

static struct cairn_runtime *loop_runtime(struct cairn__loop *loop)
{
    return (struct cairn_runtime *)((char *)loop - offsetof(struct cairn_runtime, loop));
}

static bool loop_is_due(const struct cairn__loop *loop)
{
    return loop->alarm_ms <= kernel.now_ms;
}

static bool loop_is_ready(const struct event *event)
{
    if (event->signal)
        return event->is_caught;
    if (!event->is_added)
        return false;
    return event->is_write ? kernel_can_write(event->io->fd) : kernel_can_read(event->io->fd);
}

static bool loop_is_idle(const struct cairn__loop *loop)
{
    if (loop_is_due(loop) || loop_state.is_woken || loop_state.is_turn_asked ||
        loop_state.is_next_turn_asked)
        return false;
    for (const struct event *event = loop_state.events; event; event = event->next) {
        if (loop_is_ready(event))
            return false;
    }
    return true;
}

static void loop_look(void)
{
    loop_state.active_count = 0;
    for (struct event *event = loop_state.events; event; event = event->next) {
        bool is_spurious = event->is_added && chance_once_in(kernel.chance, kernel.faults.spurious);
        if (!loop_is_ready(event) && !is_spurious)
            continue;
        KERNEL_CHECK(loop_state.active_count < LOOP_EVENTS, "too many events");
        loop_state.active[loop_state.active_count++] = event;
    }
}

static void loop_deliver_event(struct cairn__loop *loop, struct event *event)
{
    if (event->signal) {
        event->is_caught = false;
        event->signal->caught(event->signal, event->number);
        return;
    }
    kernel_trace("%s %d", event->is_write ? "can write" : "can read", event->io->fd);
    cairn__runtime_enter(loop_runtime(loop));
    event->io->ready(event->io, !event->is_write, event->is_write);
}

/* In any order, as a kernel may report them. */
static void loop_deliver(struct cairn__loop *loop)
{
    while (loop_state.active_count && !loop->base->is_broken) {
        size_t i = chance_below(kernel.chance, loop_state.active_count);
        struct event *event = loop_state.active[i];
        loop_state.active[i] = loop_state.active[--loop_state.active_count];
        if (event)
            loop_deliver_event(loop, event);
    }
}

static void loop_turn(struct cairn__loop *loop)
{
    if (loop_state.is_woken && !loop->base->is_broken) {
        loop_state.is_woken = false;
        kernel.progress++;
        cairn__runtime_on_wake(loop_runtime(loop));
    }
    if (loop_is_due(loop) && !loop->base->is_broken)
        cairn__runtime_on_alarm(loop_runtime(loop));
    if (loop_state.is_next_turn_asked)
        loop_state.is_turn_asked = true;
    loop_state.is_next_turn_asked = false;
    while (loop_state.is_turn_asked && !loop->base->is_broken) {
        loop_state.is_turn_asked = false;
        cairn__runtime_on_turn(loop_runtime(loop));
    }
}

static void loop_check_progress(void)
{
    loop_state.idle_turns++;
    if (loop_state.progress != kernel.progress)
        loop_state.idle_turns = 0;
    loop_state.progress = kernel.progress;
    KERNEL_CHECK(loop_state.idle_turns < LOOP_IDLE_TURNS, "the loop turns and gets nowhere");
}

void cairn__loop_run(struct cairn__loop *loop)
{
    loop->base->is_broken = false;
    while (!loop->base->is_broken) {
        bool is_idle = loop_is_idle(loop);
        bool goes_on = loop_state.world.step(loop_state.world.cx, is_idle);
        KERNEL_CHECK(goes_on || !loop_is_idle(loop), "the server is stuck");
        loop_look();
        loop_deliver(loop);
        loop_turn(loop);
        loop_check_progress();
    }
}

/* A runtime that no session has is turned by hand. */
void cairn__loop_once(struct cairn__loop *loop, bool wait)
{
    (void)wait;
    loop->base->is_broken = false;
    loop_turn(loop);
}

/* Events. */

static struct event *event_make(void)
{
    struct event *event = cairn_alloc_zero(sizeof(*event));
    if (!event)
        return NULL;
    event->next = loop_state.events;
    if (event->next)
        event->next->link = &event->next;
    event->link = &loop_state.events;
    loop_state.events = event;
    return event;
}

static void event_cease(struct event *event)
{
    for (size_t i = 0; i < loop_state.active_count; i++) {
        if (loop_state.active[i] == event)
            loop_state.active[i] = NULL;
    }
}

static void event_release(struct event **at)
{
    struct event *event = *at;
    if (!event)
        return;
    KERNEL_CHECK(!event->io || kernel_is_open(event->io->fd), "closed before it was unwatched");
    event_cease(event);
    *event->link = event->next;
    if (event->next)
        event->next->link = event->link;
    cairn_free(event);
    *at = NULL;
}

struct cairn_error *cairn_io_open(struct cairn_io *io, struct cairn_runtime *runtime, int fd,
    void (*ready)(struct cairn_io *self, bool can_read, bool can_write))
{
    *io = (struct cairn_io){.runtime = runtime, .ready = ready, .fd = fd};
    io->read_event = event_make();
    if (!io->read_event)
        return &cairn_error_no_memory;
    io->read_event->io = io;
    return NULL;
}

void cairn_io_close(struct cairn_io *io)
{
    event_release(&io->read_event);
    event_release(&io->write_event);
    io->is_reading = false;
    io->is_writing = false;
}

static int event_switch(struct event *event, bool *is_on, bool wanted)
{
    if (*is_on == wanted)
        return 0;
    if (wanted && chance_once_in(kernel.chance, kernel.faults.watch)) {
        kernel_trace("%d cannot be watched", event->io->fd);
        return -1;
    }
    if (!wanted)
        event_cease(event);
    event->is_added = *is_on = wanted;
    return 0;
}

int cairn_io_want_read(struct cairn_io *io, bool wanted)
{
    return event_switch(io->read_event, &io->is_reading, wanted);
}

int cairn_io_want_write(struct cairn_io *io, bool wanted)
{
    if (!io->write_event) {
        if (!wanted)
            return 0;
        io->write_event = event_make();
        if (!io->write_event)
            return -1;
        io->write_event->io = io;
        io->write_event->is_write = true;
    }
    return event_switch(io->write_event, &io->is_writing, wanted);
}

struct cairn_error *cairn_signal_open(struct cairn_signal *signal_, struct cairn_runtime *runtime,
    int number, void (*caught)(struct cairn_signal *self, int number))
{
    (void)runtime;
    signal_->caught = caught;
    signal_->event = event_make();
    if (!signal_->event)
        return &cairn_error_no_memory;
    signal_->event->signal = signal_;
    signal_->event->number = number;
    return NULL;
}

void cairn_signal_close(struct cairn_signal *signal_)
{
    event_release(&signal_->event);
}
