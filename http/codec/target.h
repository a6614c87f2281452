/* target.h - the request target: its four forms and its parts. RFC 9112 section 3.2. Internal. */
#ifndef CAIRN_HTTP_TARGET_H
#define CAIRN_HTTP_TARGET_H

#include <cairn/http/codec/verdict.h>
#include <cairn/service/str.h>

struct cairn__target {
    struct cairn_str authority; /* of an absolute-form; absent in every other */
    struct cairn_str path;
    struct cairn_str query; /* absent without a question mark */
};

/* Splits any target. The path of an absolute-form without one is "/". */
void cairn__target_split(struct cairn_str target, struct cairn__target *out);

/* Whether TARGET, whose characters have been checked, has the form that METHOD asks for. */
struct cairn__verdict cairn__target_check(struct cairn_str method, struct cairn_str target);

/* Whether AUTHORITY, present, is uri-host [ ":" port ], RFC 3986 section 3.2; both may be empty.
 * *HOST_LENGTH is that of the host. */
bool cairn__authority_parse(struct cairn_str authority, size_t *host_length);

#endif
