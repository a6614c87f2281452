/* app.h - handlers of every kind, and what each answers. */
#ifndef CAIRN_TESTS_KERNEL_APP_H
#define CAIRN_TESTS_KERNEL_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/exchange.h>
#include <cairn/http/server.h>

#define APP_MOST_BYTES 300000
/* The longest that a handler waits. */
#define APP_LONGEST_MS 60

/* NAME(path, body of the request is used, method) */
#define APP_KINDS(X)    \
    X(HELLO, "hello")   \
    X(SLEEP, "sleep")   \
    X(FILE, "file")     \
    X(GEN, "gen")       \
    X(SIZED, "sized")   \
    X(BIG, "big")       \
    X(NONE, "none")     \
    X(FAIL, "fail")     \
    X(NULL, "null")     \
    X(HINT, "hint")     \
    X(TRAIL, "trail")   \
    X(LAST, "last")     \
    X(SPOILT, "spoilt") \
    X(GONE, "gone")     \
    X(SHORT, "short")   \
    X(BREAK, "break")   \
    X(ECHO, "echo")     \
    X(COPY, "copy")     \
    X(HALF, "half")     \
    X(DEAF, "deaf")     \
    X(SLOW, "slow")     \
    X(WAIT, "wait")     \
    X(SHOUT, "shout")

enum app_kind {
#define X(name, path) APP_##name,
    APP_KINDS(X)
#undef X
        APP_COUNT
};
/* From here on they are asked with POST and a body of N bytes. */
#define APP_FIRST_POST APP_ECHO

const char *app_path(enum app_kind kind);

/* Bytes that say where they are from: N of them, the same for the same N. */
const char *app_bytes(size_t n);

/* What is answered to /PATH/N, when nothing goes wrong. */
struct app_answer {
    int status;
    size_t length;    /* of the body, which is app_bytes(n), … */
    size_t skipped;   /* … after its first so many bytes; or … */
    const char *text; /* … this */
    bool is_cut;      /* less than the head promises */
};
struct app_answer app_expected(enum app_kind kind, size_t n);
/* Whether the connection may end behind this answer, though the request did not ask for it. */
bool app_may_close(enum app_kind kind);

struct app_options {
    uint64_t timeout_ms; /* 0: none */
    size_t concurrency;  /* 0: no limit */
    bool sheds;
    bool makes_responses; /* error_to_response */
};

struct app {
    struct app_options options;
    size_t begun; /* exchanges that asked to be told of their end */
    size_t ended;
    size_t ends[CAIRN_HTTP_DROPPED + 1]; /* by reason */
    size_t upgraded;                     /* connections that the app holds now */
};

/* A cairn_http_app; CX is a struct app. */
struct cairn_service *app_make(void *cx, const struct cairn_http_worker *worker);

#endif
