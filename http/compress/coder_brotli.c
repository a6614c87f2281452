#include <cairn/http/compress/coder.h>

#include <setjmp.h>

#include <brotli/decode.h>
#include <brotli/encode.h>

#include <cairn/service/alloc.h>

/* 256 KiB: enough for what an API answers, and 3 MiB less for each encoder than brotli's own 4 MiB.
 */
#define BROTLI_WINDOW_BITS 18

/*
 * libbrotlienc ends the process when it gets no memory, unless it was built otherwise. So the
 * encoder is left by a jump then, and what it had is given back here: all of it is listed.
 */
struct brotli_block {
    struct brotli_block *next;
    struct brotli_block **link; /* what points to it; and its bytes are aligned for any type */
};

struct brotli_encoder {
    struct cairn__coder base;
    BrotliEncoderState *state;
    struct brotli_block *blocks;
    bool may_leave;
    jmp_buf left;
};

struct brotli_decoder {
    struct cairn__coder base;
    BrotliDecoderState *state;
    bool has_ended;
};

static void *brotli_encoder_alloc(void *opaque, size_t size)
{
    struct brotli_encoder *self = opaque;
    struct brotli_block *block = cairn_alloc(sizeof(*block) + size);
    if (!block) {
        if (self->may_leave)
            longjmp(self->left, 1);
        return NULL;
    }
    block->next = self->blocks;
    block->link = &self->blocks;
    if (block->next)
        block->next->link = &block->next;
    self->blocks = block;
    return block + 1;
}

static void brotli_encoder_free(void *opaque, void *bytes)
{
    (void)opaque;
    if (!bytes)
        return;
    struct brotli_block *block = (struct brotli_block *)bytes - 1;
    *block->link = block->next;
    if (block->next)
        block->next->link = block->link;
    cairn_free(block);
}

static void brotli_encoder_close(struct cairn__coder *base)
{
    struct brotli_encoder *self = (struct brotli_encoder *)base;
    while (self->blocks)
        brotli_encoder_free(self, self->blocks + 1);
    cairn_free(self);
}

static bool brotli_encoder_run(struct brotli_encoder *self, BrotliEncoderOperation operation,
    struct cairn__coder_io *io, const uint8_t **in, uint8_t **out)
{
    if (setjmp(self->left))
        return false;
    self->may_leave = true;
    return BrotliEncoderCompressStream(
        self->state, operation, &io->in_length, in, &io->out_length, out, NULL);
}

static enum cairn__coder_step brotli_encode(
    struct cairn__coder *base, struct cairn__coder_io *io, enum cairn__coder_aim aim)
{
    static const BrotliEncoderOperation operations[] = {
        BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};
    struct brotli_encoder *self = (struct brotli_encoder *)base;
    const uint8_t *in = (const uint8_t *)io->in;
    uint8_t *out = (uint8_t *)io->out;
    bool is_done = brotli_encoder_run(self, operations[aim], io, &in, &out);
    self->may_leave = false;
    if (!is_done)
        return CAIRN__CODER_NO_MEMORY;
    io->in = (const char *)in;
    io->out = (char *)out;
    if (BrotliEncoderIsFinished(self->state))
        return CAIRN__CODER_ENDED;
    return BrotliEncoderHasMoreOutput(self->state) ? CAIRN__CODER_FULL : CAIRN__CODER_DONE;
}

static enum cairn__coder_step brotli_decoded(
    struct brotli_decoder *self, BrotliDecoderResult result)
{
    switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        self->has_ended = true;
        return CAIRN__CODER_ENDED;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return CAIRN__CODER_DONE;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return CAIRN__CODER_FULL;
    default:
        break;
    }
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(self->state);
    bool is_memory = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                     code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    return is_memory ? CAIRN__CODER_NO_MEMORY : CAIRN__CODER_BAD;
}

static enum cairn__coder_step brotli_decode(
    struct cairn__coder *base, struct cairn__coder_io *io, enum cairn__coder_aim aim)
{
    struct brotli_decoder *self = (struct brotli_decoder *)base;
    const uint8_t *in = (const uint8_t *)io->in;
    uint8_t *out = (uint8_t *)io->out;
    (void)aim;
    if (self->has_ended)
        return CAIRN__CODER_BAD;
    BrotliDecoderResult result = BrotliDecoderDecompressStream(
        self->state, &io->in_length, &in, &io->out_length, &out, NULL);
    io->in = (const char *)in;
    io->out = (char *)out;
    return brotli_decoded(self, result);
}

static void *brotli_decoder_alloc(void *opaque, size_t size)
{
    (void)opaque;
    return cairn_alloc(size);
}

static void brotli_decoder_free(void *opaque, void *bytes)
{
    (void)opaque;
    cairn_free(bytes);
}

static void brotli_decoder_close(struct cairn__coder *base)
{
    BrotliDecoderDestroyInstance(((struct brotli_decoder *)base)->state);
    cairn_free(base);
}

static struct cairn__coder *brotli_encoder_open(int level);
static struct cairn__coder *brotli_decoder_open(int level);

/* Neither can be begun anew. */
static const struct cairn__coder_ops brotli_encoder_ops = {
    brotli_encoder_open, brotli_encode, NULL, brotli_encoder_close};
static const struct cairn__coder_ops brotli_decoder_ops = {
    brotli_decoder_open, brotli_decode, NULL, brotli_decoder_close};

static struct cairn__coder *brotli_encoder_open(int level)
{
    struct brotli_encoder *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->base.ops = &brotli_encoder_ops;
    self->state = BrotliEncoderCreateInstance(brotli_encoder_alloc, brotli_encoder_free, self);
    if (!self->state) {
        cairn_free(self);
        return NULL;
    }
    BrotliEncoderSetParameter(self->state, BROTLI_PARAM_QUALITY, (uint32_t)level);
    BrotliEncoderSetParameter(self->state, BROTLI_PARAM_LGWIN, BROTLI_WINDOW_BITS);
    return &self->base;
}

static struct cairn__coder *brotli_decoder_open(int level)
{
    struct brotli_decoder *self = cairn_alloc_zero(sizeof(*self));
    (void)level;
    if (!self)
        return NULL;
    self->base.ops = &brotli_decoder_ops;
    self->state = BrotliDecoderCreateInstance(brotli_decoder_alloc, brotli_decoder_free, NULL);
    if (self->state)
        return &self->base;
    cairn_free(self);
    return NULL;
}

const struct cairn__codec cairn__br_codec = {"br", &brotli_encoder_ops, &brotli_decoder_ops,
    .fastest = 0, .normal = 4, .best = 11, .most = 11};
