/* base64.h - bytes as text, in both alphabets of RFC 4648. */
#ifndef CAIRN_HTTP_BASE64_H
#define CAIRN_HTTP_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/service/arena.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

enum cairn_base64 {
    CAIRN_BASE64,    /* section 4: "+" and "/", filled up with "=" */
    CAIRN_BASE64_URL /* section 5: "-" and "_", no "=": for tokens, cookies, URLs */
};

/* The most bytes of text that N bytes become. */
#define CAIRN_BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Writes BYTES as text into OUT, which has room for CAIRN_BASE64_SIZE(bytes.length). No terminator.
 * Returns how many bytes it wrote. */
CAIRN_API size_t cairn_base64_encode(enum cairn_base64 kind, struct cairn_str bytes, char *out);

/*
 * Reads TEXT into OUT, which has room for text.length / 4 * 3 + 2 bytes and may be TEXT itself;
 * sets *LENGTH. Strict: a text is the only one for its bytes. False for any other alphabet or
 * length, white space, "=" missing or too many, and for bits set behind the last byte. OUT then
 * holds nothing of use.
 */
CAIRN_API bool cairn_base64_decode(
    enum cairn_base64 kind, struct cairn_str text, char *out, size_t *length);

/* The same two, the result in ARENA with a NUL behind it. Its data is NULL without memory; the
 * second one's also where TEXT is refused. */
CAIRN_API struct cairn_str cairn_base64_encode_in(
    struct cairn_arena *arena, enum cairn_base64 kind, struct cairn_str bytes);
CAIRN_API struct cairn_str cairn_base64_decode_in(
    struct cairn_arena *arena, enum cairn_base64 kind, struct cairn_str text);

CAIRN_END_DECLS

#endif
