/* session.h - what a client says on one connection, and what has to come back: a random script for
 * session_app, and a plain reading of the answers. */
#ifndef CAIRN_TESTS_HTTP_SESSION_H
#define CAIRN_TESTS_HTTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SESSION_REQUESTS = 8, SESSION_LIMIT_BYTES = 100000 };

/* How the client ends its side, when all is said. */
enum session_ending {
    SESSION_ASKS_TO_CLOSE, /* in its last request */
    SESSION_SHUTS,         /* its sending end, at once */
    SESSION_LEAVES,        /* when it has the last answer */
    SESSION_STOPS_SHORT,   /* within the head of one more request */
    SESSION_ENDINGS
};

struct session_exchange {
    size_t begin;   /* of the request, in the script */
    size_t pause;   /* where the client stops for a 100; 0: nowhere */
    int status;     /* of the answer */
    char *body;     /* of the answer: owned */
    size_t length;  /* of it */
    bool is_head;   /* no body comes */
    bool is_1_0;    /* of the request */
    bool is_stream; /* the answer does not know yet, in its head, what becomes of the request's body
                     */
    bool ends;      /* the connection, by what request and answer say in their heads */
    bool may_end;   /* it as well, for some of the request's body may not have been here */
    bool breaks;    /* the answer's body stops before its end */
    bool is_open;   /* only the end of the connection ends the answer's body */
    bool has_trailer;
    bool wants_continue; /* and is answered 100 first if it waits for that */
    bool informs;
};

struct session {
    uint64_t seed;
    char *script; /* owned */
    size_t length;
    enum session_ending ending;
    bool may_end_early; /* the server drains: behind any answer */
    bool may_be_cut;    /* the server stops */
    struct session_exchange exchanges[SESSION_REQUESTS + 1];
    size_t count;

    /* What came back, and how far it was read. */
    char *received; /* owned */
    size_t received_length;
    size_t received_capacity;
    size_t at;
    size_t answered;   /* whole answers */
    size_t broken;     /* answers that were cut as they should be */
    bool has_continue; /* of the exchange that is being answered */
    bool has_informed;
    bool has_ended;    /* an answer was the last one */
    const char *wrong; /* what is not as it should be; NULL: nothing so far */
};

/* A session of at most COUNT requests, made from SEED alone. */
void session_init(struct session *self, uint64_t seed, size_t count);
void session_fini(struct session *self);

/* DATA has come. */
void session_receive(struct session *self, const char *data, size_t length);
/* The connection has ended; IS_RESET: with an error. */
void session_end(struct session *self, bool is_reset);
/* How much of the script may be sent by now. */
size_t session_may_send(const struct session *self);

#endif
