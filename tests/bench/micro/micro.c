/* micro.c - nanoseconds a call of the library's parts, one pass of each: `NAME NS` a line. micro.py
 * takes the rounds, and Rust's Tower in turn.
 *
 *   micro                     all of them
 *   micro --only NAME CALLS   CALLS of one, untimed: for counting its instructions */
#include "bench/micro/micro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cairn/service/runtime.h>
#include <cairn/service/task.h>

#define MOST 192

static struct micro list[MOST];
static size_t count;

struct cairn_runtime *micro_runtime;
struct cairn_context micro_context;

void micro_fail(const char *what)
{
    fprintf(stderr, "micro: %s\n", what);
    exit(1);
}

void micro_add(struct micro micro)
{
    micro_check(count < MOST, "too many");
    list[count++] = micro;
}

/* Of this thread alone: what others do with the CPU does not count. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(const struct micro *self)
{
    void *state = self->begin ? self->begin(self) : self->state;
    self->run(state, self->calls / 4);
    double begin = seconds();
    self->run(state, self->calls);
    printf("%s %.2f\n", self->name, (seconds() - begin) / self->calls * 1e9);
    if (self->begin)
        self->end(state);
}

static void only(const char *name, unsigned calls)
{
    const struct micro *self = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0)
            self = &list[i];
    }
    micro_check(self != NULL, "there is nothing of this name");
    void *state = self->begin ? self->begin(self) : self->state;
    self->run(state, calls);
    if (self->begin)
        self->end(state);
}

static void nothing(struct cairn_task *task)
{
    (void)task;
}

int main(int argc, char **argv)
{
    static const struct cairn_task_ops ops = {.name = "bench", .run = nothing};
    struct cairn_error *error;
    struct cairn_task task;
    micro_runtime = cairn_runtime_new(NULL, &error);
    micro_check(micro_runtime != NULL, "no runtime");
    cairn_task_init(&task, &ops, micro_runtime);
    micro_context = (struct cairn_context){&task, micro_runtime};
    micro_add_layers();
    micro_add_timers();
    micro_add_parsers();
    micro_add_routers();
    if (argc == 4 && strcmp(argv[1], "--only") == 0) {
        only(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    } else {
        for (size_t i = 0; i < count; i++)
            measure(&list[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (!list[i].begin)
            list[i].end(list[i].state);
    }
    cairn_task_unref(&task);
    cairn_runtime_free(micro_runtime);
    return 0;
}
