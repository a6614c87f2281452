#include <cairn/layers/key_table.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <cairn/testkit/alloc.h>

#define MANY 1000

struct world {
    struct cairn__key_table table;
    struct cairn__key_entry entries[MANY];
};

static int world_open(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof(w));
    cairn_test_alloc_begin();
    assert_true(cairn__key_table_init(&w.table));
    *state = &w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < MANY; i++)
        cairn__key_entry_fini(&w->entries[i]);
    cairn__key_table_fini(&w->table);
    cairn_test_alloc_end();
    return 0;
}

static struct cairn_str key_of(unsigned i)
{
    static char text[64];
    /* Of various lengths, so that the memory of a key is used again and replaced. */
    int length = snprintf(text, sizeof(text), "%u%*s", i, (int)(i % 50), "");
    return cairn_str_of(text, (size_t)length);
}

static struct cairn__key_entry *find(struct world *w, struct cairn_str key)
{
    return cairn__key_table_find(&w->table, cairn__key_table_hash(&w->table, key), key);
}

static void insert(struct world *w, unsigned i, struct cairn_str key)
{
    uint64_t hash = cairn__key_table_hash(&w->table, key);
    assert_true(cairn__key_entry_set(&w->entries[i], hash, key));
    cairn__key_table_insert(&w->table, &w->entries[i]);
}

static void finds_what_was_inserted_however_many_there_are(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < MANY; i++)
        insert(w, i, key_of(i));
    assert_int_equal(w->table.count, MANY);
    assert_true(w->table.mask + 1 >= MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_ptr_equal(find(w, key_of(i)), &w->entries[i]);
    assert_null(find(w, key_of(MANY)));
}

static void finds_no_longer_what_was_removed(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < MANY; i++)
        insert(w, i, key_of(i));
    for (unsigned i = 0; i < MANY; i += 2)
        cairn__key_table_remove(&w->table, &w->entries[i]);
    cairn__key_table_remove(&w->table, &w->entries[0]);
    assert_int_equal(w->table.count, MANY / 2);
    for (unsigned i = 0; i < MANY; i++)
        assert_ptr_equal(find(w, key_of(i)), i % 2 ? &w->entries[i] : NULL);
}

static void key_is_a_copy_and_every_byte_counts(void **state)
{
    struct world *w = *state;
    char text[] = {'a', 0, 'b'};
    insert(w, 0, cairn_str_of(text, sizeof(text)));
    text[2] = 'c';
    assert_null(find(w, cairn_str_of(text, sizeof(text))));
    assert_null(find(w, CAIRN_STR("a")));
    text[2] = 'b';
    assert_ptr_equal(find(w, cairn_str_of(text, sizeof(text))), &w->entries[0]);
}

static void empty_key_is_a_key(void **state)
{
    struct world *w = *state;
    insert(w, 0, CAIRN_STR(""));
    assert_ptr_equal(find(w, CAIRN_STR("")), &w->entries[0]);
}

static void same_hash_is_not_the_same_key(void **state)
{
    struct world *w = *state;
    assert_true(cairn__key_entry_set(&w->entries[0], 7, CAIRN_STR("a")));
    assert_true(cairn__key_entry_set(&w->entries[1], 7, CAIRN_STR("b")));
    cairn__key_table_insert(&w->table, &w->entries[0]);
    cairn__key_table_insert(&w->table, &w->entries[1]);
    assert_ptr_equal(cairn__key_table_find(&w->table, 7, CAIRN_STR("a")), &w->entries[0]);
    assert_ptr_equal(cairn__key_table_find(&w->table, 7, CAIRN_STR("b")), &w->entries[1]);
    assert_null(cairn__key_table_find(&w->table, 7, CAIRN_STR("c")));
}

static void two_tables_scatter_the_same_keys_differently(void **state)
{
    struct world *w = *state;
    struct cairn__key_table other;
    assert_true(cairn__key_table_init(&other));
    assert_true(cairn__key_table_hash(&w->table, CAIRN_STR("a")) !=
                cairn__key_table_hash(&other, CAIRN_STR("a")));
    cairn__key_table_fini(&other);
}

static void memory_of_a_key_is_used_again(void **state)
{
    struct world *w = *state;
    insert(w, 0, CAIRN_STR("a key"));
    cairn__key_table_remove(&w->table, &w->entries[0]);
    size_t before = cairn_test_alloc_count();
    insert(w, 0, CAIRN_STR("another key"));
    assert_int_equal(cairn_test_alloc_count(), before);
}

static void without_memory_to_grow_it_takes_entries_all_the_same(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 16; i++)
        insert(w, i, key_of(i));
    assert_true(cairn__key_entry_set(
        &w->entries[16], cairn__key_table_hash(&w->table, key_of(16)), key_of(16)));
    cairn_test_alloc_fail_at(1);
    cairn__key_table_insert(&w->table, &w->entries[16]);
    assert_true(cairn_test_alloc_has_failed());
    for (unsigned i = 0; i <= 16; i++)
        assert_ptr_equal(find(w, key_of(i)), &w->entries[i]);
}

static void without_memory_for_a_key_it_keeps_the_old_one(void **state)
{
    static const char text[200];
    struct world *w = *state;
    assert_true(cairn__key_entry_set(&w->entries[0], 1, CAIRN_STR("a key")));
    cairn_test_alloc_fail_at(1);
    assert_false(cairn__key_entry_set(&w->entries[0], 2, cairn_str_of(text, sizeof(text))));
    assert_true(cairn_str_equal(cairn__key_entry_key(&w->entries[0]), CAIRN_STR("a key")));
    assert_int_equal(w->entries[0].hash, 1);
}

static void without_memory_there_is_no_table(void **state)
{
    struct cairn__key_table table;
    (void)state;
    cairn_test_alloc_fail_at(1);
    assert_false(cairn__key_table_init(&table));
    cairn__key_table_fini(&table);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(finds_what_was_inserted_however_many_there_are),
        world_test(finds_no_longer_what_was_removed),
        world_test(key_is_a_copy_and_every_byte_counts),
        world_test(empty_key_is_a_key),
        world_test(same_hash_is_not_the_same_key),
        world_test(two_tables_scatter_the_same_keys_differently),
        world_test(memory_of_a_key_is_used_again),
        world_test(without_memory_to_grow_it_takes_entries_all_the_same),
        world_test(without_memory_for_a_key_it_keeps_the_old_one),
        world_test(without_memory_there_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
