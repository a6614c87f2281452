#include <cairn/layers/limit_gradient.h>

#define LIMIT_GRADIENT_TOLERANCE 1.5
#define LIMIT_GRADIENT_SMOOTHING 0.2
#define LIMIT_GRADIENT_QUEUE 4
#define LIMIT_GRADIENT_WINDOWS 6000
#define LIMIT_GRADIENT_WARM_UP 10 /* samples of which the long average is a plain one */
#define LIMIT_GRADIENT_OVERLOAD 0.9

/* What is in the memory. */
enum { LIMIT_GRADIENT_LONG, LIMIT_GRADIENT_COUNT };

const struct cairn_limit_gradient cairn_limit_gradient = {.base = CAIRN_LIMIT_GRADIENT};

static double limit_gradient_or(double value, double or_else)
{
    return value > 0 ? value : or_else;
}

/* Takes the sample into the long average, which it returns. */
static double limit_gradient_average(
    const struct cairn_limit_gradient *self, double *memory, double rtt)
{
    double windows = limit_gradient_or(self->windows, LIMIT_GRADIENT_WINDOWS);
    double weight = 2 / (windows + 1);
    if (memory[LIMIT_GRADIENT_COUNT] < LIMIT_GRADIENT_WARM_UP) {
        memory[LIMIT_GRADIENT_COUNT]++;
        weight = 1 / memory[LIMIT_GRADIENT_COUNT];
    }
    memory[LIMIT_GRADIENT_LONG] += (rtt - memory[LIMIT_GRADIENT_LONG]) * weight;
    double average = memory[LIMIT_GRADIENT_LONG];
    if (average > 2 * rtt)
        memory[LIMIT_GRADIENT_LONG] *= 0.95;
    return average;
}

static double limit_gradient_slope(double value)
{
    if (value > 1)
        return 1;
    return value < 0.5 ? 0.5 : value;
}

double cairn_limit_gradient_next(const struct cairn_limit_algorithm *base,
    double memory[CAIRN_LIMIT_MEMORY], const struct cairn_limit_sample *sample)
{
    const struct cairn_limit_gradient *self = (const struct cairn_limit_gradient *)base;
    double limit = sample->limit;
    double average = 0;
    double rtt = (double)sample->rtt_ns;
    if (sample->rtt_ns)
        average = limit_gradient_average(self, memory, rtt);
    if (sample->is_overloaded)
        return limit * LIMIT_GRADIENT_OVERLOAD;
    if (!sample->rtt_ns || 2 * (double)sample->in_flight < limit)
        return limit;
    double tolerance = limit_gradient_or(self->tolerance, LIMIT_GRADIENT_TOLERANCE);
    double slope = limit_gradient_slope(tolerance * average / rtt);
    double next = limit * slope + limit_gradient_or(self->queue, LIMIT_GRADIENT_QUEUE);
    double smoothing = limit_gradient_or(self->smoothing, LIMIT_GRADIENT_SMOOTHING);
    return limit * (1 - smoothing) + next * smoothing;
}
