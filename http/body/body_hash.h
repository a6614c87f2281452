/* body_hash.h - 128 bits that tell one body from another. Internal. */
#ifndef CAIRN_HTTP_BODY_HASH_H
#define CAIRN_HTTP_BODY_HASH_H

#include <stdint.h>

#include <cairn/service/str.h>

#define CAIRN__BODY_HASH_DIGITS 32

/* XXH3-128 of BODY in hexadecimal, without a terminator: the same on every machine. */
void cairn__body_hash(struct cairn_str body, uint64_t seed, char *digits);

#endif
