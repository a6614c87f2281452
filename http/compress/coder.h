/* coder.h - what encodes or decodes a content coding, whichever library does it. Internal. */
#ifndef CAIRN_HTTP_CODER_H
#define CAIRN_HTTP_CODER_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/coding.h>

/* In the order of enum cairn_coding: index I has the bit 1 << I. */
#define CAIRN__CODECS 4

/* What is left of the input and of the room for output: both move on. Neither is over 1 GiB, nor
 * NULL. */
struct cairn__coder_io {
    const char *in;
    size_t in_length;
    char *out;
    size_t out_length;
};

/* For encoders. A decoder always goes on. */
enum cairn__coder_aim {
    CAIRN__CODER_GO_ON,
    CAIRN__CODER_FLUSH, /* whatever went in is to come out */
    CAIRN__CODER_FINISH
};

enum cairn__coder_step {
    CAIRN__CODER_DONE,     /* all input is used, and what can come out of it, or has to, is out */
    CAIRN__CODER_FULL,     /* the same call again, with room for what is left */
    CAIRN__CODER_ENDED,    /* the coding is complete, if there is no more input */
    CAIRN__CODER_BAD,      /* a decoder's input is not what it should be */
    CAIRN__CODER_NO_MEMORY /* and of no use any more */
};

/* Begins the state of every coder. */
struct cairn__coder {
    const struct cairn__coder_ops *ops;
    struct cairn__coder *next; /* the pool's */
    unsigned coding;           /* the pool's: the index */
};

struct cairn__coder_ops {
    /* LEVEL is an encoder's. NULL without memory. */
    struct cairn__coder *(*open)(int level);
    /* After ENDED a decoder that is given more begins the next member, or says BAD where the coding
     * has none. Input may be empty after FULL, and for an encoder. */
    enum cairn__coder_step (*code)(
        struct cairn__coder *self, struct cairn__coder_io *io, enum cairn__coder_aim aim);
    /* As good as new, in the middle of a body too. False: it is to be closed, having become large.
     * NULL: it can be used once only. */
    bool (*reset)(struct cairn__coder *self);
    void (*close)(struct cairn__coder *self);
};

struct cairn__codec {
    const char *name;
    const struct cairn__coder_ops *encoder;
    const struct cairn__coder_ops *decoder;
    int fastest;
    int normal;
    int best;
    int most; /* the highest level there is */
};

extern const struct cairn__codec cairn__zstd_codec;
extern const struct cairn__codec cairn__br_codec;
extern const struct cairn__codec cairn__gzip_codec;
extern const struct cairn__codec cairn__deflate_codec;

/* By index. */
extern const struct cairn__codec *const cairn__codecs[CAIRN__CODECS];

#endif
