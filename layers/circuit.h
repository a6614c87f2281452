/* circuit.h - the states of a circuit breaker: a function of outcomes and time. Internal. */
#ifndef CAIRN_LAYERS_CIRCUIT_H
#define CAIRN_LAYERS_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/layers/backoff.h>

#define CAIRN__CIRCUIT_BUCKETS 10

enum cairn__circuit_state { CAIRN__CIRCUIT_CLOSED, CAIRN__CIRCUIT_OPEN, CAIRN__CIRCUIT_HALF_OPEN };
enum cairn__circuit_outcome {
    CAIRN__CIRCUIT_SUCCESS,
    CAIRN__CIRCUIT_FAILURE,
    CAIRN__CIRCUIT_IGNORED
};
enum cairn__circuit_cause { CAIRN__CIRCUIT_ROW, CAIRN__CIRCUIT_RATE, CAIRN__CIRCUIT_PROBE };

struct cairn__circuit_config {
    uint64_t failures;   /* in a row that open it; 0: no such rule */
    double failure_rate; /* of the window's calls; 0: no such rule */
    uint64_t min_requests;
    uint64_t window_ms; /* CAIRN__CIRCUIT_BUCKETS or more */
    unsigned probes;
    struct cairn_backoff backoff; /* of the open times */
};

struct cairn__circuit_bucket {
    uint64_t requests;
    uint64_t failures;
};

/* Time is an argument, in milliseconds of a clock that does not go back. */
struct cairn__circuit {
    struct cairn__circuit_config config;
    enum cairn__circuit_state state;
    unsigned epoch; /* one more with each opening and each closing */
    unsigned reopened;
    uint64_t until_ms; /* of the open time */
    uint64_t open_ms;  /* its length */
    uint64_t in_a_row;
    /* The bucket being filled and nine full ones, and the sum of all. */
    struct cairn__circuit_bucket buckets[CAIRN__CIRCUIT_BUCKETS];
    struct cairn__circuit_bucket window;
    unsigned bucket;
    uint64_t bucket_end_ms;
    unsigned probing; /* probes that have not ended */
    unsigned passed;  /* probes that have succeeded */
    /* Why it opened last, with the counts of then. */
    enum cairn__circuit_cause cause;
    struct cairn__circuit_bucket counts;
    struct cairn_random random;
};

/* What a call that was let in carries until it leaves. */
struct cairn__circuit_pass {
    unsigned epoch;
    bool is_probe;
};

void cairn__circuit_init(
    struct cairn__circuit *circuit, const struct cairn__circuit_config *config, uint64_t seed);

/* What it is at NOW_MS: an open time that has passed makes it half open. */
enum cairn__circuit_state cairn__circuit_state_at(
    const struct cairn__circuit *circuit, uint64_t now_ms);
/* Whether a call would be let in. */
bool cairn__circuit_admits(const struct cairn__circuit *circuit, uint64_t now_ms);
/* Lets a call in, or returns false. Each pass is given back once, by leave. */
bool cairn__circuit_enter(
    struct cairn__circuit *circuit, uint64_t now_ms, struct cairn__circuit_pass *pass);
/* The call has ended, or was given up (IGNORED). One of an earlier epoch does not count. Returns
 * whether that opened the circuit. */
bool cairn__circuit_leave(struct cairn__circuit *circuit, struct cairn__circuit_pass pass,
    enum cairn__circuit_outcome outcome, uint64_t now_ms);

/* Why it opened last: "5 failures in a row". Returns BUFFER. */
char *cairn__circuit_why(const struct cairn__circuit *circuit, char *buffer, size_t size);

#endif
