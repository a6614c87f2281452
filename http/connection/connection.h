/* connection.h - one connection of a worker, and the exchange it is busy with. Internal. */
#ifndef CAIRN_HTTP_CONNECTION_H
#define CAIRN_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include <cairn/http/codec/buffer.h>
#include <cairn/http/connection/body_rate.h>
#include <cairn/http/connection/exchange_ops.h>
#include <cairn/http/decoder.h>
#include <cairn/http/encoder.h>
#include <cairn/http/message.h>
#include <cairn/service/io.h>
#include <cairn/service/task.h>
#include <cairn/service/timer.h>

struct cairn__worker;
struct cairn__proxy_parser;

/* Bodies and chunks up to this size are copied behind their head, larger ones are sent from where
 * they are. */
#define CAIRN__COPY_BYTES 16384
/* Input that may wait behind a running exchange before its connection stops reading. */
#define CAIRN__INPUT_BYTES 16384
/* How long a closing connection waits for the peer's end; as often again, up to the second figure,
 * as the peer has gone on to send. */
#define CAIRN__LINGER_MS 5000
#define CAIRN__LINGER_MOST_MS 30000
/* The same for a peer that was too slow already. */
#define CAIRN__LINGER_LATE_MS 1000
/* Over how long the rate is measured at which a peer takes what waits for it. */
#define CAIRN__WRITE_RATE_MS 30000
/* How long after it was accepted a connection is expected to send its first request. */
#define CAIRN__FIRST_REQUEST_MS 1000

/*
 * IDLE     between two requests, or before the first: holds no exchange and no buffer
 * HEAD     a head is coming in
 * BODY     the head is there; what came along of its body is looked at. Between two events of the
 *          loop no connection is in this state
 * GATE     a request waits for the app to be ready
 * CALL     the app's future is pending
 * WRITE    a response body is going out: the socket is full, or its stream is pending
 * UPGRADED the app has the connection as a byte stream
 * CLOSING  everything is answered; what is queued goes out, then LINGER
 * LINGER   our end is shut; what still comes is thrown away, so that the peer sees the answer and
 *          no reset
 * DETACHED the peer is gone, and the socket with it; the app's future goes on, for it asked to
 * DEAD     to be destroyed by the function that was entered first
 */
enum cairn__connection_state {
    CAIRN__IDLE,
    CAIRN__HEAD,
    CAIRN__BODY,
    CAIRN__GATE,
    CAIRN__CALL,
    CAIRN__WRITE,
    CAIRN__UPGRADED,
    CAIRN__CLOSING,
    CAIRN__LINGER,
    CAIRN__DETACHED,
    CAIRN__DEAD
};

/* A request's body that streams, as it comes in. See connection_body.c. */
struct cairn__inbound {
    struct cairn__worker *worker;
    bool is_open;        /* its end has not come */
    bool wants_continue; /* the client waits for 100 Continue */
    bool is_waiting;     /* for a chunk, with `waker` */
    struct cairn_waker waker;
    struct cairn_timer timer;
    struct cairn_http_chunk first; /* what came along with the head */
    bool is_first_given;
    struct cairn_http_chunk *ready; /* the next one */
    struct cairn_error *error;      /* what it has failed with */
    struct cairn__body_rate rate;
    uint64_t since_ms; /* while waiting: what of it is not counted yet */
};

/* Who waits for the byte stream of an upgraded connection. */
struct cairn__upgraded {
    struct cairn_waker reader;
    struct cairn_waker writer;
};

/* One request and its response; lives in its own arena. */
struct cairn__exchange {
    struct cairn_http_exchange base;
    struct cairn_arena *arena;
    struct cairn__connection *connection;
    struct cairn_http_decoder *decoder;
    struct cairn_http_request *req;
    struct cairn__connection *gate_next; /* of those who wait at the gate */
    size_t body_capacity;
    struct cairn__inbound *inbound; /* NULL: no body, or a whole one */
    struct cairn_future future;
    struct cairn_http_response *res;
    struct cairn_http_plan plan;
    struct cairn_str rest;          /* body bytes that are still to be sent */
    struct cairn_http_file file;    /* or the part of a file that is; length 0: none */
    struct cairn_stream stream;     /* and where more will come from */
    struct cairn_http_chunk *chunk; /* whose bytes `rest` is */
    int64_t stream_left;            /* of a body with a length that may break; -1: without */
    bool is_paused;                 /* the body waits for the socket, not for its stream */
    bool is_counted;                /* among the requests, or those refused */
    struct cairn__upgraded *upgraded;
    bool goes_on; /* its future is not dropped when the peer goes away */
};

/* A wait for the socket to take what is written, or for the end of the peer in LINGER. */
struct cairn__wait {
    uint64_t since_ms;
    uint64_t moved_bytes; /* since then: taken by the socket, or thrown away */
    uint64_t held_bytes;  /* by the socket, some time after it last took some */
};

struct cairn__connection {
    struct cairn_task task; /* woken by the app's future and by the response's stream */
    struct cairn_io io;
    struct cairn_timer timer; /* armed at or before the deadline, looked at when it fires */
    uint64_t id;
    uint64_t request_count;
    struct cairn__worker *worker;
    struct cairn__connection *next;  /* of the worker's connections */
    struct cairn__connection **link; /* NULL: destroyed, and a late wake holds the memory */
    struct cairn__exchange *exchange;
    struct cairn__buffer input;  /* read, and not yet looked at */
    struct cairn__buffer queued; /* written, and not yet taken by the socket */
    uint64_t deadline_ms;        /* 0: none */
    uint64_t retire_ms;          /* the answer after it is the last */
    struct cairn__wait wait;
    struct cairn__proxy_parser *proxy;      /* of a PROXY header that comes first; NULL: none */
    enum cairn__connection_state state : 8; /* small, as there are many that are idle */
    bool has_more : 1;           /* bytes were read behind the request that is being answered */
    bool is_late : 1;            /* the last answer said that the peer was too slow */
    bool is_peer_closed : 1;     /* the peer has shut its end: what was read is still answered */
    bool is_entered : 1;         /* a function of this connection runs */
    bool is_yielding : 1;        /* the loop is to come by again, whether there is output or not */
    bool is_address_counted : 1; /* among those of its peer's address */
    bool is_detached : 1;        /* it has been DETACHED */
    bool must_reset : 1;         /* see cairn__connection_disconnect */
    struct sockaddr_in6 peer;    /* large enough for an IPv4 address too */
};

/* connection.c */

/* Takes FD, also on failure: -1 without memory. */
int cairn__connection_open(struct cairn__worker *worker, int fd, const struct sockaddr_in6 *peer);
/* Gives everything up: handlers are cancelled, the descriptor closed. */
void cairn__connection_kill(struct cairn__connection *self);
/* The same from within: the state is DEAD, and the function that was entered first does the rest;
 * where none was, the connection's task. REASON is how its exchange ends, if there is one. */
void cairn__connection_die(struct cairn__connection *self, enum cairn_http_end_reason reason);
/* Drops the exchange, which is not answered whole. */
void cairn__connection_give_up(struct cairn__connection *self, enum cairn_http_end_reason reason);
/* Closes the socket, and gives up what stands between it and the exchange. With must_reset the
 * kernel gives up what it still has to send as well: where the end of the connection is all that
 * ends an answer, one that was cut must not look whole; and what a peer did not take in time would
 * otherwise stay in the kernel's memory, for as long as the peer likes. */
void cairn__connection_disconnect(struct cairn__connection *self);
/* Stops reading while enough waits here, and goes on when it does no more. */
void cairn__connection_set_reading(struct cairn__connection *self);
/* The worker drains: an idle connection is read once more, then closed. */
void cairn__connection_drain(struct cairn__connection *self);
/* Closes an idle connection, unless a request has come meanwhile. Returns whether it is gone. */
bool cairn__connection_shed(struct cairn__connection *self);
/* The app has become ready for this connection's request, or is dead: takes ERROR. */
void cairn__connection_admit(struct cairn__connection *self, struct cairn_error *error);
/* Sets the time by which something must have happened; 0: none. */
void cairn__connection_deadline(struct cairn__connection *self, uint64_t after_ms);
struct cairn_context cairn__connection_context(struct cairn__connection *self);

/* connection_read.c */

/* Works through DATA and what had been kept before it, as far as the connection may go now. */
void cairn__connection_feed(struct cairn__connection *self, const char *data, size_t length);
/* Calls the app, which is ready, with the request. */
void cairn__connection_call(struct cairn__connection *self);
/* Polls the app's future; answers when it is complete. */
void cairn__connection_poll(struct cairn__connection *self);
/* Answers for an error of the app. Takes ERROR. */
void cairn__connection_fail(struct cairn__connection *self, struct cairn_error *error);
/* Answers for the server itself, then closes. */
void cairn__connection_refuse(struct cairn__connection *self, int status, const char *detail);

/* connection_write.c */

/* Begins the response. RES NULL: 503, out of memory. */
void cairn__connection_respond(struct cairn__connection *self, struct cairn_http_response *res);
/* Writes the head into the batch. Returns its length; 0: it may not be sent. */
size_t cairn__connection_put_head(
    struct cairn__connection *self, const struct cairn_http_response *res);
/* Sends the fixed answer for a response whose head cannot be written: a bug of the app, not the
 * peer's. */
void cairn__connection_respond_broken(struct cairn__connection *self);
/* Adds to what is written. Without memory the state is DEAD. */
void cairn__connection_put(struct cairn__connection *self, const char *data, size_t length);
/* Drops the exchange with all it holds. */
void cairn__exchange_free(struct cairn__exchange *self);

/* connection_pump.c */

/* Goes on with a response body after a wake or a write. */
void cairn__connection_pump(struct cairn__connection *self);

/* connection_flush.c */

/* Hands what was written to the socket. The state is DEAD when the peer is gone. */
void cairn__connection_flush(struct cairn__connection *self);
/* Sends TEXT behind all that was written, also while no function of this connection runs. Returns 0
 * or -1. */
int cairn__connection_say(struct cairn__connection *self, const char *text, size_t length);

/* connection_wait.c */

/* The socket is full: from now on it is waited for. */
void cairn__wait_begin(struct cairn__connection *self);
/* It has taken some. Returns false when that is too little for the time it took. */
bool cairn__wait_progress(struct cairn__connection *self);
/* A deadline is over. Returns false when it was that of a wait which has more time. */
bool cairn__wait_expires(struct cairn__connection *self);
/* Our end is shut. */
void cairn__linger_begin(struct cairn__connection *self);
/* A deadline is over. Returns false when it was that of a lingering which has more time: a peer
 * that still sends what nobody wants will look at the answer when it is through. */
bool cairn__linger_expires(struct cairn__connection *self);
/* An answer is due. Returns whether it is the last for the connection's age: no request is lost,
 * none has been read that would not be answered. */
bool cairn__connection_retires(struct cairn__connection *self);

/* connection_body.c */

/* Makes the request's body a stream, of what came along with the head and of what will come.
 * Returns 0, or -1 without memory. */
int cairn__inbound_open(struct cairn__connection *self);
/* Whether what the peer sends next belongs to a body. */
static inline bool cairn__inbound_is_open(const struct cairn__connection *self)
{
    return self->exchange && self->exchange->inbound && self->exchange->inbound->is_open;
}

/* Works DATA up if somebody waits for it; moves both behind what was used. */
void cairn__inbound_arrive(struct cairn__connection *self, const char **data, size_t *length);
/* Tells the client to go on, if it waits for that and somebody may read. Returns 0 or -1. */
int cairn__inbound_say_continue(struct cairn__connection *self);
/* Tells who waits that there is something: more input, or the peer's end. */
void cairn__inbound_wake(struct cairn__connection *self);
/* Nobody will read the rest. Returns whether the connection can go on: that the end was here. */
bool cairn__inbound_settle_open(struct cairn__connection *self);

static inline bool cairn__inbound_settle(struct cairn__connection *self)
{
    return !self->exchange->inbound || cairn__inbound_settle_open(self);
}

void cairn__inbound_free(struct cairn__inbound *self);

/* connection_address.c */

/* Counts SELF at its peer's address. Returns false when that has as many as it may. */
bool cairn__connection_claim_address(struct cairn__connection *self);
void cairn__connection_release_address(struct cairn__connection *self);

/* connection_proxy.c */

/* Whether SELF, which is new, begins with a PROXY header is known from its peer. Returns 0; -1 for
 * one that is not to be served, or without memory. */
int cairn__connection_expect_proxy(struct cairn__connection *self);
/* Works through the PROXY header. Returns true when it is complete, with what follows it in DATA.
 * The state is DEAD when it is none. */
bool cairn__connection_proxy(struct cairn__connection *self, const char **data, size_t *length);

/* connection_detach.c */

/* The connection is DEAD, but its peer alone is gone: has the app's future go on without it, where
 * that was asked for. Returns whether it does. */
bool cairn__connection_detach(struct cairn__connection *self);
/* Polls that future; the state is DEAD when it has completed. */
void cairn__detached_poll(struct cairn__connection *self);

/* connection_upgrade.c */

/* Sends the 101 and hands the connection over. */
void cairn__connection_upgrade(struct cairn__connection *self, struct cairn_http_response *res);
/* Polls what the app does with it. */
void cairn__upgraded_poll(struct cairn__connection *self);
void cairn__upgraded_wake_reader(struct cairn__connection *self);
void cairn__upgraded_wake_writer(struct cairn__connection *self);

#endif
