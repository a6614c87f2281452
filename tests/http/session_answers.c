#include "session.h"

#include <stdlib.h>
#include <string.h>

static void *must(void *block)
{
    if (!block)
        abort();
    return block;
}

static bool session_is_wrong(struct session *self, const char *what)
{
    if (!self->wrong)
        self->wrong = what;
    return false;
}

/* A head that is all there, and what it says. */
struct head {
    const char *text; /* with its empty line */
    size_t length;
    int status;
    bool closes;
    bool is_chunked;
    long content_length; /* -1: not said */
};

static const char *head_field(const struct head *self, const char *name)
{
    const char *at = memmem(self->text, self->length, name, strlen(name));
    return at ? at + strlen(name) : NULL;
}

static bool head_read(const struct session *self, struct head *head)
{
    const char *text = self->received + self->at;
    size_t length = self->received_length - self->at;
    const char *end = length ? memmem(text, length, "\r\n\r\n", 4) : NULL;
    if (!end)
        return false;
    *head = (struct head){.text = text, .length = (size_t)(end - text) + 4, .content_length = -1};
    if (head->length > 13 && memcmp(text, "HTTP/1.1 ", 9) == 0)
        head->status = atoi(text + 9);
    const char *field = head_field(head, "\r\nContent-Length: ");
    if (field)
        head->content_length = atol(field);
    head->is_chunked = head_field(head, "\r\nTransfer-Encoding: chunked\r\n") != NULL;
    head->closes = head_field(head, "\r\nConnection: close\r\n") != NULL;
    return true;
}

/* A body, as far as it has come. */
struct body {
    char *bytes; /* owned */
    size_t length;
    size_t used; /* of what was received */
    bool is_whole;
    bool has_trailer;
};

static void body_add(struct body *self, const char *data, size_t length)
{
    self->bytes = must(realloc(self->bytes, self->length + length + 1));
    if (length)
        memcpy(self->bytes + self->length, data, length);
    self->length += length;
}

/* Returns false when more has to come, or it is malformed. */
static bool body_add_chunk(struct body *self, const char *data, size_t length)
{
    const char *line = memmem(data + self->used, length - self->used, "\r\n", 2);
    if (!line)
        return false;
    char *end;
    size_t size = strtoul(data + self->used, &end, 16);
    size_t head = (size_t)(line - data) + 2;
    if (end != line || length - head < size + 2)
        return false;
    if (size == 0) {
        const char *stop = memmem(line, length - (size_t)(line - data), "\r\n\r\n", 4);
        self->is_whole = stop != NULL;
        self->has_trailer = stop && stop != line;
        self->used = stop ? (size_t)(stop - data) + 4 : self->used;
        return false;
    }
    if (memcmp(data + head + size, "\r\n", 2) != 0)
        return false;
    body_add(self, data + head, size);
    self->used = head + size + 2;
    return true;
}

/* Of an answer to the end of the connection it is whole when that has come. */
static void body_read(struct body *self, const struct head *head, bool has_body, bool at_end,
    const char *data, size_t length)
{
    if (!has_body) {
        self->is_whole = true;
    } else if (head->is_chunked) {
        while (body_add_chunk(self, data, length))
            ;
    } else {
        size_t known = head->content_length < 0 ? length : (size_t)head->content_length;
        self->used = length < known ? length : known;
        body_add(self, data, self->used);
        self->is_whole = head->content_length < 0 ? at_end : self->used == known;
    }
}

/* Whether the answer is cut as it should be: all that was generated has come, and no end. */
static bool session_is_cut(struct session *self, const struct session_exchange *expected,
    const struct body *body, bool is_reset)
{
    bool is_short = body->length < expected->length;
    if (body->length > expected->length || (is_short && !expected->is_open) ||
        memcmp(body->bytes ? body->bytes : "", expected->body, body->length) != 0)
        return session_is_wrong(self, "a cut answer has other bytes");
    if (is_reset != expected->is_open)
        return session_is_wrong(self, "a cut answer ends in the other way");
    return true;
}

static bool session_check_head(
    struct session *self, const struct session_exchange *expected, const struct head *head)
{
    if (head->status != expected->status)
        return session_is_wrong(self, "another status");
    if (expected->ends && !head->closes)
        return session_is_wrong(self, "the last answer does not say so");
    if (head->closes && !expected->ends && !expected->may_end && !self->may_end_early)
        return session_is_wrong(self, "an answer says that it is the last one");
    if (head->is_chunked && (expected->is_1_0 || head->content_length >= 0))
        return session_is_wrong(self, "chunks where they may not be");
    if (expected->informs && !self->has_informed)
        return session_is_wrong(self, "no 103");
    if (expected->pause && !self->has_continue && !head->closes && !expected->may_end)
        return session_is_wrong(self, "no 100");
    return true;
}

static bool session_check_body(
    struct session *self, const struct session_exchange *expected, const struct body *body)
{
    if (expected->is_head || !expected->body)
        return true;
    if (body->length != expected->length ||
        memcmp(body->bytes ? body->bytes : "", expected->body, body->length) != 0)
        return session_is_wrong(self, "another body");
    if (body->has_trailer != expected->has_trailer)
        return session_is_wrong(self, "a trailer where there is none, or none");
    return true;
}

static bool session_interim(struct session *self, const struct head *head)
{
    const struct session_exchange *expected = &self->exchanges[self->answered];
    if (head->status == 100 && expected->wants_continue && !self->has_continue)
        self->has_continue = true;
    else if (head->status == 103 && expected->informs && !self->has_informed)
        self->has_informed = true;
    else
        return session_is_wrong(self, "an informational answer nobody asked for");
    self->at += head->length;
    return true;
}

/* Reads one answer. Returns whether there may be another one. */
static bool session_read(struct session *self, bool at_end, bool is_reset)
{
    const struct session_exchange *expected = &self->exchanges[self->answered];
    struct head head;
    struct body body = {0};
    if (self->at == self->received_length)
        return false;
    if (self->answered == self->count || self->has_ended)
        return session_is_wrong(self, "more answers than requests");
    if (!head_read(self, &head))
        return false;
    if (head.status < 200)
        return session_interim(self, &head);
    if (!session_check_head(self, expected, &head))
        return false;
    bool cuts = expected->breaks && !expected->is_head;
    body_read(&body, &head, !expected->is_head, at_end && !is_reset && !cuts,
        self->received + self->at + head.length, self->received_length - self->at - head.length);
    bool goes_on = body.is_whole;
    if (body.is_whole && cuts)
        goes_on = session_is_wrong(self, "an answer that breaks looks whole");
    else if (cuts && at_end && !self->may_be_cut &&
             session_is_cut(self, expected, &body, is_reset)) {
        self->broken++;
        self->has_ended = true;
        self->at = self->received_length;
    } else if (body.is_whole && session_check_body(self, expected, &body)) {
        self->at += head.length + body.used;
        self->answered++;
        self->has_ended = head.closes;
        self->has_continue = self->has_informed = false;
    }
    free(body.bytes);
    return goes_on && !self->wrong;
}

void session_receive(struct session *self, const char *data, size_t length)
{
    /* A NUL stands behind it all: numbers are read from there. */
    if (self->received_length + length >= self->received_capacity) {
        self->received_capacity = 2 * (self->received_length + length) + 1024;
        self->received = must(realloc(self->received, self->received_capacity));
    }
    memcpy(self->received + self->received_length, data, length);
    self->received_length += length;
    self->received[self->received_length] = '\0';
    while (session_read(self, false, false))
        ;
}

/* A reset may overtake what was sent before it. */
static bool session_may_be_reset(const struct session *self)
{
    const struct session_exchange *last = &self->exchanges[self->count - 1];
    return last->breaks && last->is_open;
}

void session_end(struct session *self, bool is_reset)
{
    while (session_read(self, true, is_reset))
        ;
    if (is_reset && session_may_be_reset(self) && !self->broken) {
        self->answered = self->may_end_early ? self->answered : self->count - 1;
        self->broken = 1;
        return;
    }
    if (self->wrong || self->may_be_cut)
        return;
    const struct session_exchange *last = &self->exchanges[self->answered - (self->answered > 0)];
    bool may_end = self->may_end_early || (self->answered && last->may_end && last->is_stream);
    if (self->at != self->received_length)
        self->wrong = "the last answer is not whole";
    else if (!self->has_ended && self->answered != self->count && !may_end)
        self->wrong = "requests were not answered";
    else if (is_reset && !self->broken && !self->may_end_early)
        self->wrong = "a reset";
}

size_t session_may_send(const struct session *self)
{
    for (size_t i = self->answered; i < self->count; i++) {
        const struct session_exchange *exchange = &self->exchanges[i];
        if (exchange->pause && (i != self->answered || !self->has_continue))
            return exchange->pause;
    }
    return self->length;
}
