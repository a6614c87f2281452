#include <cairn/http/compress/coder.h>

#include <zlib.h>

#include <cairn/service/alloc.h>

#define ZLIB_WINDOW_BITS 15
#define ZLIB_GZIP_BITS (ZLIB_WINDOW_BITS + 16)
#define ZLIB_MEMORY_LEVEL 8

struct zlib_coder {
    struct cairn__coder base;
    z_stream stream;
    bool is_gzip;
    bool has_ended;
};

static void *zlib_alloc(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    return cairn_alloc((size_t)count * size);
}

static void zlib_free(void *opaque, void *block)
{
    (void)opaque;
    cairn_free(block);
}

static struct zlib_coder *zlib_new(const struct cairn__coder_ops *ops, bool is_gzip)
{
    struct zlib_coder *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    self->base.ops = ops;
    self->is_gzip = is_gzip;
    self->stream.zalloc = zlib_alloc;
    self->stream.zfree = zlib_free;
    return self;
}

static struct cairn__coder *zlib_open_with(struct zlib_coder *self, int rc)
{
    if (rc == Z_OK)
        return &self->base;
    cairn_free(self);
    return NULL;
}

static void zlib_load(z_stream *stream, const struct cairn__coder_io *io)
{
    stream->next_in = (unsigned char *)(size_t)io->in;
    stream->avail_in = (unsigned)io->in_length;
    stream->next_out = (unsigned char *)io->out;
    stream->avail_out = (unsigned)io->out_length;
}

static void zlib_store(const z_stream *stream, struct cairn__coder_io *io)
{
    io->in = (const char *)stream->next_in;
    io->in_length = stream->avail_in;
    io->out = (char *)stream->next_out;
    io->out_length = stream->avail_out;
}

static struct cairn__coder *zlib_encoder_open(
    const struct cairn__coder_ops *ops, bool is_gzip, int level)
{
    struct zlib_coder *self = zlib_new(ops, is_gzip);
    if (!self)
        return NULL;
    return zlib_open_with(self,
        deflateInit2(&self->stream, level, Z_DEFLATED, is_gzip ? ZLIB_GZIP_BITS : ZLIB_WINDOW_BITS,
            ZLIB_MEMORY_LEVEL, Z_DEFAULT_STRATEGY));
}

static enum cairn__coder_step zlib_encode(
    struct cairn__coder *base, struct cairn__coder_io *io, enum cairn__coder_aim aim)
{
    static const int flush[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    struct zlib_coder *self = (struct zlib_coder *)base;
    zlib_load(&self->stream, io);
    int rc = deflate(&self->stream, flush[aim]);
    zlib_store(&self->stream, io);
    if (rc == Z_STREAM_END)
        return CAIRN__CODER_ENDED;
    return io->out_length ? CAIRN__CODER_DONE : CAIRN__CODER_FULL;
}

static bool zlib_encoder_reset(struct cairn__coder *base)
{
    return deflateReset(&((struct zlib_coder *)base)->stream) == Z_OK;
}

static void zlib_encoder_close(struct cairn__coder *base)
{
    deflateEnd(&((struct zlib_coder *)base)->stream);
    cairn_free(base);
}

static struct cairn__coder *zlib_decoder_open(const struct cairn__coder_ops *ops, bool is_gzip)
{
    struct zlib_coder *self = zlib_new(ops, is_gzip);
    if (!self)
        return NULL;
    return zlib_open_with(
        self, inflateInit2(&self->stream, is_gzip ? ZLIB_GZIP_BITS : ZLIB_WINDOW_BITS));
}

static enum cairn__coder_step zlib_decoded(struct zlib_coder *self, int rc, size_t room)
{
    switch (rc) {
    case Z_STREAM_END:
        self->has_ended = true;
        return CAIRN__CODER_ENDED;
    case Z_OK:
    case Z_BUF_ERROR: /* no more input, or no more room */
        return room ? CAIRN__CODER_DONE : CAIRN__CODER_FULL;
    case Z_MEM_ERROR:
        return CAIRN__CODER_NO_MEMORY;
    default:
        return CAIRN__CODER_BAD;
    }
}

static enum cairn__coder_step zlib_decode(
    struct cairn__coder *base, struct cairn__coder_io *io, enum cairn__coder_aim aim)
{
    struct zlib_coder *self = (struct zlib_coder *)base;
    (void)aim;
    if (self->has_ended) { /* gzip may have members, one behind the other */
        if (!self->is_gzip || inflateReset(&self->stream) != Z_OK)
            return CAIRN__CODER_BAD;
        self->has_ended = false;
    }
    zlib_load(&self->stream, io);
    int rc = inflate(&self->stream, Z_NO_FLUSH);
    zlib_store(&self->stream, io);
    return zlib_decoded(self, rc, io->out_length);
}

static bool zlib_decoder_reset(struct cairn__coder *base)
{
    struct zlib_coder *self = (struct zlib_coder *)base;
    self->has_ended = false;
    return inflateReset(&self->stream) == Z_OK;
}

static void zlib_decoder_close(struct cairn__coder *base)
{
    inflateEnd(&((struct zlib_coder *)base)->stream);
    cairn_free(base);
}

static struct cairn__coder *gzip_encoder_open(int level);
static struct cairn__coder *gzip_decoder_open(int level);
static struct cairn__coder *deflate_encoder_open(int level);
static struct cairn__coder *deflate_decoder_open(int level);

static const struct cairn__coder_ops gzip_encoder_ops = {
    gzip_encoder_open, zlib_encode, zlib_encoder_reset, zlib_encoder_close};
static const struct cairn__coder_ops gzip_decoder_ops = {
    gzip_decoder_open, zlib_decode, zlib_decoder_reset, zlib_decoder_close};
static const struct cairn__coder_ops deflate_encoder_ops = {
    deflate_encoder_open, zlib_encode, zlib_encoder_reset, zlib_encoder_close};
static const struct cairn__coder_ops deflate_decoder_ops = {
    deflate_decoder_open, zlib_decode, zlib_decoder_reset, zlib_decoder_close};

static struct cairn__coder *gzip_encoder_open(int level)
{
    return zlib_encoder_open(&gzip_encoder_ops, true, level);
}

static struct cairn__coder *gzip_decoder_open(int level)
{
    (void)level;
    return zlib_decoder_open(&gzip_decoder_ops, true);
}

static struct cairn__coder *deflate_encoder_open(int level)
{
    return zlib_encoder_open(&deflate_encoder_ops, false, level);
}

static struct cairn__coder *deflate_decoder_open(int level)
{
    (void)level;
    return zlib_decoder_open(&deflate_decoder_ops, false);
}

const struct cairn__codec cairn__gzip_codec = {
    "gzip", &gzip_encoder_ops, &gzip_decoder_ops, .fastest = 1, .normal = 6, .best = 9, .most = 9};
const struct cairn__codec cairn__deflate_codec = {"deflate", &deflate_encoder_ops,
    &deflate_decoder_ops, .fastest = 1, .normal = 6, .best = 9, .most = 9};
