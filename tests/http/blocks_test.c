#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <cairn/http/codec/blocks.h>

/* Both in memory that ends where the text does. */
static void a_copy_is_the_text_and_nothing_beyond_at_every_length(void **state)
{
    (void)state;
    for (size_t length = 0; length <= 150; length++) {
        char *from = malloc(length + !length);
        char *to = malloc(length + !length);
        for (size_t i = 0; i < length; i++) {
            from[i] = (char)(i * 7 + 1);
            to[i] = 0;
        }
        assert_ptr_equal(cairn__put(to, from, length), to + length);
        assert_memory_equal(to, from, length);
        free(from);
        free(to);
    }
}

static void each_byte_is_marked_by_what_it_is_wherever_it_stands(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 16; at++) {
            char text[] = "abcdefghijklmnop";
            bool is_visible = c >= ' ' && c != 127;
            bool is_usual = c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            text[at] = (char)c;
            assert_int_equal(cairn__blocks_are(text, 16, cairn__block_invisible), is_visible);
            bool is_host = is_usual || c == '.' || (c >= '0' && c <= '9');
            assert_int_equal(cairn__blocks_are(text, 16, cairn__block_unusual), is_usual);
            assert_int_equal(cairn__blocks_are(text, 16, cairn__block_no_host), is_host);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_the_text_and_nothing_beyond_at_every_length),
        cmocka_unit_test(each_byte_is_marked_by_what_it_is_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
