/* hex.h - bytes as two digits each. Internal. */
#ifndef CAIRN_HTTP_HEX_H
#define CAIRN_HTTP_HEX_H

#include <stddef.h>
#include <string.h>

/* "00" to "ff" */
extern const char cairn__hex_pairs[512];

static inline char *cairn__hex_put(char *to, unsigned char byte)
{
    memcpy(to, cairn__hex_pairs + 2 * (size_t)byte, 2);
    return to + 2;
}

#endif
