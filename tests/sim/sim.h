/* sim.h - a world of endpoints and clients on the test clock: what layers do to a fleet, without a
 * fleet. The same seed gives the same figures on every machine. */
#ifndef CAIRN_TESTS_SIM_H
#define CAIRN_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/random.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service.h>
#include <cairn/testkit/clock.h>

#define SIM_MAX_SERVERS 256
#define SIM_MAX_MS 60000 /* a latency over this is counted as this */

/* One simulation at a time; made and ended by sim_begin and sim_end. */
struct sim {
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_random random;
};
void sim_begin(struct sim *sim, uint64_t seed);
void sim_end(struct sim *sim);
uint64_t sim_now(const struct sim *sim);

/*
 * A machine with SERVERS workers: a call waits for a free one, first come, first served, and takes
 * an exponentially distributed time of MEAN_MS. It does not notice that a caller has given up: the
 * work is done all the same, as in a server that is not told. Change the members at any time.
 */
struct sim_endpoint {
    struct sim *sim;
    unsigned servers;
    double mean_ms;
    double slow_rate; /* of calls that take SLOW_MS in place of that */
    double slow_ms;
    double error_rate; /* of calls that fail, after a tenth of their time, with
                          CAIRN_ERROR_UNAVAILABLE */
    uint64_t calls;
    uint64_t failures;
    double free_at_ms[SIM_MAX_SERVERS];
};
void sim_endpoint_init(
    struct sim_endpoint *endpoint, struct sim *sim, unsigned servers, double mean_ms);
/* A service on it, always ready; of sim_request_type. Owned by the caller; borrows ENDPOINT. */
struct cairn_service *sim_endpoint_service(struct sim_endpoint *endpoint);

/* A request: which one, and of what class. Clonable; borrows nothing. */
struct sim_request {
    uint64_t number;
    unsigned class; /* of traffic: 0 is the most important */
};
extern const struct cairn_type sim_request_type;

/* What a class of clients saw. */
struct sim_stats {
    uint64_t sent;
    uint64_t ok;
    uint64_t failed;
    uint32_t latencies[SIM_MAX_MS + 1]; /* of those that went well, by ms */
};
/* The latency that SHARE (0 to 1) of the good answers did not exceed. */
unsigned sim_percentile(const struct sim_stats *stats, double share);

/*
 * Clients that do not wait for each other: calls come at PER_S a second, at random, whatever
 * becomes of those before. Each is a oneshot of a clone of SERVICE. Runs for MS milliseconds of
 * simulated time and leaves what is under way under way.
 */
struct sim_client {
    struct cairn_service *service; /* borrowed */
    double per_s;
    unsigned class;
    struct sim_stats *stats;
};
void sim_run(struct sim *sim, const struct sim_client *clients, size_t count, uint64_t ms);

#endif
