/* chunk_extension.h - the extensions of a chunk (RFC 9112 section 7.1.1), byte by byte. Internal.
 *
 *   *( ";" token [ "=" ( token / quoted-string ) ] )
 *
 * No white space, not even where the RFC calls it bad and lets it pass: parsers have differed
 * there.
 */
#ifndef CAIRN_HTTP_CHUNK_EXTENSION_H
#define CAIRN_HTTP_CHUNK_EXTENSION_H

#include <stdbool.h>

enum cairn__chunk_extension {
    CAIRN__EXTENSION_NAME_START, /* behind a semicolon */
    CAIRN__EXTENSION_NAME,
    CAIRN__EXTENSION_VALUE_START,
    CAIRN__EXTENSION_TOKEN,
    CAIRN__EXTENSION_QUOTED,
    CAIRN__EXTENSION_ESCAPED,
    CAIRN__EXTENSION_UNQUOTED /* behind the closing quote */
};

/* The next byte, which is no line end. Returns whether it may stand there. */
bool cairn__chunk_extension_step(enum cairn__chunk_extension *state, char c);

/* Whether the line may end here. */
static inline bool cairn__chunk_extension_is_whole(enum cairn__chunk_extension state)
{
    return state == CAIRN__EXTENSION_NAME || state == CAIRN__EXTENSION_TOKEN ||
           state == CAIRN__EXTENSION_UNQUOTED;
}

#endif
