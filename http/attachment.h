/* attachment.h - an answer to be saved under a name, not shown. RFC 6266, RFC 8187. */
#ifndef CAIRN_HTTP_ATTACHMENT_H
#define CAIRN_HTTP_ATTACHMENT_H

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/*
 * Sets Content-Disposition to `attachment`, with FILENAME, in UTF-8, as the name to save it under
 * (NULL: the client finds one). A name that is not plain ASCII comes twice: as `filename`, with an
 * underscore for each character that is not, and as `filename*`. Slashes, backslashes, control
 * characters and what is not UTF-8 become underscores, so that a name from outside is no harm.
 *
 * Copies FILENAME. Returns 0, or -1 without memory.
 */
CAIRN_API int cairn_http_response_attach(struct cairn_http_response *res, const char *filename);

CAIRN_END_DECLS

#endif
