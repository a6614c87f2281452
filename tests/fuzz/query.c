/* Any query: read as the reference reads it, and the same once it is written out and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/query.h>
#include <cairn/testkit/query_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_again(struct cairn_arena *arena, const struct cairn_http_query *query)
{
    struct cairn_http_query again;
    struct cairn_str written = cairn_http_query_write(arena, query->items, query->count);
    CHECK(cairn_http_query_parse(written, QUERY_REFERENCE_BYTES, arena, &again) == 0);
    CHECK(again.count == query->count);
    for (size_t i = 0; i < query->count; i++) {
        CHECK(cairn_str_equal(again.items[i].name, query->items[i].name));
        CHECK(cairn_str_equal(again.items[i].value, query->items[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_http_query query;
    struct query_reference_pair pair;
    const char *text = (const char *)data;
    if (size > QUERY_REFERENCE_BYTES)
        return 0;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    CHECK(arena);
    CHECK(cairn_http_query_parse(cairn_str_of(text, size), QUERY_REFERENCE_BYTES, arena, &query) ==
          0);
    for (size_t i = 0; i < query.count; i++) {
        CHECK(query_reference(text, size, i, &pair));
        CHECK(cairn_str_equal(query.items[i].name, cairn_str_of(pair.name, pair.name_length)));
        CHECK(cairn_str_equal(query.items[i].value, cairn_str_of(pair.value, pair.value_length)));
    }
    CHECK(!query_reference(text, size, query.count, &pair));
    check_again(arena, &query);
    cairn_arena_free(arena);
    return 0;
}
