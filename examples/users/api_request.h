/* api_request.h - reads requests of the users API. */
#ifndef USERS_API_REQUEST_H
#define USERS_API_REQUEST_H

#include <cairn/http/message.h>

#include "user.h"

/* The {id} of the route, 1 or more; 0 for what is no id: no user can have it. */
int64_t api_request_id(const struct cairn_http_request *req);

/* Which part of the list is asked for. */
struct api_page {
    int64_t after; /* ?after=, 0 or more; 0 when it is not there */
    size_t limit;  /* ?limit=, 1 to 100; 20 when it is not there */
};

/* Returns false with VIOLATIONS filled when a parameter is out of range. Others are let be. */
bool api_request_page(
    const struct cairn_http_request *req, struct api_page *out, struct user_violations *violations);

/*
 * The user in the body of REQ, under ID (0: a new one), owned by the caller. Or NULL, with *REFUSAL
 * the answer that says why: 415 for a body that is not announced as JSON, 400 for one that is none,
 * with the position, 422 with every violation. NULL there too is out of memory.
 */
struct user *api_request_user(
    const struct cairn_http_request *req, int64_t id, struct cairn_http_response **refusal);

#endif
