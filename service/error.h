/* error.h - what went wrong, where, and why: a code, a layer, a message and a source. */
#ifndef CAIRN_SERVICE_ERROR_H
#define CAIRN_SERVICE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#include <cairn/service/api.h>

CAIRN_BEGIN_DECLS

struct cairn_service;

/*
 * What a program may decide upon. Codes from CAIRN_ERROR_USER on belong to the application; each is
 * otherwise given by the layer or function whose header names it.
 */
enum cairn_error_code {
    CAIRN_ERROR_MEMORY = 1,  /* no memory */
    CAIRN_ERROR_INVALID,     /* an option or an argument out of range */
    CAIRN_ERROR_TYPE,        /* a stack whose request or response types do not fit */
    CAIRN_ERROR_ELAPSED,     /* a deadline passed */
    CAIRN_ERROR_OVERLOADED,  /* no room now; the same call may succeed later */
    CAIRN_ERROR_LIMITED,     /* this caller has used up its share */
    CAIRN_ERROR_CLOSED,      /* the other end is gone */
    CAIRN_ERROR_CANCELLED,   /* given up before it was done */
    CAIRN_ERROR_REJECTED,    /* refused by a policy */
    CAIRN_ERROR_UNAVAILABLE, /* a dependency cannot be reached */
    CAIRN_ERROR_NOT_FOUND,   /* what was asked for does not exist */
    CAIRN_ERROR_CONFLICT,    /* it exists already, or has changed */
    CAIRN_ERROR_PROTOCOL,    /* the peer broke the protocol */
    CAIRN_ERROR_TOO_LARGE,   /* over a size limit */
    CAIRN_ERROR_RUNTIME,     /* the wrong runtime, or a second one in a thread */
    CAIRN_ERROR_SEND,        /* may not move to another thread */
    CAIRN_ERROR_SYSTEM,      /* a system call failed; the message has its errno */
    CAIRN_ERROR_INTERNAL,    /* a handler broke its contract */
    CAIRN_ERROR_SLOW,        /* the peer took too long */
    CAIRN_ERROR_USER = 1000
};

/* Read the fields; change none. `references` is 0 for a static error, which is never freed. */
struct cairn_error {
    enum cairn_error_code code;
    const char *layer;   /* who raised it: a layer's or a function's name, static */
    const char *message; /* a clause without a full stop: "500 ms passed" */
    struct cairn_error *source;
    unsigned references;
};

/* A static error: `static struct cairn_error closed = CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED,
 * "pool", "the pool is closed");`. It costs nothing to raise and works without memory. */
#define CAIRN_ERROR_STATIC(code_, layer_, message_) \
    {                                               \
        code_, layer_, message_, 0, 0               \
    }

/* What every function gives that finds no memory. */
CAIRN_API extern struct cairn_error cairn_error_no_memory;

/*
 * Returns a new error, owned by the caller, with a formatted message. Takes SOURCE (NULL: none).
 * Borrows LAYER for good. Without memory SOURCE is dropped and cairn_error_no_memory returned.
 */
CAIRN_API struct cairn_error *cairn_error_new(enum cairn_error_code code, const char *layer,
    struct cairn_error *source, const char *format, ...) CAIRN_PRINTF(4, 5);
CAIRN_API struct cairn_error *cairn_error_newv(enum cairn_error_code code, const char *layer,
    struct cairn_error *source, const char *format, va_list arguments) CAIRN_PRINTF(4, 0);

/* An error of errno ERROR_NUMBER: "connect: Connection refused". Code CAIRN_ERROR_SYSTEM. */
CAIRN_API struct cairn_error *cairn_error_system(
    const char *layer, const char *what, int error_number);

/* One more owner. Returns ERROR. Any thread. */
CAIRN_API struct cairn_error *cairn_error_ref(struct cairn_error *error);
/* One owner less; the last one frees it and its sources. NULL and static errors: nothing. Any
 * thread. */
CAIRN_API void cairn_error_unref(struct cairn_error *error);

/* The code of the first error in the chain, from ERROR to its sources, that is CODE; else NULL. */
CAIRN_API const struct cairn_error *cairn_error_find(
    const struct cairn_error *error, enum cairn_error_code code);

/*
 * Writes "layer: message: source layer: source message" into BUFFER, cut to SIZE with its
 * terminator. Returns BUFFER.
 */
CAIRN_API char *cairn_error_format(const struct cairn_error *error, char *buffer, size_t size);

/*
 * The same, with the way the error took through STACK before it: "timeout(500ms) > retry > client:
 * connection refused". The way is read off the stack when it is asked for, so that raising an error
 * costs nothing. Layers outside the one that raised the error are listed, those inside it are not.
 * A layer that is not in STACK gives the plain format. Borrows both.
 */
CAIRN_API char *cairn_error_path(
    const struct cairn_error *error, const struct cairn_service *stack, char *buffer, size_t size);

CAIRN_END_DECLS

#endif
