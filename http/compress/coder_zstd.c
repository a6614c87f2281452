#include <cairn/http/compress/coder.h>

#include <zstd.h>
#include <zstd_errors.h>

#include <cairn/service/alloc.h>

/* Above level 5 zstd would have tables for windows of many MiB, up to 670 MB of them. With tables
 * that fit the window it writes the same, and faster. */
#define ZSTD_WINDOW_LOG 18
#define ZSTD_HASH_LOG 18
#define ZSTD_CHAIN_LOG 19
#define ZSTD_LEVEL_OF_TABLES 5

#define ZSTD_DECODER_WINDOW_LOG 23
/* A decoder that has had a window of more than 2 MiB, which is what zstd makes by default, is not
 * kept. */
#define ZSTD_DECODER_KEPT_BYTES ((size_t)3 << 20)

struct zstd_encoder {
    struct cairn__coder base;
    ZSTD_CCtx *context;
};

struct zstd_decoder {
    struct cairn__coder base;
    ZSTD_DCtx *context;
    bool is_within; /* a frame */
};

static enum cairn__coder_step zstd_encode(
    struct cairn__coder *base, struct cairn__coder_io *io, enum cairn__coder_aim aim)
{
    static const ZSTD_EndDirective directives[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_inBuffer in = {io->in, io->in_length, 0};
    ZSTD_outBuffer out = {io->out, io->out_length, 0};
    size_t left =
        ZSTD_compressStream2(((struct zstd_encoder *)base)->context, &out, &in, directives[aim]);
    if (ZSTD_isError(left))
        return CAIRN__CODER_NO_MEMORY;
    io->in += in.pos;
    io->in_length -= in.pos;
    io->out += out.pos;
    io->out_length -= out.pos;
    if (io->in_length || (left && aim != CAIRN__CODER_GO_ON))
        return CAIRN__CODER_FULL;
    return aim == CAIRN__CODER_FINISH ? CAIRN__CODER_ENDED : CAIRN__CODER_DONE;
}

static bool zstd_encoder_reset(struct cairn__coder *base)
{
    size_t rc = ZSTD_CCtx_reset(((struct zstd_encoder *)base)->context, ZSTD_reset_session_only);
    return !ZSTD_isError(rc);
}

static void zstd_encoder_close(struct cairn__coder *base)
{
    ZSTD_freeCCtx(((struct zstd_encoder *)base)->context);
    cairn_free(base);
}

/* libzstd reads formats from before RFC 8878, too, if it was built so. Each frame begins with its
 * magic number, whose first byte tells them apart: FD2FB528, or 184D2A50 to 184D2A5F. */
static bool zstd_begins_frame(unsigned char byte)
{
    return byte == 0x28 || (byte & 0xf0) == 0x50;
}

static enum cairn__coder_step zstd_decoded(struct zstd_decoder *self, size_t left, size_t room)
{
    if (ZSTD_isError(left)) {
        bool is_memory = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation;
        return is_memory ? CAIRN__CODER_NO_MEMORY : CAIRN__CODER_BAD;
    }
    self->is_within = left != 0;
    if (!self->is_within)
        return CAIRN__CODER_ENDED;
    return room ? CAIRN__CODER_DONE : CAIRN__CODER_FULL;
}

static enum cairn__coder_step zstd_decode(
    struct cairn__coder *base, struct cairn__coder_io *io, enum cairn__coder_aim aim)
{
    struct zstd_decoder *self = (struct zstd_decoder *)base;
    ZSTD_inBuffer in = {io->in, io->in_length, 0};
    ZSTD_outBuffer out = {io->out, io->out_length, 0};
    (void)aim;
    if (!self->is_within && !zstd_begins_frame((unsigned char)*io->in))
        return CAIRN__CODER_BAD;
    size_t left = ZSTD_decompressStream(self->context, &out, &in);
    io->in += in.pos;
    io->in_length -= in.pos;
    io->out += out.pos;
    io->out_length -= out.pos;
    return zstd_decoded(self, left, io->out_length);
}

static bool zstd_decoder_reset(struct cairn__coder *base)
{
    struct zstd_decoder *self = (struct zstd_decoder *)base;
    self->is_within = false;
    return ZSTD_sizeof_DCtx(self->context) <= ZSTD_DECODER_KEPT_BYTES &&
           !ZSTD_isError(ZSTD_DCtx_reset(self->context, ZSTD_reset_session_only));
}

static void zstd_decoder_close(struct cairn__coder *base)
{
    ZSTD_freeDCtx(((struct zstd_decoder *)base)->context);
    cairn_free(base);
}

static struct cairn__coder *zstd_encoder_open(int level);
static struct cairn__coder *zstd_decoder_open(int level);

static const struct cairn__coder_ops zstd_encoder_ops = {
    zstd_encoder_open, zstd_encode, zstd_encoder_reset, zstd_encoder_close};
static const struct cairn__coder_ops zstd_decoder_ops = {
    zstd_decoder_open, zstd_decode, zstd_decoder_reset, zstd_decoder_close};

static struct cairn__coder *zstd_encoder_open(int level)
{
    struct zstd_encoder *self = cairn_alloc_zero(sizeof(*self));
    ZSTD_CCtx *context = self ? ZSTD_createCCtx() : NULL;
    if (!context) {
        cairn_free(self);
        return NULL;
    }
    self->base.ops = &zstd_encoder_ops;
    self->context = context;
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
    if (level >= ZSTD_LEVEL_OF_TABLES) {
        ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, ZSTD_HASH_LOG);
        ZSTD_CCtx_setParameter(context, ZSTD_c_chainLog, ZSTD_CHAIN_LOG);
    }
    return &self->base;
}

static struct cairn__coder *zstd_decoder_open(int level)
{
    struct zstd_decoder *self = cairn_alloc_zero(sizeof(*self));
    ZSTD_DCtx *context = self ? ZSTD_createDCtx() : NULL;
    (void)level;
    if (!context) {
        cairn_free(self);
        return NULL;
    }
    self->base.ops = &zstd_decoder_ops;
    self->context = context;
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_DECODER_WINDOW_LOG);
    return &self->base;
}

const struct cairn__codec cairn__zstd_codec = {"zstd", &zstd_encoder_ops, &zstd_decoder_ops,
    .fastest = 1, .normal = 3, .best = 19, .most = 22};
