/* The decoder against the grammar: what is valid is accepted and read as it was meant, and what it
 * accepts a second reader, written from the grammar alone, accepts too. */
#include "transcript.h"

#define REQUESTS 10000
#define EXHAUSTIVE_LENGTH 6

static uint64_t seed;

static size_t below(size_t bound)
{
    return random_below(&seed, bound);
}

static bool one_in(size_t n)
{
    return below(n) == 0;
}

static void add(struct text *text, const char *s)
{
    text_add(text, s, strlen(s));
}

static void add_from(struct text *text, const char *set, size_t length)
{
    while (length-- > 0)
        text_add(text, &set[below(strlen(set))], 1);
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static void add_token(struct text *text)
{
    add_from(text, ALNUM "!#$%&'*+-.^_`|~", 1 + below(20));
}

static void add_ows(struct text *text)
{
    add_from(text, " \t", one_in(3) ? below(4) : 0);
}

static void add_uri_part(struct text *text, const char *set)
{
    for (size_t n = below(12); n > 0; n--) {
        if (one_in(6)) {
            add(text, "%");
            add_from(text, "0123456789abcdefABCDEF", 2);
        } else {
            add_from(text, set, 1);
        }
    }
}

static void add_host(struct text *text)
{
    static const char *const hosts[] = {
        "a", "127.0.0.1", "example.org", "[::1]", "[2001:db8::ff]", "x_y", "a%2Db", "A.B"};
    add(text, hosts[below(8)]);
    if (one_in(2))
        add(text, one_in(4) ? ":" : ":8080");
}

/* What the decoder is to say of a request, and the request. */
struct pair {
    struct text input;
    struct text expected;
};

static void pair_free(struct pair *pair)
{
    free(pair->input.data);
    free(pair->expected.data);
}

struct target {
    struct text authority;
    struct text path;
    struct text query;
    bool is_absolute;
    bool has_query;
};

static struct target target_make(bool is_asterisk)
{
    struct target t = {.is_absolute = !is_asterisk && one_in(8)};
    if (is_asterisk) {
        add(&t.path, "*");
        return t;
    }
    text_add(&t.path, "", 0);
    if (t.is_absolute)
        add_host(&t.authority);
    if (!t.is_absolute || one_in(2)) {
        add(&t.path, "/");
        add_uri_part(&t.path, ALNUM "-._~!$&'()*+,;=:@/");
    }
    t.has_query = one_in(2);
    if (t.has_query) {
        text_add(&t.query, "", 0);
        add_uri_part(&t.query, ALNUM "-._~!$&'()*+,;=:@/?");
    }
    return t;
}

static void add_target(struct text *text, const struct target *t)
{
    if (t->is_absolute) {
        add(text, "http://");
        add(text, t->authority.data);
    }
    add(text, t->path.data);
    if (t->has_query) {
        add(text, "?");
        add(text, t->query.data);
    }
}

static void target_free(struct target *t)
{
    free(t->authority.data);
    free(t->path.data);
    free(t->query.data);
}

static void pair_field(struct pair *pair, const char *name, const char *value)
{
    add(&pair->input, name);
    add(&pair->input, ":");
    add_ows(&pair->input);
    add(&pair->input, value);
    if (one_in(8))
        add(&pair->input, " ");
    add(&pair->input, "\r\n");
    add(&pair->expected, name);
    add(&pair->expected, "\n");
    add(&pair->expected, value);
    add(&pair->expected, "\n");
}

/* A name that means nothing to the decoder, and any value. */
static void pair_any_field(struct pair *pair)
{
    struct text name = {NULL, 0};
    struct text value = {NULL, 0};
    add(&name, "X-");
    add_token(&name);
    text_add(&value, "", 0);
    if (!one_in(8)) {
        add_from(&value, ALNUM "!\"#,;:/()\x80\xff\xc3", 1);
        add_from(&value, ALNUM " \t!\"#,;:/()<>@[]{}\\\x80\xff\xc3", below(40));
        add_from(&value, ALNUM "!\"#,;:/()\x80\xff\xc3", 1);
    }
    pair_field(pair, name.data, value.data);
    free(name.data);
    free(value.data);
}

static void pair_any_fields(struct pair *pair, size_t bound)
{
    for (size_t n = below(bound); n > 0; n--)
        pair_any_field(pair);
}

static void pair_host(struct pair *pair, const struct target *t)
{
    struct text host = {NULL, 0};
    struct text rest = {NULL, 0};
    add_host(&host);
    struct pair field = {pair->input, rest};
    pair_field(&field, "hOsT", host.data);
    pair->input = field.input;
    free(field.expected.data);
    add(&pair->expected, "hOsT\n");
    add(&pair->expected, t->is_absolute ? t->authority.data : host.data);
    add(&pair->expected, "\n");
    free(host.data);
}

static void add_chunk(struct text *input, const char *data, size_t length)
{
    char size[32];
    int digits = snprintf(size, sizeof(size), one_in(2) ? "%zx" : "%04zX", length);
    text_add(input, size, (size_t)digits);
    if (one_in(4))
        add(input, one_in(2) ? ";name" : ";name=\"a value\"");
    add(input, "\r\n");
    text_add(input, data, length);
    if (length)
        add(input, "\r\n");
}

static void add_chunks(struct text *input, const struct text *body)
{
    size_t at = 0;
    while (at < body->length) {
        size_t length = 1 + below(body->length - at);
        add_chunk(input, body->data + at, length);
        at += length;
    }
    add_chunk(input, "", 0);
}

enum body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };

static void pair_framing(struct pair *pair, enum body_kind kind, size_t length)
{
    char number[32];
    snprintf(number, sizeof(number), "%zu", length);
    if (kind == BODY_LENGTH)
        pair_field(pair, "content-length", number);
    if (kind == BODY_CHUNKED)
        pair_field(pair, "Transfer-Encoding", "Chunked");
}

static void pair_body(struct pair *pair, enum body_kind kind, const struct text *body)
{
    if (kind == BODY_LENGTH)
        text_add(&pair->input, body->data, body->length);
    if (kind == BODY_CHUNKED)
        add_chunks(&pair->input, body);
    if (kind == BODY_NONE || body->length == 0)
        add(&pair->expected, "(absent)\n");
    else
        text_add_str(&pair->expected, cairn_str_of(body->data, body->length));
    if (kind == BODY_CHUNKED) {
        pair_any_fields(pair, 3);
        add(&pair->input, "\r\n");
    }
}

static void pair_line(
    struct pair *pair, enum cairn_http_method method, unsigned minor, const struct target *t)
{
    const char *name = cairn_http_method_name(method);
    text_add_number(&pair->expected, "method", (long long)method);
    text_add_number(&pair->expected, "minor", (long long)minor);
    add(&pair->expected, name);
    add(&pair->expected, "\n");
    add_target(&pair->expected, t);
    add(&pair->expected, "\n");
    text_add_str(&pair->expected,
        t->path.length ? cairn_str_of(t->path.data, t->path.length) : CAIRN_STR("/"));
    text_add_str(&pair->expected,
        cairn_str_of(t->has_query ? t->query.data : NULL, t->has_query ? t->query.length : 0));
    if (one_in(5))
        add(&pair->input, "\r\n");
    add(&pair->input, name);
    add(&pair->input, " ");
    add_target(&pair->input, t);
    add(&pair->input, minor ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
}

static struct pair pair_make(void)
{
    static const enum cairn_http_method methods[] = {CAIRN_HTTP_GET, CAIRN_HTTP_HEAD,
        CAIRN_HTTP_POST, CAIRN_HTTP_PUT, CAIRN_HTTP_DELETE, CAIRN_HTTP_OPTIONS, CAIRN_HTTP_PATCH};
    enum cairn_http_method method = methods[below(7)];
    unsigned minor = one_in(8) ? 0 : 1;
    struct target target = target_make(method == CAIRN_HTTP_OPTIONS && one_in(2));
    struct pair pair = {{NULL, 0}, {NULL, 0}};
    struct text body = {NULL, 0};
    enum body_kind kind = minor ? (enum body_kind)below(3) : (enum body_kind)below(2);
    pair_line(&pair, method, minor, &target);
    pair_any_fields(&pair, 6);
    if (minor || one_in(2))
        pair_host(&pair, &target);
    text_add(&body, "", 0);
    if (kind != BODY_NONE)
        add_from(&body, "\r\n0123456789abcdef\x80 :", below(200));
    pair_any_fields(&pair, 3);
    pair_framing(&pair, kind, body.length);
    bool says_so = one_in(3);
    if (says_so)
        pair_field(&pair, "Connection", minor ? "x, close" : "keep-alive");
    add(&pair.input, "\r\n");
    text_add_number(&pair.expected, "length", kind == BODY_CHUNKED ? -1 : (long long)body.length);
    text_add_number(&pair.expected, "alive", (minor == 1) != says_so);
    text_add_number(&pair.expected, "continue", 0);
    pair_body(&pair, kind, &body);
    target_free(&target);
    free(body.data);
    return pair;
}

static void assert_pair_read_as_meant(const struct pair *pair, struct cuts cuts)
{
    struct transcript t = transcript_make(pair->input.data, pair->input.length, cuts, NULL);
    if (t.last != CAIRN_HTTP_EVENT_DONE || t.used != pair->input.length)
        fail_msg("status %d (%s), used %zu of %zu: %s", t.status, t.reason ? t.reason : "", t.used,
            pair->input.length, pair->input.data);
    assert_string_equal(t.text.data, pair->expected.data);
    transcript_free(&t);
}

static void B12_reads_every_valid_request_as_it_was_meant(void **state)
{
    (void)state;
    seed = 20260801;
    for (int i = 0; i < REQUESTS; i++) {
        struct pair pair = pair_make();
        assert_pair_read_as_meant(&pair, (struct cuts){0});
        assert_pair_read_as_meant(&pair, (struct cuts){.step = 1});
        assert_pair_read_as_meant(&pair, (struct cuts){.seed = random_next(&seed)});
        pair_free(&pair);
    }
}

/* The second reader. It sees field lines from AT on and returns where the head ends: 0 when it is
 * malformed, and when there is no end. */

static size_t reader_line(const char *text, size_t at)
{
    size_t end = at + strcspn(text + at, "\r\n");
    return text[end] == '\r' && text[end + 1] == '\n' ? end : 0;
}

static bool reader_is_field(const char *line, size_t length)
{
    size_t name = strspn(line, "ab");
    return name > 0 && name < length && line[name] == ':';
}

static size_t reader_head_end(const char *text, size_t at)
{
    for (;;) {
        size_t end = reader_line(text, at);
        if (end == 0 || end == at)
            return end ? end + 2 : 0;
        if (!reader_is_field(text + at, end - at))
            return 0;
        at = end + 2;
    }
}

static void assert_readers_agree(const char *text, size_t length, size_t fields)
{
    size_t end = reader_head_end(text, fields);
    struct transcript t = transcript_make(text, length, (struct cuts){0}, NULL);
    bool is_head = t.last == CAIRN_HTTP_EVENT_DONE;
    if (is_head != (end != 0) || (is_head && t.used != end))
        fail_msg("accepted: %d, used %zu; the other reader: %zu: %s", is_head, t.used, end, text);
    transcript_compare(&t, text, length, (struct cuts){.step = 1}, NULL);
    transcript_free(&t);
}

static void accepts_exactly_the_field_lines_of_the_grammar(void **state)
{
    static const char front[] = "GET / HTTP/1.1\r\nHost: a\r\n";
    static const char letters[] = "ab:\t \r\n";
    const size_t base = sizeof(letters) - 1;
    (void)state;
    for (size_t length = 0; length < EXHAUSTIVE_LENGTH; length++) {
        size_t count = 1;
        for (size_t i = 0; i < length; i++)
            count *= base;
        for (size_t n = 0; n < count; n++) {
            char text[64];
            size_t at = sizeof(front) - 1;
            memcpy(text, front, at);
            for (size_t i = 0, rest = n; i < length; i++, rest /= base)
                text[at++] = letters[rest % base];
            memcpy(text + at, "\r\n\r\n", 5);
            assert_readers_agree(text, at + 4, sizeof(front) - 1);
        }
    }
}

static struct transcript transcript_of_some_cuts(const char *text, size_t length, size_t at)
{
    struct transcript t = transcript_make(text, length, (struct cuts){0}, NULL);
    transcript_compare(&t, text, length, (struct cuts){.step = 1}, NULL);
    transcript_compare(&t, text, length, (struct cuts){.first = at}, NULL);
    transcript_compare(&t, text, length, (struct cuts){.first = at + 1}, NULL);
    return t;
}

static void gives_one_verdict_for_every_changed_byte(void **state)
{
    static const char input[] = "PUT /a%41?b HTTP/1.1\r\nHost: a:80\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n3;x=y\r\nDEF\r\n0\r\nT: u\r\n\r\n";
    const size_t length = sizeof(input) - 1;
    (void)state;
    for (size_t i = 0; i < length; i++) {
        bool is_data = strchr("DEF", input[i]) && i > 30;
        for (int c = 0; c < 256; c++) {
            char text[sizeof(input)];
            memcpy(text, input, sizeof(input));
            text[i] = (char)c;
            struct transcript t = transcript_of_some_cuts(text, length, i);
            bool breaks_line = (c == '\r' || c == '\n') && c != input[i] && !is_data;
            if (breaks_line && t.last == CAIRN_HTTP_EVENT_DONE)
                fail_msg("accepted with a stray line end: %s", text);
            transcript_free(&t);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(B12_reads_every_valid_request_as_it_was_meant),
        cmocka_unit_test(accepts_exactly_the_field_lines_of_the_grammar),
        cmocka_unit_test(gives_one_verdict_for_every_changed_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
