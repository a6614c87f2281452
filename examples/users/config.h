/* config.h - what the environment says, checked. */
#ifndef USERS_CONFIG_H
#define USERS_CONFIG_H

#include <stdint.h>

#include <cairn/service/error.h>

/* Texts are borrowed from the environment, or static. */
struct config {
    const char *host;            /* HOST: a numeric address; "::", which takes IPv4 too */
    uint64_t port;               /* PORT, 0 to 65535 (0: a free one); 8080 */
    uint64_t workers;            /* WORKERS, 0 to 256 (0: one for each CPU); 0 */
    const char *database_url;    /* DATABASE_URL: memory:, sqlite::memory:, sqlite:FILE */
    uint64_t max_concurrency;    /* MAX_CONCURRENCY, requests at a time, 1 to 1048576; 1024 */
    uint64_t rate_limit;         /* RATE_LIMIT, requests a second, 1 to 1000000000; 1000000 */
    uint64_t request_timeout_ms; /* REQUEST_TIMEOUT_MS, 1 to 3600000; 2000 */
    uint64_t db_timeout_ms;      /* DB_TIMEOUT_MS, of one attempt, 1 to 3600000; 500 */
    uint64_t db_attempts;        /* DB_ATTEMPTS, 1 to 100; 3 */
    uint64_t db_threads;         /* DB_THREADS, that read, 1 to 64; 2 */
    const char *access_log;      /* ACCESS_LOG: a file, "-" for standard output, "off"; "-" */
};

/*
 * Fills OUT from the settings that GET gives for their names (NULL: not set; as getenv does). An
 * empty text counts as not set. Returns NULL, or an error owned by the caller that says which
 * setting is bad, what it was and what it may be. CX is GET's own.
 */
struct cairn_error *config_read(
    struct config *out, const char *(*get)(void *cx, const char *name), void *cx);

#endif
