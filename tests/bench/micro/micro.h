/* micro.h - what is measured, as a list: parts of the library called in a loop. */
#ifndef CAIRN_BENCH_MICRO_H
#define CAIRN_BENCH_MICRO_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/future.h>
#include <cairn/service/service.h>

struct micro {
    char name[64];
    /* Prepares what RUN needs, right before it; NULL: nothing to be done. Returns the state. */
    void *(*begin)(const struct micro *self);
    void (*run)(void *state, unsigned calls);
    void (*end)(void *state);
    void *state;  /* where there is no begin */
    size_t count; /* of timers, of routes: for begin */
    unsigned calls;
};

/* Copies MICRO into the list. */
void micro_add(struct micro micro);

/* Says WHAT and ends. */
_Noreturn void micro_fail(const char *what);
/* What does not do what it should is measured wrong. */
static inline void micro_check(bool is_right, const char *what)
{
    if (!is_right)
        micro_fail(what);
}

extern struct cairn_runtime *micro_runtime;
extern struct cairn_context micro_context;

/* The request of all services that are measured, and their response. */
extern int micro_request;

/* A service that answers at once, or after one PENDING. */
struct cairn_service *micro_leaf(bool is_ready);
/* Calls SERVICE, and drives each future to its end. Takes it. */
void micro_add_service(const char *name, struct cairn_service *service);

void micro_add_layers(void);
void micro_add_timers(void);
void micro_add_parsers(void);
void micro_add_routers(void);

#endif
