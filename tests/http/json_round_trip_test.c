/* Random documents, written and read back by jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include <cairn/http/json_writer.h>
#include <cairn/service/random.h>

static struct cairn_random dice = {1};

static uint64_t random_next(void)
{
    return cairn_random_next_u64(&dice);
}

static size_t random_below(size_t n)
{
    return (size_t)cairn_random_range(&dice, 0, n);
}

static json_t *random_string(void)
{
    static const char *const pieces[] = {
        "a", "\"", "\\", "\n", "\x7f", "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x97\xbf", "/", "\x01"};
    char text[64] = "";
    for (size_t n = random_below(12); n > 0; n--)
        strcat(text, pieces[random_below(sizeof(pieces) / sizeof(*pieces))]);
    return json_string(text);
}

static json_t *random_real(void)
{
    const uint64_t bits = random_next();
    double value;
    memcpy(&value, &bits, sizeof(value));
    json_t *json = json_real(value); /* NULL unless it is finite */
    return json ? json : json_real((double)random_below(1000));
}

static json_t *random_json(unsigned depth);

static json_t *random_array(unsigned depth)
{
    json_t *json = json_array();
    for (size_t n = random_below(4); n > 0; n--)
        json_array_append_new(json, random_json(depth + 1));
    return json;
}

static json_t *random_object(unsigned depth)
{
    json_t *json = json_object();
    for (size_t n = random_below(4); n > 0; n--) {
        json_t *key = random_string();
        json_object_set_new(json, json_string_value(key), random_json(depth + 1));
        json_decref(key);
    }
    return json;
}

static json_t *random_json(unsigned depth)
{
    switch (random_below(depth < 6 ? 9 : 6)) {
    case 0:
        return json_null();
    case 1:
        return json_boolean(random_next() & 1);
    case 2:
        return json_integer((json_int_t)random_next());
    case 3:
        return random_real();
    case 4:
    case 5:
        return random_string();
    case 6:
        return random_array(depth);
    default:
        return random_object(depth);
    }
}

static void write_json(struct cairn_json_writer *w, json_t *json);

static void write_object(struct cairn_json_writer *w, json_t *json)
{
    const char *key;
    json_t *value;
    cairn_json_object(w);
    json_object_foreach(json, key, value)
    {
        cairn_json_key(w, key);
        write_json(w, value);
    }
    cairn_json_end(w);
}

static void write_array(struct cairn_json_writer *w, json_t *json)
{
    cairn_json_array(w);
    for (size_t i = 0; i < json_array_size(json); i++)
        write_json(w, json_array_get(json, i));
    cairn_json_end(w);
}

static void write_json(struct cairn_json_writer *w, json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        write_object(w, json);
        break;
    case JSON_ARRAY:
        write_array(w, json);
        break;
    case JSON_STRING:
        cairn_json_string(w, cairn_str_of(json_string_value(json), json_string_length(json)));
        break;
    case JSON_INTEGER:
        cairn_json_int(w, json_integer_value(json));
        break;
    case JSON_REAL:
        cairn_json_double(w, json_real_value(json));
        break;
    case JSON_NULL:
        cairn_json_null(w);
        break;
    default:
        cairn_json_bool(w, json_is_true(json));
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct cairn_arena *arena = cairn_arena_new(NULL);
        struct cairn_json_writer w = cairn_json_writer_in(arena);
        json_t *json = random_json(0);
        write_json(&w, json);
        struct cairn_str text = cairn_json_writer_text(&w);
        json_error_t error;
        json_t *back =
            json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
        if (!back)
            fail_msg("%s: %.*s", error.text, (int)text.length, text.data);
        assert_true(json_equal(json, back));
        json_decref(back);
        json_decref(json);
        cairn_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
