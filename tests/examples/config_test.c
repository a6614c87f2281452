#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config.h"

/* An environment of one setting. */
struct setting {
    const char *name;
    const char *value;
};

static const char *get_setting(void *cx, const char *name)
{
    const struct setting *setting = cx;
    return setting->name && strcmp(setting->name, name) == 0 ? setting->value : NULL;
}

static struct cairn_error *read_one(struct config *out, const char *name, const char *value)
{
    struct setting setting = {name, value};
    return config_read(out, get_setting, &setting);
}

static struct config accepted(const char *name, const char *value)
{
    struct config config;
    assert_null(read_one(&config, name, value));
    return config;
}

static void assert_refused(const char *name, const char *value, const char *message)
{
    struct config config;
    struct cairn_error *error = read_one(&config, name, value);
    assert_non_null(error);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void an_empty_environment_gives_the_defaults(void **state)
{
    struct config config = accepted(NULL, NULL);
    (void)state;
    assert_string_equal(config.host, "::");
    assert_int_equal(config.port, 8080);
    assert_int_equal(config.workers, 0);
    assert_string_equal(config.database_url, "sqlite::memory:");
    assert_int_equal(config.max_concurrency, 1024);
    assert_int_equal(config.rate_limit, 1000000);
    assert_int_equal(config.request_timeout_ms, 2000);
    assert_int_equal(config.db_timeout_ms, 500);
    assert_int_equal(config.db_attempts, 3);
    assert_int_equal(config.db_threads, 2);
    assert_string_equal(config.access_log, "-");
}

static void an_empty_setting_counts_as_not_set(void **state)
{
    (void)state;
    assert_int_equal(accepted("PORT", "").port, 8080);
    assert_string_equal(accepted("HOST", "").host, "::");
}

static void each_setting_is_read_from_its_variable(void **state)
{
    (void)state;
    assert_int_equal(accepted("PORT", "0").port, 0);
    assert_int_equal(accepted("PORT", "65535").port, 65535);
    assert_int_equal(accepted("WORKERS", "256").workers, 256);
    assert_int_equal(accepted("MAX_CONCURRENCY", "1").max_concurrency, 1);
    assert_int_equal(accepted("RATE_LIMIT", "1000000000").rate_limit, 1000000000);
    assert_int_equal(accepted("REQUEST_TIMEOUT_MS", "1").request_timeout_ms, 1);
    assert_int_equal(accepted("DB_TIMEOUT_MS", "3600000").db_timeout_ms, 3600000);
    assert_int_equal(accepted("DB_ATTEMPTS", "100").db_attempts, 100);
    assert_int_equal(accepted("DB_THREADS", "64").db_threads, 64);
    assert_string_equal(accepted("HOST", "127.0.0.1").host, "127.0.0.1");
    assert_string_equal(accepted("HOST", "::1").host, "::1");
    assert_string_equal(accepted("ACCESS_LOG", "off").access_log, "off");
}

static void a_number_out_of_range_is_refused_with_its_name_and_range(void **state)
{
    (void)state;
    assert_refused("PORT", "65536", "PORT is \"65536\": it must be a whole number from 0 to 65535");
    assert_refused("WORKERS", "257", "WORKERS is \"257\": it must be a whole number from 0 to 256");
    assert_refused("MAX_CONCURRENCY", "0",
        "MAX_CONCURRENCY is \"0\": it must be a whole number from 1 to 1048576");
    assert_refused(
        "RATE_LIMIT", "0", "RATE_LIMIT is \"0\": it must be a whole number from 1 to 1000000000");
    assert_refused("REQUEST_TIMEOUT_MS", "3600001",
        "REQUEST_TIMEOUT_MS is \"3600001\": it must be a whole number from 1 to 3600000");
    assert_refused("DB_TIMEOUT_MS", "0",
        "DB_TIMEOUT_MS is \"0\": it must be a whole number from 1 to 3600000");
    assert_refused(
        "DB_ATTEMPTS", "101", "DB_ATTEMPTS is \"101\": it must be a whole number from 1 to 100");
    assert_refused(
        "DB_THREADS", "65", "DB_THREADS is \"65\": it must be a whole number from 1 to 64");
}

static void what_is_no_number_is_refused(void **state)
{
    const char *const values[] = {
        "abc", "80 ", " 80", "-1", "+1", "8080x", "0x50", "1e3", "99999999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct config config;
        struct cairn_error *error = read_one(&config, "PORT", values[i]);
        assert_non_null(error);
        assert_non_null(strstr(error->message, values[i]));
        cairn_error_unref(error);
    }
}

static void a_host_is_a_numeric_address(void **state)
{
    (void)state;
    assert_refused(
        "HOST", "localhost", "HOST is \"localhost\": it must be a numeric IPv4 or IPv6 address");
    assert_refused(
        "HOST", "1.2.3.256", "HOST is \"1.2.3.256\": it must be a numeric IPv4 or IPv6 address");
}

static void a_database_is_one_of_three_kinds(void **state)
{
    const char *const good[] = {"memory:", "sqlite::memory:", "sqlite:users.db", "sqlite:/a/b.db"};
    const char *const bad[] = {"sqlite:", "postgres://x", "users.db", "memory", "memory:x"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_string_equal(accepted("DATABASE_URL", good[i]).database_url, good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char message[128];
        snprintf(message, sizeof(message),
            "DATABASE_URL is \"%s\": it must be memory:, sqlite::memory: or sqlite:FILE", bad[i]);
        assert_refused("DATABASE_URL", bad[i], message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_environment_gives_the_defaults),
        cmocka_unit_test(an_empty_setting_counts_as_not_set),
        cmocka_unit_test(each_setting_is_read_from_its_variable),
        cmocka_unit_test(a_number_out_of_range_is_refused_with_its_name_and_range),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(a_host_is_a_numeric_address),
        cmocka_unit_test(a_database_is_one_of_three_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
