#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/http/connection/proxy_protocol.h>
#include <cairn/service/random.h>
#include <cairn/testkit/proxy_reference.h>

/* Feeds pieces of STEP bytes. Returns how many were used. */
static size_t feed(struct cairn__proxy_parser *parser, const void *data, size_t size, size_t step,
    enum cairn__proxy_result *result)
{
    size_t at = 0;
    *parser = (struct cairn__proxy_parser){.state = CAIRN__PROXY_START};
    *result = CAIRN__PROXY_MORE;
    while (at < size && *result == CAIRN__PROXY_MORE) {
        size_t used = 0;
        *result = cairn__proxy_feed(
            parser, (const char *)data + at, step < size - at ? step : size - at, &used);
        at += used;
    }
    return at;
}

/* The same whole and byte by byte. */
static struct cairn__proxy_parser parse(
    const void *data, size_t size, enum cairn__proxy_result expected, size_t used)
{
    struct cairn__proxy_parser whole;
    struct cairn__proxy_parser pieces;
    enum cairn__proxy_result result;
    size_t n = feed(&whole, data, size, size, &result);
    assert_int_equal(result, expected);
    assert_int_equal(feed(&pieces, data, size, 1, &result), n);
    assert_int_equal(result, expected);
    assert_memory_equal(&whole, &pieces, sizeof(whole));
    if (expected == CAIRN__PROXY_COMPLETE)
        assert_int_equal(n, used);
    return whole;
}

static struct cairn__proxy_parser line(const char *text, enum cairn__proxy_result expected)
{
    const char *end = strchr(text, '\n');
    return parse(text, strlen(text), expected, end ? (size_t)(end - text) + 1 : 0);
}

static void assert_address(
    const union cairn__proxy_address *address, const char *expected, unsigned port)
{
    char text[INET6_ADDRSTRLEN];
    bool is_v4 = address->any.sa_family == AF_INET;
    assert_non_null(inet_ntop(address->any.sa_family,
        is_v4 ? (const void *)&address->v4.sin_addr : (const void *)&address->v6.sin6_addr, text,
        sizeof(text)));
    assert_string_equal(text, expected);
    assert_int_equal(ntohs(is_v4 ? address->v4.sin_port : address->v6.sin6_port), port);
}

static void reads_version_1(void **state)
{
    (void)state;
    struct cairn__proxy_parser parser = line(
        "PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\nGET / HTTP/1.1\r\n", CAIRN__PROXY_COMPLETE);
    assert_true(parser.has_addresses);
    assert_address(&parser.source, "203.0.113.9", 56324);
    assert_address(&parser.destination, "192.0.2.1", 443);
    parser = line(
        "PROXY TCP6 ffff:f:ffff:ffff:ffff:ffff:ffff:ffff ::1 65535 0\r\n", CAIRN__PROXY_COMPLETE);
    assert_address(&parser.source, "ffff:f:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
    assert_address(&parser.destination, "::1", 0);
}

static void an_unknown_line_has_no_addresses(void **state)
{
    (void)state;
    assert_false(line("PROXY UNKNOWN\r\n", CAIRN__PROXY_COMPLETE).has_addresses);
    assert_false(line("PROXY UNKNOWN what ever 1 2 3\r\nGET", CAIRN__PROXY_COMPLETE).has_addresses);
    line("PROXY UNKNOWNS\r\n", CAIRN__PROXY_REFUSED);
}

static void refuses_a_line_that_is_not_as_it_must_be(void **state)
{
    static const char *const lines[] = {"GET / HTTP/1.1\r\n", "PROXY TCP4\r\n", "\r\nPROXY",
        "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 01\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
        "PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.04 1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\r\n", "PROXY \n", "PROXY \r\n", "PROXZ"};
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        line(lines[i], CAIRN__PROXY_REFUSED);
    parse("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 1\r\n", 34, CAIRN__PROXY_REFUSED, 0);
}

static void a_line_has_107_bytes_at_most(void **state)
{
    char text[110];
    (void)state;
    snprintf(text, sizeof(text), "PROXY UNKNOWN %91s\r\n", "x");
    assert_int_equal(strlen(text), 107);
    line(text, CAIRN__PROXY_COMPLETE);
    snprintf(text, sizeof(text), "PROXY UNKNOWN %92s\r\n", "x");
    line(text, CAIRN__PROXY_REFUSED);
    text[106] = '\0';
    line(text, CAIRN__PROXY_MORE);
}

static void what_cannot_be_a_header_is_refused_at_its_first_byte(void **state)
{
    static const char *const starts[] = {"G", "PROXz", "\r\n\r\n\r", "\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        struct cairn__proxy_parser parser;
        enum cairn__proxy_result result;
        size_t length = strlen(starts[i]);
        feed(&parser, starts[i], length - 1, 1, &result);
        assert_int_equal(result, CAIRN__PROXY_MORE);
        feed(&parser, starts[i], length, 1, &result);
        assert_int_equal(result, CAIRN__PROXY_REFUSED);
    }
}

struct block {
    unsigned char bytes[16 + 65536];
    size_t length;
};

/* A header of version 2 with COMMAND and FAMILY, and LENGTH bytes of DATA. */
static void block_begin(
    struct block *block, unsigned command, unsigned family, const void *data, size_t length)
{
    memcpy(block->bytes, "\r\n\r\n\0\r\nQUIT\n", 12);
    block->bytes[12] = (unsigned char)command;
    block->bytes[13] = (unsigned char)family;
    block->length = 16 + length;
    if (length > 0)
        memcpy(block->bytes + 16, data, length);
}

static void block_end(struct block *block)
{
    block->bytes[14] = (unsigned char)((block->length - 16) >> 8);
    block->bytes[15] = (unsigned char)(block->length - 16);
}

static void block_add(struct block *block, unsigned type, const void *data, size_t length)
{
    unsigned char *at = block->bytes + block->length;
    at[0] = (unsigned char)type;
    at[1] = (unsigned char)(length >> 8);
    at[2] = (unsigned char)length;
    memcpy(at + 3, data, length);
    block->length += 3 + length;
}

/* With the bytes of a request behind it. */
static struct cairn__proxy_parser block_parse(
    struct block *block, enum cairn__proxy_result expected)
{
    block_end(block);
    memcpy(block->bytes + block->length, "GET /", 5);
    return parse(block->bytes, block->length + 5, expected, block->length);
}

static const unsigned char v4[] = {203, 0, 113, 9, 192, 0, 2, 1, 0xdc, 0x04, 0x01, 0xbb};
static struct block block;

static void reads_version_2(void **state)
{
    unsigned char v6[36] = {[0] = 0x20, [1] = 0x01, [15] = 7, [31] = 1, [33] = 80, [34] = 1};
    unsigned char paths[216] = "/run/app.sock";
    (void)state;
    block_begin(&block, 0x21, 0x11, v4, sizeof(v4));
    struct cairn__proxy_parser parser = block_parse(&block, CAIRN__PROXY_COMPLETE);
    assert_true(parser.has_addresses && !parser.is_unix);
    assert_address(&parser.source, "203.0.113.9", 56324);
    assert_address(&parser.destination, "192.0.2.1", 443);
    block_begin(&block, 0x21, 0x21, v6, sizeof(v6));
    parser = block_parse(&block, CAIRN__PROXY_COMPLETE);
    assert_address(&parser.source, "2001::7", 80);
    assert_address(&parser.destination, "::1", 256);
    block_begin(&block, 0x21, 0x31, paths, sizeof(paths));
    parser = block_parse(&block, CAIRN__PROXY_COMPLETE);
    assert_true(parser.has_addresses && parser.is_unix);
}

static void a_local_command_and_other_families_have_no_addresses(void **state)
{
    static const struct {
        unsigned command;
        unsigned family;
        size_t length;
    } rows[] = {{0x20, 0x00, 0}, {0x20, 0x11, 3}, {0x20, 0xff, 7}, {0x21, 0x00, 0},
        {0x21, 0x00, 12}, {0x21, 0x12, 12}, {0x21, 0x22, 36}, {0x21, 0x32, 0}, {0x21, 0x01, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        unsigned char garbage[36];
        memset(garbage, 0xaa, sizeof(garbage));
        block_begin(&block, rows[i].command, rows[i].family, garbage, rows[i].length);
        assert_false(block_parse(&block, CAIRN__PROXY_COMPLETE).has_addresses);
    }
}

static void refuses_versions_commands_and_families_that_are_none(void **state)
{
    static const unsigned rows[][2] = {{0x11, 0x11}, {0x31, 0x11}, {0x22, 0x11}, {0x2f, 0x11},
        {0x21, 0x13}, {0x21, 0x41}, {0x21, 0xf1}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        block_begin(&block, rows[i][0], rows[i][1], v4, sizeof(v4));
        block_parse(&block, CAIRN__PROXY_REFUSED);
    }
}

static void refuses_a_block_that_is_too_short_or_too_long(void **state)
{
    static unsigned char zeros[4097];
    (void)state;
    block_begin(&block, 0x21, 0x11, v4, sizeof(v4) - 1);
    block_parse(&block, CAIRN__PROXY_REFUSED);
    block_begin(&block, 0x21, 0x31, v4, sizeof(v4));
    block_parse(&block, CAIRN__PROXY_REFUSED);
    block_begin(&block, 0x20, 0x00, zeros, 4096);
    block_parse(&block, CAIRN__PROXY_COMPLETE);
    block_begin(&block, 0x20, 0x00, zeros, 4097);
    block_parse(&block, CAIRN__PROXY_REFUSED);
}

static void passes_over_values_and_refuses_those_that_do_not_fit(void **state)
{
    (void)state;
    block_begin(&block, 0x21, 0x11, v4, sizeof(v4));
    block_add(&block, 0x01, "h2", 2);
    block_add(&block, 0x04, "", 0);
    block_add(&block, 0xea, "vpce-08d2", 9);
    struct cairn__proxy_parser parser = block_parse(&block, CAIRN__PROXY_COMPLETE);
    assert_address(&parser.source, "203.0.113.9", 56324);
    block.length--;
    block_parse(&block, CAIRN__PROXY_REFUSED);
    block_begin(&block, 0x21, 0x11, v4, sizeof(v4));
    block_add(&block, 0x04, "", 0);
    block.length--;
    block_parse(&block, CAIRN__PROXY_REFUSED);
}

static void a_checksum_must_be_right(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        block_begin(&block, 0x21, 0x11, v4, sizeof(v4));
        block_add(&block, 0x04, "xyz", 3);
        block_add(&block, 0x03, "\0\0\0\0", 4);
        block_add(&block, 0x05, "id", 2);
        block_end(&block);
        uint32_t crc = htonl(proxy_reference_crc(block.bytes, block.length) + (unsigned)wrong);
        memcpy(block.bytes + block.length - 9, &crc, 4);
        block_parse(&block, wrong ? CAIRN__PROXY_REFUSED : CAIRN__PROXY_COMPLETE);
    }
    assert_int_equal(proxy_reference_crc((const unsigned char *)"123456789", 9), 0xe3069283);
}

static void refuses_a_checksum_of_another_length_or_twice(void **state)
{
    (void)state;
    block_begin(&block, 0x21, 0x11, v4, sizeof(v4));
    block_add(&block, 0x03, "\0\0\0", 3);
    block_parse(&block, CAIRN__PROXY_REFUSED);
    block_begin(&block, 0x21, 0x11, v4, sizeof(v4));
    block_add(&block, 0x03, "\0\0\0\0", 4);
    block_add(&block, 0x03, "\0\0\0\0", 4);
    block_end(&block);
    uint32_t crc = htonl(proxy_reference_crc(block.bytes, block.length));
    memcpy(block.bytes + block.length - 4, &crc, 4);
    memcpy(block.bytes + block.length - 11, &crc, 4);
    block_parse(&block, CAIRN__PROXY_REFUSED);
}

/* Mostly something near a header. */
static void random_header(struct cairn_random *random)
{
    static const char *const pieces[] = {"PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", "1.2.3.4 ", "::1 ",
        "80 ", "443", "\r\n", " ", "0", "x", "PROXY TCP4 1.2.3.4 1.2.3.4 80 443\r\n"};
    static const unsigned families[] = {0x11, 0x21, 0x31, 0x00, 0x12, 0x41};
    unsigned char data[64];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)cairn_random_next_u64(random);
    if (cairn_random_range(random, 0, 2)) {
        block.length = 0;
        for (size_t n = (size_t)cairn_random_range(random, 1, 9); n > 0; n--) {
            const char *piece =
                pieces[cairn_random_range(random, 0, sizeof(pieces) / sizeof(*pieces))];
            memcpy(block.bytes + block.length, piece, strlen(piece));
            block.length += strlen(piece);
        }
        return;
    }
    block_begin(&block, 0x20 + (unsigned)cairn_random_range(random, 0, 9) / 2,
        families[cairn_random_range(random, 0, 6)], data,
        (size_t)cairn_random_range(random, 8, 40));
    for (size_t n = (size_t)cairn_random_range(random, 0, 4); n > 0; n--)
        block_add(&block, (unsigned)cairn_random_range(random, 1, 6), data,
            (size_t)cairn_random_range(random, 0, 7));
    block_end(&block);
    if (cairn_random_range(random, 0, 6) == 0)
        block.bytes[cairn_random_range(random, 0, block.length)] ^= 1;
}

static void agrees_with_a_naive_reader_on_random_bytes(void **state)
{
    struct cairn_random random;
    size_t whole = 0;
    (void)state;
    cairn_random_init(&random, 9);
    for (int round = 0; round < 100000; round++) {
        struct cairn__proxy_parser parser;
        struct proxy_reference expected;
        enum cairn__proxy_result result;
        random_header(&random);
        size_t step = (size_t)cairn_random_range(&random, 1, 20);
        size_t used = feed(&parser, block.bytes, block.length, step, &result);
        enum proxy_reference_result is = proxy_reference(&expected, block.bytes, block.length);
        assert_int_equal(result == CAIRN__PROXY_COMPLETE, is == PROXY_REFERENCE_WHOLE);
        assert_true(result != CAIRN__PROXY_MORE || is == PROXY_REFERENCE_SHORT);
        if (is != PROXY_REFERENCE_WHOLE)
            continue;
        whole++;
        assert_int_equal(used, expected.length);
        assert_int_equal(parser.has_addresses, expected.family != 0);
        if (expected.family == AF_INET)
            assert_memory_equal(&parser.source.v4.sin_addr, expected.source, 4);
    }
    assert_true(whole > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_version_1),
        cmocka_unit_test(an_unknown_line_has_no_addresses),
        cmocka_unit_test(refuses_a_line_that_is_not_as_it_must_be),
        cmocka_unit_test(a_line_has_107_bytes_at_most),
        cmocka_unit_test(what_cannot_be_a_header_is_refused_at_its_first_byte),
        cmocka_unit_test(reads_version_2),
        cmocka_unit_test(a_local_command_and_other_families_have_no_addresses),
        cmocka_unit_test(refuses_versions_commands_and_families_that_are_none),
        cmocka_unit_test(refuses_a_block_that_is_too_short_or_too_long),
        cmocka_unit_test(passes_over_values_and_refuses_those_that_do_not_fit),
        cmocka_unit_test(a_checksum_must_be_right),
        cmocka_unit_test(refuses_a_checksum_of_another_length_or_twice),
        cmocka_unit_test(agrees_with_a_naive_reader_on_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
