/* host_names.h - whose names a host is: exact ones, and "*.example.com". Internal.
 *
 * Names are filed by their labels from the last to the first, as paths: "*.example.com" is
 * "/com/example/{*}". So the exact name goes before a wildcard, the longer wildcard before the
 * shorter, and the cost does not depend on how many there are.
 */
#ifndef CAIRN_HTTP_HOST_NAMES_H
#define CAIRN_HTTP_HOST_NAMES_H

#include <cairn/http/routing/path_tree.h>
#include <cairn/service/error.h>

/* RFC 1035 section 2.3.4, in text without the dot at the end. */
#define CAIRN__HOST_BYTES 253

/* Zero is an empty one. */
struct cairn__host_names {
    struct cairn__path_tree tree;
    struct cairn__host_name *names; /* by leaf */
    uint32_t capacity;
};

struct cairn__host_name {
    char *path;            /* "/com/example" */
    struct cairn_str text; /* as it was added, borrowed */
    uint32_t owner;
};

/*
 * Adds each of NAMES, which stand in a list with spaces between them and are borrowed until fini,
 * for OWNER. The first one is copied to LABEL, of CAIRN__HOST_BYTES + 1 bytes. Returns NULL, or an
 * error owned by the caller.
 */
struct cairn_error *cairn__host_names_add(
    struct cairn__host_names *self, struct cairn_str names, uint32_t owner, char *label);

/* The name that AUTHORITY, the value of a Host field, has; NULL: none. */
const struct cairn__host_name *cairn__host_names_find(
    const struct cairn__host_names *self, struct cairn_str authority);

void cairn__host_names_fini(struct cairn__host_names *self);

#endif
