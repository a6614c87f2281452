/* secret.h - comparing what must not be guessed byte by byte. */
#ifndef CAIRN_HTTP_SECRET_H
#define CAIRN_HTTP_SECRET_H

#include <stdbool.h>

#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * Whether GIVEN, which somebody sent, is SECRET. The time it takes depends on the two lengths and
 * not on the bytes: who measures it does not learn how many of them were right. memcmp and strcmp
 * tell.
 */
CAIRN_API bool cairn_secret_equal(struct cairn_str given, struct cairn_str secret);

CAIRN_END_DECLS

#endif
