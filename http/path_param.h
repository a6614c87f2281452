/* path_param.h - what the router captured, one by one, as a number, a UUID or text within limits.
 */
#ifndef CAIRN_HTTP_PATH_PARAM_H
#define CAIRN_HTTP_PATH_PARAM_H

#include <cairn/http/message.h>
#include <cairn/http/rejection.h>
#include <cairn/http/uuid.h>

CAIRN_BEGIN_DECLS

/*
 *     int64_t id;
 *     struct cairn_http_rejection no;
 *     if (!cairn_http_param_int(req, "id", 1, INT64_MAX, &id, &no))
 *         return cairn_http_reject(req, &no);
 *
 * Each returns true with the value in *OUT, or false, and *REJECTION says why: 400 for what is not
 * written as such a value is ("/users/abc"); 404 for what is, but lies outside of the limits and so
 * can name nothing ("/users/0"); 500 when the route's pattern does not capture NAME. As it came,
 * the value is in cairn_http_request_param; several at once are bound by cairn_http_bind_path
 * (bind.h).
 */

/* Decimal digits, perhaps after a minus. MIN to MAX. */
CAIRN_API bool cairn_http_param_int(const struct cairn_http_request *req, const char *name,
    int64_t min, int64_t max, int64_t *out, struct cairn_http_rejection *rejection);
/* Decimal digits. */
CAIRN_API bool cairn_http_param_uint(const struct cairn_http_request *req, const char *name,
    uint64_t min, uint64_t max, uint64_t *out, struct cairn_http_rejection *rejection);
CAIRN_API bool cairn_http_param_uuid(const struct cairn_http_request *req, const char *name,
    struct cairn_uuid *out, struct cairn_http_rejection *rejection);
/* UTF-8, else 400; MAX_LENGTH bytes at most (0: any number). Borrowed from the request. */
CAIRN_API bool cairn_http_param_str(const struct cairn_http_request *req, const char *name,
    size_t max_length, struct cairn_str *out, struct cairn_http_rejection *rejection);

CAIRN_END_DECLS

#endif
