/* The table of addresses beside a list that is searched from its beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include <cairn/http/server/address_table.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>

#define MOST_EACH 3
#define ROUNDS 200000
#define PLACES 96
#define OPEN 64

static struct sockaddr_in6 address(const char *text)
{
    struct sockaddr_in6 out = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        out.sin6_family = AF_INET;
        return out;
    }
    assert_int_equal(inet_pton(AF_INET6, text, &out.sin6_addr), 1);
    out.sin6_family = AF_INET6;
    return out;
}

static bool add(struct cairn__address_table *table, const char *text, size_t most)
{
    const struct sockaddr_in6 peer = address(text);
    return cairn__address_table_add(table, (const struct sockaddr *)&peer, most);
}

static void drop(struct cairn__address_table *table, const char *text)
{
    const struct sockaddr_in6 peer = address(text);
    cairn__address_table_remove(table, (const struct sockaddr *)&peer);
}

static void an_address_has_no_more_than_its_share(void **state)
{
    struct cairn__address_table table;
    (void)state;
    assert_int_equal(cairn__address_table_init(&table, 10), 0);
    assert_true(add(&table, "10.0.0.1", 2));
    assert_true(add(&table, "10.0.0.1", 2));
    assert_false(add(&table, "10.0.0.1", 2));
    assert_true(add(&table, "10.0.0.2", 2));
    drop(&table, "10.0.0.1");
    assert_true(add(&table, "10.0.0.1", 2));
    assert_false(add(&table, "10.0.0.1", 2));
    cairn__address_table_fini(&table);
}

static void four_bytes_are_an_address_whichever_socket_they_came_to(void **state)
{
    struct cairn__address_table table;
    (void)state;
    assert_int_equal(cairn__address_table_init(&table, 10), 0);
    assert_true(add(&table, "10.0.0.1", 1));
    assert_false(add(&table, "::ffff:10.0.0.1", 1));
    assert_true(add(&table, "::ffff:10.0.0.2", 1));
    assert_true(add(&table, "::", 1));
    cairn__address_table_fini(&table);
}

static void of_sixteen_bytes_the_first_eight_are_one(void **state)
{
    struct cairn__address_table table;
    (void)state;
    assert_int_equal(cairn__address_table_init(&table, 10), 0);
    assert_true(add(&table, "2001:db8:1:2::1", 1));
    assert_false(add(&table, "2001:db8:1:2:ffff:ffff:ffff:ffff", 1));
    assert_true(add(&table, "2001:db8:1:3::1", 1));
    cairn__address_table_fini(&table);
}

static void a_unix_socket_has_none(void **state)
{
    const struct sockaddr unix_peer = {.sa_family = AF_UNIX};
    const struct sockaddr_in6 v4 = address("10.0.0.1");
    const struct sockaddr_in6 v6 = address("::1");
    (void)state;
    assert_false(cairn__address_table_counts(&unix_peer));
    assert_true(cairn__address_table_counts((const struct sockaddr *)&v4));
    assert_true(cairn__address_table_counts((const struct sockaddr *)&v6));
}

static void without_memory_there_is_none(void **state)
{
    struct cairn__address_table table;
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_int_equal(cairn__address_table_init(&table, 10), -1);
    cairn_test_alloc_fail_at(0);
    cairn__address_table_fini(&table);
}

static struct sockaddr_in6 place(unsigned number)
{
    struct sockaddr_in6 out = {.sin6_family = AF_INET};
    ((struct sockaddr_in *)&out)->sin_addr.s_addr = htonl(0x0a000000 + number);
    return out;
}

/* As full as it gets, so that the runs of slots are long, and wrap around the end. */
static void it_counts_as_a_list_does(void **state)
{
    struct cairn__address_table table;
    struct cairn_random random;
    unsigned counts[PLACES] = {0};
    unsigned open = 0;
    (void)state;
    cairn_random_init(&random, 7);
    assert_int_equal(cairn__address_table_init(&table, OPEN), 0);
    for (int i = 0; i < ROUNDS; i++) {
        unsigned number = (unsigned)cairn_random_range(&random, 0, PLACES);
        const struct sockaddr_in6 peer = place(number);
        if (cairn_random_range(&random, 0, 5) < 3 && open < OPEN) {
            bool fits = counts[number] < MOST_EACH;
            assert_int_equal(
                cairn__address_table_add(&table, (const struct sockaddr *)&peer, MOST_EACH), fits);
            counts[number] += fits;
            open += fits;
        } else if (counts[number]) {
            cairn__address_table_remove(&table, (const struct sockaddr *)&peer);
            counts[number]--;
            open--;
        }
    }
    cairn__address_table_fini(&table);
}

#define table_test(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        table_test(an_address_has_no_more_than_its_share),
        table_test(four_bytes_are_an_address_whichever_socket_they_came_to),
        table_test(of_sixteen_bytes_the_first_eight_are_one),
        table_test(a_unix_socket_has_none),
        table_test(without_memory_there_is_none),
        table_test(it_counts_as_a_list_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
