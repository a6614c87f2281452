#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/random.h>

#include "session_app.h"

static struct cairn_random dice;

static size_t roll(size_t sides)
{
    return (size_t)cairn_random_range(&dice, 0, sides);
}

static bool one_in(size_t sides)
{
    return roll(sides) == 0;
}

/* Mostly little, sometimes more than one read, seldom more than may be collected. */
static size_t roll_length(void)
{
    switch (roll(16)) {
    case 0:
        return 0;
    case 1:
        return roll(150000);
    case 2:
    case 3:
        return roll(40000);
    case 4:
        return 16383 + roll(3);
    default:
        return roll(300);
    }
}

static void *must(void *block)
{
    if (!block)
        abort();
    return block;
}

static void script_add_bytes(struct session *self, const char *data, size_t length)
{
    self->script = must(realloc(self->script, self->length + length + 1));
    if (length)
        memcpy(self->script + self->length, data, length);
    self->length += length;
    self->script[self->length] = '\0';
}

__attribute__((format(printf, 2, 3))) static void script_add(
    struct session *self, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    script_add_bytes(self, text, (size_t)length);
}

enum kind {
    COLLECT,
    SPAWNED,
    KEPT,
    ECHO,
    IGNORE,
    HALF,
    FAIL,
    FILE_PART,
    GEN,
    KNOWN,
    TRAIL,
    LATE,
    INFORM,
    BREAK, /* from here on: the last of a session */
    SHORT,
    BAD_HEAD,
    BAD_CHUNK,
    KINDS
};

enum framing { NO_BODY, LENGTH, CHUNKED };

/* A request while it is made up. */
struct request {
    enum kind kind;
    enum framing framing;
    char *body;
    size_t length; /* of it */
    size_t first;  /* the numbers in the path */
    size_t second;
    char trailer[16]; /* X-Sum; empty: none */
    bool is_last;
};

static char *pattern(size_t length)
{
    char *bytes = must(malloc(length + 1));
    for (size_t i = 0; i < length; i++)
        bytes[i] = session_pattern(i);
    return bytes;
}

static void answer_text(struct session_exchange *self, int status, const char *text)
{
    self->status = status;
    self->length = strlen(text);
    self->body = must(strdup(text));
}

static void answer_bytes(struct session_exchange *self, const char *bytes, size_t length)
{
    self->status = 200;
    self->length = length;
    self->body = must(malloc(length + 1));
    if (length)
        memcpy(self->body, bytes, length);
}

static void answer_problem(struct session_exchange *self, int status, const char *title)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d}", title,
        status);
    answer_text(self, status, text);
}

static void answer_collected(struct session_exchange *self, const struct request *request)
{
    char text[64];
    if (request->length > SESSION_LIMIT_BYTES) {
        answer_problem(self, 413, "Content Too Large");
        self->may_end = true;
        return;
    }
    snprintf(text, sizeof(text), "%zu %08x %s", request->length,
        session_hash(request->body, request->length), request->trailer[0] ? request->trailer : "-");
    answer_text(self, 200, text);
}

static void answer_pattern(struct session_exchange *self, const struct request *request)
{
    self->status = 200;
    self->length = request->first;
    self->body = pattern(request->first);
    self->is_stream = request->kind != FILE_PART;
    self->breaks = request->kind == BREAK || request->kind == SHORT;
}

/* What session_app answers. */
static void answer(struct session_exchange *self, const struct request *request)
{
    switch (request->kind) {
    case COLLECT:
    case SPAWNED:
    case KEPT:
        answer_collected(self, request);
        break;
    case ECHO:
        answer_bytes(self, request->body, request->length);
        self->is_stream = true;
        break;
    case HALF:
        answer_text(self, 200, "half");
        break;
    case FAIL:
        answer_problem(self, 500, "Internal Server Error");
        break;
    case IGNORE:
        answer_text(self, 200, "ignored");
        break;
    case LATE:
        answer_text(self, 200, "late");
        break;
    case INFORM:
        answer_text(self, 200, "informed");
        self->informs = !self->is_1_0;
        break;
    case BAD_HEAD:
    case BAD_CHUNK:
        self->status = 400;
        self->ends = true;
        break;
    default:
        answer_pattern(self, request);
        break;
    }
}

static bool reads_all(enum kind kind, bool is_head)
{
    return kind == COLLECT || kind == SPAWNED || kind == KEPT || (kind == ECHO && !is_head);
}

static void put_chunk(struct session *self, const char *bytes, size_t length)
{
    static const char *const extensions[] = {"", "", "", ";a", ";a=b", ";a=\"b c\"", " ;x=1"};
    const char *extension = extensions[roll(7)];
    if (extension[0] == ' ')
        extension = "";
    script_add(self, one_in(2) ? "%zx%s\r\n" : "0%zX%s\r\n", length, extension);
    script_add_bytes(self, bytes, length);
    script_add(self, "\r\n");
}

static void put_chunks(struct session *self, const struct request *request)
{
    size_t at = 0;
    size_t most = request->length / 20 + 1;
    while (at < request->length) {
        size_t length = 1 + roll(2 * most);
        if (length > request->length - at)
            length = request->length - at;
        put_chunk(self, request->body + at, length);
        at += length;
    }
    script_add(self, request->kind == BAD_CHUNK ? "x\r\n" : "0\r\n");
    if (request->trailer[0])
        script_add(self, "X-Sum: %s\r\n", request->trailer);
    script_add(self, "\r\n");
}

static void put_body(struct session *self, const struct request *request)
{
    if (request->framing == LENGTH)
        script_add_bytes(self, request->body, request->length);
    else if (request->framing == CHUNKED)
        put_chunks(self, request);
}

static void put_path(struct session *self, const struct request *request)
{
    static const char *const names[] = {"collect", "spawned", "kept", "echo", "ignore", "half",
        "fail", "file", "gen", "known", "trail", "late", "inform", "break", "short", "collect",
        "collect"};
    script_add(self, "/%s", names[request->kind]);
    if (request->first || request->second)
        script_add(self, "/%zu/%zu", request->first, request->second);
}

static void put_connection(struct session *self, struct session_exchange *exchange, bool is_last)
{
    bool asks_to_close = is_last && self->ending == SESSION_ASKS_TO_CLOSE;
    if (exchange->is_1_0 && !asks_to_close)
        script_add(self, "Connection: keep-alive\r\n");
    else if (asks_to_close && !exchange->is_1_0)
        script_add(self, "Connection: %s\r\n", one_in(2) ? "close" : "TE, Close");
    exchange->ends |= asks_to_close;
}

static void put_framing(struct session *self, const struct request *request)
{
    if (request->framing == LENGTH)
        script_add(self, "Content-Length: %zu\r\n", request->length);
    else if (request->framing == CHUNKED)
        script_add(self, "Transfer-Encoding: chunked\r\n");
}

static void put_expect(
    struct session *self, struct session_exchange *exchange, const struct request *request)
{
    if (request->framing == NO_BODY || exchange->is_1_0 || !one_in(4))
        return;
    script_add(self, "Expect: 100-continue\r\n");
    exchange->wants_continue = true;
}

/* The head, the body, and what they mean for the connection. */
static void put_request(
    struct session *self, struct session_exchange *exchange, struct request *request)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    bool takes_trailers = one_in(2);
    exchange->is_head = request->kind < BREAK && one_in(8);
    exchange->is_1_0 = request->framing != CHUNKED && one_in(6);
    script_add(self, "%s ",
        exchange->is_head  ? "HEAD"
        : request->framing ? methods[roll(4)]
                           : "GET");
    put_path(self, request);
    script_add(self, " HTTP/1.%d\r\nHost: a\r\n", !exchange->is_1_0);
    put_connection(self, exchange, request->is_last);
    put_framing(self, request);
    put_expect(self, exchange, request);
    if (takes_trailers)
        script_add(self, "TE: trailers\r\n");
    script_add(self, "\r\n");
    if (exchange->wants_continue && (request->length || request->framing == CHUNKED) && one_in(2))
        exchange->pause = self->length;
    put_body(self, request);
    exchange->has_trailer = request->kind == TRAIL && takes_trailers && !exchange->is_1_0;
    exchange->may_end = request->framing != NO_BODY && !reads_all(request->kind, exchange->is_head);
}

static void request_init(struct request *self, bool is_last)
{
    *self = (struct request){.is_last = is_last};
    self->kind = (enum kind)roll(is_last ? KINDS : BREAK);
    self->framing = self->kind == BAD_CHUNK ? CHUNKED : (enum framing)roll(3);
    if (self->framing != NO_BODY)
        self->length = self->kind == BAD_CHUNK ? roll(300) : roll_length();
    self->body = pattern(self->length);
    if (self->framing == CHUNKED && one_in(3))
        snprintf(self->trailer, sizeof(self->trailer), "%zu", roll(1000));
    if (self->kind == HALF || self->kind == FAIL)
        self->first = roll(self->length + 2);
    if (self->kind >= FILE_PART && self->kind <= TRAIL)
        self->first = roll_length();
    if (self->kind == BREAK || self->kind == SHORT)
        self->first = roll_length();
    self->second = 1 + self->first / 50 + roll(one_in(2) ? 20 : 60000);
}

static void add_request(struct session *self, bool is_last)
{
    struct session_exchange *exchange = &self->exchanges[self->count++];
    struct request request;
    *exchange = (struct session_exchange){.begin = self->length};
    request_init(&request, is_last);
    if (request.kind == BAD_HEAD)
        script_add(self, "GET / HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n");
    else
        put_request(self, exchange, &request);
    answer(exchange, &request);
    /* Of unknown length, and without chunks: only the end of the connection ends it. */
    if (exchange->is_1_0 && !exchange->is_head &&
        (request.kind == GEN || request.kind == TRAIL || request.kind == BREAK))
        exchange->is_open = exchange->ends = true;
    free(request.body);
}

void session_init(struct session *self, uint64_t seed, size_t count)
{
    *self = (struct session){.seed = seed};
    cairn_random_init(&dice, seed);
    self->ending = (enum session_ending)roll(SESSION_ENDINGS);
    size_t wanted = 1 + roll(count);
    for (size_t i = 0; i < wanted; i++)
        add_request(self, i + 1 == wanted);
    if (self->ending == SESSION_STOPS_SHORT) {
        static const char more[] = "GET /never HTTP/1.1\r\nHost: a\r\n\r";
        script_add_bytes(self, more, roll(sizeof(more)));
    }
}

void session_fini(struct session *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->exchanges[i].body);
    free(self->script);
    free(self->received);
}
