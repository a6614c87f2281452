#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <cairn/service/address.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>

static bool parse(struct cairn_address *address, const char *text)
{
    return cairn_address_parse(address, cairn_str_from(text));
}

static void assert_round_trip(const char *text, const char *canonical)
{
    struct cairn_address address;
    char buffer[CAIRN_ADDRESS_BYTES];
    assert_true(parse(&address, text));
    assert_string_equal(cairn_address_format(&address, buffer, sizeof(buffer)), canonical);
}

static void reads_numbers_and_paths_and_writes_them(void **state)
{
    char longest[5 + 107 + 1] = "unix:";
    (void)state;
    assert_round_trip("127.0.0.1:9000", "127.0.0.1:9000");
    assert_round_trip("0.0.0.0:1", "0.0.0.0:1");
    assert_round_trip("10.1.2.3:65535", "10.1.2.3:65535");
    assert_round_trip("[::1]:80", "[::1]:80");
    assert_round_trip("[2001:DB8:0:0::7]:080", "[2001:db8::7]:80");
    assert_round_trip("[::ffff:10.0.0.1]:443", "[::ffff:10.0.0.1]:443");
    assert_round_trip("unix:/run/app.sock", "unix:/run/app.sock");
    assert_round_trip("unix:a", "unix:a");
    memset(longest + 5, 'x', 107);
    assert_round_trip(longest, longest);
}

static void tells_the_kernel_what_it_read(void **state)
{
    struct cairn_address address;
    struct sockaddr_in v4;
    (void)state;
    assert_true(parse(&address, "127.0.0.1:258"));
    assert_int_equal(address.length, sizeof(v4));
    memcpy(&v4, &address.storage, sizeof(v4));
    assert_int_equal(v4.sin_family, AF_INET);
    assert_int_equal(ntohs(v4.sin_port), 258);
    assert_int_equal(ntohl(v4.sin_addr.s_addr), 0x7f000001);
    assert_true(parse(&address, "[::1]:1"));
    assert_int_equal(address.length, sizeof(struct sockaddr_in6));
    assert_true(parse(&address, "unix:/x"));
    assert_int_equal(address.length, sizeof(struct sockaddr_un));
}

static void refuses_what_is_neither(void **state)
{
    static const char *const texts[] = {"", ":", "9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
        "127.0.0.1:65536", "127.0.0.1:99999999", "127.0.0.1: 80", "127.0.0.1:+80", "127.0.0.1:8x",
        " 127.0.0.1:80", "127.1:80", "256.0.0.1:80", "localhost:80", "::1:80", "[::1]", "[::1:80",
        "::1]:80", "[127.0.0.1]:80", "[]:80", "[:80", "]:80", "[::1]x:80", "[fe80::1%lo]:80",
        "unix:", "UNIX:/x", "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80"};
    struct cairn_address address;
    char longer[5 + 108 + 1] = "unix:";
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(parse(&address, texts[i]));
    memset(longer + 5, 'x', 108);
    assert_false(parse(&address, longer));
    assert_false(cairn_address_parse(&address, cairn_str_of("unix:a\0b", 8)));
    assert_false(cairn_address_parse(&address, cairn_str_of("127.0.0.1\0:80", 13)));
    assert_false(cairn_address_parse(&address, cairn_str_of("127.0.0.1:80\0", 13)));
    assert_false(cairn_address_parse(&address, cairn_str_of(NULL, 0)));
}

/* getaddrinfo reads more than numbers that are written out, so the reference looks at the form. */
static bool reference(const char *text, struct sockaddr_storage *to)
{
    char host[64] = "";
    const char *colon = strrchr(text, ':');
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_family = text[0] == '[' ? AF_INET6 : AF_INET,
        .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
        atoi(colon + 1) < 1 || atoi(colon + 1) > 65535)
        return false;
    size_t length = (size_t)(colon - text);
    if (text[0] == '[') {
        if (length < 2 || colon[-1] != ']')
            return false;
        text++;
        length -= 2;
    } else {
        size_t dots = 0;
        for (size_t i = 0; i < length; i++) {
            dots += text[i] == '.';
            /* "010" and "0x1" are octal and hexadecimal to getaddrinfo, and no numbers to us */
            if (text[i] == '0' && (i == 0 || text[i - 1] == '.') && i + 1 < length &&
                text[i + 1] != '.')
                return false;
        }
        if (dots != 3)
            return false;
    }
    memcpy(host, text, length);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return false;
    memcpy(to, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

static void agrees_with_a_reference_on_random_text(void **state)
{
    static const char *const seeds[] = {
        "127.0.0.1:9000", "[::1]:80", "[2001:db8::1:0]:443", "[::ffff:1.2.3.4]:1", "0.0.0.0:65535"};
    static const char letters[] = "0123456789abf:.[]";
    struct cairn_random random;
    size_t good = 0;
    (void)state;
    cairn_random_init(&random, 7);
    for (int round = 0; round < 100000; round++) {
        struct cairn_address address;
        struct sockaddr_storage expected = {0};
        char text[64] = "";
        strcpy(text, seeds[cairn_random_range(&random, 0, sizeof(seeds) / sizeof(seeds[0]))]);
        for (uint64_t edits = cairn_random_range(&random, 0, 4); edits > 0; edits--)
            text[cairn_random_range(&random, 0, strlen(text))] =
                letters[cairn_random_range(&random, 0, sizeof(letters) - 1)];
        bool is_address = reference(text, &expected);
        if (parse(&address, text) != is_address)
            fail_msg("\"%s\": the reference says %d", text, is_address);
        if (!is_address)
            continue;
        good++;
        assert_memory_equal(&address.storage, &expected, address.length);
    }
    assert_in_range(good, 20000, 90000);
}

static void is_a_type_whose_values_are_owned(void **state)
{
    struct cairn_error *error = NULL;
    char buffer[CAIRN_ADDRESS_BYTES];
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_address *address = cairn_address_new("[::1]:80", &error);
    assert_non_null(address);
    struct cairn_address *copy = cairn_address_type.clone(address);
    cairn_type_drop(&cairn_address_type, address);
    assert_string_equal(cairn_address_format(copy, buffer, sizeof(buffer)), "[::1]:80");
    assert_string_equal(cairn_address_format(copy, buffer, 4), "[::");
    cairn_address_free(copy);
    cairn_address_free(NULL);
    assert_null(cairn_address_new("example.com:80", &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(
        error->message, "must be IP:PORT, [IPv6]:PORT or unix:PATH, got \"example.com:80\"");
    cairn_error_unref(error);
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_address_new("[::1]:80", &error));
    assert_ptr_equal(error, &cairn_error_no_memory);
    cairn_test_alloc_end();
    assert_string_equal(
        cairn_address_format(&(struct cairn_address){.storage.ss_family = AF_UNSPEC}, buffer, 128),
        "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers_and_paths_and_writes_them),
        cmocka_unit_test(tells_the_kernel_what_it_read),
        cmocka_unit_test(refuses_what_is_neither),
        cmocka_unit_test(agrees_with_a_reference_on_random_text),
        cmocka_unit_test(is_a_type_whose_values_are_owned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
