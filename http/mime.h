/* mime.h - media types by file name extension. */
#ifndef CAIRN_HTTP_MIME_H
#define CAIRN_HTTP_MIME_H

#include <stddef.h>

#include <cairn/service/api.h>
#include <cairn/service/error.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 * What a file is, its name says, never its content: a type that is guessed from what somebody
 * uploaded may be a script. Types of text have `; charset=utf-8`, but for those that say it
 * themselves (XML, JSON).
 */
struct cairn_mime;

/*
 * The type for NAME, a file name or a path: that of what follows the last dot of its last segment,
 * without regard to case. TABLE is asked first (NULL: none), then the types that are built in,
 * about a hundred. NULL for what nobody knows: send application/octet-stream, or no type. The
 * result lives as long as TABLE.
 */
CAIRN_API const char *cairn_mime_type(const struct cairn_mime *table, struct cairn_str name);

/*
 * A table of your own, in the form of /etc/mime.types: on each line a type and the extensions that
 * have it; `#` begins a comment. The last line that names an extension counts; a type without an
 * extension says nothing. `; charset=utf-8` is added to text/…. At most 4 MiB.
 *
 * Copies TEXT. Returns a table owned by the caller, which any thread may read; or NULL with *ERROR
 * set: CAIRN_ERROR_INVALID names the line ("line 3: …"), CAIRN_ERROR_TOO_LARGE, CAIRN_ERROR_MEMORY;
 * of a file also CAIRN_ERROR_SYSTEM with what the system says.
 */
CAIRN_API struct cairn_mime *cairn_mime_new(struct cairn_str text, struct cairn_error **error);
CAIRN_API struct cairn_mime *cairn_mime_load(const char *path, struct cairn_error **error);
/* NULL: nothing. */
CAIRN_API void cairn_mime_free(struct cairn_mime *table);

CAIRN_END_DECLS

#endif
