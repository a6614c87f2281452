/* body_file.h - a file as a stream of chunks, for who cannot have the kernel send it. Internal. */
#ifndef CAIRN_HTTP_BODY_FILE_H
#define CAIRN_HTTP_BODY_FILE_H

#include <cairn/http/message.h>

/* FILE in chunks; it is read on this thread, a piece whenever the next chunk is asked for. Borrows
 * FILE until the stream is dropped. Fails with CAIRN_ERROR_SYSTEM, also when the file has become
 * shorter. */
struct cairn_stream cairn__body_file(struct cairn_arena *arena, const struct cairn_http_file *file);

#endif
