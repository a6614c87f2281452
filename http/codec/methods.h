/* methods.h - sets of methods: bit M for method M. Internal. */
#ifndef CAIRN_HTTP_METHODS_H
#define CAIRN_HTTP_METHODS_H

#include <stddef.h>

#include <cairn/http/message.h>

/* Room for all of them with separators of two bytes, and a NUL. */
#define CAIRN__METHODS_BYTES 96

/* Writes the names of METHODS ("ANY" for OTHER) in the order of enum cairn_http_method, SEPARATOR,
 * of at most two bytes, between them, and a NUL. Returns OUT. */
const char *cairn__methods_text(
    unsigned methods, const char *separator, char out[CAIRN__METHODS_BYTES]);

#endif
