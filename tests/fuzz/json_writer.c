/* Each byte is a call of the JSON writer, as far as it may be made there: what comes out is JSON,
 * and the same in a buffer as in an arena. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <cairn/http/json_writer.h>

#define ROOM 65536
#define BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static void check(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static struct cairn_str take(struct input *in, size_t length)
{
    if (length > in->size)
        length = in->size;
    struct cairn_str s = cairn_str_of((const char *)in->data, length);
    in->data += length;
    in->size -= length;
    return s;
}

static uint64_t take_bits(struct input *in)
{
    uint64_t bits = 0;
    struct cairn_str s = take(in, sizeof(bits));
    memcpy(&bits, s.data, s.length);
    return bits;
}

static double take_double(struct input *in)
{
    const uint64_t bits = take_bits(in);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void write_scalar(struct cairn_json_writer *w, struct input *in, unsigned what)
{
    switch (what) {
    case 0:
        cairn_json_null(w);
        break;
    case 1:
        cairn_json_bool(w, true);
        break;
    case 2:
        cairn_json_int(w, (int64_t)take_bits(in));
        break;
    case 3:
        cairn_json_uint(w, take_bits(in) >> 1);
        break;
    case 4:
        cairn_json_double(w, take_double(in));
        break;
    default:
        cairn_json_string(w, take(in, what));
    }
}

/* Keys have numbers, so that none comes twice. */
static void write_key(struct cairn_json_writer *w, struct input *in)
{
    char key[32];
    int length = snprintf(key, sizeof(key), "%zu", in->size);
    struct cairn_str s = take(in, 4);
    for (size_t i = 0; i < s.length; i++)
        key[length++] = s.data[i] ? s.data[i] : ' '; /* jansson takes no NUL in a key */
    cairn_json_key_str(w, cairn_str_of(key, (size_t)length));
}

static void write_one(struct cairn_json_writer *w, struct input *in)
{
    unsigned op = in->data[0];
    take(in, 1);
    bool is_object = w->depth > 0 && (w->objects >> (w->depth - 1) & 1);
    if (op < 64 && w->depth > 1) {
        cairn_json_end(w);
        return;
    }
    if (is_object)
        write_key(w, in);
    if (op < 96)
        cairn_json_object(w);
    else if (op < 128)
        cairn_json_array(w);
    else
        write_scalar(w, in, op - 128);
}

static struct cairn_str write_all(struct cairn_json_writer *w, const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    cairn_json_array(w);
    while (in.size > 0 && !w->error)
        write_one(w, &in);
    while (w->depth > 0 && !w->error)
        cairn_json_end(w);
    return cairn_json_writer_text(w);
}

static void check_text(struct cairn_str text)
{
    json_error_t error;
    json_t *json =
        json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    check(json != NULL, error.text);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char buffer[ROOM];
    if (size > BYTES)
        return 0;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_json_writer grown = cairn_json_writer_in(arena);
    struct cairn_json_writer fixed = cairn_json_writer_of(buffer, sizeof(buffer));
    struct cairn_str a = write_all(&grown, data, size);
    struct cairn_str b = write_all(&fixed, data, size);
    check(grown.error == fixed.error, "another error");
    check(cairn_str_equal(a, b), "another text");
    if (a.data)
        check_text(a);
    cairn_arena_free(arena);
    return 0;
}
