/* call_all.h - from a stream of requests to a stream of responses. Tower's CallAll. */
#ifndef CAIRN_SERVICE_CALL_ALL_H
#define CAIRN_SERVICE_CALL_ALL_H

#include <stddef.h>

#include <cairn/service/service.h>
#include <cairn/service/stream.h>

CAIRN_BEGIN_DECLS

/*
 * The outcome of one call: what these streams give, since a call that failed does not end them.
 * Owned by who polled. Read the fields; end it with cairn_call_result_take or
 * cairn_call_result_free.
 */
struct cairn_call_result {
    enum cairn_poll p;             /* READY or FAILED */
    union cairn_outcome out;       /* the response or the error */
    const struct cairn_type *type; /* of the response */
};

/* For cairn_stream_collect and the like. */
CAIRN_API extern const struct cairn_type cairn_call_result_type;

/* Takes RESULT and gives what it holds: returns READY with OUT->value or FAILED with OUT->error,
 * owned by the caller. */
CAIRN_API enum cairn_poll cairn_call_result_take(
    struct cairn_call_result *result, union cairn_outcome *out);
/* Drops what RESULT holds, and RESULT. NULL: nothing. */
CAIRN_API void cairn_call_result_free(struct cairn_call_result *result);

/*
 * Calls SERVICE with each of REQUESTS and gives the results: cairn_call_all in the order of the
 * requests, cairn_call_all_unordered as they come (those that are complete at the same poll, in the
 * order of the requests). Takes SERVICE and REQUESTS. To keep SERVICE, give a loan of it
 * (cairn_lend) or a copy.
 *
 * A request is taken from the stream before SERVICE is asked for room, so that an idle stream keeps
 * no reservation. At most MAX results (0: 1024) are on their way or waiting for their turn; no
 * request is taken meanwhile. Each poll asks all calls that are out, as cairn_join_all does; where
 * there are thousands, spawn them.
 *
 * When SERVICE's readiness fails, that error is the next result, before those on their way; no
 * further call is made; what is on its way still comes, and then the end. When REQUESTS fails, no
 * further call is made, what is on its way still comes, and then the stream fails with that error.
 * Without memory it fails at once with cairn_error_no_memory, and the calls that are out are
 * dropped; so they are when the stream is dropped.
 */
CAIRN_API struct cairn_stream cairn_call_all(
    struct cairn_service *service, struct cairn_stream requests, size_t max);
CAIRN_API struct cairn_stream cairn_call_all_unordered(
    struct cairn_service *service, struct cairn_stream requests, size_t max);

CAIRN_END_DECLS

#endif
