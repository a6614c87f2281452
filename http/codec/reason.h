/* reason.h - the status line of each status. Internal. */
#ifndef CAIRN_HTTP_REASON_H
#define CAIRN_HTTP_REASON_H

#include <cairn/service/str.h>

/* "HTTP/1.1 404 Not Found\r\n"; the absent string for a status without a name. */
struct cairn_str cairn__status_line(int status);

#endif
