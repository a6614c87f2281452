/* describe.h - how a service tells what it is: name, parameters, live counters. */
#ifndef CAIRN_SERVICE_DESCRIBE_H
#define CAIRN_SERVICE_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

struct cairn_service;

/* A parameter is fixed when the stack is built, a counter only grows, a gauge goes up and down. */
enum cairn_describe_kind { CAIRN_DESCRIBE_PARAMETER, CAIRN_DESCRIBE_COUNTER, CAIRN_DESCRIBE_GAUGE };

/*
 * Who listens: a printer, an admin page, a metrics page. Each slot may be NULL. Texts are borrowed
 * for the call. `begin` and `end` enclose one service and what is nested in it (a router's routes);
 * layers of one stack follow each other, outermost first.
 */
struct cairn_describe_ops {
    void (*begin)(void *cx, const char *name);
    void (*number)(
        void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit);
    void (*text)(void *cx, const char *key, const char *value);
    void (*end)(void *cx);
};

/* Passed to a service's describe slot, which calls the functions below. */
struct cairn_describe {
    const struct cairn_describe_ops *ops;
    void *cx;
};

/* UNIT is "ms", "bytes", …, or NULL for a plain number. */
CAIRN_API void cairn_describe_parameter(
    struct cairn_describe *d, const char *key, uint64_t value, const char *unit);
CAIRN_API void cairn_describe_text(struct cairn_describe *d, const char *key, const char *value);
CAIRN_API void cairn_describe_counter(struct cairn_describe *d, const char *key, uint64_t value);
CAIRN_API void cairn_describe_gauge(struct cairn_describe *d, const char *key, uint64_t value);

/* Every layer of SERVICE from the outermost in, each between begin and end. A service with services
 * inside that are not its `inner` calls this for each, from its describe slot. */
CAIRN_API void cairn_describe_service(
    struct cairn_describe *d, const struct cairn_service *service);

CAIRN_END_DECLS

#endif
