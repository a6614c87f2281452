#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <cairn/http/base64.h>
#include <cairn/service/random.h>
#include <cairn/testkit/alloc.h>

static struct cairn_str encoded(enum cairn_base64 kind, struct cairn_str bytes, char *room)
{
    return cairn_str_of(room, cairn_base64_encode(kind, bytes, room));
}

static void assert_pair(enum cairn_base64 kind, struct cairn_str bytes, const char *text)
{
    char room[64];
    size_t length = 0;
    assert_true(cairn_str_equal(encoded(kind, bytes, room), cairn_str_from(text)));
    assert_true(cairn_base64_decode(kind, cairn_str_from(text), room, &length));
    assert_true(cairn_str_equal(cairn_str_of(room, length), bytes));
}

static void reads_and_writes_the_vectors_of_the_rfc(void **state)
{
    (void)state;
    assert_pair(CAIRN_BASE64, CAIRN_STR(""), "");
    assert_pair(CAIRN_BASE64, CAIRN_STR("f"), "Zg==");
    assert_pair(CAIRN_BASE64, CAIRN_STR("fo"), "Zm8=");
    assert_pair(CAIRN_BASE64, CAIRN_STR("foo"), "Zm9v");
    assert_pair(CAIRN_BASE64, CAIRN_STR("foob"), "Zm9vYg==");
    assert_pair(CAIRN_BASE64, CAIRN_STR("fooba"), "Zm9vYmE=");
    assert_pair(CAIRN_BASE64, CAIRN_STR("foobar"), "Zm9vYmFy");
    assert_pair(CAIRN_BASE64_URL, CAIRN_STR(""), "");
    assert_pair(CAIRN_BASE64_URL, CAIRN_STR("f"), "Zg");
    assert_pair(CAIRN_BASE64_URL, CAIRN_STR("fo"), "Zm8");
    assert_pair(CAIRN_BASE64_URL, CAIRN_STR("foo"), "Zm9v");
}

static void the_alphabets_differ_in_two_characters(void **state)
{
    (void)state;
    assert_pair(CAIRN_BASE64, CAIRN_STR("\xfb\xff\xbf"), "+/+/");
    assert_pair(CAIRN_BASE64_URL, CAIRN_STR("\xfb\xff\xbf"), "-_-_");
}

static bool is_read(enum cairn_base64 kind, struct cairn_str text)
{
    char room[64];
    size_t length;
    return cairn_base64_decode(kind, text, room, &length);
}

static void refuses_what_is_not_the_one_text_of_its_bytes(void **state)
{
    static const char *const padded[] = {"Zg",
        "Zg=", "Z===", "====", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v=", "Zm9v====", "Zm 9", "Zm\n9",
        " Zm9v", "Zm9v\r\n", "-_-_", "=Zm9", "Z=m9", "Zg=v"};
    static const char *const plain[] = {"Zg==", "Z", "Zm9vY", "Zh", "Zm9", "+/+/", "Zm8=", "Zm.v"};
    (void)state;
    for (size_t i = 0; i < sizeof(padded) / sizeof(*padded); i++)
        assert_false(is_read(CAIRN_BASE64, cairn_str_from(padded[i])));
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        assert_false(is_read(CAIRN_BASE64_URL, cairn_str_from(plain[i])));
    assert_false(is_read(CAIRN_BASE64_URL, CAIRN_STR("Zm\0v")));
    assert_false(is_read(CAIRN_BASE64_URL, CAIRN_STR("Zm9\xe9")));
}

static void decodes_in_place(void **state)
{
    char text[] = "Zm9vYmFy";
    size_t length;
    (void)state;
    assert_true(cairn_base64_decode(CAIRN_BASE64, cairn_str_from(text), text, &length));
    assert_int_equal(length, 6);
    assert_memory_equal(text, "foobar", 6);
}

/* One bit at a time. */
static bool reference_decode(
    enum cairn_base64 kind, struct cairn_str text, char *out, size_t *length)
{
    const char *alphabet = kind == CAIRN_BASE64
                               ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                               : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t symbols = 0;
    size_t bits = 0;
    memset(out, 0, 64);
    while (symbols < text.length) {
        const char *found = memchr(alphabet, text.data[symbols], 64);
        if (!found)
            break;
        for (int bit = 5; bit >= 0; bit--, bits++)
            out[bits / 8] =
                (char)(out[bits / 8] | ((found - alphabet) >> bit & 1) << (7 - bits % 8));
        symbols++;
    }
    static const size_t fill[] = {0, 9, 2, 1};
    size_t filled = text.length - symbols;
    for (size_t i = symbols; i < text.length; i++)
        if (text.data[i] != '=')
            return false;
    *length = bits / 8;
    if (filled != (kind == CAIRN_BASE64 ? fill[symbols % 4] : 0) || symbols % 4 == 1)
        return false;
    return bits % 8 == 0 || out[bits / 8] == 0;
}

static void agrees_with_a_naive_reader_on_random_texts(void **state)
{
    static const char symbols[] = "AZaz09+/-_==gQw ";
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 1);
    size_t read = 0;
    for (int round = 0; round < 200000; round++) {
        char text[16];
        char out[64];
        char expected[64];
        size_t length = 0;
        size_t expected_length = 0;
        size_t size = (size_t)cairn_random_range(&random, 0, 13);
        enum cairn_base64 kind = round % 2 ? CAIRN_BASE64 : CAIRN_BASE64_URL;
        for (size_t i = 0; i < size; i++)
            text[i] = symbols[cairn_random_range(&random, 0, sizeof(symbols) - 1)];
        struct cairn_str s = cairn_str_of(text, size);
        bool is_good = reference_decode(kind, s, expected, &expected_length);
        assert_int_equal(cairn_base64_decode(kind, s, out, &length), is_good);
        if (!is_good)
            continue;
        read++;
        assert_int_equal(length, expected_length);
        assert_memory_equal(out, expected, length);
        assert_true(cairn_str_equal(encoded(kind, cairn_str_of(out, length), expected), s));
    }
    assert_true(read > 1000);
}

static void gives_texts_and_bytes_in_an_arena(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    (void)state;
    assert_string_equal(
        cairn_base64_encode_in(arena, CAIRN_BASE64, CAIRN_STR("fooba")).data, "Zm9vYmE=");
    assert_string_equal(
        cairn_base64_decode_in(arena, CAIRN_BASE64_URL, CAIRN_STR("Zm9vYmE")).data, "fooba");
    assert_null(cairn_base64_decode_in(arena, CAIRN_BASE64, CAIRN_STR("Zm9vYmE")).data);
    cairn_arena_free(arena);
}

static void says_when_there_is_no_memory(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    struct cairn_arena *arena = cairn_arena_new(NULL);
    do
        cairn_test_alloc_fail_at(1);
    while (cairn_arena_alloc_text(arena, 1));
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_base64_encode_in(arena, CAIRN_BASE64, CAIRN_STR("foo")).data);
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_base64_decode_in(arena, CAIRN_BASE64, CAIRN_STR("Zm9v")).data);
    cairn_arena_free(arena);
    cairn_test_alloc_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_vectors_of_the_rfc),
        cmocka_unit_test(the_alphabets_differ_in_two_characters),
        cmocka_unit_test(refuses_what_is_not_the_one_text_of_its_bytes),
        cmocka_unit_test(decodes_in_place),
        cmocka_unit_test(agrees_with_a_naive_reader_on_random_texts),
        cmocka_unit_test(gives_texts_and_bytes_in_an_arena),
        cmocka_unit_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
