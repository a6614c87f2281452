#include <cairn/service/loop.h>

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <event2/event.h>

#include <cairn/service/io.h>
#include <cairn/service/runtime_core.h>

void cairn__loop_set_allocator(const struct cairn_allocator *allocator)
{
    event_set_mem_functions(allocator->alloc, allocator->resize, allocator->free);
}

static void loop_on_turn(evutil_socket_t fd, short what, void *runtime)
{
    (void)fd;
    (void)what;
    cairn__runtime_on_turn(runtime);
}

static void loop_clear(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* nothing to read: somebody was quicker, and all is well */
}

static void loop_on_wake(evutil_socket_t fd, short what, void *runtime)
{
    (void)what;
    loop_clear(fd);
    cairn__runtime_on_wake(runtime);
}

static void loop_on_alarm(evutil_socket_t fd, short what, void *runtime)
{
    (void)what;
    loop_clear(fd);
    cairn__runtime_on_alarm(runtime);
}

/* One thread uses the base, and our wake-up is a descriptor: libevent needs no locks. Its own
 * timers are not used, so neither is its cache of the time. */
static struct event_base *loop_base_new(void)
{
    struct event_base *base = NULL;
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME) == 0)
        base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static struct cairn_error *loop_open_descriptors(struct cairn__loop *loop)
{
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->wake_fd < 0)
        return cairn_error_system("runtime", "eventfd", errno);
    loop->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->alarm_fd < 0)
        return cairn_error_system("runtime", "timerfd_create", errno);
    return NULL;
}

static struct cairn_error *loop_open_events(struct cairn__loop *loop, struct cairn_runtime *runtime)
{
    const short what = EV_READ | EV_PERSIST;
    loop->turn_event = event_new(loop->base, -1, 0, loop_on_turn, runtime);
    loop->wake_event = event_new(loop->base, loop->wake_fd, what, loop_on_wake, runtime);
    loop->alarm_event = event_new(loop->base, loop->alarm_fd, what, loop_on_alarm, runtime);
    if (!loop->turn_event || !loop->wake_event || !loop->alarm_event ||
        event_add(loop->wake_event, NULL) || event_add(loop->alarm_event, NULL))
        return &cairn_error_no_memory;
    return NULL;
}

struct cairn_error *cairn__loop_open(
    struct cairn__loop *loop, struct event_base *base, struct cairn_runtime *runtime)
{
    *loop = (struct cairn__loop){.wake_fd = -1, .alarm_fd = -1, .alarm_ms = UINT64_MAX};
    loop->owns_base = base == NULL;
    loop->base = base ? base : loop_base_new();
    if (!loop->base)
        return &cairn_error_no_memory;
    struct cairn_error *error = loop_open_descriptors(loop);
    return error ? error : loop_open_events(loop, runtime);
}

static void loop_event_free(struct event **event)
{
    if (*event)
        event_free(*event);
    *event = NULL;
}

static void loop_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void cairn__loop_close(struct cairn__loop *loop)
{
    loop_event_free(&loop->turn_event);
    loop_event_free(&loop->wake_event);
    loop_event_free(&loop->alarm_event);
    loop_close_fd(&loop->alarm_fd);
    if (loop->owns_base && loop->base)
        event_base_free(loop->base);
    loop->base = NULL;
}

void cairn__loop_close_wake(struct cairn__loop *loop)
{
    loop_close_fd(&loop->wake_fd);
}

void cairn__loop_ask_turn(struct cairn__loop *loop)
{
    event_active(loop->turn_event, EV_TIMEOUT, 0);
}

void cairn__loop_ask_next_turn(struct cairn__loop *loop)
{
    static const struct timeval now = {0, 0};
    event_add(loop->turn_event, &now);
}

void cairn__loop_wake(struct cairn__loop *loop)
{
    const uint64_t one = 1;
    ssize_t n = write(loop->wake_fd, &one, sizeof(one));
    (void)n; /* full: it is awake already */
}

void cairn__loop_set_alarm(struct cairn__loop *loop, uint64_t at_ms)
{
    if (loop->alarm_ms == at_ms)
        return;
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000}};
    if (at_ms == UINT64_MAX)
        at = (struct itimerspec){0};
    else if (at_ms == 0)
        at.it_value.tv_nsec = 1; /* zero would disarm it */
    loop->alarm_ms = at_ms;
    timerfd_settime(loop->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void cairn__loop_run(struct cairn__loop *loop)
{
    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void cairn__loop_break(struct cairn__loop *loop)
{
    event_base_loopbreak(loop->base);
}

void cairn__loop_once(struct cairn__loop *loop, bool wait)
{
    event_base_loop(loop->base, wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void io_on_read(evutil_socket_t fd, short what, void *cx)
{
    struct cairn_io *io = cx;
    (void)fd;
    (void)what;
    cairn__runtime_enter_io(io->runtime);
    io->ready(io, true, false);
}

static void io_on_write(evutil_socket_t fd, short what, void *cx)
{
    struct cairn_io *io = cx;
    (void)fd;
    (void)what;
    cairn__runtime_enter_io(io->runtime);
    io->ready(io, false, true);
}

struct cairn_error *cairn_io_open(struct cairn_io *io, struct cairn_runtime *runtime, int fd,
    void (*ready)(struct cairn_io *self, bool can_read, bool can_write))
{
    *io = (struct cairn_io){.runtime = runtime, .ready = ready, .fd = fd};
    io->read_event = event_new(runtime->loop.base, fd, EV_READ | EV_PERSIST, io_on_read, io);
    return io->read_event ? NULL : &cairn_error_no_memory;
}

void cairn_io_close(struct cairn_io *io)
{
    loop_event_free(&io->read_event);
    loop_event_free(&io->write_event);
    io->is_reading = false;
    io->is_writing = false;
}

static int io_switch(struct event *event, bool *is_on, bool wanted)
{
    if (*is_on == wanted)
        return 0;
    if ((wanted ? event_add(event, NULL) : event_del(event)) != 0)
        return -1;
    *is_on = wanted;
    return 0;
}

int cairn_io_want_read(struct cairn_io *io, bool wanted)
{
    return io_switch(io->read_event, &io->is_reading, wanted);
}

int cairn_io_want_write(struct cairn_io *io, bool wanted)
{
    /* Most connections never meet a full socket: they do without the event. */
    if (!io->write_event) {
        if (!wanted)
            return 0;
        io->write_event =
            event_new(io->runtime->loop.base, io->fd, EV_WRITE | EV_PERSIST, io_on_write, io);
        if (!io->write_event)
            return -1;
    }
    return io_switch(io->write_event, &io->is_writing, wanted);
}

static void signal_on_caught(evutil_socket_t number, short what, void *cx)
{
    struct cairn_signal *self = cx;
    (void)what;
    self->caught(self, number);
}

struct cairn_error *cairn_signal_open(struct cairn_signal *signal_, struct cairn_runtime *runtime,
    int number, void (*caught)(struct cairn_signal *self, int number))
{
    signal_->caught = caught;
    signal_->event = evsignal_new(runtime->loop.base, number, signal_on_caught, signal_);
    if (!signal_->event)
        return &cairn_error_no_memory;
    if (event_add(signal_->event, NULL) == 0)
        return NULL;
    cairn_signal_close(signal_);
    return cairn_error_new(
        CAIRN_ERROR_SYSTEM, "runtime", NULL, "signal %d cannot be caught", number);
}

void cairn_signal_close(struct cairn_signal *signal_)
{
    loop_event_free(&signal_->event);
}
