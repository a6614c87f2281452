#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <cairn/service/runtime.h>

#include "memory_repository.h"
#include "repository_service.h"
#include "repository_url.h"
#include "service_repository.h"

/* The same suite runs over every implementation. */
struct fixture {
    const char *url;
    bool is_wrapped; /* in the service and its layers */
    struct cairn_runtime *runtime;
    struct user_repository *store;
    struct user_repository *users;
};

static int set_up(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_error *error = NULL;
    fixture->runtime = cairn_runtime_new(NULL, &error);
    fixture->store = repository_url_open(fixture->url, 2, &error);
    fixture->users = fixture->store;
    if (fixture->is_wrapped)
        fixture->users = service_repository_new(repository_stack_new(fixture->store, NULL), &error);
    return fixture->runtime && fixture->users ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->users != fixture->store)
        user_repository_close(fixture->users);
    user_repository_close(fixture->store);
    cairn_runtime_free(fixture->runtime);
    return 0;
}

/* Whatever comes first: the error's code, or 0 with the value in *OUT. */
static int await(struct fixture *fixture, struct cairn_future future, struct user **out)
{
    union cairn_outcome outcome;
    if (cairn_block_on(fixture->runtime, future, &outcome) == CAIRN_READY) {
        *out = outcome.value;
        return 0;
    }
    int code = (int)outcome.error->code;
    cairn_error_unref(outcome.error);
    *out = NULL;
    return code;
}

static int save(
    struct fixture *fixture, int64_t id, const char *name, const char *email, struct user **out)
{
    struct user *draft = user_new(id, cairn_str_from(name), cairn_str_from(email), 0);
    assert_non_null(draft);
    int code = await(fixture, user_repository_save(fixture->users, draft), out);
    user_drop(draft);
    return code;
}

/* Adds a user that must be taken. Returns its id. */
static int64_t add(struct fixture *fixture, const char *name, const char *email)
{
    struct user *stored;
    assert_int_equal(save(fixture, 0, name, email, &stored), 0);
    int64_t id = stored->id;
    user_drop(stored);
    return id;
}

static int find(struct fixture *fixture, int64_t id, struct user **out)
{
    return await(fixture, user_repository_find_by_id(fixture->users, id), out);
}

static void a_saved_user_is_found_again(void **state)
{
    struct fixture *fixture = *state;
    struct user *stored, *found;
    assert_int_equal(save(fixture, 0, "Ada \xc3\xa9", "ada@example.org", &stored), 0);
    assert_true(stored->id >= 1);
    assert_true(stored->created_at > 0);
    assert_string_equal(stored->name.data, "Ada \xc3\xa9");
    assert_int_equal(find(fixture, stored->id, &found), 0);
    assert_int_equal(found->id, stored->id);
    assert_int_equal(found->created_at, stored->created_at);
    assert_string_equal(found->name.data, "Ada \xc3\xa9");
    assert_string_equal(found->email.data, "ada@example.org");
    assert_null(found->next);
    user_drop(stored);
    user_drop(found);
}

static void who_is_not_there_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct user *user;
    assert_int_equal(find(fixture, 1, &user), CAIRN_ERROR_NOT_FOUND);
    assert_int_equal(find(fixture, INT64_MAX, &user), CAIRN_ERROR_NOT_FOUND);
    assert_int_equal(save(fixture, 7, "Ada", "ada@example.org", &user), CAIRN_ERROR_NOT_FOUND);
    assert_int_equal(await(fixture, user_repository_delete_by_id(fixture->users, 7), &user),
        CAIRN_ERROR_NOT_FOUND);
}

static void an_update_replaces_name_and_email_alone(void **state)
{
    struct fixture *fixture = *state;
    struct user *before, *after;
    assert_int_equal(save(fixture, 0, "Ada", "ada@example.org", &before), 0);
    assert_int_equal(save(fixture, before->id, "Countess", "ada@example.com", &after), 0);
    assert_int_equal(after->id, before->id);
    assert_int_equal(after->created_at, before->created_at);
    assert_string_equal(after->name.data, "Countess");
    user_drop(after);
    assert_int_equal(find(fixture, before->id, &after), 0);
    assert_string_equal(after->email.data, "ada@example.com");
    user_drop(before);
    user_drop(after);
}

static void an_email_belongs_to_one_user_whatever_its_case(void **state)
{
    struct fixture *fixture = *state;
    struct user *user;
    int64_t ada = add(fixture, "Ada", "ada@example.org");
    int64_t bob = add(fixture, "Bob", "bob@example.org");
    assert_int_equal(save(fixture, 0, "Eve", "ADA@example.org", &user), CAIRN_ERROR_CONFLICT);
    assert_int_equal(save(fixture, bob, "Bob", "ada@example.org", &user), CAIRN_ERROR_CONFLICT);
    assert_int_equal(save(fixture, ada, "Ada", "Ada@example.org", &user), 0);
    user_drop(user);
    assert_int_equal(find(fixture, bob, &user), 0);
    assert_string_equal(user->email.data, "bob@example.org");
    user_drop(user);
}

static void a_deleted_user_is_gone_and_its_id_is_not_used_again(void **state)
{
    struct fixture *fixture = *state;
    struct user *user;
    int64_t ada = add(fixture, "Ada", "ada@example.org");
    assert_int_equal(await(fixture, user_repository_delete_by_id(fixture->users, ada), &user), 0);
    assert_null(user);
    assert_int_equal(find(fixture, ada, &user), CAIRN_ERROR_NOT_FOUND);
    assert_true(add(fixture, "Ada", "ada@example.org") > ada);
}

/* The ids of a part of the list, as text: "2 3 ". */
static void assert_page(struct fixture *fixture, int64_t after, size_t limit, const char *expected)
{
    struct user *first;
    char text[256] = "";
    int code = await(fixture, user_repository_list(fixture->users, after, limit), &first);
    assert_int_equal(code, 0);
    for (const struct user *user = first; user; user = user->next) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof(text) - length, "%d ", (int)user->id);
    }
    user_drop(first);
    assert_string_equal(text, expected);
}

static void a_list_goes_on_after_an_id(void **state)
{
    struct fixture *fixture = *state;
    char email[] = "a@example.org";
    assert_page(fixture, 0, 10, "");
    for (; email[0] <= 'e'; email[0]++)
        add(fixture, "A user", email);
    assert_page(fixture, 0, 100, "1 2 3 4 5 ");
    assert_page(fixture, 0, 2, "1 2 ");
    assert_page(fixture, 2, 2, "3 4 ");
    assert_page(fixture, 4, 2, "5 ");
    assert_page(fixture, 5, 2, "");
    struct user *user;
    assert_int_equal(await(fixture, user_repository_delete_by_id(fixture->users, 3), &user), 0);
    assert_page(fixture, 2, 2, "4 5 ");
}

static void many_operations_may_wait_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_future futures[64];
    int64_t ada = add(fixture, "Ada", "ada@example.org");
    for (size_t i = 0; i < 64; i++)
        futures[i] = user_repository_find_by_id(fixture->users, ada);
    for (size_t i = 0; i < 64; i += 2)
        cairn_future_drop(&futures[i]);
    for (size_t i = 1; i < 64; i += 2) {
        struct user *user;
        assert_int_equal(await(fixture, futures[i], &user), 0);
        assert_string_equal(user->name.data, "Ada");
        user_drop(user);
    }
}

#define SUITE(fixture_)                                                                        \
    cmocka_unit_test_prestate_setup_teardown(                                                  \
        a_saved_user_is_found_again, set_up, tear_down, fixture_),                             \
        cmocka_unit_test_prestate_setup_teardown(                                              \
            who_is_not_there_is_not_found, set_up, tear_down, fixture_),                       \
        cmocka_unit_test_prestate_setup_teardown(                                              \
            an_update_replaces_name_and_email_alone, set_up, tear_down, fixture_),             \
        cmocka_unit_test_prestate_setup_teardown(                                              \
            an_email_belongs_to_one_user_whatever_its_case, set_up, tear_down, fixture_),      \
        cmocka_unit_test_prestate_setup_teardown(                                              \
            a_deleted_user_is_gone_and_its_id_is_not_used_again, set_up, tear_down, fixture_), \
        cmocka_unit_test_prestate_setup_teardown(                                              \
            a_list_goes_on_after_an_id, set_up, tear_down, fixture_),                          \
        cmocka_unit_test_prestate_setup_teardown(                                              \
            many_operations_may_wait_at_a_time, set_up, tear_down, fixture_)

int main(void)
{
    static struct fixture memory = {.url = "memory:"};
    static struct fixture sqlite = {.url = "sqlite::memory:"};
    static struct fixture wrapped_memory = {.url = "memory:", .is_wrapped = true};
    static struct fixture wrapped_sqlite = {.url = "sqlite::memory:", .is_wrapped = true};
    const struct CMUnitTest tests[] = {
        SUITE(&memory),
        SUITE(&sqlite),
        SUITE(&wrapped_memory),
        SUITE(&wrapped_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
