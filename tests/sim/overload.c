#include "overload.h"

#include <stdlib.h>
#include <string.h>

#include <cairn/layers/adaptive_limit.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/limit_aimd.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/priority_queue.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/stack.h>

#include "sim.h"

#define OVERLOAD_SERVERS 10
#define OVERLOAD_MEAN_MS 10
#define OVERLOAD_CAPACITY 1000.0 /* OVERLOAD_SERVERS / OVERLOAD_MEAN_MS, a second */
#define OVERLOAD_GOOD_MS 100
#define OVERLOAD_SETTLE_MS 10000
#define OVERLOAD_RUN_MS 20000

/* What became of one class of calls. */
struct overload_class {
    double per_s;
    double good_per_s;
    double good_share;
    struct sim_stats *stats;
};

static void overload_count(struct overload_class *self)
{
    double good = 0;
    for (unsigned ms = 0; ms <= OVERLOAD_GOOD_MS; ms++)
        good += self->stats->latencies[ms];
    self->good_per_s = good / (OVERLOAD_RUN_MS / 1000.0);
    self->good_share = good / (double)self->stats->sent;
}

static void overload_run(const struct cairn_layer *layers, size_t count,
    struct overload_class *classes, size_t class_count)
{
    struct sim sim;
    struct sim_endpoint upstream;
    struct sim_client clients[2];
    sim_begin(&sim, 3);
    sim_endpoint_init(&upstream, &sim, OVERLOAD_SERVERS, OVERLOAD_MEAN_MS);
    struct cairn_service *service =
        cairn_stack_build(sim_endpoint_service(&upstream), layers, count);
    for (unsigned i = 0; i < class_count; i++) {
        classes[i].stats = calloc(1, sizeof(*classes[i].stats));
        clients[i] = (struct sim_client){service, classes[i].per_s, i, classes[i].stats};
    }
    sim_run(&sim, clients, class_count, OVERLOAD_SETTLE_MS);
    for (size_t i = 0; i < class_count; i++)
        memset(classes[i].stats, 0, sizeof(*classes[i].stats));
    sim_run(&sim, clients, class_count, OVERLOAD_RUN_MS);
    for (size_t i = 0; i < class_count; i++)
        overload_count(&classes[i]);
    cairn_service_drop(service);
    sim_end(&sim);
    for (size_t i = 0; i < class_count; i++)
        free(classes[i].stats);
}

static double overload_one_class(const struct cairn_layer *layers, size_t count)
{
    struct overload_class all = {.per_s = 3 * OVERLOAD_CAPACITY};
    overload_run(layers, count, &all, 1);
    return all.good_per_s;
}

static double overload_fixed(unsigned limit)
{
    const struct cairn_layer layers[] = {
        cairn_load_shed_layer(NULL), cairn_concurrency_limit(.max = limit)};
    return overload_one_class(layers, 2);
}

static double overload_adaptive(const struct cairn_limit_algorithm *algorithm)
{
    const struct cairn_layer layers[] = {
        cairn_adaptive_limit(.algorithm = algorithm, .reject = true),
        cairn_timeout(.after_ms = OVERLOAD_GOOD_MS)};
    return overload_one_class(layers, 2);
}

static enum cairn_priority overload_priority(void *cx, const void *request)
{
    (void)cx;
    return ((const struct sim_request *)request)->class == 0 ? CAIRN_PRIORITY_CRITICAL
                                                             : CAIRN_PRIORITY_BULK;
}

static void overload_queued(struct overload_figures *figures)
{
    const struct cairn_layer layers[] = {
        cairn_priority_queue(.classify = overload_priority, .max_wait_ms = OVERLOAD_GOOD_MS / 2),
        cairn_adaptive_limit(), cairn_timeout(.after_ms = OVERLOAD_GOOD_MS)};
    struct overload_class classes[] = {
        {.per_s = 0.3 * OVERLOAD_CAPACITY}, {.per_s = 2.7 * OVERLOAD_CAPACITY}};
    overload_run(layers, 3, classes, 2);
    figures->queued = classes[0].good_per_s + classes[1].good_per_s;
    figures->critical = classes[0].good_share;
}

struct overload_figures sim_overload(void)
{
    static const unsigned limits[] = {5, 8, 10, 12, 15, 20, 30, 50, 80, 100, 150};
    struct overload_figures figures = {.capacity = OVERLOAD_CAPACITY};
    figures.without = overload_one_class(NULL, 0);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        double good = overload_fixed(limits[i]);
        if (good <= figures.best_fixed)
            continue;
        figures.best_fixed = good;
        figures.best_limit = limits[i];
    }
    figures.gradient = overload_adaptive(NULL);
    figures.aimd = overload_adaptive(&cairn_limit_aimd.base);
    overload_queued(&figures);
    return figures;
}
