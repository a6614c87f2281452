/* log_sink.h - lines into a descriptor, in batches, never waiting for it. Internal. */
#ifndef CAIRN_HTTP_LAYERS_LOG_SINK_H
#define CAIRN_HTTP_LAYERS_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/timer.h>

#define CAIRN__LOG_SINK_BYTES 65536
/* The longest line: a write of that size to a pipe is not mixed with those of others (PIPE_BUF). */
#define CAIRN__LOG_LINE_BYTES 4096

enum cairn__log_sink_kind {
    CAIRN__LOG_SINK_FILE,   /* a regular file: takes everything */
    CAIRN__LOG_SINK_SOCKET, /* sent without waiting */
    CAIRN__LOG_SINK_OWN,    /* a pipe or terminal, opened once more so as not to block */
    CAIRN__LOG_SINK_SHARED  /* any other: asked before each write whether it would block */
};

/* It must not move while lines are in it. */
struct cairn__log_sink {
    struct cairn_timer timer; /* armed while there are lines */
    enum cairn__log_sink_kind kind;
    int fd;
    bool is_stuck; /* took no more: left alone until the timer fires */
    char *buffer;  /* and room behind it for a line that is one too many */
    size_t length;
    uint64_t lines;
    uint64_t dropped;
};

/*
 * Borrows FD until fini. Its flags are not changed, for others may share them: a pipe or terminal
 * is opened once more instead. Returns 0, or -1 without memory.
 */
int cairn__log_sink_init(struct cairn__log_sink *sink, int fd);

/* Where the next line is to be made, CAIRN__LOG_LINE_BYTES of it at most; one at a time. */
static inline char *cairn__log_sink_place(struct cairn__log_sink *sink)
{
    return sink->buffer + sink->length;
}

/*
 * The line at that place ends at END, with a line feed. It is written when three quarters of the
 * buffer are full, or 100 ms after the first line that waits; at once never. Without room it is
 * dropped and counted.
 */
void cairn__log_sink_put(struct cairn__log_sink *sink, const char *end);

/* Writes what the descriptor takes now. Returns whether nothing is left. */
bool cairn__log_sink_flush(struct cairn__log_sink *sink);

/* Flushes once; what is not taken is lost. */
void cairn__log_sink_fini(struct cairn__log_sink *sink);

#endif
