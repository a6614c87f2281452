#include <cairn/service/blocking.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/assert.h>
#include <cairn/service/waker.h>

#define BLOCKING_DEFAULT_THREADS 4
#define BLOCKING_MAX_THREADS 1024
#define BLOCKING_DEFAULT_QUEUE 1024
#define BLOCKING_MAX_QUEUE 1048576

/* In the hands of the pool while it is queued or runs, of its future as long as there is one. */
enum blocking_stage {
    BLOCKING_NEW,
    BLOCKING_QUEUED,
    BLOCKING_RUNNING,
    BLOCKING_DONE, /* the outcome is here */
    BLOCKING_TAKEN
};

struct blocking_job {
    struct cairn_blocking_pool *pool;
    const struct cairn_blocking_ops *ops;
    struct blocking_job *next;
    struct blocking_job **link;
    enum blocking_stage stage;
    bool has_future;
    struct cairn_waker waker;
    enum cairn_poll p;
    union cairn_outcome out;
    max_align_t state[];
};

/*
 * Under the mutex no user code runs: work, drops and wakes happen outside. Counted, because a
 * future may outlive the pool's owner.
 */
struct cairn_blocking_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct blocking_job *first;
    struct blocking_job **end;
    size_t queued;
    size_t running;
    size_t max_queue;
    size_t max_threads;
    size_t started;
    unsigned references; /* the owner and each job; atomic */
    bool is_closing;
    pthread_t threads[];
};

static void blocking_pool_unref(struct cairn_blocking_pool *pool)
{
    if (__atomic_sub_fetch(&pool->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    cairn_free(pool);
}

static void blocking_unlink(struct blocking_job *job)
{
    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
    else
        job->pool->end = job->link;
    job->pool->queued--;
}

static void blocking_enqueue(struct blocking_job *job)
{
    job->stage = BLOCKING_QUEUED;
    job->next = NULL;
    job->link = job->pool->end;
    *job->pool->end = job;
    job->pool->end = &job->next;
    job->pool->queued++;
}

static struct blocking_job *blocking_dequeue(struct cairn_blocking_pool *pool)
{
    struct blocking_job *job = pool->first;
    blocking_unlink(job);
    job->stage = BLOCKING_RUNNING;
    pool->running++;
    return job;
}

static void blocking_drop_state(struct blocking_job *job)
{
    if (job->ops->drop)
        job->ops->drop(job->state);
}

static void blocking_drop_outcome(const struct blocking_job *job)
{
    if (job->p == CAIRN_READY)
        cairn_type_drop(job->ops->type, job->out.value);
    else
        cairn_error_unref(job->out.error);
}

static void blocking_free_job(struct blocking_job *job)
{
    struct cairn_blocking_pool *pool = job->pool;
    cairn_free(job);
    blocking_pool_unref(pool);
}

/* With the mutex held, which it gives back: hands the outcome to the future, if there still is one.
 */
static void blocking_settle(struct blocking_job *job)
{
    struct cairn_waker waker = cairn_waker_take(&job->waker);
    bool has_future = job->has_future;
    job->stage = BLOCKING_DONE;
    job->pool->running--;
    pthread_mutex_unlock(&job->pool->mutex);
    cairn_wake(&waker);
    if (has_future)
        return;
    blocking_drop_outcome(job);
    blocking_free_job(job);
}

static void blocking_run(struct blocking_job *job)
{
    job->p = job->ops->run(job->state, &job->out);
    CAIRN_ASSERT(job->p != CAIRN_PENDING, job->ops->name, "blocking work returned PENDING");
    blocking_drop_state(job);
}

static void *blocking_thread(void *argument)
{
    struct cairn_blocking_pool *pool = argument;
    for (;;) {
        pthread_mutex_lock(&pool->mutex);
        while (!pool->first && !pool->is_closing)
            pthread_cond_wait(&pool->work, &pool->mutex);
        if (pool->is_closing)
            break;
        struct blocking_job *job = blocking_dequeue(pool);
        pthread_mutex_unlock(&pool->mutex);
        blocking_run(job);
        pthread_mutex_lock(&pool->mutex);
        blocking_settle(job);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Starts a thread if there is work for one more. Returns whether there is any thread. The process's
 * signals are not for these threads. */
static bool blocking_start_thread(struct cairn_blocking_pool *pool)
{
    sigset_t all, before;
    if (pool->started == pool->max_threads || pool->queued + pool->running <= pool->started)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&pool->threads[pool->started], NULL, blocking_thread, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        pool->started++;
    return pool->started > 0;
}

static struct cairn_error *blocking_submit(struct blocking_job *job)
{
    static struct cairn_error closed =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "blocking", "the pool is being freed");
    static struct cairn_error full =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "blocking", "the queue is full");
    static struct cairn_error no_thread =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_OVERLOADED, "blocking", "no thread can be started");
    struct cairn_blocking_pool *pool = job->pool;
    if (pool->is_closing)
        return &closed;
    if (pool->queued + pool->running >= pool->max_queue + pool->max_threads)
        return &full;
    blocking_enqueue(job);
    if (blocking_start_thread(pool)) {
        pthread_cond_signal(&pool->work);
        return NULL;
    }
    blocking_unlink(job);
    job->stage = BLOCKING_NEW;
    return &no_thread;
}

struct blocking_future {
    struct blocking_job *job;
};

static enum cairn_poll blocking_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct blocking_job *job = ((struct blocking_future *)state)->job;
    struct cairn_waker other = {0};
    enum cairn_poll p = CAIRN_PENDING;
    pthread_mutex_lock(&job->pool->mutex);
    if (job->stage == BLOCKING_DONE) {
        job->stage = BLOCKING_TAKEN;
        *out = job->out;
        p = job->p;
    } else {
        other = cairn__waker_replace(&job->waker, cx);
    }
    pthread_mutex_unlock(&job->pool->mutex);
    cairn_waker_clear(&other);
    return p;
}

static void blocking_drop(void *state)
{
    struct blocking_job *job = ((struct blocking_future *)state)->job;
    pthread_mutex_lock(&job->pool->mutex);
    enum blocking_stage stage = job->stage;
    struct cairn_waker waker = cairn_waker_take(&job->waker);
    job->has_future = false;
    if (stage == BLOCKING_QUEUED)
        blocking_unlink(job);
    pthread_mutex_unlock(&job->pool->mutex);
    cairn_waker_clear(&waker);
    if (stage == BLOCKING_RUNNING)
        return; /* the pool's from here on */
    if (stage == BLOCKING_NEW || stage == BLOCKING_QUEUED)
        blocking_drop_state(job);
    else if (stage == BLOCKING_DONE)
        blocking_drop_outcome(job);
    blocking_free_job(job);
}

static const struct cairn_future_ops blocking_ops = {
    .name = "blocking",
    .size = sizeof(struct blocking_future),
    .poll = blocking_poll,
    .drop = blocking_drop,
    .send = true,
};

static struct blocking_job *blocking_job_new(
    struct cairn_blocking_pool *pool, const struct cairn_blocking_ops *ops, const void *state)
{
    struct blocking_job *job = cairn_alloc(sizeof(*job) + ops->size);
    if (!job) {
        /* The caller gave up what STATE holds; its own copy is what there is to drop. */
        if (ops->drop)
            ops->drop((void *)(size_t)state);
        return NULL;
    }
    *job = (struct blocking_job){.pool = pool, .ops = ops, .has_future = true};
    memcpy(job->state, state, ops->size);
    __atomic_fetch_add(&pool->references, 1, __ATOMIC_RELAXED);
    return job;
}

/* The box comes first: once the work is queued nothing may fail any more. */
struct cairn_future cairn_blocking(
    struct cairn_blocking_pool *pool, const struct cairn_blocking_ops *ops, const void *state)
{
    struct blocking_job *job = blocking_job_new(pool, ops, state);
    if (!job)
        return cairn_future_failed(&cairn_error_no_memory);
    struct cairn_future future = cairn_future_box(&blocking_ops, &(struct blocking_future){job});
    if (cairn_future_is_complete(&future))
        return future;
    pthread_mutex_lock(&pool->mutex);
    struct cairn_error *error = blocking_submit(job);
    pthread_mutex_unlock(&pool->mutex);
    if (!error)
        return future;
    cairn_future_drop(&future);
    return cairn_future_failed(error);
}

/* Returns NULL, or what is wrong with OPTS. */
static struct cairn_error *blocking_options(
    const struct cairn_blocking_options *given, struct cairn_blocking_options *opts)
{
    if (given)
        memcpy(
            opts, given, given->size && given->size < sizeof(*opts) ? given->size : sizeof(*opts));
    if (!opts->threads)
        opts->threads = BLOCKING_DEFAULT_THREADS;
    if (!opts->max_queue)
        opts->max_queue = BLOCKING_DEFAULT_QUEUE;
    if (opts->threads > BLOCKING_MAX_THREADS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "blocking", NULL,
            "threads is %zu, must be 1 to %d", opts->threads, BLOCKING_MAX_THREADS);
    if (opts->max_queue > BLOCKING_MAX_QUEUE)
        return cairn_error_new(CAIRN_ERROR_INVALID, "blocking", NULL,
            "max_queue is %zu, must be 1 to %d", opts->max_queue, BLOCKING_MAX_QUEUE);
    return NULL;
}

struct cairn_blocking_pool *cairn_blocking_pool_new(
    const struct cairn_blocking_options *options, struct cairn_error **error)
{
    struct cairn_blocking_options opts = {0};
    struct cairn_error *wrong = blocking_options(options, &opts);
    if (wrong) {
        *error = wrong;
        return NULL;
    }
    struct cairn_blocking_pool *pool =
        cairn_alloc_zero(sizeof(*pool) + opts.threads * sizeof(pthread_t));
    if (!pool) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->end = &pool->first;
    pool->max_queue = opts.max_queue;
    pool->max_threads = opts.threads;
    pool->references = 1;
    return pool;
}

/* Queued work fails as if it had run: whoever waits for it is told. */
static void blocking_cancel_queued(struct cairn_blocking_pool *pool)
{
    static struct cairn_error cancelled =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "blocking", "the pool was freed before it ran");
    while (pool->first) {
        struct blocking_job *job = blocking_dequeue(pool);
        pthread_mutex_unlock(&pool->mutex);
        job->p = CAIRN_FAILED;
        job->out.error = &cancelled;
        blocking_drop_state(job);
        pthread_mutex_lock(&pool->mutex);
        blocking_settle(job);
        pthread_mutex_lock(&pool->mutex);
    }
}

void cairn_blocking_pool_free(struct cairn_blocking_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->is_closing = true;
    blocking_cancel_queued(pool);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i], NULL);
    blocking_pool_unref(pool);
}

size_t cairn_blocking_pool_queued(struct cairn_blocking_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    size_t queued = pool->queued;
    pthread_mutex_unlock(&pool->mutex);
    return queued;
}

size_t cairn_blocking_pool_running(struct cairn_blocking_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    size_t running = pool->running;
    pthread_mutex_unlock(&pool->mutex);
    return running;
}
