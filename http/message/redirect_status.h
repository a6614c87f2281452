/* redirect_status.h - which statuses send a client elsewhere. RFC 9110 section 15.4. Internal. */
#ifndef CAIRN_HTTP_REDIRECT_STATUS_H
#define CAIRN_HTTP_REDIRECT_STATUS_H

#include <stdbool.h>

static inline bool cairn__redirect_is_status(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

#endif
