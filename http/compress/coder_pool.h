/* coder_pool.h - the coders of a layer: those that have done their part are kept for the next body.
 * Internal. */
#ifndef CAIRN_HTTP_CODER_POOL_H
#define CAIRN_HTTP_CODER_POOL_H

#include <stdint.h>

#include <cairn/http/compress/coder.h>

/* How many idle ones are kept of each coding. */
#define CAIRN__CODERS_KEPT 8

/* Bodies up to this are encoded at once; larger ones and streams as they are asked for, so much in
 * a turn of the loop. */
#define CAIRN__CODER_TURN_BYTES ((size_t)64 * 1024)
/* No coding makes more of that than this. */
#define CAIRN__CODER_SCRATCH_BYTES (CAIRN__CODER_TURN_BYTES + 2048)

/* What the copies of a layer and the bodies it has made share; a body may outlive every copy. Of
 * one runtime, as they are. */
struct cairn__coder_pool {
    unsigned references;
    bool decodes;
    unsigned busy; /* coders that are taken */
    int levels[CAIRN__CODECS];
    struct cairn__coder *idle[CAIRN__CODECS];
    unsigned idle_count[CAIRN__CODECS];
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t bad;
    uint64_t too_large;
    char scratch[]; /* of encoders: where a body is put that is encoded at once */
};

/* Begins with one reference, the caller's. NULL without memory. */
struct cairn__coder_pool *cairn__coder_pool_new(bool decodes);
/* The last one closes the idle coders: whoever has taken one has a reference. */
void cairn__coder_pool_unref(struct cairn__coder_pool *pool);

/* A coder of the coding with that index, as good as new. NULL without memory. */
struct cairn__coder *cairn__coder_pool_take(struct cairn__coder_pool *pool, unsigned coding);
/* Takes CODER, whatever became of it. NULL: nothing. */
void cairn__coder_pool_give_back(struct cairn__coder_pool *pool, struct cairn__coder *coder);

#endif
