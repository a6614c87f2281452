/* mock.h - a service that the test plays by hand. After Tower's tower-test. */
#ifndef CAIRN_TESTKIT_MOCK_H
#define CAIRN_TESTKIT_MOCK_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * A mock has two ends. The service end stands where the real thing would; the handle sees each
 * request, answers or fails it, and says how many calls there is room for. Everything on one
 * thread.
 *
 * The service: READY reserves one call of the allowance until call, release or drop; PENDING is
 * woken when there may be room again, when fail_ready was called, and when the handle is freed. A
 * call without a reservation is an assertion. A response future that nobody polls any more is
 * dropped as any other, and the handle can tell.
 */
struct cairn_mock;

/* One request as the handle sees it. */
struct cairn_mock_request;

struct cairn_mock_options {
    size_t size;
    const struct cairn_type *request_type;  /* NULL: cairn_test_value_type */
    const struct cairn_type *response_type; /* NULL: cairn_test_value_type */
    bool not_cloneable;                     /* whether the service refuses to be cloned */
};

/* An allowance without end: what a mock begins with. */
#define CAIRN_MOCK_UNLIMITED ((size_t)-1)

/* Returns the handle, owned by the caller, or NULL without memory. OPTIONS may be NULL. */
CAIRN_API struct cairn_mock *cairn_mock_new(const struct cairn_mock_options *options);
/* Closes the service: readiness and calls fail with CAIRN_ERROR_CLOSED, as do the requests that the
 * handle has not seen. NULL: nothing. */
CAIRN_API void cairn_mock_free(struct cairn_mock *mock);

/* A service of MOCK, owned by the caller; each is one more copy. Without memory, and when MOCK is
 * NULL, a broken one. */
CAIRN_API struct cairn_service *cairn_mock_service(struct cairn_mock *mock);

/* From now on there is room for CALLS calls that are not made yet, those reserved now among them.
 */
CAIRN_API void cairn_mock_allow(struct cairn_mock *mock, size_t calls);
/* The next readiness poll, also of a service that is ready, fails with ERROR: once. Takes ERROR. */
CAIRN_API void cairn_mock_fail_ready(struct cairn_mock *mock, struct cairn_error *error);

/*
 * The next request, in the order of the calls, also if it has been abandoned; NULL: none waits. It
 * is owned by the caller, who ends it with exactly one of respond, fail and request_drop.
 */
CAIRN_API struct cairn_mock_request *cairn_mock_next_request(struct cairn_mock *mock);
/* The same for a request that must be there and be the cairn_test_value NUMBER: else an assertion.
 */
CAIRN_API struct cairn_mock_request *cairn_mock_expect(struct cairn_mock *mock, int number);
/* Whether no request waits and none will come: every copy of the service is gone. */
CAIRN_API bool cairn_mock_is_closed(const struct cairn_mock *mock);

/* The request's value: borrowed until the request ends, or taken out of it. */
CAIRN_API void *cairn_mock_request_value(const struct cairn_mock_request *request);
CAIRN_API void *cairn_mock_request_take(struct cairn_mock_request *request);
/* Whether the response future was dropped before it was answered. */
CAIRN_API bool cairn_mock_is_abandoned(const struct cairn_mock_request *request);

/* Takes REQUEST and VALUE; the response future is READY with VALUE. */
CAIRN_API void cairn_mock_respond(struct cairn_mock_request *request, void *value);
/* Takes REQUEST and ERROR; the response future has FAILED with ERROR. */
CAIRN_API void cairn_mock_fail(struct cairn_mock_request *request, struct cairn_error *error);
/* Takes REQUEST; the response future fails with CAIRN_ERROR_CLOSED. NULL: nothing. */
CAIRN_API void cairn_mock_request_drop(struct cairn_mock_request *request);

/* What went on. `services`, `reserved`, `waiting` and `futures` are what exists now, the rest only
 * grows. */
struct cairn_mock_counts {
    size_t services; /* copies of the service */
    size_t reserved; /* reservations that were neither used nor given back */
    size_t waiting;  /* copies whose readiness is pending */
    size_t futures;  /* response futures that were neither completed nor dropped */
    size_t clones;
    size_t calls;
    size_t releases; /* reservations given back by release or drop */
};

CAIRN_API struct cairn_mock_counts cairn_mock_counts(const struct cairn_mock *mock);

/*
 * Leaves that need no hand. Both take and give TYPE (NULL: cairn_test_value_type), are always ready
 * and answer with the request itself: echo at once, pending_once after one PENDING, for which it
 * wakes itself. Without memory they are broken.
 */
CAIRN_API struct cairn_service *cairn_test_echo(const struct cairn_type *type);
CAIRN_API struct cairn_service *cairn_test_pending_once(const struct cairn_type *type);

CAIRN_END_DECLS

#endif
