/* rate_key.h - what the requests are counted under that share a rate. Internal. */
#ifndef CAIRN_HTTP_LAYERS_RATE_KEY_H
#define CAIRN_HTTP_LAYERS_RATE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/message.h>

struct cairn__rate_key_rule {
    unsigned by; /* enum cairn_http_rate_limit_by, not 0 */
    struct cairn_str header;
    struct cairn_str (*user)(void *cx, const struct cairn_http_request *req);
    void *cx;
    unsigned ipv6_prefix;
};

#define CAIRN__RATE_KEY_BYTES 192

struct cairn__rate_key {
    struct cairn_str bytes; /* absent: there is nothing to count REQ under */
    char buffer[CAIRN__RATE_KEY_BYTES];
};

/* Fills KEY in, which then must not move; a long one is in REQ's arena. False: without memory. Keys
 * of one rule are equal when what it counts by is. */
bool cairn__rate_key_make(struct cairn__rate_key *key, const struct cairn__rate_key_rule *rule,
    const struct cairn_http_request *req);

#endif
