/* api_problem.h - what a client did wrong, field by field. */
#ifndef USERS_API_PROBLEM_H
#define USERS_API_PROBLEM_H

#include <cairn/http/message.h>

#include "user.h"

/*
 * An application/problem+json answer (RFC 9457) with an array `errors` of {"field", "detail"} for
 * all VIOLATIONS. DETAIL says what they have in common. NULL without memory.
 */
struct cairn_http_response *api_problem(const struct cairn_http_request *req, int status,
    const char *detail, const struct user_violations *violations);

#endif
