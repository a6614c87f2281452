/* server_rig.h - a server on a thread of its own, and a client of plain sockets to play against it.
 */
#ifndef CAIRN_TESTS_HTTP_SERVER_RIG_H
#define CAIRN_TESTS_HTTP_SERVER_RIG_H

#include <pthread.h>
#include <stdbool.h>

#include <cairn/http/server.h>

struct server_rig {
    struct cairn_http_server *server;
    pthread_t thread;
    struct cairn_error *result; /* of cairn_http_server_run */
};

/* Starts a server on a free port of 127.0.0.1 (unless options.host says otherwise) with one worker
 * (unless options.workers does) and signals left alone. Fails the test when it cannot. */
void server_rig_start(struct server_rig *rig, cairn_http_app *app, void *cx,
    const struct cairn_http_server_options *options);
/* Drains, waits for the end, asserts that it ended without error, and frees. */
void server_rig_stop(struct server_rig *rig);
/* The same, and returns the counters. */
struct cairn_http_counters server_rig_finish(struct server_rig *rig);

/* A connected socket whose reads and writes give up after ten seconds. */
int client_connect(uint16_t port);
int client_connect6(uint16_t port);
/* The same, or -1 when nobody listens. */
int client_connect_or_fail(uint16_t port);
void client_send(int fd, const char *text);
/* Sends "GET PATH", for host a. */
void client_get(int fd, const char *path);
void client_send_bytes(int fd, const void *data, size_t length);
/* Reads one response, head and body (by Content-Length or chunked, none to HEAD), into TEXT with a
 * NUL. Returns its length; 0 when the connection has ended before the first byte. */
size_t client_response(int fd, bool is_head, char *text, size_t size);
/* Reads to the end of the connection. */
size_t client_drain(int fd, char *text, size_t size);
/* Whether the peer has closed, with nothing more to read; waits for it. */
bool client_is_closed(int fd);
/* Whether a reset ends what can be read; waits for it. */
bool client_is_reset(int fd);

#endif
