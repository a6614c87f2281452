#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairn/service/runtime.h>

#include "sqlite_repository.h"

struct fixture {
    char folder[64];
    char file[96];
    struct cairn_runtime *runtime;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct cairn_error *error = NULL;
    fixture = (struct fixture){.folder = "/tmp/cairn-users-XXXXXX"};
    if (!mkdtemp(fixture.folder))
        return -1;
    snprintf(fixture.file, sizeof(fixture.file), "%s/users.db", fixture.folder);
    fixture.runtime = cairn_runtime_new(NULL, &error);
    *state = &fixture;
    return fixture.runtime ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cairn_runtime_free(fixture->runtime);
    unlink(fixture->file);
    return rmdir(fixture->folder);
}

static struct user_repository *opened(struct fixture *fixture)
{
    struct cairn_error *error = NULL;
    struct user_repository *users = sqlite_repository_new(
        &(struct sqlite_repository_options){.file = fixture->file, .busy_ms = 1}, &error);
    assert_non_null(users);
    return users;
}

static int await(struct fixture *fixture, struct cairn_future future, struct user **out)
{
    union cairn_outcome outcome;
    *out = NULL;
    if (cairn_block_on(fixture->runtime, future, &outcome) == CAIRN_READY) {
        *out = outcome.value;
        return 0;
    }
    int code = (int)outcome.error->code;
    cairn_error_unref(outcome.error);
    return code;
}

static struct cairn_future saving(struct user_repository *users, const char *email)
{
    struct user *draft = user_new(0, CAIRN_STR("Ada"), cairn_str_from(email), 0);
    struct cairn_future future = user_repository_save(users, draft);
    user_drop(draft);
    return future;
}

static void users_outlive_the_repository(void **state)
{
    struct fixture *fixture = *state;
    struct user *stored, *found;
    struct user_repository *users = opened(fixture);
    assert_int_equal(await(fixture, saving(users, "ada@example.org"), &stored), 0);
    user_repository_close(users);
    users = opened(fixture);
    assert_int_equal(await(fixture, user_repository_find_by_id(users, stored->id), &found), 0);
    assert_string_equal(found->email.data, "ada@example.org");
    user_drop(stored);
    user_drop(found);
    user_repository_close(users);
}

static void what_was_saved_is_read_by_every_reader(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_future reads[16];
    struct user *stored, *found;
    struct user_repository *users = opened(fixture);
    assert_int_equal(await(fixture, saving(users, "ada@example.org"), &stored), 0);
    for (size_t i = 0; i < 16; i++)
        reads[i] = user_repository_find_by_id(users, stored->id);
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(await(fixture, reads[i], &found), 0);
        user_drop(found);
    }
    user_drop(stored);
    user_repository_close(users);
}

static void writes_take_turns_and_none_finds_the_database_locked(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_future saves[32];
    struct user *user;
    char email[] = "aa@example.org";
    struct user_repository *users = opened(fixture);
    for (size_t i = 0; i < 32; i++) {
        email[0] = (char)('a' + i / 8);
        email[1] = (char)('a' + i % 8);
        saves[i] = saving(users, email);
    }
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(await(fixture, saves[i], &user), 0);
        user_drop(user);
    }
    user_repository_close(users);
}

static void a_database_that_another_process_has_locked_is_unavailable(void **state)
{
    struct fixture *fixture = *state;
    struct user *user;
    sqlite3 *other = NULL;
    struct user_repository *users = opened(fixture);
    assert_int_equal(sqlite3_open(fixture->file, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        await(fixture, saving(users, "ada@example.org"), &user), CAIRN_ERROR_UNAVAILABLE);
    assert_int_equal(await(fixture, user_repository_list(users, 0, 1), &user), 0);
    assert_null(user);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(await(fixture, saving(users, "ada@example.org"), &user), 0);
    user_drop(user);
    sqlite3_close(other);
    user_repository_close(users);
}

static void a_repository_may_be_closed_with_futures_dropped_in_every_stage(void **state)
{
    struct fixture *fixture = *state;
    struct cairn_future reads[64];
    struct user *user;
    struct user_repository *users = opened(fixture);
    assert_int_equal(await(fixture, saving(users, "ada@example.org"), &user), 0);
    for (size_t i = 0; i < 64; i++)
        reads[i] = user_repository_find_by_id(users, user->id);
    user_drop(user);
    for (size_t i = 0; i < 64; i++)
        cairn_future_drop(&reads[i]);
    user_repository_close(users);
}

static void assert_not_opened(
    const struct sqlite_repository_options *options, enum cairn_error_code code, const char *word)
{
    struct cairn_error *error = NULL;
    assert_null(sqlite_repository_new(options, &error));
    assert_int_equal(error->code, code);
    assert_non_null(strstr(error->message, word));
    cairn_error_unref(error);
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sqlite_repository_options opts = {.file = fixture->folder};
    assert_not_opened(&opts, CAIRN_ERROR_SYSTEM, "unable to open");
    FILE *file = fopen(fixture->file, "w");
    for (int i = 0; i < 100; i++)
        fputs("this is a text, and no database\n", file);
    fclose(file);
    opts.file = fixture->file;
    assert_not_opened(&opts, CAIRN_ERROR_SYSTEM, "not a database");
}

static void an_option_out_of_range_is_named(void **state)
{
    (void)state;
    assert_not_opened(
        &(struct sqlite_repository_options){.readers = 65}, CAIRN_ERROR_INVALID, "readers");
    assert_not_opened(
        &(struct sqlite_repository_options){.busy_ms = 60001}, CAIRN_ERROR_INVALID, "busy_ms");
    assert_not_opened(&(struct sqlite_repository_options){.max_queued = 1048577},
        CAIRN_ERROR_INVALID, "max_queue");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(users_outlive_the_repository),
        TEST(what_was_saved_is_read_by_every_reader),
        TEST(writes_take_turns_and_none_finds_the_database_locked),
        TEST(a_database_that_another_process_has_locked_is_unavailable),
        TEST(a_repository_may_be_closed_with_futures_dropped_in_every_stage),
        TEST(what_is_no_database_is_refused),
        TEST(an_option_out_of_range_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
