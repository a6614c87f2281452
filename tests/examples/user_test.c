#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <cairn/testkit/alloc.h>

#include "user.h"
#include "user_json.h"

static struct user_violations faults_of(const char *name, const char *email)
{
    struct user_violations violations = {0};
    user_validate(cairn_str_from(name), cairn_str_from(email), &violations);
    return violations;
}

static void assert_name(const char *name, const char *detail)
{
    struct user_violations violations = faults_of(name, "ada@example.org");
    if (!detail) {
        assert_int_equal(violations.count, 0);
        return;
    }
    assert_int_equal(violations.count, 1);
    assert_string_equal(violations.items[0].field, "name");
    assert_string_equal(violations.items[0].detail, detail);
}

static void assert_email(const char *email, bool is_valid)
{
    struct user_violations violations = faults_of("Ada", email);
    assert_int_equal(violations.count, is_valid ? 0 : 1);
    if (!is_valid)
        assert_string_equal(violations.items[0].field, "email");
}

static void fill(char *text, size_t count, const char *piece)
{
    text[0] = '\0';
    while (count-- > 0)
        strcat(text, piece);
}

static void a_name_has_1_to_100_characters_however_many_bytes(void **state)
{
    char text[512];
    (void)state;
    assert_name("A", NULL);
    assert_name("", "must not be blank");
    fill(text, 100, "x");
    assert_name(text, NULL);
    fill(text, 101, "x");
    assert_name(text, "must have at most 100 characters");
    fill(text, 100, "\xf0\x9f\x97\xbf");
    assert_name(text, NULL);
    fill(text, 101, "\xc3\xa9");
    assert_name(text, "must have at most 100 characters");
}

static void a_name_is_utf8_and_can_be_seen(void **state)
{
    (void)state;
    assert_name("Ada Lovelace", NULL);
    assert_name("\xe6\x9d\x8e \xc3\x89lise O'Neill", NULL);
    assert_name("   ", "must not be blank");
    assert_name("a\tb", "must not have control characters");
    assert_name("a\x7f", "must not have control characters");
    assert_name("\xc2\x85", "must not have control characters");
    assert_name(NULL, "is required, as a text");
    assert_name("\x80", "must be UTF-8");
    assert_name("\xc0\xaf", "must be UTF-8");
    assert_name("\xe0\x80\xaf", "must be UTF-8");
    assert_name("\xed\xa0\x80", "must be UTF-8");
    assert_name("\xf4\x90\x80\x80", "must be UTF-8");
    assert_name("\xf5\x80\x80\x80", "must be UTF-8");
    assert_name("\xe6\x9d", "must be UTF-8");
    assert_name("\xc3(", "must be UTF-8");
}

static void an_email_is_a_plausible_address(void **state)
{
    (void)state;
    assert_email("a@b.c", true);
    assert_email("ada.lovelace+x@mail.example.org", true);
    assert_email(NULL, false);
    assert_email("", false);
    assert_email("ada", false);
    assert_email("@example.org", false);
    assert_email("ada@", false);
    assert_email("ada@localhost", false);
    assert_email("ada@example..org", false);
    assert_email("ada@.example.org", false);
    assert_email("ada@example.org.", false);
    assert_email(".ada@example.org", false);
    assert_email("a b@example.org", false);
    assert_email("a@b@example.org", false);
    assert_email("\xc3\xa9@example.org", false);
}

static void an_email_has_at_most_254_bytes(void **state)
{
    char text[512] = "ada@";
    (void)state;
    fill(text + 4, 125, "x.");
    text[254] = '\0';
    text[253] = 'x';
    assert_int_equal(strlen(text), 254);
    assert_email(text, true);
    strcat(text, "x");
    assert_email(text, false);
}

static void all_violations_are_listed(void **state)
{
    struct user_violations violations = faults_of("", "nobody");
    (void)state;
    assert_int_equal(violations.count, 2);
    assert_string_equal(violations.items[0].field, "name");
    assert_string_equal(violations.items[1].field, "email");
}

static struct user *some_list(void)
{
    struct user *first = user_new(1, CAIRN_STR("Ada"), CAIRN_STR("ada@example.org"), 0);
    if (first)
        first->next = user_new(2, CAIRN_STR("Bob"), CAIRN_STR("bob@example.org"), 86400);
    return first;
}

static void a_clone_is_a_copy_of_the_whole_list(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    struct user *first = some_list();
    struct user *copy = user_type.clone(first);
    assert_ptr_not_equal(copy, first);
    user_type.drop(first);
    assert_string_equal(copy->name.data, "Ada");
    assert_string_equal(copy->next->email.data, "bob@example.org");
    assert_int_equal(copy->next->id, 2);
    assert_null(copy->next->next);
    user_type.drop(copy);
    cairn_test_alloc_end();
}

static void clone_or_nothing(void *cx)
{
    (void)cx;
    struct user *first = some_list();
    struct user *copy = first ? user_clone(first) : NULL;
    user_drop(copy);
    user_drop(first);
}

static void a_clone_that_fails_halfway_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(clone_or_nothing, NULL) >= 4);
}

static struct cairn_str written(struct cairn_arena *arena, json_t *json)
{
    struct cairn_str text = user_json_write(arena, json);
    assert_non_null(text.data);
    return text;
}

static void assert_text(struct cairn_str text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.data, expected, text.length);
}

static void a_user_is_written_as_json(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct user *user =
        user_new(7, CAIRN_STR("Ada \"the\" \xc3\xa9"), CAIRN_STR("ada@example.org"), 1767225599);
    (void)state;
    assert_text(written(arena, user_json_new(user)),
        "{\"id\":7,\"name\":\"Ada \\\"the\\\" \xc3\xa9\",\"email\":\"ada@example.org\","
        "\"created_at\":\"2025-12-31T23:59:59Z\"}");
    user_drop(user);
    cairn_arena_free(arena);
}

static void a_full_list_says_where_to_go_on(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct user *first = some_list();
    (void)state;
    const char *full = "{\"users\":[{\"id\":1,\"name\":\"Ada\",\"email\":\"ada@example.org\","
                       "\"created_at\":\"1970-01-01T00:00:00Z\"},{\"id\":2,\"name\":\"Bob\","
                       "\"email\":\"bob@example.org\",\"created_at\":\"1970-01-02T00:00:00Z\"}],"
                       "\"next\":2}";
    assert_text(written(arena, user_json_list_new(first, 2)), full);
    struct cairn_str part = written(arena, user_json_list_new(first, 3));
    assert_memory_equal(part.data + part.length - 12, "\"next\":null}", 12);
    assert_text(written(arena, user_json_list_new(NULL, 3)), "{\"users\":[],\"next\":null}");
    user_drop(first);
    cairn_arena_free(arena);
}

static void what_does_not_fit_the_first_buffer_is_written_whole(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    char name[2001];
    (void)state;
    memset(name, 'x', 2000);
    name[2000] = '\0';
    struct cairn_str text = written(arena, json_pack("{s:s}", "name", name));
    assert_int_equal(text.length, 2000 + strlen("{\"name\":\"\"}"));
    assert_memory_equal(text.data + text.length - 3, "x\"}", 3);
    cairn_arena_free(arena);
}

static void only_texts_are_read_from_json(void **state)
{
    struct cairn_str name, email;
    (void)state;
    json_t *json = json_pack("{s:s, s:i, s:i}", "name", "Ada", "email", 5, "id", 9);
    user_json_read(json, &name, &email);
    assert_true(cairn_str_equal(name, CAIRN_STR("Ada")));
    assert_null(email.data);
    json_decref(json);
    user_json_read(NULL, &name, &email);
    assert_null(name.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_1_to_100_characters_however_many_bytes),
        cmocka_unit_test(a_name_is_utf8_and_can_be_seen),
        cmocka_unit_test(an_email_is_a_plausible_address),
        cmocka_unit_test(an_email_has_at_most_254_bytes),
        cmocka_unit_test(all_violations_are_listed),
        cmocka_unit_test(a_clone_is_a_copy_of_the_whole_list),
        cmocka_unit_test(a_clone_that_fails_halfway_leaves_nothing_behind),
        cmocka_unit_test(a_user_is_written_as_json),
        cmocka_unit_test(a_full_list_says_where_to_go_on),
        cmocka_unit_test(what_does_not_fit_the_first_buffer_is_written_whole),
        cmocka_unit_test(only_texts_are_read_from_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
