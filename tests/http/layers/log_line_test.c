#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairn/http/layers/log_line.h>

struct rig {
    struct cairn__log_sink sink;
    struct cairn__wall_clock clock;
    struct cairn__log_line line;
    int fd;
};

static int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    rig->fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_int_equal(cairn__log_sink_init(&rig->sink, rig->fd), 0);
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    cairn__log_sink_fini(&rig->sink);
    close(rig->fd);
    free(rig);
    return 0;
}

static void rig_begin(struct rig *rig, bool is_logfmt)
{
    cairn__log_line_begin(&rig->line, &rig->sink, is_logfmt, &rig->clock);
}

/* The line behind its time, taken out of the sink again. */
static struct cairn_str rig_end(struct rig *rig)
{
    size_t start = rig->sink.length;
    size_t skip = (rig->line.is_logfmt ? 5 : 8) + CAIRN__WALL_TEXT_BYTES;
    cairn__log_line_end(&rig->line);
    size_t length = rig->sink.length - start;
    rig->sink.length = start;
    assert_true(length > skip && length <= CAIRN__LOG_LINE_BYTES);
    return cairn_str_of(rig->sink.buffer + start + skip, length - skip);
}

static void put_one_of_each(struct cairn__log_line *line)
{
    cairn__log_line_text(line, "text", CAIRN_STR("a\"b"), 100);
    cairn__log_line_text(line, "absent", cairn_str_of(NULL, 0), 100);
    cairn__log_line_text(line, "cut", CAIRN_STR("abcdef"), 3);
    cairn__log_line_number(line, "least", INT64_MIN);
    cairn__log_line_number(line, "most", INT64_MAX);
    cairn__log_line_duration(line, "ms", 12005678);
    cairn__log_line_true(line, "yes");
}

static void a_line_of_json_has_its_fields_in_order(void **state)
{
    static const char expected[] =
        ",\"text\":\"a\\\"b\",\"cut\":\"abc\",\"least\":-9223372036854775808,"
        "\"most\":9223372036854775807,\"ms\":12.005,\"yes\":true}\n";
    struct rig *rig = *state;
    rig_begin(rig, false);
    put_one_of_each(&rig->line);
    struct cairn_str line = rig_end(rig);
    assert_int_equal(line.length, sizeof(expected) - 1);
    assert_memory_equal(line.data, expected, line.length);
}

static void a_line_of_logfmt_has_them_too(void **state)
{
    static const char expected[] = " text=\"a\\\"b\" cut=\"abc\" least=-9223372036854775808"
                                   " most=9223372036854775807 ms=12.005 yes=true\n";
    struct rig *rig = *state;
    rig_begin(rig, true);
    put_one_of_each(&rig->line);
    struct cairn_str line = rig_end(rig);
    assert_int_equal(line.length, sizeof(expected) - 1);
    assert_memory_equal(line.data, expected, line.length);
}

static size_t count(struct cairn_str s, char c)
{
    size_t found = 0;
    for (size_t i = 0; i < s.length; i++)
        found += s.data[i] == c;
    return found;
}

/* Whatever is left for the last field: it is there from its key to its end, or not at all. */
static void a_line_that_is_full_is_whole_all_the_same(void **state)
{
    static char text[CAIRN__LOG_LINE_BYTES];
    struct rig *rig = *state;
    memset(text, 'x', sizeof(text));
    for (size_t length = sizeof(text) - 200; length <= sizeof(text); length++) {
        rig_begin(rig, false);
        cairn__log_line_text(&rig->line, "long", cairn_str_of(text, length), length);
        cairn__log_line_number(&rig->line, "number", INT64_MIN);
        cairn__log_line_duration(&rig->line, "duration", UINT64_MAX);
        cairn__log_line_text(&rig->line, "last", cairn_str_of(text, 100), 100);
        struct cairn_str line = rig_end(rig);
        assert_memory_equal(line.data + line.length - 2, "}\n", 2);
        assert_int_equal(count(line, '"') % 2, 0);
        assert_int_equal(count(line, ','), count(line, ':'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_line_of_json_has_its_fields_in_order, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_line_of_logfmt_has_them_too, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(
            a_line_that_is_full_is_whole_all_the_same, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
