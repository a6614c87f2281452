/* peer.h - who is at the other end of a connection: what it asks, how it behaves, what it gets. */
#ifndef CAIRN_TESTS_KERNEL_PEER_H
#define CAIRN_TESTS_KERNEL_PEER_H

#include "app.h"
#include "bytes.h"
#include "chance.h"
#include "kernel.h"
#include "reader.h"

#define PEER_ASKS 6

enum peer_style {
    PEER_GOOD,    /* asks, reads, and goes when it has everything */
    PEER_RUDE,    /* the same; at some byte it resets, closes, shuts its end or falls silent */
    PEER_GARBAGE, /* sends what was a request before some bytes were changed */
    PEER_NOISE    /* sends anything */
};

/* How much the world may do to a session, and so how much is asked of the answers. */
enum peer_level {
    PEER_CALM,  /* nothing goes wrong: each good peer gets exactly its answers */
    PEER_DRAIN, /* the server drains meanwhile: no answer is cut, none of what it read is missing */
    PEER_ROUGH /* anything: answers come in order, are what was asked for, or say what went wrong */
};

enum peer_end { PEER_CLOSES, PEER_SHUTS, PEER_RESETS, PEER_FALLS_SILENT };

struct peer_ask {
    enum app_kind kind;
    size_t n;
    bool is_head;
    bool is_old;       /* HTTP/1.0 */
    bool keeps;        /* the request lets the connection go on */
    bool expects;      /* waits for 100 Continue before the body */
    bool has_continue; /* has got it */
    bool wants_trailers;
    size_t head_end; /* in the peer's bytes */
    size_t end;
};

struct peer {
    enum peer_style style;
    struct kernel_socket *socket; /* NULL: not connected yet */
    struct peer_ask asks[PEER_ASKS];
    size_t ask_count;
    struct bytes sends; /* all that it will send */
    size_t sent;
    size_t raw_at; /* in sends: from here on it is for the upgraded connection */
    struct bytes got;
    size_t answered; /* asks whose answers have come whole */
    size_t cut;      /* 1: the last answer was cut, as it had to be */
    size_t received; /* bytes, in all */
    size_t in_room;
    size_t out_room;
    size_t send_step;
    size_t receive_step;
    size_t end_sent; /* the rude: after so many bytes sent, or received … */
    size_t end_received;
    enum peer_end end; /* … or when all is there, this */
    bool pipelines;    /* asks before the answers have come */
    bool shuts_early;  /* as soon as all is sent */
    bool is_shut;
    bool is_closing; /* an answer said so */
    bool is_upgraded;
    bool is_refused; /* could not connect */
    bool is_done;
};

/* Decides what SELF is and sends. Keeps the memory SELF had. */
void peer_plan(struct peer *self, struct chance *chance, enum peer_style style);
/* The same from a list, for a test that tells a story: asks for KIND with N. */
void peer_plan_ask(struct peer *self, struct chance *chance, struct peer_ask ask);
/* Does something that it can do now. Returns false when there is nothing. */
bool peer_act(struct peer *self, struct chance *chance, enum peer_level level);
/* The session is over: looks at what is left. */
void peer_finish(struct peer *self, enum peer_level level);
void peer_free(struct peer *self);

#endif
