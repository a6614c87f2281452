/* sha1.h - the hash of the WebSocket handshake, which is no secret's guard. RFC 3174. Internal. */
#ifndef CAIRN_HTTP_SHA1_H
#define CAIRN_HTTP_SHA1_H

#include <stdint.h>

#include <cairn/service/str.h>

#define CAIRN__SHA1_BYTES 20

void cairn__sha1(struct cairn_str message, uint8_t digest[CAIRN__SHA1_BYTES]);

#endif
