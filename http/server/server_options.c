#include <cairn/http/server/server_options.h>

#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include <cairn/service/alloc.h>

#define OPTIONS_MAX_WORKERS 256

/* The processors this process may run on. */
static unsigned options_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    if (count < 1)
        return 1;
    return count > OPTIONS_MAX_WORKERS ? OPTIONS_MAX_WORKERS : (unsigned)count;
}

/* A worker's share of the descriptors, with some kept for files and upstreams. */
static size_t options_connections(unsigned workers)
{
    struct rlimit limit;
    size_t total = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < total + 64)
        total = limit.rlim_cur > 64 + workers ? (size_t)limit.rlim_cur - 64 : workers;
    return total / workers;
}

static struct cairn_error *options_range(
    const char *name, uint64_t *value, uint64_t fallback, uint64_t min, uint64_t max)
{
    if (*value == 0)
        *value = fallback;
    if (*value >= min && *value <= max)
        return NULL;
    return cairn_error_new(CAIRN_ERROR_INVALID, "http_server", NULL,
        "%s must be %llu to %llu, got %llu", name, (unsigned long long)min, (unsigned long long)max,
        (unsigned long long)*value);
}

static struct cairn_error *options_resolve_numbers(struct cairn_http_server_options *out)
{
    uint64_t workers = out->workers;
    uint64_t backlog = out->backlog;
    struct cairn_error *error =
        options_range("workers", &workers, options_cpus(), 1, OPTIONS_MAX_WORKERS);
    if (!error)
        error = options_range("backlog", &backlog, 1024, 1, 65535);
    if (!error)
        error = options_range("drain_ms", &out->drain_ms, 20000, 1, 3600000);
    if (!error)
        error = options_range("hang_ms", &out->hang_ms, 10000, 10, 3600000);
    if (!error && out->drain_delay_ms)
        error = options_range("drain_delay_ms", &out->drain_delay_ms, 0, 1, 3600000);
    out->workers = error ? 0 : (unsigned)workers;
    out->backlog = (unsigned)backlog;
    return error;
}

/* A caller built against an older header has a shorter struct. */
static void options_copy(
    const struct cairn_http_server_options *options, struct cairn_http_server_options *out)
{
    memset(out, 0, sizeof(*out));
    if (!options)
        return;
    size_t size = options->size && options->size < sizeof(*out) ? options->size : sizeof(*out);
    memcpy(out, options, size);
    out->size = sizeof(*out);
}

static unsigned options_share(unsigned whole, unsigned parts)
{
    return whole > parts ? whole / parts : 1;
}

struct cairn_error *cairn__server_options_processes(
    const struct cairn_http_server_options *options, struct cairn_http_server_options *out)
{
    static struct cairn_error signals = CAIRN_ERROR_STATIC(CAIRN_ERROR_INVALID, "http_server",
        "processes needs the signals: keep_signals must not be set");
    options_copy(options, out);
    uint64_t processes = out->processes;
    uint64_t workers = out->workers;
    if (processes == 0)
        return NULL;
    struct cairn_error *error = options_range("processes", &processes, 0, 1, OPTIONS_MAX_WORKERS);
    if (error)
        return error;
    if (out->keep_signals)
        return &signals;
    error = options_range("workers", &workers, options_share(options_cpus(), out->processes), 1,
        OPTIONS_MAX_WORKERS / processes);
    if (error)
        return error;
    if (out->limits.connections == 0) /* descriptors are of each process */
        out->limits.connections = options_connections((unsigned)workers);
    out->workers = (unsigned)(workers * processes);
    return NULL;
}

struct cairn_error *cairn__server_options_resolve(
    const struct cairn_http_server_options *options, struct cairn_http_server_options *out)
{
    static struct cairn_error divided = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_INVALID, "http_server", "processes is an option of cairn_http_serve");
    options_copy(options, out);
    const char *host = out->host;
    out->host = cairn_strdup(host);
    if (host && !out->host) {
        out->workers = 0;
        return &cairn_error_no_memory;
    }
    struct cairn_error *error = options_resolve_numbers(out);
    if (!error && out->processes)
        error = &divided;
    if (error)
        return error;
    const struct cairn_http_limits limits = out->limits;
    error = cairn_http_limits_resolve(&limits, &out->limits);
    if (!error && out->limits.connections == 0)
        out->limits.connections = options_connections(out->workers);
    return error;
}

struct cairn_error *cairn__server_options_proxy(
    struct cairn_http_server_options *options, struct cairn_trusted_peers **peers)
{
    static struct cairn_error only = CAIRN_ERROR_STATIC(
        CAIRN_ERROR_INVALID, "http_server", "proxy_protocol_only needs proxy_protocol");
    struct cairn_error *error = NULL;
    const char *text = options->proxy_protocol;
    options->proxy_protocol = NULL; /* not copied, and not looked at any more */
    if (!text)
        return options->proxy_protocol_only ? &only : NULL;
    *peers = cairn_trusted_peers_new(text, &error);
    if (!error || error->code != CAIRN_ERROR_INVALID)
        return error;
    struct cairn_error *named = cairn_error_new(
        CAIRN_ERROR_INVALID, "http_server", NULL, "proxy_protocol: %s", error->message);
    cairn_error_unref(error);
    return named;
}
