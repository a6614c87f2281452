/* idempotency_key.h - the value of an Idempotency-Key field, and what a request is told apart by.
 * draft-ietf-httpapi-idempotency-key-header. Internal. */
#ifndef CAIRN_HTTP_IDEMPOTENCY_KEY_H
#define CAIRN_HTTP_IDEMPOTENCY_KEY_H

#include <cairn/http/layers/idempotency_store.h>
#include <cairn/http/message.h>

#define CAIRN__IDEMPOTENCY_KEY_MOST 255

/*
 * Reads VALUE: a string of structured fields (RFC 9651 section 3.3.3) with parameters, which mean
 * nothing; or, as many send it, the key without quotes: printable ASCII but space, quote, comma,
 * semicolon and backslash. Writes the key into OUT, which has room for
 * CAIRN__IDEMPOTENCY_KEY_MOST, and returns its length; 0 for anything else, an empty key too.
 */
size_t cairn__idempotency_key_read(struct cairn_str value, char *out);

/* Of REQ's method, target and body, which is whole: the same on all machines. */
struct cairn_idempotency_fingerprint cairn__idempotency_fingerprint(
    const struct cairn_http_request *req);
/* Of any bytes. */
struct cairn_idempotency_fingerprint cairn__idempotency_hash(struct cairn_str bytes);

#endif
