/* health.h - what a process knows of its own health, for those who restart it and send it requests.
 */
#ifndef CAIRN_HTTP_HEALTH_H
#define CAIRN_HTTP_HEALTH_H

#include <stdbool.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

/*
 * Named checks, shared by all workers and any other thread. A check is a latch, which whoever knows
 * sets, or a function that is asked. The layer cairn_health answers from them.
 */
struct cairn_http_health;

/* Which question a check is a part of. What the process depends on belongs to readiness alone: to
 * restart this process does not bring a database back. */
enum cairn_http_health_kind {
    CAIRN_HTTP_READINESS, /* whether to send it requests */
    CAIRN_HTTP_LIVENESS   /* whether to let it live */
};

/* With one reference, the caller's. NULL without memory. */
CAIRN_API struct cairn_http_health *cairn_http_health_new(void);
CAIRN_API struct cairn_http_health *cairn_http_health_ref(struct cairn_http_health *health);
/* NULL: nothing. */
CAIRN_API void cairn_http_health_unref(struct cairn_http_health *health);

/*
 * Adds a latch, which is not well until it is set. NAME is 1 to 64 letters, digits, `-`, `_`, `.`
 * and `/`, and copied.
 *
 * Returns NULL, or an error owned by the caller: CAIRN_ERROR_INVALID for a name that is not so,
 * CAIRN_ERROR_CONFLICT for one that is there, CAIRN_ERROR_MEMORY.
 */
CAIRN_API struct cairn_error *cairn_http_health_add_latch(
    struct cairn_http_health *health, enum cairn_http_health_kind kind, const char *name);
/* Sets the latch NAME; one that is not there is an assertion. Any thread. */
CAIRN_API void cairn_http_health_set(
    struct cairn_http_health *health, const char *name, bool is_well);

/*
 * Adds a function that is asked at each probe, on the thread of the worker that was probed, while
 * no other check of HEALTH is. It returns whether all is well, at once: what takes time is done
 * elsewhere and sets a latch. CX is borrowed until the last reference is gone. Errors as above.
 */
CAIRN_API struct cairn_error *cairn_http_health_add_check(struct cairn_http_health *health,
    enum cairn_http_health_kind kind, const char *name, bool (*is_well)(void *cx), void *cx);

/* Whether all checks of KIND are well. */
CAIRN_API bool cairn_http_health_is_well(
    struct cairn_http_health *health, enum cairn_http_health_kind kind);

/* Calls EACH for every check of KIND, in the order in which they were added; no check may be added,
 * set or asked from within. */
CAIRN_API void cairn_http_health_each(struct cairn_http_health *health,
    enum cairn_http_health_kind kind, void (*each)(void *cx, const char *name, bool is_well),
    void *cx);

CAIRN_END_DECLS

#endif
