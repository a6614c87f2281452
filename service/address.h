/* address.h - where something listens: an IP address and a port, or the path of a Unix socket. */
#ifndef CAIRN_SERVICE_ADDRESS_H
#define CAIRN_SERVICE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>
#include <cairn/service/str.h>
#include <cairn/service/type.h>

CAIRN_BEGIN_DECLS

/* A value; copy it freely. */
struct cairn_address {
    socklen_t length; /* of what `storage` holds */
    struct sockaddr_storage storage;
};

/* Room for any address as text. */
#define CAIRN_ADDRESS_BYTES 128

/*
 * Reads "127.0.0.1:9000", "[::1]:9000" or "unix:/run/app.sock": numbers, no names. A port is 1 to
 * 65535, a path 1 to 107 bytes without NUL. Returns whether TEXT is one; if not, *ADDRESS is
 * undefined.
 */
CAIRN_API bool cairn_address_parse(struct cairn_address *address, struct cairn_str text);
/* Writes it as cairn_address_parse reads it, cut to SIZE with its terminator; "?" for a family that
 * is neither. Returns BUFFER. */
CAIRN_API char *cairn_address_format(
    const struct cairn_address *address, char *buffer, size_t size);

/*
 * An address as a request, of a connector say: "address". Its values are owned; a clone is a copy.
 */
CAIRN_API extern const struct cairn_type cairn_address_type;
/* Of TEXT, as above. Owned by the caller, or NULL with *ERROR set: CAIRN_ERROR_INVALID,
 * CAIRN_ERROR_MEMORY. */
CAIRN_API struct cairn_address *cairn_address_new(const char *text, struct cairn_error **error);
/* NULL: nothing. */
CAIRN_API void cairn_address_free(struct cairn_address *address);

CAIRN_END_DECLS

#endif
