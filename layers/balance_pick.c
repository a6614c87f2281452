#include <cairn/layers/balance.h>

#include <cairn/layers/load.h>

static double balance_load(const struct cairn_ready_entry *endpoint)
{
    return cairn_load_of(endpoint->service);
}

static size_t balance_p2c_pick(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count)
{
    if (count == 1)
        return 0;
    size_t first = cairn_random_range(&picker->random, 0, count);
    size_t second = cairn_random_range(&picker->random, 0, count - 1);
    second += second >= first;
    return balance_load(ready[first]) <= balance_load(ready[second]) ? first : second;
}

const struct cairn_balance_pick cairn_balance_p2c = {
    .name = "p2c", .by_load = true, .pick = balance_p2c_pick};

/* Marks are the turns in which endpoints were picked. */
static bool balance_is_longer_ago(
    const struct cairn_ready_entry *a, const struct cairn_ready_entry *b)
{
    return a->mark != b->mark ? a->mark < b->mark : a->number < b->number;
}

static size_t balance_mark_turn(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t index)
{
    ready[index]->mark = (int64_t)++picker->turn;
    return index;
}

static size_t balance_round_robin_pick(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (balance_is_longer_ago(ready[i], ready[best]))
            best = i;
    }
    return balance_mark_turn(picker, ready, best);
}

const struct cairn_balance_pick cairn_balance_round_robin = {
    .name = "round_robin", .pick = balance_round_robin_pick};

/* A load that compares with nothing is the highest. */
static size_t balance_least_pick(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count)
{
    size_t best = 0;
    double lowest = balance_load(ready[0]);
    for (size_t i = 1; i < count; i++) {
        double load = balance_load(ready[i]);
        bool is_equal = load == lowest || (isnan(load) && isnan(lowest));
        if (is_equal ? balance_is_longer_ago(ready[i], ready[best])
                     : load < lowest || isnan(lowest)) {
            best = i;
            lowest = load;
        }
    }
    return balance_mark_turn(picker, ready, best);
}

const struct cairn_balance_pick cairn_balance_least_connections = {
    .name = "least_connections", .by_load = true, .pick = balance_least_pick};

/* Each gets its weight as credit in each round, the one with the most is picked and pays for the
 * round: nginx's smooth weighted round robin. Marks are credits. */
static size_t balance_weighted_pick(
    struct cairn_picker *picker, struct cairn_ready_entry *const *ready, size_t count)
{
    size_t best = 0;
    int64_t total = 0;
    (void)picker;
    for (size_t i = 0; i < count; i++) {
        total += ready[i]->weight;
        ready[i]->mark += ready[i]->weight;
        if (ready[i]->mark > ready[best]->mark ||
            (ready[i]->mark == ready[best]->mark && ready[i]->number < ready[best]->number))
            best = i;
    }
    ready[best]->mark -= total;
    return best;
}

const struct cairn_balance_pick cairn_balance_weighted = {
    .name = "weighted", .pick = balance_weighted_pick};
