#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cairn/http/trusted_peers.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/trusted_reference.h>

#define test(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

static bool has(const struct cairn_trusted_peers *peers, const char *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = 80};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = 80};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return cairn_trusted_peers_has(peers, (const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return cairn_trusted_peers_has(peers, (const struct sockaddr *)&v6);
}

static struct cairn_trusted_peers *list(const char *text)
{
    struct cairn_error *error = NULL;
    struct cairn_trusted_peers *peers = cairn_trusted_peers_new(text, &error);
    assert_non_null(peers);
    assert_null(error);
    return peers;
}

static void finds_who_is_of_a_network(void **state)
{
    struct cairn_trusted_peers *peers = list("10.0.0.0/8, 192.0.2.7\tfd00::/9,2001:db8::1");
    (void)state;
    assert_true(has(peers, "10.255.0.1"));
    assert_false(has(peers, "11.0.0.1"));
    assert_true(has(peers, "192.0.2.7"));
    assert_false(has(peers, "192.0.2.6"));
    assert_true(has(peers, "fd7f::1"));
    assert_false(has(peers, "fd80::1"));
    assert_true(has(peers, "2001:db8::1"));
    assert_false(has(peers, "2001:db8::"));
    cairn_trusted_peers_free(peers);
}

static void an_ipv4_address_over_ipv6_is_one(void **state)
{
    struct cairn_trusted_peers *v4 = list("10.0.0.0/8");
    struct cairn_trusted_peers *v6 = list("::/0");
    (void)state;
    assert_true(has(v4, "::ffff:10.1.2.3"));
    assert_false(has(v4, "::ffff:11.1.2.3"));
    assert_false(has(v6, "::ffff:10.1.2.3"));
    assert_false(has(v6, "10.1.2.3"));
    assert_true(has(v6, "::1"));
    cairn_trusted_peers_free(v4);
    cairn_trusted_peers_free(v6);
}

static void nobody_is_of_an_empty_list(void **state)
{
    (void)state;
    const char *const texts[] = {NULL, "", " , ,"};
    for (size_t i = 0; i < 3; i++) {
        struct cairn_trusted_peers *peers = list(texts[i]);
        assert_false(has(peers, "127.0.0.1"));
        assert_false(has(peers, "::"));
        assert_false(cairn_trusted_peers_has(peers, NULL));
        cairn_trusted_peers_free(peers);
    }
    cairn_trusted_peers_free(NULL);
}

static void presets_stand_for_their_networks(void **state)
{
    struct cairn_trusted_peers *loopback = list("loopback");
    struct cairn_trusted_peers *private_ = list("private");
    (void)state;
    assert_true(has(loopback, "127.9.9.9") && has(loopback, "::1"));
    assert_false(has(loopback, "10.0.0.1") || has(loopback, "::2"));
    assert_true(has(private_, "10.0.0.1") && has(private_, "172.31.255.255"));
    assert_true(has(private_, "192.168.3.4") && has(private_, "fdab::1"));
    assert_false(has(private_, "172.32.0.0") || has(private_, "127.0.0.1"));
    assert_false(has(private_, "fe80::1"));
    cairn_trusted_peers_free(loopback);
    cairn_trusted_peers_free(private_);
}

static void unix_sockets_are_trusted_by_name_alone(void **state)
{
    const struct sockaddr_un un = {.sun_family = AF_UNIX};
    const struct sockaddr other = {.sa_family = AF_APPLETALK};
    struct cairn_trusted_peers *with = list("unix");
    struct cairn_trusted_peers *without = list("0.0.0.0/0 ::/0");
    (void)state;
    assert_true(cairn_trusted_peers_has(with, (const struct sockaddr *)&un));
    assert_false(cairn_trusted_peers_has(without, (const struct sockaddr *)&un));
    assert_false(cairn_trusted_peers_has(without, &other));
    assert_false(has(with, "0.0.0.0"));
    cairn_trusted_peers_free(with);
    cairn_trusted_peers_free(without);
}

static void says_which_member_is_wrong_and_why(void **state)
{
    static const char *const rows[][2] = {
        {"10.0.0.0/8, proxy.example",
            "\"proxy.example\": must be an address, a network like 10.0.0.0/8, loopback, private "
            "or unix"},
        {"Loopback", "\"Loopback\": must be an address, a network like 10.0.0.0/8, loopback, "
                     "private or unix"},
        {"10.0.0.0/33", "\"10.0.0.0/33\": the prefix must be 0 to 32"},
        {"10.0.0.0/", "\"10.0.0.0/\": the prefix must be 0 to 32"},
        {"10.0.0.0/-1", "\"10.0.0.0/-1\": the prefix must be 0 to 32"},
        {"::/129", "\"::/129\": the prefix must be 0 to 128"},
        {"10.0.0.1/8", "\"10.0.0.1/8\": has bits behind its prefix"},
        {"fd00::1/64", "\"fd00::1/64\": has bits behind its prefix"},
        {"10.64.0.0/9", "\"10.64.0.0/9\": has bits behind its prefix"},
        {"::ffff:10.0.0.0/104", "\"::ffff:10.0.0.0/104\": must be written as an IPv4 address"},
        {"\x1b[0m", "\"\\u001b[0m\": must be an address, a network like 10.0.0.0/8, loopback, "
                    "private or unix"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cairn_error *error = NULL;
        assert_null(cairn_trusted_peers_new(rows[i][0], &error));
        assert_int_equal(error->code, CAIRN_ERROR_INVALID);
        assert_string_equal(error->message, rows[i][1]);
        cairn_error_unref(error);
    }
}

static void takes_1024_members_and_no_more(void **state)
{
    static char text[1025 * 3 + 1];
    struct cairn_error *error = NULL;
    (void)state;
    for (size_t i = 0; i < 1025; i++)
        memcpy(text + 3 * i, "::,", 4);
    assert_null(cairn_trusted_peers_new(text, &error));
    assert_string_equal(error->message, "\"::\": is one of more than 1024");
    cairn_error_unref(error);
    cairn_trusted_peers_free(list(text + 3));
}

static void says_when_there_is_no_memory(void **state)
{
    struct cairn_error *error = NULL;
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_trusted_peers_new("loopback", &error));
    assert_ptr_equal(error, &cairn_error_no_memory);
    cairn_test_alloc_fail_at(0);
}

/* Mostly members with something between them; sometimes pieces as they come. */
static void random_list(struct cairn_random *random, char *text)
{
    static const char *const pieces[] = {"10.0.0.0", "10.128.0.0", "10.1.2.3", "0.0.0.0",
        "::", "::1", "fd00::", "fd00:8000::", "::ffff:10.0.0.0", "/0", "/8", "/9", "/16", "/32",
        "/33", "/128", "/17", "x", ",", " "};
    static const char *const members[] = {"10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.2.3",
        "0.0.0.0/0", "::/0", "::/1", "fd00::/8", "fd00:8000::/17", "::1/128", "loopback", "private",
        "unix", "2001:db8::/31"};
    bool is_tidy = cairn_random_range(random, 0, 4) > 0;
    text[0] = '\0';
    for (size_t n = (size_t)cairn_random_range(random, 0, 6); n > 0; n--) {
        if (is_tidy) {
            strcat(
                text, members[cairn_random_range(random, 0, sizeof(members) / sizeof(*members))]);
            strcat(text, n % 2 ? ", " : "\t");
        } else {
            strcat(text, pieces[cairn_random_range(random, 0, sizeof(pieces) / sizeof(*pieces))]);
        }
    }
}

static void agrees_with_a_naive_search_on_random_lists(void **state)
{
    static const char *const addresses[] = {"10.0.0.0", "10.1.2.3", "10.200.0.1", "127.0.0.1",
        "192.168.1.1", "::1", "::", "fd00::1", "fd00:8000::", "::ffff:10.1.2.3", "2001:db8::1"};
    struct cairn_random random;
    size_t found = 0;
    size_t lists = 0;
    (void)state;
    cairn_random_init(&random, 11);
    for (int round = 0; round < 100000; round++) {
        char text[256];
        struct cairn_error *error = NULL;
        const char *address =
            addresses[cairn_random_range(&random, 0, sizeof(addresses) / sizeof(*addresses))];
        random_list(&random, text);
        int expected = trusted_reference(text, address);
        struct cairn_trusted_peers *peers = cairn_trusted_peers_new(text, &error);
        assert_int_equal(peers != NULL, expected >= 0);
        if (peers) {
            assert_int_equal(has(peers, address), expected);
            lists++;
            found += (size_t)expected;
        }
        cairn_trusted_peers_free(peers);
        cairn_error_unref(error);
    }
    assert_true(lists > 50000);
    assert_true(found > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(finds_who_is_of_a_network),
        test(an_ipv4_address_over_ipv6_is_one),
        test(nobody_is_of_an_empty_list),
        test(presets_stand_for_their_networks),
        test(unix_sockets_are_trusted_by_name_alone),
        test(says_which_member_is_wrong_and_why),
        test(takes_1024_members_and_no_more),
        test(says_when_there_is_no_memory),
        test(agrees_with_a_naive_search_on_random_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
