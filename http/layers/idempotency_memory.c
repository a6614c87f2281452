#include <cairn/http/layers/idempotency_memory.h>

#include <pthread.h>
#include <string.h>

#include <cairn/http/layers/kept_answer.h>
#include <cairn/layers/key_table.h>
#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/runtime.h>

#define IDEMPOTENCY_MEMORY_ENTRIES 16384
#define IDEMPOTENCY_MEMORY_ENTRIES_MOST 16777216
#define IDEMPOTENCY_MEMORY_BYTES 67108864
/* How many that are too old go at each look-up: more than one comes. */
#define IDEMPOTENCY_MEMORY_SWEEP 2

struct idempotency_entry {
    struct cairn__key_entry key; /* first */
    struct idempotency_entry *later;
    struct idempotency_entry *earlier;
    struct cairn_idempotency_fingerprint fingerprint;
    struct cairn__kept_answer *answer; /* NULL: it runs */
    uint64_t token;
    uint64_t until_ms;
};

struct idempotency_list {
    struct idempotency_entry *first;
    struct idempotency_entry *last;
};

/* All behind `lock` but what does not change. */
struct idempotency_memory {
    struct cairn_idempotency_store base;
    pthread_mutex_t lock;
    size_t max_entries;
    size_t max_bytes;
    struct cairn__key_table table;
    struct idempotency_list claimed;  /* in the order in which they were */
    struct idempotency_list answered; /* the same */
    uint64_t tokens;
    size_t bytes;
    size_t running;
    uint64_t evicted;
    uint64_t expired;
};

static struct cairn_error idempotency_memory_full = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_OVERLOADED, "idempotency_memory", "all keys there is room for are in use");

static struct cairn_error idempotency_memory_large = CAIRN_ERROR_STATIC(
    CAIRN_ERROR_TOO_LARGE, "idempotency_memory", "the answer is larger than the store");

static uint64_t idempotency_memory_now(void)
{
    struct cairn_runtime *runtime = cairn_runtime_current();
    CAIRN_ASSERT(runtime, "idempotency_memory", "used on a thread without a runtime");
    return cairn_runtime_now_ms(runtime);
}

/*
 * Entries; the lock is held
 */

static struct idempotency_entry *idempotency_find(
    const struct idempotency_memory *self, struct cairn_str key)
{
    uint64_t hash = cairn__key_table_hash(&self->table, key);
    return (struct idempotency_entry *)cairn__key_table_find(&self->table, hash, key);
}

static void idempotency_link(struct idempotency_list *list, struct idempotency_entry *entry)
{
    entry->later = NULL;
    entry->earlier = list->last;
    if (list->last)
        list->last->later = entry;
    else
        list->first = entry;
    list->last = entry;
}

static void idempotency_unlink(struct idempotency_list *list, struct idempotency_entry *entry)
{
    if (entry->later)
        entry->later->earlier = entry->earlier;
    else
        list->last = entry->earlier;
    if (entry->earlier)
        entry->earlier->later = entry->later;
    else
        list->first = entry->later;
}

static void idempotency_forget(struct idempotency_memory *self, struct idempotency_entry *entry)
{
    if (entry->answer) {
        self->bytes -= cairn__kept_answer_size(entry->answer);
        idempotency_unlink(&self->answered, entry);
        cairn__kept_answer_unref(entry->answer);
    } else {
        self->running--;
        idempotency_unlink(&self->claimed, entry);
    }
    cairn__key_table_remove(&self->table, &entry->key);
    cairn__key_entry_fini(&entry->key);
    cairn_free(entry);
}

static void idempotency_sweep(
    struct idempotency_memory *self, const struct idempotency_list *list, uint64_t now_ms)
{
    for (int i = 0; i < IDEMPOTENCY_MEMORY_SWEEP; i++) {
        if (!list->first || now_ms < list->first->until_ms)
            return;
        self->expired++;
        idempotency_forget(self, list->first);
    }
}

/* A new entry that runs. NULL, and *ERROR: no room, or no memory. */
static struct idempotency_entry *idempotency_add(
    struct idempotency_memory *self, struct cairn_str key, struct cairn_error **error)
{
    if (self->table.count >= self->max_entries) {
        *error = &idempotency_memory_full;
        if (!self->answered.first)
            return NULL;
        self->evicted++;
        idempotency_forget(self, self->answered.first);
    }
    struct idempotency_entry *entry = cairn_alloc_zero(sizeof(*entry));
    if (entry && cairn__key_entry_set(&entry->key, cairn__key_table_hash(&self->table, key), key)) {
        cairn__key_table_insert(&self->table, &entry->key);
        self->running++;
        idempotency_link(&self->claimed, entry);
        return entry;
    }
    cairn_free(entry);
    *error = &cairn_error_no_memory;
    return NULL;
}

static bool idempotency_is_same(
    const struct cairn_idempotency_fingerprint *a, const struct cairn_idempotency_fingerprint *b)
{
    return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

/* What is under KEY, if that still counts. */
static struct idempotency_entry *idempotency_look_up(
    struct idempotency_memory *self, struct cairn_str key, uint64_t now_ms)
{
    idempotency_sweep(self, &self->claimed, now_ms);
    idempotency_sweep(self, &self->answered, now_ms);
    struct idempotency_entry *entry = idempotency_find(self, key);
    if (!entry || now_ms < entry->until_ms)
        return entry;
    self->expired++;
    idempotency_forget(self, entry);
    return NULL;
}

static struct cairn_error *idempotency_claim(struct idempotency_memory *self, struct cairn_str key,
    const struct cairn_idempotency_fingerprint *fingerprint, uint64_t until_ms,
    struct cairn_idempotency_claim *claim)
{
    struct cairn_error *error = NULL;
    struct idempotency_entry *entry = idempotency_add(self, key, &error);
    if (!entry)
        return error;
    entry->fingerprint = *fingerprint;
    entry->token = ++self->tokens;
    entry->until_ms = until_ms;
    *claim =
        (struct cairn_idempotency_claim){.found = CAIRN_IDEMPOTENCY_CLAIMED, .token = entry->token};
    return NULL;
}

/*
 * The store
 */

/* *ANSWER gets a reference if that is what was found. */
static struct cairn_error *idempotency_memory_decide(struct idempotency_memory *self,
    struct cairn_str key, const struct cairn_idempotency_fingerprint *fingerprint,
    uint64_t claim_ms, struct cairn_idempotency_claim *claim, struct cairn__kept_answer **answer)
{
    uint64_t now_ms = idempotency_memory_now();
    struct idempotency_entry *entry = idempotency_look_up(self, key, now_ms);
    *claim = (struct cairn_idempotency_claim){.found = CAIRN_IDEMPOTENCY_DIFFERENT};
    if (!entry)
        return idempotency_claim(self, key, fingerprint, now_ms + claim_ms, claim);
    if (!idempotency_is_same(&entry->fingerprint, fingerprint))
        return NULL;
    claim->found = entry->answer ? CAIRN_IDEMPOTENCY_ANSWERED : CAIRN_IDEMPOTENCY_RUNNING;
    if (entry->answer)
        *answer = cairn__kept_answer_ref(entry->answer);
    return NULL;
}

static struct cairn_future idempotency_memory_begin(struct cairn_idempotency_store *base,
    struct cairn_str key, const struct cairn_idempotency_fingerprint *fingerprint,
    uint64_t claim_ms, const struct cairn_http_request *req, struct cairn_idempotency_claim *claim)
{
    struct idempotency_memory *self = (struct idempotency_memory *)base;
    struct cairn__kept_answer *answer = NULL;
    pthread_mutex_lock(&self->lock);
    struct cairn_error *error =
        idempotency_memory_decide(self, key, fingerprint, claim_ms, claim, &answer);
    pthread_mutex_unlock(&self->lock);
    if (answer) {
        claim->answer = cairn__kept_answer_response(answer, req);
        cairn__kept_answer_unref(answer);
        if (!claim->answer)
            error = &cairn_error_no_memory;
    }
    return error ? cairn_future_failed(error) : cairn_future_ready(NULL);
}

/* Takes ANSWER. */
static void idempotency_memory_keep(struct idempotency_memory *self, struct cairn_str key,
    uint64_t token, struct cairn__kept_answer *answer, uint64_t keep_ms)
{
    struct idempotency_entry *entry = idempotency_find(self, key);
    if (!entry || entry->answer || entry->token != token) {
        cairn__kept_answer_unref(answer);
        return;
    }
    self->running--;
    idempotency_unlink(&self->claimed, entry);
    self->bytes += cairn__kept_answer_size(answer);
    entry->answer = answer;
    entry->until_ms = idempotency_memory_now() + keep_ms;
    idempotency_link(&self->answered, entry);
    while (self->bytes > self->max_bytes) {
        self->evicted++;
        idempotency_forget(self, self->answered.first);
    }
}

static void idempotency_memory_abandon(
    struct cairn_idempotency_store *base, struct cairn_str key, uint64_t token)
{
    struct idempotency_memory *self = (struct idempotency_memory *)base;
    pthread_mutex_lock(&self->lock);
    struct idempotency_entry *entry = idempotency_find(self, key);
    if (entry && !entry->answer && entry->token == token)
        idempotency_forget(self, entry);
    pthread_mutex_unlock(&self->lock);
}

static struct cairn_future idempotency_memory_answer(struct cairn_idempotency_store *base,
    struct cairn_str key, uint64_t token, const struct cairn_http_response *res, uint64_t keep_ms)
{
    struct idempotency_memory *self = (struct idempotency_memory *)base;
    struct cairn__kept_answer *answer = cairn__kept_answer_new(res);
    if (!answer || cairn__kept_answer_size(answer) > self->max_bytes) {
        struct cairn_error *error = answer ? &idempotency_memory_large : &cairn_error_no_memory;
        cairn__kept_answer_unref(answer);
        idempotency_memory_abandon(base, key, token);
        return cairn_future_failed(error);
    }
    pthread_mutex_lock(&self->lock);
    idempotency_memory_keep(self, key, token, answer, keep_ms);
    pthread_mutex_unlock(&self->lock);
    return cairn_future_ready(NULL);
}

static void idempotency_memory_describe(
    const struct cairn_idempotency_store *base, struct cairn_describe *d)
{
    struct idempotency_memory *self = (struct idempotency_memory *)(size_t)base;
    pthread_mutex_lock(&self->lock);
    const struct idempotency_memory now = *self;
    pthread_mutex_unlock(&self->lock);
    cairn_describe_parameter(d, "max_entries", now.max_entries, NULL);
    cairn_describe_parameter(d, "max_bytes", now.max_bytes, "bytes");
    cairn_describe_gauge(d, "entries", now.table.count);
    cairn_describe_gauge(d, "bytes", now.bytes);
    cairn_describe_gauge(d, "running", now.running);
    cairn_describe_counter(d, "evicted", now.evicted);
    cairn_describe_counter(d, "expired", now.expired);
}

static void idempotency_memory_free(struct cairn_idempotency_store *base)
{
    struct idempotency_memory *self = (struct idempotency_memory *)base;
    while (self->claimed.first)
        idempotency_forget(self, self->claimed.first);
    while (self->answered.first)
        idempotency_forget(self, self->answered.first);
    cairn__key_table_fini(&self->table);
    pthread_mutex_destroy(&self->lock);
    cairn_free(self);
}

static const struct cairn_idempotency_store_ops idempotency_memory_ops = {
    .name = "memory",
    .begin = idempotency_memory_begin,
    .answer = idempotency_memory_answer,
    .abandon = idempotency_memory_abandon,
    .describe = idempotency_memory_describe,
    .free = idempotency_memory_free,
};

static struct idempotency_memory *idempotency_memory_alloc(void)
{
    struct idempotency_memory *self = cairn_alloc_zero(sizeof(*self));
    if (!self)
        return NULL;
    if (cairn__key_table_init(&self->table)) {
        if (pthread_mutex_init(&self->lock, NULL) == 0)
            return self;
        cairn__key_table_fini(&self->table);
    }
    cairn_free(self);
    return NULL;
}

struct cairn_idempotency_store *cairn_idempotency_memory_new(
    const struct cairn_idempotency_memory_options *options, struct cairn_error **error)
{
    struct cairn_idempotency_memory_options opts = {.size = sizeof(opts)};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    if (opts.max_entries > IDEMPOTENCY_MEMORY_ENTRIES_MOST) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "idempotency_memory", NULL,
            "max_entries must be 1 to %d, got %zu", IDEMPOTENCY_MEMORY_ENTRIES_MOST,
            opts.max_entries);
        return NULL;
    }
    struct idempotency_memory *self = idempotency_memory_alloc();
    if (!self) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    self->base.ops = &idempotency_memory_ops;
    self->base.references = 1;
    self->max_entries = opts.max_entries ? opts.max_entries : IDEMPOTENCY_MEMORY_ENTRIES;
    self->max_bytes = opts.max_bytes ? opts.max_bytes : IDEMPOTENCY_MEMORY_BYTES;
    return &self->base;
}
