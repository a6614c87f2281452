#include "layers/http_fixture.h"

#include <cairn/http/forwarded.h>
#include <cairn/service/random.h>
#include <cairn/testkit/forwarded_reference.h>

/* TEXT is one element. */
static struct cairn_http_forwarded element(struct fixture *f, const char *text)
{
    struct cairn_http_forwarded out;
    struct cairn_str line = cairn_str_from(text);
    assert_int_equal(cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_FOUND);
    assert_int_equal(line.length, 0);
    return out;
}

static void assert_broken(struct fixture *f, const char *text)
{
    struct cairn_http_forwarded out;
    struct cairn_str line = cairn_str_from(text);
    enum cairn_http_forwarded_step step;
    do
        step = cairn_http_forwarded_next(&line, f->arena, &out);
    while (step == CAIRN_HTTP_FORWARDED_FOUND);
    assert_int_equal(step, CAIRN_HTTP_FORWARDED_BROKEN);
}

static void assert_address(struct cairn_http_node node, const char *expected, int port)
{
    char text[INET6_ADDRSTRLEN];
    bool is_v4 = node.address.any.sa_family == AF_INET;
    assert_int_equal(node.kind, CAIRN_HTTP_NODE_ADDRESS);
    assert_non_null(inet_ntop(node.address.any.sa_family,
        is_v4 ? (void *)&node.address.v4.sin_addr : (void *)&node.address.v6.sin6_addr, text,
        sizeof(text)));
    assert_string_equal(text, expected);
    assert_int_equal(ntohs(is_v4 ? node.address.v4.sin_port : node.address.v6.sin6_port), port);
}

/* RFC 7239 sections 4, 6 and 7.1. */
static void reads_the_examples_of_rfc_7239(void **state)
{
    struct fixture *f = *state;
    assert_str(element(f, "for=\"_gazonk\"").client.name, "_gazonk");
    assert_address(
        element(f, "For=\"[2001:db8:cafe::17]:4711\"").client, "2001:db8:cafe::17", 4711);
    struct cairn_http_forwarded out = element(f, "for=192.0.2.60;proto=http;by=203.0.113.43");
    assert_address(out.client, "192.0.2.60", 0);
    assert_address(out.proxy, "203.0.113.43", 0);
    assert_str(out.proto, "http");
    assert_null(out.host.data);
    struct cairn_str line = CAIRN_STR("for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;"
                                      "proto=http;host=example.com");
    assert_int_equal(cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_FOUND);
    assert_address(out.client, "192.0.2.43", 0);
    assert_int_equal(out.proxy.kind, CAIRN_HTTP_NODE_ABSENT);
    assert_int_equal(cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_FOUND);
    assert_address(out.client, "198.51.100.17", 0);
    assert_str(out.host, "example.com");
    assert_int_equal(cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_END);
}

static void undoes_the_escapes_of_quoted_strings(void **state)
{
    struct cairn_http_forwarded out =
        element(*state, "for=\"192.0.2.\\4\\3:8\\0\";host=\"a\\\"b,c;d\\\\\"");
    assert_address(out.client, "192.0.2.43", 80);
    assert_str(out.host, "a\"b,c;d\\");
}

static void passes_over_what_is_empty_or_unknown(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_forwarded out = element(f, " ,\t, ;; secret=\"x,y\" ; for=unknown ;");
    assert_int_equal(out.client.kind, CAIRN_HTTP_NODE_UNKNOWN);
    assert_int_equal(element(f, ";").client.kind, CAIRN_HTTP_NODE_ABSENT);
    struct cairn_str line = CAIRN_STR(" , ,");
    assert_int_equal(cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_END);
}

static void a_line_out_of_the_grammar_is_broken(void **state)
{
    struct fixture *f = *state;
    assert_broken(f, "for");
    assert_broken(f, "for=");
    assert_broken(f, "=192.0.2.1");
    assert_broken(f, "for =192.0.2.1");
    assert_broken(f, "for= 192.0.2.1");
    assert_broken(f, "for=192.0.2.1 by=_a");
    assert_broken(f, "for=\"192.0.2.1\"by=_a");
    assert_broken(f, "for=192.0.2.1:80");
    assert_broken(f, "for=[::1]");
    assert_broken(f, "for=\"192.0.2.1");
    assert_broken(f, "for=\"192.0.2.1\\\"");
    assert_broken(f, "for=\"a\x01\"");
    assert_broken(f, "for=192.0.2.1;FOR=192.0.2.2");
    assert_broken(f, "for=192.0.2.1, for=\", for=192.0.2.2");
}

static void an_end_of_another_form_is_invalid_and_breaks_nothing(void **state)
{
    static const char *const ends[] = {"x", "192.0.2", "192.0.2.256", "192.0.2.01",
        "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:000080", "192.0.2.1:80:80", "192.0.2.1:x",
        "192.0.2.1:_", "::1", "[::1", "[::1]x", "[]", "[192.0.2.1]", "[fe80::1%eth0]", "_", "_a!",
        "_a:x", "unknown:", "unknowns", " 192.0.2.1", ""};
    struct fixture *f = *state;
    char text[64];
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        snprintf(text, sizeof(text), "for=\"%s\";by=_b", ends[i]);
        struct cairn_http_forwarded out = element(f, text);
        assert_int_equal(out.client.kind, CAIRN_HTTP_NODE_INVALID);
        assert_str(out.proxy.name, "_b");
    }
    assert_int_equal(
        cairn_http_node_parse(cairn_str_of("192.0.2.1\0", 10)).kind, CAIRN_HTTP_NODE_INVALID);
}

static void reads_addresses_ports_and_names(void **state)
{
    (void)state;
    assert_address(cairn_http_node_parse(CAIRN_STR("192.0.2.1:65535")), "192.0.2.1", 65535);
    assert_address(cairn_http_node_parse(CAIRN_STR("192.0.2.1:_http")), "192.0.2.1", 0);
    assert_address(cairn_http_node_parse(CAIRN_STR("[2001:DB8::1]")), "2001:db8::1", 0);
    assert_address(cairn_http_node_parse(CAIRN_STR("[::ffff:10.0.0.1]:8")), "10.0.0.1", 8);
    assert_int_equal(cairn_http_node_parse(CAIRN_STR("Unknown:_x")).kind, CAIRN_HTTP_NODE_UNKNOWN);
    assert_str(cairn_http_node_parse(CAIRN_STR("_a.b-c_9:80")).name, "_a.b-c_9");
}

static void x_forwarded_for_has_bare_ipv6_and_no_names(void **state)
{
    (void)state;
    assert_address(cairn_http_node_parse_x(CAIRN_STR("2001:db8::1")), "2001:db8::1", 0);
    assert_address(cairn_http_node_parse_x(CAIRN_STR("[2001:db8::1]:80")), "2001:db8::1", 80);
    assert_address(cairn_http_node_parse_x(CAIRN_STR("192.0.2.1")), "192.0.2.1", 0);
    assert_address(cairn_http_node_parse_x(CAIRN_STR("192.0.2.1:80")), "192.0.2.1", 80);
    assert_address(cairn_http_node_parse_x(CAIRN_STR("::ffff:192.0.2.1")), "192.0.2.1", 0);
    assert_int_equal(cairn_http_node_parse_x(CAIRN_STR("unknown")).kind, CAIRN_HTTP_NODE_UNKNOWN);
    assert_int_equal(cairn_http_node_parse_x(CAIRN_STR("_x")).kind, CAIRN_HTTP_NODE_INVALID);
    assert_int_equal(cairn_http_node_parse_x(CAIRN_STR("")).kind, CAIRN_HTTP_NODE_INVALID);
    assert_int_equal(cairn_http_node_parse_x(CAIRN_STR("::1::")).kind, CAIRN_HTTP_NODE_INVALID);
}

static void says_when_there_is_no_memory_for_an_escape(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_forwarded out;
    struct cairn_str line = CAIRN_STR("host=\"\\a\"");
    fixture_exhaust(f);
    assert_int_equal(
        cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_NO_MEMORY);
    line = CAIRN_STR("host=\"a\"");
    fixture_exhaust(f);
    assert_int_equal(cairn_http_forwarded_next(&line, f->arena, &out), CAIRN_HTTP_FORWARDED_FOUND);
}

/* A line of pieces that mean something, as they come. */
static void random_line(struct cairn_random *random, char *text)
{
    static const char *const pieces[] = {"for=", "by=", "host=", "proto=", "x=", ";", ",", ", ",
        "; ", "\"", "\\", "192.0.2.1", "[2001:db8::1]", ":80", ":_p", "unknown", "_id", "https",
        "\"192.0.2.1:80\"", "\"[::ffff:1.2.3.4]:9\"", "\"a\\bc\"", "\t", "=", "\x7f"};
    static const char *const likely[] = {
        "for=192.0.2.1", "for=\"[::1]:8\"", "by=_a", "proto=http", "host=\"h:\\8\"", ";", ","};
    text[0] = '\0';
    for (size_t n = (size_t)cairn_random_range(random, 0, 9); n > 0; n--) {
        bool is_likely = cairn_random_range(random, 0, 3) > 0;
        strcat(text, is_likely
                         ? likely[cairn_random_range(random, 0, sizeof(likely) / sizeof(*likely))]
                         : pieces[cairn_random_range(random, 0, sizeof(pieces) / sizeof(*pieces))]);
    }
}

static void assert_end(struct cairn_http_node node, bool is_there, const char *text)
{
    unsigned char bytes[16] = {0};
    int port = 0;
    assert_int_equal((int)node.kind, is_there ? forwarded_reference_node(text, bytes, &port) : 0);
    if (node.kind != CAIRN_HTTP_NODE_ADDRESS)
        return;
    bool is_v4 = node.address.any.sa_family == AF_INET;
    if (is_v4)
        assert_memory_equal(&node.address.v4.sin_addr, bytes + 12, 4);
    else
        assert_memory_equal(&node.address.v6.sin6_addr, bytes, 16);
    assert_int_equal(ntohs(is_v4 ? node.address.v4.sin_port : node.address.v6.sin6_port), port);
}

/* Returns how many elements both read. */
static size_t agree(struct cairn_arena *arena, const char *text)
{
    static struct forwarded_reference expected;
    char copy[512];
    char *rest = strcpy(copy, text);
    struct cairn_str line = cairn_str_from(text);
    for (size_t count = 0;; count++) {
        struct cairn_http_forwarded out;
        int step = forwarded_reference_next(&rest, &expected);
        enum cairn_http_forwarded_step ours = cairn_http_forwarded_next(&line, arena, &out);
        assert_int_equal(ours == CAIRN_HTTP_FORWARDED_FOUND, step == 1);
        assert_int_equal(ours == CAIRN_HTTP_FORWARDED_BROKEN, step == -1);
        if (step != 1)
            return count;
        assert_end(out.client, expected.has[0], expected.values[0]);
        assert_end(out.proxy, expected.has[1], expected.values[1]);
        assert_int_equal(out.host.data != NULL, expected.has[2]);
        assert_true(cairn_str_equal(out.host, cairn_str_from(expected.values[2])));
        assert_true(cairn_str_equal(out.proto, cairn_str_from(expected.values[3])));
    }
}

static void agrees_with_a_naive_reader_on_random_lines(void **state)
{
    struct cairn_random random;
    size_t read = 0;
    (void)state;
    cairn_random_init(&random, 5);
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    for (int round = 0; round < 100000; round++) {
        char text[512];
        struct cairn_arena *arena = cairn_arena_new(cache);
        random_line(&random, text);
        read += agree(arena, text);
        cairn_arena_free(arena);
    }
    cairn_arena_cache_free(cache);
    assert_true(read > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(reads_the_examples_of_rfc_7239),
        fixture_test(undoes_the_escapes_of_quoted_strings),
        fixture_test(passes_over_what_is_empty_or_unknown),
        fixture_test(a_line_out_of_the_grammar_is_broken),
        fixture_test(an_end_of_another_form_is_invalid_and_breaks_nothing),
        fixture_test(reads_addresses_ports_and_names),
        fixture_test(x_forwarded_for_has_bare_ipv6_and_no_names),
        fixture_test(says_when_there_is_no_memory_for_an_escape),
        fixture_test(agrees_with_a_naive_reader_on_random_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
