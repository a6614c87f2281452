#include "layers/http_fixture.h"

#include <cairn/http/values/idempotency_key.h>
#include <cairn/service/random.h>
#include <cairn/testkit/idempotency_key_reference.h>

static void assert_key(const char *value, const char *expected)
{
    char out[CAIRN__IDEMPOTENCY_KEY_MOST];
    size_t length = cairn__idempotency_key_read(cairn_str_from(value), out);
    assert_true(idempotency_key_reference_agrees(value));
    assert_int_equal(length, expected ? strlen(expected) : 0);
    if (expected)
        assert_memory_equal(out, expected, length);
}

static void reads_a_string_and_a_bare_key(void **state)
{
    (void)state;
    assert_key("\"8e03978e-40d5-43e8\"", "8e03978e-40d5-43e8");
    assert_key("8e03978e-40d5-43e8", "8e03978e-40d5-43e8");
    assert_key("\"a b,c;d\"", "a b,c;d");
    assert_key("\"\\\"\\\\\"", "\"\\");
    assert_key("[a]{b}", "[a]{b}");
}

static void parameters_mean_nothing(void **state)
{
    (void)state;
    assert_key("\"a\";p=1", "a");
    assert_key("\"a\"  ; p", "a");
    assert_key("\"a\" ", "a");
}

static void refuses_what_is_no_key(void **state)
{
    static const char *const bad[] = {"", "\"", "\"\"", "\"a", "\"a\\\"", "\"a\\b\"", "\"a\\",
        "\"a\"b", "\"a\", \"b\"", "a b", "a,b", "a;b", "a\"b", "a\\b", "\xc3\xa4", "\"\xc3\xa4\"",
        "\"a\tb\"", "a\x7f", " a"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_key(bad[i], NULL);
}

static void a_key_has_255_characters_at_most(void **state)
{
    char value[259] = "\"";
    char expected[257];
    (void)state;
    memset(value + 1, 'k', 255);
    strcpy(value + 256, "\"");
    memset(expected, 'k', 255);
    expected[255] = '\0';
    assert_key(value, expected);
    assert_key(expected, expected);
    strcpy(value + 256, "k\"");
    assert_key(value, NULL);
    strcpy(expected + 255, "k");
    assert_key(expected, NULL);
}

static void reads_what_a_regular_expression_does(void **state)
{
    static const char alphabet[] = "\"\"\"\\\\ab ,;=\x01\x7f\xff]";
    struct cairn_random random;
    char value[16];
    size_t keys = 0;
    (void)state;
    cairn_random_init(&random, 7);
    for (int i = 0; i < 100000; i++) {
        size_t length = cairn_random_next_u64(&random) % sizeof(value);
        for (size_t j = 0; j < length; j++)
            value[j] = alphabet[cairn_random_next_u64(&random) % (sizeof(alphabet) - 1)];
        if (length && i % 2)
            value[0] = '"';
        value[length] = '\0';
        char out[CAIRN__IDEMPOTENCY_KEY_MOST];
        keys += cairn__idempotency_key_read(cairn_str_from(value), out) > 0;
        assert_true(idempotency_key_reference_agrees(value));
    }
    assert_true(keys > 2000);
}

/*
 * Fingerprints
 */

static struct cairn_idempotency_fingerprint of(
    struct fixture *f, enum cairn_http_method method, const char *target, const char *body)
{
    struct cairn_http_request *req = cairn_http_request_new(f->arena, method, target);
    req->body = cairn_str_from(body);
    return cairn__idempotency_fingerprint(req);
}

static bool is_same(struct cairn_idempotency_fingerprint a, struct cairn_idempotency_fingerprint b)
{
    assert_int_equal(a.words[0] == b.words[0], a.words[1] == b.words[1]);
    return a.words[0] == b.words[0];
}

static void a_fingerprint_is_of_method_target_and_body(void **state)
{
    struct fixture *f = *state;
    struct cairn_idempotency_fingerprint first = of(f, CAIRN_HTTP_POST, "/a?b", "c");
    assert_true(is_same(first, of(f, CAIRN_HTTP_POST, "/a?b", "c")));
    assert_false(is_same(first, of(f, CAIRN_HTTP_PATCH, "/a?b", "c")));
    assert_false(is_same(first, of(f, CAIRN_HTTP_POST, "/a?c", "c")));
    assert_false(is_same(first, of(f, CAIRN_HTTP_POST, "/a?b", "d")));
    assert_false(is_same(first, of(f, CAIRN_HTTP_POST, "/a?bc", NULL)));
    assert_true(is_same(of(f, CAIRN_HTTP_POST, "/", NULL), of(f, CAIRN_HTTP_POST, "/", "")));
}

/* It may be stored: what it is now it must be in the next version, and on every machine. */
static void a_fingerprint_does_not_change(void **state)
{
    struct cairn_idempotency_fingerprint print = of(*state, CAIRN_HTTP_POST, "/orders", "{}");
    assert_int_equal(print.words[0], UINT64_C(0x033e1616cb999471));
    assert_int_equal(print.words[1], UINT64_C(0xdba821e772c4932a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_string_and_a_bare_key),
        cmocka_unit_test(parameters_mean_nothing),
        cmocka_unit_test(refuses_what_is_no_key),
        cmocka_unit_test(a_key_has_255_characters_at_most),
        cmocka_unit_test(reads_what_a_regular_expression_does),
        fixture_test(a_fingerprint_is_of_method_target_and_body),
        fixture_test(a_fingerprint_does_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
