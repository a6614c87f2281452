#include <cairn/http/server/rescue.h>

#include <unistd.h>

#include <cairn/http/server/watchdog.h>
#include <cairn/http/server/worker.h>
#include <cairn/service/alloc.h>

struct cairn__rescue {
    struct cairn__listener listener; /* a copy of the hung one's descriptor */
    struct cairn__rescue *next;
    unsigned index; /* the worker that hangs */
};

static struct cairn__rescue **rescue_find(struct cairn__worker *self, unsigned index)
{
    struct cairn__rescue **at = &self->rescues;
    while (*at && (*at)->index != index)
        at = &(*at)->next;
    return at;
}

static void rescue_remove(struct cairn__rescue **at)
{
    struct cairn__rescue *rescue = *at;
    *at = rescue->next;
    cairn__listener_close(&rescue->listener);
    cairn_free(rescue);
}

static void rescue_begin(struct cairn__worker *self, unsigned index)
{
    struct cairn__rescue *rescue = cairn_alloc_zero(sizeof(*rescue));
    int fd = rescue ? cairn__server_copy_listener(self->server, index) : -1;
    if (fd < 0) {
        cairn_free(rescue);
        return;
    }
    struct cairn_error *error = cairn__listener_open(&rescue->listener, self, fd);
    rescue->index = index;
    rescue->next = self->rescues;
    self->rescues = rescue;
    if (error) {
        cairn_error_unref(error);
        rescue_remove(&self->rescues);
    }
}

void cairn__rescue_look(struct cairn__worker *self)
{
    const struct cairn__watchdog *watchdog = cairn__server_watchdog(self->server);
    for (unsigned i = 0; i < self->options->workers; i++) {
        struct cairn__rescue **at = rescue_find(self, i);
        bool is_wanted =
            i != self->index && !self->has_drained && cairn__watchdog_is_hung(watchdog, i);
        if (*at && !is_wanted)
            rescue_remove(at);
        else if (!*at && is_wanted)
            rescue_begin(self, i);
    }
}

void cairn__rescue_resume(struct cairn__worker *self)
{
    for (struct cairn__rescue *rescue = self->rescues; rescue; rescue = rescue->next)
        cairn__listener_resume(&rescue->listener);
}

void cairn__rescue_drain(struct cairn__worker *self)
{
    for (struct cairn__rescue *rescue = self->rescues; rescue; rescue = rescue->next)
        cairn__listener_drain(&rescue->listener);
    cairn__rescue_end(self);
}

void cairn__rescue_end(struct cairn__worker *self)
{
    while (self->rescues)
        rescue_remove(&self->rescues);
}
