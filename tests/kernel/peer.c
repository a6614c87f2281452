#include "peer.h"

#include <stdio.h>

/* What is asked. */

static void peer_put(struct peer *self, const char *text)
{
    bytes_add(&self->sends, text, strlen(text));
}

static size_t peer_amount(struct chance *chance)
{
    size_t most = chance_once_in(chance, 8) ? 150000 : 3000;
    return chance_size(chance, most);
}

static void peer_put_chunk(
    struct peer *self, struct chance *chance, const char *data, size_t length)
{
    char line[64];
    snprintf(line, sizeof(line), "%zx%s\r\n", length,
        chance_once_in(chance, 6) ? ";name=\"value\"" : "");
    peer_put(self, line);
    bytes_add(&self->sends, data, length);
    peer_put(self, "\r\n");
}

static void peer_put_chunks(struct peer *self, struct chance *chance, size_t n)
{
    const char *data = app_bytes(n);
    size_t largest = n / 40 + chance_size(chance, n);
    for (size_t left = n; left;) {
        size_t length = largest > 1 ? 1 + chance_below(chance, largest) : 1;
        if (length > left)
            length = left;
        peer_put_chunk(self, chance, data, length);
        data += length;
        left -= length;
    }
    peer_put(self, chance_once_in(chance, 5) ? "0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n" : "0\r\n\r\n");
}

static void peer_put_connection(struct peer *self, struct chance *chance, struct peer_ask *ask)
{
    bool says_so = chance_once_in(chance, 6);
    ask->keeps = ask->is_old == says_so;
    if (ask->kind == APP_SHOUT)
        peer_put(self, "Connection: upgrade\r\nUpgrade: shout\r\n");
    else if (says_so)
        peer_put(self, ask->is_old ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
}

static const char *peer_method(const struct peer_ask *ask)
{
    if (ask->is_head)
        return "HEAD";
    return ask->kind >= APP_FIRST_POST && ask->kind != APP_SHOUT ? "POST" : "GET";
}

static void peer_put_request(struct peer *self, struct chance *chance, struct peer_ask *ask)
{
    char text[128];
    bool has_body = ask->kind >= APP_FIRST_POST && ask->kind != APP_SHOUT;
    bool is_chunked = has_body && !ask->is_old && chance_below(chance, 2);
    snprintf(text, sizeof(text), "%s /%s/%zu HTTP/1.%d\r\nHost: a\r\n", peer_method(ask),
        app_path(ask->kind), ask->n, !ask->is_old);
    peer_put(self, text);
    peer_put_connection(self, chance, ask);
    if (chance_once_in(chance, 4))
        peer_put(self, "User-Agent: a peer of mine\r\nAccept: */*\r\n");
    if (ask->wants_trailers)
        peer_put(self, "TE: trailers\r\n");
    if (ask->expects)
        peer_put(self, "Expect: 100-continue\r\n");
    snprintf(text, sizeof(text), "Content-Length: %zu\r\n", ask->n);
    if (has_body)
        peer_put(self, is_chunked ? "Transfer-Encoding: chunked\r\n" : text);
    peer_put(self, "\r\n");
    ask->head_end = self->sends.end;
    if (is_chunked)
        peer_put_chunks(self, chance, ask->n);
    else if (has_body)
        bytes_add(&self->sends, app_bytes(ask->n), ask->n);
    ask->end = self->sends.end;
}

static struct peer_ask peer_choose(struct peer *self, struct chance *chance, bool is_last)
{
    struct peer_ask ask = {.kind = (enum app_kind)chance_below(chance, APP_COUNT)};
    if (ask.kind == APP_SHOUT && (!is_last || self->style >= PEER_GARBAGE))
        ask.kind = APP_HELLO;
    bool is_post = ask.kind >= APP_FIRST_POST;
    bool waits = ask.kind == APP_SLEEP || ask.kind == APP_HINT || ask.kind == APP_FAIL;
    ask.n = waits ? chance_below(chance, 100) : peer_amount(chance);
    ask.is_old = ask.kind != APP_SHOUT && chance_once_in(chance, 10);
    ask.is_head = !is_post && self->style < PEER_GARBAGE && chance_once_in(chance, 10);
    ask.expects = is_post && ask.kind != APP_SHOUT && !ask.is_old && chance_once_in(chance, 6);
    ask.wants_trailers = ask.kind == APP_TRAIL && chance_below(chance, 2);
    return ask;
}

void peer_plan_ask(struct peer *self, struct chance *chance, struct peer_ask ask)
{
    peer_put_request(self, chance, &ask);
    self->asks[self->ask_count++] = ask;
    self->raw_at = self->sends.end;
}

static void peer_plan_asks(struct peer *self, struct chance *chance)
{
    size_t count = 1 + chance_below(chance, PEER_ASKS);
    for (size_t i = 0; i < count; i++) {
        if (i && chance_once_in(chance, 10))
            peer_put(self, "\r\n");
        peer_plan_ask(self, chance, peer_choose(self, chance, i + 1 == count));
    }
    if (self->asks[count - 1].kind == APP_SHOUT)
        bytes_add(&self->sends, app_bytes(0), peer_amount(chance));
}

/* What may be changed in a request. */

static void peer_insert(struct peer *self, struct chance *chance, size_t at)
{
    static const char *const pieces[] = {"\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "0",
        "\r\n\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Content-Length: 18446744073709551617\r\n",
        "ffffffffffffffffff\r\n", "0\r\n\r\n", "\x80\xff", " folded\r\n",
        "Expect: 100-continue\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
        "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "HTTP/2.0", "Upgrade: h2c\r\nConnection: upgrade\r\n"};
    struct bytes *b = &self->sends;
    const char *piece = pieces[chance_below(chance, sizeof(pieces) / sizeof(pieces[0]))];
    size_t length = chance_once_in(chance, 10) ? 1 : strlen(piece);
    bytes_add(b, piece, length);
    memmove(b->data + at + length, b->data + at, b->end - length - at);
    memcpy(b->data + at, piece, length);
}

static void peer_mutate(struct peer *self, struct chance *chance)
{
    struct bytes *b = &self->sends;
    size_t within = chance_below(chance, 4) && self->asks[0].head_end < b->end
                        ? self->asks[0].head_end
                        : b->end;
    size_t at = chance_below(chance, within);
    size_t length = 1 + chance_size(chance, b->end - at - 1);
    switch (chance_below(chance, 5)) {
    case 0:
        b->data[at] = (char)chance_below(chance, 256);
        break;
    case 1:
        b->data[at] = (char)(b->data[at] ^ 1 << chance_below(chance, 8));
        break;
    case 2:
        memmove(b->data + at, b->data + at + length, b->end - at - length);
        b->end -= length;
        break;
    case 3:
        bytes_add(b, app_bytes(0), length); /* makes room */
        memmove(b->data + at + length, b->data + at, b->end - length - at);
        break;
    default:
        peer_insert(self, chance, at);
        break;
    }
    if (b->end == 0)
        bytes_add(b, "G", 1);
}

static void peer_plan_noise(struct peer *self, struct chance *chance)
{
    size_t length = 1 + chance_size(chance, 2000);
    for (size_t i = 0; i < length; i++) {
        char byte = (char)chance_below(chance, 256);
        bytes_add(&self->sends, &byte, 1);
    }
}

static void peer_plan_manners(struct peer *self, struct chance *chance)
{
    self->in_room = 64 + chance_size(chance, 65536);
    self->out_room = 64 + chance_size(chance, 262144);
    self->send_step = 1 + self->sends.end / 40 + chance_size(chance, self->sends.end);
    self->receive_step = 200 + chance_size(chance, 262144);
    self->pipelines = chance_below(chance, 2);
    self->end = (enum peer_end)chance_below(chance, PEER_FALLS_SILENT + 1);
    self->shuts_early = chance_once_in(chance, 8);
    self->end_sent = self->end_received = SIZE_MAX;
    if (self->style != PEER_RUDE)
        return;
    if (chance_below(chance, 2))
        self->end_sent = chance_below(chance, self->sends.end + 1);
    else
        self->end_received = chance_size(chance, 20000);
}

void peer_plan(struct peer *self, struct chance *chance, enum peer_style style)
{
    struct bytes sends = self->sends;
    struct bytes got = self->got;
    bytes_clear(&sends);
    bytes_clear(&got);
    *self = (struct peer){.style = style, .sends = sends, .got = got};
    if (style == PEER_NOISE) {
        peer_plan_noise(self, chance);
    } else {
        peer_plan_asks(self, chance);
        size_t changes = style == PEER_GARBAGE ? 1 + chance_below(chance, 3) : 0;
        while (changes--)
            peer_mutate(self, chance);
    }
    peer_plan_manners(self, chance);
}

/* What is answered. */

/* Something went wrong, and a server may say so. */
static bool peer_is_excuse(int status)
{
    return status == 408 || status == 413 || status == 500 || status == 503 || status == 504;
}

static bool peer_is_prefix(const struct peer_ask *ask, const struct reader_answer *answer)
{
    struct app_answer expected = app_expected(ask->kind, ask->n);
    if (answer->status != expected.status || answer->status != 200 || ask->is_head)
        return true;
    if (answer->body_length > expected.length)
        return false;
    const char *body = expected.text ? expected.text : app_bytes(ask->n) + expected.skipped;
    return answer->body_length == 0 || memcmp(answer->body, body, answer->body_length) == 0;
}

/* Whether the request or its kind lets the answer be the connection's last. */
static bool peer_lets_close(const struct peer_ask *ask)
{
    bool is_endless = ask->is_old && !ask->is_head && /* a stream without a length */
                      (ask->kind == APP_GEN || ask->kind == APP_BREAK || ask->kind == APP_TRAIL);
    return !ask->keeps || is_endless || app_may_close(ask->kind);
}

static bool peer_is_cut(const struct peer_ask *ask)
{
    return app_expected(ask->kind, ask->n).is_cut && !ask->is_head;
}

static void peer_judge(struct peer *self, const struct peer_ask *ask,
    const struct reader_answer *answer, enum peer_level level)
{
    struct app_answer expected = app_expected(ask->kind, ask->n);
    bool is_expected = answer->status == expected.status;
    kernel_trace("answer %d to %s /%s/%zu%s", answer->status, peer_method(ask), app_path(ask->kind),
        ask->n, answer->closes ? ", the last" : "");
    KERNEL_CHECK(is_expected || (level == PEER_ROUGH && peer_is_excuse(answer->status)) ||
                     (level == PEER_ROUGH && self->is_shut && answer->status == 400),
        "an answer that was not asked for");
    KERNEL_CHECK(peer_is_prefix(ask, answer), "an answer with a body that was not asked for");
    if (is_expected && expected.status == 200 && !ask->is_head && !answer->ends_with_connection)
        KERNEL_CHECK(answer->body_length == expected.length && !expected.is_cut,
            "an answer of another length");
    if (level == PEER_CALM && is_expected)
        KERNEL_CHECK(
            !answer->closes || peer_lets_close(ask), "the connection is closed for no reason");
    KERNEL_CHECK(!answer->has_trailers || ask->wants_trailers, "trailers that were not asked for");
}

static void peer_take_answer(
    struct peer *self, const struct reader_answer *answer, enum peer_level level)
{
    struct peer_ask *ask = &self->asks[self->answered];
    bytes_take(&self->got, NULL, answer->length);
    if (answer->status == 100) {
        KERNEL_CHECK(ask->expects && !ask->has_continue, "a 100 that nobody waits for");
        ask->has_continue = true;
        return;
    }
    if (answer->status < 200 && answer->status != 101) {
        KERNEL_CHECK(ask->kind == APP_HINT && !ask->is_old, "an informational answer from nowhere");
        return;
    }
    peer_judge(self, ask, answer, level);
    if (answer->ends_with_connection && peer_is_cut(ask))
        self->cut = 1; /* which nobody can see */
    else
        self->answered++;
    self->is_closing = answer->closes || answer->ends_with_connection;
    self->is_upgraded = answer->status == 101;
}

/* What is there of the next answer is all that comes of it. */
static void peer_judge_cut(
    struct peer *self, const struct reader_answer *answer, enum peer_level level)
{
    const struct peer_ask *ask = &self->asks[self->answered];
    KERNEL_CHECK(
        answer->status < 200 || peer_is_prefix(ask, answer), "the beginning of another answer");
    KERNEL_CHECK(level == PEER_ROUGH || peer_is_cut(ask) || self->socket->is_torn ||
                     (level == PEER_DRAIN && self->socket->is_sent_late),
        "an answer was cut");
}

static void peer_read_answers(struct peer *self, bool is_at_end, enum peer_level level)
{
    struct reader_answer answer;
    while (!self->is_upgraded && bytes_length(&self->got)) {
        bool is_unknown = self->style >= PEER_GARBAGE;
        KERNEL_CHECK(is_unknown || self->answered < self->ask_count, "more answers than requests");
        KERNEL_CHECK(!self->is_closing, "an answer after the last one");
        bool is_head = !is_unknown && self->asks[self->answered].is_head;
        enum reader_verdict verdict = reader_next(
            bytes_front(&self->got), bytes_length(&self->got), is_head, is_at_end, &answer);
        /* It may have been refused before its method was read. */
        if (verdict == READER_DONE && is_head && level == PEER_ROUGH && answer.closes &&
            answer.status >= 400)
            verdict = reader_next(
                bytes_front(&self->got), bytes_length(&self->got), false, is_at_end, &answer);
        if (verdict == READER_BAD)
            kernel_fail(answer.bad);
        if (verdict == READER_MORE) {
            if (is_at_end && !is_unknown)
                peer_judge_cut(self, &answer, level);
            return;
        }
        if (is_unknown)
            bytes_take(&self->got, NULL, answer.length);
        else
            peer_take_answer(self, &answer, level);
    }
}

/* After an upgrade: what was sent comes back, and a word to say goodbye. */
static void peer_judge_upgraded(struct peer *self, bool is_at_end, enum peer_level level)
{
    size_t raw = self->sends.end - self->raw_at;
    size_t got = bytes_length(&self->got);
    size_t same = got < raw ? got : raw;
    KERNEL_CHECK(same == 0 || memcmp(bytes_front(&self->got), app_bytes(0), same) == 0,
        "an echo of something else");
    KERNEL_CHECK(got <= raw + 3, "more than an echo");
    if (is_at_end && level == PEER_CALM && self->style == PEER_GOOD)
        KERNEL_CHECK(got == raw + 3 && memcmp(bytes_front(&self->got) + raw, "bye", 3) == 0,
            "an echo without an end");
}

static void peer_read(struct peer *self, bool is_at_end, enum peer_level level)
{
    peer_read_answers(self, is_at_end, level);
    if (is_at_end && !self->is_closing && self->answered < self->ask_count)
        self->cut = peer_is_cut(&self->asks[self->answered]);
    if (self->is_upgraded)
        peer_judge_upgraded(self, is_at_end, level);
}

/* What it does. */

/* How far it may send before more has come. */
static size_t peer_limit(const struct peer *self)
{
    if (self->style >= PEER_GARBAGE)
        return self->sends.end;
    for (size_t i = self->answered; i < self->ask_count; i++) {
        const struct peer_ask *ask = &self->asks[i];
        if (ask->expects && !ask->has_continue)
            return ask->head_end;
        if (!self->pipelines)
            return ask->end;
    }
    return self->sends.end;
}

static void peer_leave(struct peer *self)
{
    switch (self->end) {
    case PEER_CLOSES:
        kernel_peer_close(self->socket);
        break;
    case PEER_RESETS:
        kernel_peer_reset(self->socket);
        break;
    case PEER_SHUTS:
        kernel_peer_shut(self->socket);
        break;
    case PEER_FALLS_SILENT:
        break;
    }
    self->is_done = true;
}

static bool peer_connect(struct peer *self)
{
    self->socket = kernel_connect(self->in_room, self->out_room);
    self->is_refused = self->is_done = !self->socket;
    return true;
}

static bool peer_send(struct peer *self)
{
    size_t most = peer_limit(self);
    if (most > self->end_sent)
        most = self->end_sent;
    if (most <= self->sent || self->is_shut)
        return false;
    most -= self->sent;
    if (most > self->send_step)
        most = self->send_step;
    bool is_gone = self->socket->is_closed;
    size_t n = kernel_peer_send(self->socket, self->sends.data + self->sent, most);
    self->sent += n;
    return n > 0 || is_gone;
}

static bool peer_receive(struct peer *self, enum peer_level level)
{
    size_t n = kernel_peer_receive(self->socket, &self->got, self->receive_step);
    self->received += n;
    if (n)
        peer_read(self, false, level);
    return n > 0;
}

/* It half-closes when that ends what it has to say. */
static bool peer_shut(struct peer *self)
{
    bool is_over = self->is_upgraded || self->shuts_early;
    if (self->is_shut || !is_over || self->sent < self->sends.end || self->socket->is_reset)
        return false;
    self->is_shut = true;
    kernel_peer_shut(self->socket);
    return true;
}

static bool peer_has_all(const struct peer *self)
{
    return self->style < PEER_GARBAGE && self->answered == self->ask_count && !self->is_upgraded;
}

static bool peer_ends(struct peer *self, enum peer_level level)
{
    if (kernel_peer_is_at_end(self->socket)) {
        peer_read(self, true, level);
        kernel_peer_close(self->socket);
        self->is_done = true;
        return true;
    }
    if (self->sent < self->end_sent && self->received < self->end_received &&
        !(peer_has_all(self) && !self->is_closing))
        return false;
    peer_leave(self);
    return true;
}

bool peer_act(struct peer *self, struct chance *chance, enum peer_level level)
{
    if (self->is_done)
        return false;
    if (!self->socket)
        return peer_connect(self);
    if (peer_ends(self, level))
        return true;
    if (chance_below(chance, 2))
        return peer_send(self) || peer_receive(self, level) || peer_shut(self);
    return peer_receive(self, level) || peer_send(self) || peer_shut(self);
}

/* The end of the connection would be that of the body; a reset says that it is not. */
static bool peer_may_tear(const struct peer *self)
{
    for (size_t i = 0; i < self->ask_count; i++) {
        const struct peer_ask *ask = &self->asks[i];
        if (ask->is_old && ask->kind == APP_BREAK && !ask->is_head)
            return true;
    }
    return false;
}

/* All that it asked was answered, or the last answer said that it is; and in a drain, all that the
 * server has read. */
static void peer_judge_count(const struct peer *self, enum peer_level level)
{
    size_t due = 0;
    if (self->is_closing || self->cut)
        return;
    while (due < self->ask_count &&
           (level == PEER_CALM || self->asks[due].end <= self->socket->received))
        due++;
    if (self->socket->is_torn) {
        KERNEL_CHECK(peer_may_tear(self), "a connection was reset for no reason");
        return;
    }
    KERNEL_CHECK(self->answered >= due || self->socket->is_sent_late, "a request was not answered");
}

void peer_finish(struct peer *self, enum peer_level level)
{
    if (!self->socket || self->is_refused)
        return;
    while (!self->is_done && peer_receive(self, level))
        ;
    if (!self->is_done && kernel_peer_is_at_end(self->socket))
        peer_read(self, true, level);
    if (level != PEER_ROUGH && self->style == PEER_GOOD)
        peer_judge_count(self, level);
}

void peer_free(struct peer *self)
{
    free(self->sends.data);
    free(self->got.data);
    *self = (struct peer){0};
}
