#include "body_fixture.h"

#include <cairn/http/ws.h>
#include <cairn/http/ws/sha1.h>
#include <cairn/http/ws/ws_connection.h>
#include <cairn/service/async.h>
#include <cairn/service/sleep.h>
#include <cairn/testkit/ws_rig.h>

/* ---- the handshake ------------------------------------------------------------------------------
 */

static struct cairn_future run_nothing(struct cairn_ws *ws, void *cx)
{
    (void)ws;
    (void)cx;
    return cairn_future_ready(NULL);
}

static void add(struct cairn_http_request *req, const char *name, const char *value)
{
    assert_int_equal(
        cairn_http_fields_set(&req->fields, cairn_str_from(name), cairn_str_from(value)), 0);
}

/* RFC 6455 section 1.3. */
static struct cairn_http_request *handshake(struct fixture *f)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, CAIRN_HTTP_GET, "/chat");
    add(req, "Host", "server.example.com");
    add(req, "Upgrade", "websocket");
    add(req, "Connection", "Upgrade");
    add(req, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    add(req, "Sec-WebSocket-Version", "13");
    return req;
}

static struct cairn_str field(const struct cairn_http_response *res, const char *name)
{
    return cairn_http_fields_get(&res->fields, cairn_str_from(name));
}

static int upgrade_status(struct cairn_http_request *req, const char *origins)
{
    const struct cairn_ws_options options = {.size = sizeof(options), .origins = origins};
    return cairn_ws_upgrade(req, &options, run_nothing, NULL)->status;
}

static void hashes_as_the_rfc_does(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {{"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "0098ba824b5c16427bd7a1122a5a442a25ec644d"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint8_t digest[CAIRN__SHA1_BYTES];
        char hex[41];
        cairn__sha1(cairn_str_from(rows[i].text), digest);
        for (int b = 0; b < CAIRN__SHA1_BYTES; b++)
            snprintf(hex + 2 * b, 3, "%02x", digest[b]);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void answers_the_example_of_the_rfc(void **state)
{
    struct cairn_http_request *req = handshake(*state);
    const struct cairn_ws_options options = {.size = sizeof(options), .protocols = "chat.v2, chat"};
    add(req, "Sec-WebSocket-Protocol", "superchat, chat");
    struct cairn_http_response *res = cairn_ws_upgrade(req, &options, run_nothing, NULL);
    assert_int_equal(res->status, 101);
    assert_str(field(res, "Upgrade"), "websocket");
    assert_str(field(res, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_str(field(res, "Sec-WebSocket-Protocol"), "chat");
    add(req, "Sec-WebSocket-Protocol", "Chat");
    res = cairn_ws_upgrade(req, &options, run_nothing, NULL);
    assert_null(field(res, "Sec-WebSocket-Protocol").data);
}

static void refuses_what_is_no_handshake(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = handshake(f);
    add(req, "Sec-WebSocket-Version", "8");
    struct cairn_http_response *res = cairn_ws_upgrade(req, NULL, run_nothing, NULL);
    assert_int_equal(res->status, 426);
    assert_str(field(res, "Sec-WebSocket-Version"), "13");
    req = handshake(f);
    add(req, "Upgrade", "h2c");
    assert_int_equal(upgrade_status(req, NULL), 426);
    static const char *const keys[] = {
        "", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZQQ="};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        req = handshake(f);
        add(req, "Sec-WebSocket-Key", keys[i]);
        assert_int_equal(upgrade_status(req, NULL), 400);
    }
    req = handshake(f);
    req->method = CAIRN_HTTP_POST;
    assert_int_equal(upgrade_status(req, NULL), 400);
}

static void lets_in_pages_of_its_own_host_and_those_that_are_listed(void **state)
{
    struct cairn_http_request *req = handshake(*state);
    add(req, "Origin", "https://Server.example.com");
    assert_int_equal(upgrade_status(req, NULL), 101);
    add(req, "Origin", "https://evil.example");
    assert_int_equal(upgrade_status(req, NULL), 403);
    assert_int_equal(upgrade_status(req, "https://good.example, https://evil.example"), 101);
    assert_int_equal(upgrade_status(req, "https://good.example"), 403);
    assert_int_equal(upgrade_status(req, "*"), 101);
    add(req, "Origin", "null");
    assert_int_equal(upgrade_status(req, NULL), 403);
}

static void names_the_option_that_is_out_of_range(void **state)
{
    struct cairn_http_request *req = handshake(*state);
    const struct cairn_ws_options options = {.size = sizeof(options), .ping_ms = 5};
    struct cairn_http_response *res = cairn_ws_upgrade(req, &options, run_nothing, NULL);
    assert_int_equal(res->status, 500);
    assert_non_null(strstr(res->body.data, "ping_ms must be 10 to 86400000"));
}

/* ---- the connection -----------------------------------------------------------------------------
 */

/* Sends back what it receives, until "bye"; "fail" fails; "hang" waits for ever. */
struct echo {
    struct cairn_async async;
    struct cairn_ws *ws;
    struct cairn_ws_message *message;
    int *drops;
};

static struct cairn_error echo_failed = CAIRN_ERROR_STATIC(CAIRN_ERROR_USER, "echo", "as asked");

static enum cairn_poll echo_poll(
    void *state, const struct cairn_context *cx, union cairn_outcome *out)
{
    struct echo *self = state;
    CAIRN_ASYNC_BEGIN(self, cx, out);
    for (;;) {
        CAIRN_AWAIT(cairn_ws_receive(self->ws), self->message);
        if (!self->message || cairn_str_equal(self->message->data, CAIRN_STR("bye")))
            break;
        if (cairn_str_equal(self->message->data, CAIRN_STR("fail")))
            CAIRN_ASYNC_FAIL(&echo_failed);
        if (cairn_str_equal(self->message->data, CAIRN_STR("hang")))
            CAIRN_AWAIT_DONE(cairn_sleep(86400000));
        CAIRN_AWAIT_CATCH(cairn_ws_send(self->ws, self->message->is_text, self->message->data));
        cairn_ws_message_free(self->message);
        self->message = NULL;
    }
    CAIRN_ASYNC_RETURN(NULL);
    CAIRN_ASYNC_END();
}

static void echo_drop(void *state)
{
    struct echo *self = state;
    cairn_async_drop(&self->async);
    cairn_ws_message_free(self->message);
    ++*self->drops;
}

static const struct cairn_future_ops echo_ops = {
    .name = "echo", .size = sizeof(struct echo), .poll = echo_poll, .drop = echo_drop};

static struct cairn_future run_echo(struct cairn_ws *ws, void *cx)
{
    return cairn_future_box(&echo_ops, &(struct echo){.ws = ws, .drops = cx});
}

struct session {
    struct fixture *f;
    struct wire *wire;
    struct cairn_future future;
    int drops;
};

static void session_begin(struct session *self, struct fixture *f, struct cairn_ws_options options)
{
    static struct wire wire;
    wire_init(&wire);
    *self = (struct session){.f = f, .wire = &wire};
    options.size = sizeof(options);
    options.max_message = options.max_message ? options.max_message : 1000;
    options.max_frame = options.max_frame ? options.max_frame : 1000;
    options.max_queued = options.max_queued ? options.max_queued : 100000;
    options.ping_ms = 30000;
    options.close_ms = 5000;
    self->future =
        cairn__ws_begin(&options, cairn_str_of(NULL, 0), run_echo, &self->drops, wire.stream);
}

static enum cairn_poll session_poll(struct session *self)
{
    union cairn_outcome out;
    return cairn_harness_poll(&self->f->hand, &self->future, &out);
}

static void session_end(struct session *self)
{
    cairn_future_drop(&self->future);
    assert_int_equal(self->drops, 1);
    assert_int_equal(self->wire->drops, 1);
}

/* What the client got, after which it has got nothing. */
static void assert_got(struct session *self, const void *bytes, size_t length)
{
    assert_int_equal(self->wire->out_length, length);
    assert_memory_equal(self->wire->out, bytes, length);
    self->wire->out_length = 0;
}

#define ASSERT_GOT(session, literal) assert_got(session, literal, sizeof(literal) - 1)

static void sends_back_what_comes(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    wire_send_text(s.wire, "hello");
    assert_true(cairn_harness_is_woken(&s.f->hand));
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x81\x05hello");
    wire_send_frame(s.wire, 0x82, "\x00\xff", 2);
    wire_send_text(s.wire, "");
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x82\x02\x00\xff\x81\x00");
    session_end(&s);
}

static void puts_fragments_together_around_control_frames(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_frame(s.wire, 0x01, "one", 3);
    wire_send_frame(s.wire, 0x89, "ping", 4);
    wire_send_frame(s.wire, 0x00, "two", 3);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x8a\x04ping");
    wire_send_frame(s.wire, 0x80, "", 0);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x81\x06onetwo");
    session_end(&s);
}

static void closes_when_what_runs_is_done(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_text(s.wire, "bye");
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x88\x02\x03\xe8"); /* 1000 */
    wire_send_frame(s.wire, 0x88, "\x03\xe8", 2);
    assert_int_equal(session_poll(&s), CAIRN_READY);
    session_end(&s);
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_text(s.wire, "fail");
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x88\x02\x03\xf3"); /* 1011 */
    cairn_test_clock_advance_ms(&s.f->clock, s.f->runtime, 5000);
    assert_int_equal(session_poll(&s), CAIRN_READY); /* the peer had its time */
    session_end(&s);
}

static void answers_the_peers_close_and_ends(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_text(s.wire, "last");
    wire_send_frame(s.wire, 0x88, "\x03\xe9", 2);
    assert_int_equal(session_poll(&s), CAIRN_READY);
    /* A message that comes after the close has been answered is not sent. */
    assert_memory_equal(s.wire->out + s.wire->out_length - 4, "\x88\x02\x03\xe9", 4);
    session_end(&s);
}

static void drops_what_goes_on_when_the_peer_is_gone(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_text(s.wire, "hang");
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    s.wire->has_ended = true;
    cairn_wake(&s.wire->reader);
    assert_true(cairn_harness_is_woken(&s.f->hand));
    assert_int_equal(session_poll(&s), CAIRN_READY);
    session_end(&s);
}

static void assert_closed_with(struct session *self, uint16_t code)
{
    const struct wire *wire = self->wire;
    assert_true(wire->out_length >= 4);
    const uint8_t *close = (const uint8_t *)wire->out + wire->out_length - 4;
    assert_int_equal(close[0], 0x88);
    assert_int_equal(close[2] << 8 | close[3], code);
}

static void closes_on_what_breaks_the_protocol(void **state)
{
    static const struct {
        uint8_t flags;
        const char *data;
        uint16_t code;
    } rows[] = {{0x81, "\xff\xfe", 1007}, /* no UTF-8 */
        {0x83, "x", 1002},                /* an unknown opcode */
        {0xc1, "x", 1002},                /* a reserved bit */
        {0x80, "x", 1002},                /* a continuation of nothing */
        {0x88, "\x03\xec", 1002}};        /* 1004 may not be sent */
    struct session s;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        session_begin(&s, *state, (struct cairn_ws_options){0});
        wire_send_frame(s.wire, rows[i].flags, rows[i].data, strlen(rows[i].data));
        session_poll(&s);
        assert_closed_with(&s, rows[i].code);
        session_end(&s);
    }
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_bytes(s.wire, "\x81\x01x", 3); /* not masked */
    session_poll(&s);
    assert_closed_with(&s, 1002);
    session_end(&s);
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_frame(s.wire, 0x09, "x", 1); /* a ping in fragments is no frame at all */
    assert_int_equal(session_poll(&s), CAIRN_READY);
    ASSERT_GOT(&s, "\x88\x00");
    session_end(&s);
}

static void closes_on_what_is_too_large(void **state)
{
    static const char data[1001];
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){.max_frame = 600});
    wire_send_frame(s.wire, 0x82, data, 601);
    session_poll(&s);
    assert_closed_with(&s, 1009);
    session_end(&s);
    session_begin(&s, *state, (struct cairn_ws_options){.max_frame = 600});
    wire_send_frame(s.wire, 0x02, data, 600);
    wire_send_frame(s.wire, 0x80, data, 400);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    assert_int_equal(s.wire->out_length, 1004);
    s.wire->out_length = 0;
    wire_send_frame(s.wire, 0x02, data, 600);
    wire_send_frame(s.wire, 0x80, data, 401);
    session_poll(&s);
    assert_closed_with(&s, 1009);
    session_end(&s);
}

static void keeps_what_was_received_until_it_is_asked_for_and_reads_no_further(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    wire_send_text(s.wire, "hang");
    for (int i = 0; i < 4000; i++)
        wire_send_text(s.wire, "0123456789");
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    assert_in_range(s.wire->in_begin, 1, 16384);
    session_end(&s);
}

static void who_sends_to_a_peer_that_does_not_read_waits(void **state)
{
    static char data[1000];
    struct session s;
    memset(data, 'x', sizeof(data));
    session_begin(&s, *state, (struct cairn_ws_options){0});
    s.wire->out_room = 10;
    for (int i = 0; i < 100; i++)
        wire_send_frame(s.wire, 0x81, data, sizeof(data));
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    size_t taken = s.wire->in_begin;
    assert_in_range(taken, 65536, 99000);
    s.wire->out_room = sizeof(s.wire->out) - s.wire->out_length;
    cairn_wake(&s.wire->writer);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    assert_int_equal(s.wire->in_begin, s.wire->in_end);
    assert_int_equal(s.wire->out_length, 100 * 1004);
    session_end(&s);
}

static void pings_and_takes_silence_for_the_end(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    cairn_test_clock_advance_ms(&s.f->clock, s.f->runtime, 30000);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x89\x00");
    wire_send_frame(s.wire, 0x8a, "", 0);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    cairn_test_clock_advance_ms(&s.f->clock, s.f->runtime, 30000);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x89\x00");
    cairn_test_clock_advance_ms(&s.f->clock, s.f->runtime, 30000);
    assert_int_equal(session_poll(&s), CAIRN_READY);
    session_end(&s);
}

static void a_drain_closes_with_1001(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    s.wire->is_closing = true;
    cairn_wake(&s.wire->reader);
    session_poll(&s);
    assert_closed_with(&s, 1001);
    session_end(&s);
}

static void nothing_is_lost_a_byte_at_a_time(void **state)
{
    struct session s;
    session_begin(&s, *state, (struct cairn_ws_options){0});
    s.wire->step = 1;
    wire_send_frame(s.wire, 0x01, "a\xc3", 2);
    wire_send_frame(s.wire, 0x80, "\xa4", 1);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x81\x03"
                   "a\xc3\xa4");
    session_end(&s);
}

/* The task that sends need not be the connection's own. */
static struct cairn_ws *kept_ws;

static struct cairn_future run_kept(struct cairn_ws *ws, void *cx)
{
    int *drops = cx;
    kept_ws = ws;
    return cairn_future_box(&echo_ops, &(struct echo){.ws = ws, .drops = drops});
}

static void others_may_send_up_to_the_limit(void **state)
{
    static char data[600];
    struct session s;
    const struct cairn_ws_options options = {.size = sizeof(options),
        .max_message = 1000,
        .max_frame = 1000,
        .max_queued = 1024,
        .ping_ms = 30000,
        .close_ms = 5000};
    session_begin(&s, *state, (struct cairn_ws_options){0});
    session_end(&s);
    wire_init(s.wire);
    s.drops = 0;
    s.future = cairn__ws_begin(&options, cairn_str_of(NULL, 0), run_kept, &s.drops, s.wire->stream);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    assert_int_equal(cairn_ws_try_send(kept_ws, true, CAIRN_STR("psst")), 0);
    assert_true(cairn_harness_is_woken(&s.f->hand));
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    ASSERT_GOT(&s, "\x81\x04psst");
    assert_int_equal(cairn_ws_try_send(kept_ws, false, cairn_str_of(data, 600)), 0);
    assert_int_equal(cairn_ws_try_send(kept_ws, false, cairn_str_of(data, 600)), -1);
    assert_int_equal(session_poll(&s), CAIRN_PENDING);
    cairn_ws_close(kept_ws, 4000, "enough");
    assert_int_equal(cairn_ws_try_send(kept_ws, true, CAIRN_STR("late")), -1);
    assert_int_equal(cairn_ws_close_code(kept_ws), 1006);
    session_end(&s);
}

static void begins_with_nothing_without_memory(void **state)
{
    struct fixture *f = *state;
    static struct wire wire;
    const struct cairn_ws_options options = {.size = sizeof(options)};
    int drops = 0;
    wire_init(&wire);
    cairn_test_alloc_fail_at(1);
    struct cairn_future future =
        cairn__ws_begin(&options, cairn_str_of(NULL, 0), run_echo, &drops, wire.stream);
    cairn_test_alloc_fail_at(0);
    assert_fails(f, &future, CAIRN_ERROR_MEMORY);
    assert_int_equal(wire.drops, 1);
    struct cairn_http_request *req = handshake(f);
    fixture_exhaust(f);
    assert_null(cairn_ws_upgrade(req, NULL, run_nothing, NULL));
    cairn_test_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_the_rfc_does),
        fixture_test(answers_the_example_of_the_rfc),
        fixture_test(refuses_what_is_no_handshake),
        fixture_test(lets_in_pages_of_its_own_host_and_those_that_are_listed),
        fixture_test(names_the_option_that_is_out_of_range),
        fixture_test(sends_back_what_comes),
        fixture_test(puts_fragments_together_around_control_frames),
        fixture_test(closes_when_what_runs_is_done),
        fixture_test(answers_the_peers_close_and_ends),
        fixture_test(drops_what_goes_on_when_the_peer_is_gone),
        fixture_test(closes_on_what_breaks_the_protocol),
        fixture_test(closes_on_what_is_too_large),
        fixture_test(keeps_what_was_received_until_it_is_asked_for_and_reads_no_further),
        fixture_test(who_sends_to_a_peer_that_does_not_read_waits),
        fixture_test(pings_and_takes_silence_for_the_end),
        fixture_test(a_drain_closes_with_1001),
        fixture_test(nothing_is_lost_a_byte_at_a_time),
        fixture_test(others_may_send_up_to_the_limit),
        fixture_test(begins_with_nothing_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
