#include <cairn/http/compress/coder_pool.h>

#include <cairn/service/alloc.h>

const struct cairn__codec *const cairn__codecs[CAIRN__CODECS] = {
    &cairn__zstd_codec, &cairn__br_codec, &cairn__gzip_codec, &cairn__deflate_codec};

struct cairn__coder_pool *cairn__coder_pool_new(bool decodes)
{
    size_t scratch = decodes ? 0 : CAIRN__CODER_SCRATCH_BYTES;
    struct cairn__coder_pool *pool = cairn_alloc_zero(sizeof(*pool) + scratch);
    if (!pool)
        return NULL;
    pool->references = 1;
    pool->decodes = decodes;
    return pool;
}

void cairn__coder_pool_unref(struct cairn__coder_pool *pool)
{
    if (--pool->references > 0)
        return;
    for (unsigned i = 0; i < CAIRN__CODECS; i++) {
        struct cairn__coder *coder;
        while ((coder = pool->idle[i])) {
            pool->idle[i] = coder->next;
            coder->ops->close(coder);
        }
    }
    cairn_free(pool);
}

static struct cairn__coder *coder_pool_open(const struct cairn__coder_pool *pool, unsigned coding)
{
    const struct cairn__codec *c = cairn__codecs[coding];
    struct cairn__coder *coder =
        (pool->decodes ? c->decoder : c->encoder)->open(pool->levels[coding]);
    if (coder)
        coder->coding = coding;
    return coder;
}

struct cairn__coder *cairn__coder_pool_take(struct cairn__coder_pool *pool, unsigned coding)
{
    struct cairn__coder *coder = pool->idle[coding];
    if (coder) {
        pool->idle[coding] = coder->next;
        pool->idle_count[coding]--;
    } else {
        coder = coder_pool_open(pool, coding);
    }
    if (coder)
        pool->busy++;
    return coder;
}

void cairn__coder_pool_give_back(struct cairn__coder_pool *pool, struct cairn__coder *coder)
{
    if (!coder)
        return;
    unsigned coding = coder->coding;
    pool->busy--;
    if (pool->idle_count[coding] >= CAIRN__CODERS_KEPT || !coder->ops->reset ||
        !coder->ops->reset(coder)) {
        coder->ops->close(coder);
        return;
    }
    coder->next = pool->idle[coding];
    pool->idle[coding] = coder;
    pool->idle_count[coding]++;
}
