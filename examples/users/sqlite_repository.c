#include "sqlite_repository.h"

#include <pthread.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/blocking.h>

#include "sqlite_connection.h"

#define SQLITE_DEFAULT_READERS 2
#define SQLITE_MAX_READERS 64
#define SQLITE_DEFAULT_BUSY_MS 100
#define SQLITE_MAX_BUSY_MS 60000

/* Threads, and as many connections: a job that runs always finds an idle one. */
struct sqlite_lane {
    struct cairn_blocking_pool *pool;
    pthread_mutex_t mutex;
    size_t count;
    size_t idle_count;
    uint64_t done; /* jobs */
    struct sqlite_connection *idle[SQLITE_MAX_READERS];
    struct sqlite_connection connections[SQLITE_MAX_READERS];
};

struct sqlite_repository {
    struct user_repository base;
    bool has_readers; /* else the writer reads too */
    struct sqlite_lane writer;
    struct sqlite_lane readers;
};

static struct sqlite_connection *sqlite_lane_take(struct sqlite_lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    struct sqlite_connection *connection = lane->idle[--lane->idle_count];
    pthread_mutex_unlock(&lane->mutex);
    return connection;
}

static void sqlite_lane_put(struct sqlite_lane *lane, struct sqlite_connection *connection)
{
    pthread_mutex_lock(&lane->mutex);
    lane->idle[lane->idle_count++] = connection;
    lane->done++;
    pthread_mutex_unlock(&lane->mutex);
}

static uint64_t sqlite_lane_done(struct sqlite_lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    uint64_t done = lane->done;
    pthread_mutex_unlock(&lane->mutex);
    return done;
}

struct sqlite_job {
    struct sqlite_lane *lane;
    struct user_query query;
};

static enum cairn_poll sqlite_job_run(void *state, union cairn_outcome *out)
{
    struct sqlite_job *self = state;
    struct user *user = NULL;
    struct sqlite_connection *connection = sqlite_lane_take(self->lane);
    struct cairn_error *error = sqlite_connection_run(connection, &self->query, &user);
    sqlite_lane_put(self->lane, connection);
    if (error) {
        out->error = error;
        return CAIRN_FAILED;
    }
    out->value = user;
    return CAIRN_READY;
}

static void sqlite_job_drop(void *state)
{
    user_query_fini(&((struct sqlite_job *)state)->query);
}

static struct cairn_future sqlite_start(struct user_repository *base, struct user_query query)
{
    static const struct cairn_blocking_ops ops = {
        .name = "sqlite",
        .size = sizeof(struct sqlite_job),
        .run = sqlite_job_run,
        .drop = sqlite_job_drop,
        .type = &user_type,
    };
    struct sqlite_repository *self = (struct sqlite_repository *)base;
    bool is_read = self->has_readers && user_query_is_read(&query);
    struct sqlite_job job = {is_read ? &self->readers : &self->writer, query};
    return cairn_blocking(job.lane->pool, &ops, &job);
}

static struct cairn_future sqlite_find_by_id(struct user_repository *base, int64_t id)
{
    return sqlite_start(base, (struct user_query){USER_FIND, .id = id});
}

static struct cairn_future sqlite_list(struct user_repository *base, int64_t after, size_t limit)
{
    return sqlite_start(base, (struct user_query){USER_LIST, .id = after, .limit = limit});
}

static struct cairn_future sqlite_save(struct user_repository *base, const struct user *user)
{
    struct user *copy = user_copy(user);
    if (!copy)
        return cairn_future_failed(&cairn_error_no_memory);
    return sqlite_start(base, (struct user_query){USER_SAVE, .user = copy});
}

static struct cairn_future sqlite_delete_by_id(struct user_repository *base, int64_t id)
{
    return sqlite_start(base, (struct user_query){USER_DELETE, .id = id});
}

/* What all workers have done together: they share the repository. */
static void sqlite_describe(const struct user_repository *base, struct cairn_describe *d)
{
    struct sqlite_repository *self = (struct sqlite_repository *)base;
    cairn_describe_parameter(d, "readers", self->readers.count, NULL);
    cairn_describe_counter(d, "written", sqlite_lane_done(&self->writer));
    cairn_describe_gauge(d, "writes_queued", cairn_blocking_pool_queued(self->writer.pool));
    if (!self->has_readers)
        return;
    cairn_describe_counter(d, "read", sqlite_lane_done(&self->readers));
    cairn_describe_gauge(d, "reads_queued", cairn_blocking_pool_queued(self->readers.pool));
}

static void sqlite_lane_close(struct sqlite_lane *lane)
{
    cairn_blocking_pool_free(lane->pool);
    for (size_t i = 0; i < lane->count; i++)
        sqlite_connection_close(&lane->connections[i]);
    pthread_mutex_destroy(&lane->mutex);
}

static void sqlite_close(struct user_repository *base)
{
    struct sqlite_repository *self = (struct sqlite_repository *)base;
    sqlite_lane_close(&self->readers);
    sqlite_lane_close(&self->writer);
    cairn_free(self);
}

static struct cairn_error *sqlite_lane_open(struct sqlite_lane *lane, size_t count,
    const struct sqlite_repository_options *opts, bool is_reader)
{
    struct cairn_error *error = NULL;
    for (size_t i = 0; i < count; i++) {
        struct sqlite_connection *connection = &lane->connections[i];
        error = sqlite_connection_open(connection, opts->file, opts->busy_ms, is_reader);
        if (error)
            return error;
        lane->idle[lane->idle_count++] = connection;
        lane->count++;
    }
    lane->pool = cairn_blocking_pool_new(
        &(struct cairn_blocking_options){.size = sizeof(struct cairn_blocking_options),
            .threads = count,
            .max_queue = opts->max_queued},
        &error);
    return error;
}

static struct cairn_error *sqlite_open(
    struct sqlite_repository *self, const struct sqlite_repository_options *opts)
{
    struct cairn_error *error = sqlite_lane_open(&self->writer, 1, opts, false);
    if (!error && self->has_readers)
        error = sqlite_lane_open(&self->readers, opts->readers, opts, true);
    return error;
}

static struct cairn_error *sqlite_check_options(struct sqlite_repository_options *opts)
{
    if (!opts->file)
        opts->file = ":memory:";
    if (opts->readers == 0)
        opts->readers = SQLITE_DEFAULT_READERS;
    if (opts->busy_ms == 0)
        opts->busy_ms = SQLITE_DEFAULT_BUSY_MS;
    if (opts->readers > SQLITE_MAX_READERS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "sqlite", NULL,
            "readers must be 1 to %d, got %zu", SQLITE_MAX_READERS, opts->readers);
    if (opts->busy_ms > SQLITE_MAX_BUSY_MS)
        return cairn_error_new(CAIRN_ERROR_INVALID, "sqlite", NULL,
            "busy_ms must be 1 to %d, got %u", SQLITE_MAX_BUSY_MS, opts->busy_ms);
    return NULL;
}

static const struct user_repository_ops sqlite_ops = {
    .name = "sqlite",
    .find_by_id = sqlite_find_by_id,
    .save = sqlite_save,
    .list = sqlite_list,
    .delete_by_id = sqlite_delete_by_id,
    .describe = sqlite_describe,
    .close = sqlite_close,
};

struct user_repository *sqlite_repository_new(
    const struct sqlite_repository_options *options, struct cairn_error **error)
{
    struct sqlite_repository_options opts = {0};
    if (options)
        opts = *options;
    *error = sqlite_check_options(&opts);
    if (*error)
        return NULL;
    struct sqlite_repository *self = cairn_alloc_zero(sizeof(*self));
    if (!self) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    self->base.ops = &sqlite_ops;
    self->has_readers = strcmp(opts.file, ":memory:") != 0;
    pthread_mutex_init(&self->writer.mutex, NULL);
    pthread_mutex_init(&self->readers.mutex, NULL);
    *error = sqlite_open(self, &opts);
    if (*error) {
        sqlite_close(&self->base);
        return NULL;
    }
    return &self->base;
}
