#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <cairn/service/error.h>
#include <cairn/testkit/alloc.h>

static struct cairn_error static_error =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_CLOSED, "pool", "the pool is closed");

static void an_error_has_code_layer_and_formatted_message(void **state)
{
    struct cairn_error *error =
        cairn_error_new(CAIRN_ERROR_ELAPSED, "timeout", NULL, "%d ms passed", 500);

    (void)state;
    assert_int_equal(error->code, CAIRN_ERROR_ELAPSED);
    assert_string_equal(error->layer, "timeout");
    assert_string_equal(error->message, "500 ms passed");
    assert_null(error->source);
    assert_int_equal(error->references, 1);
    cairn_error_unref(error);
}

static void a_long_message_is_kept_whole(void **state)
{
    char text[3000];
    struct cairn_error *error;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error = cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "%s!", text);
    assert_int_equal(strlen(error->message), sizeof(text));
    assert_int_equal(error->message[sizeof(text) - 1], '!');
    cairn_error_unref(error);
}

static void the_last_owner_frees_an_error_and_its_sources(void **state)
{
    struct cairn_error *source = cairn_error_new(CAIRN_ERROR_SYSTEM, "dns", NULL, "no such host");
    struct cairn_error *error =
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "client", source, "cannot connect");

    (void)state;
    assert_ptr_equal(cairn_error_ref(error), error);
    cairn_error_unref(error);
    assert_int_equal(cairn_test_alloc_live(), 2);
    assert_ptr_equal(error->source, source);
    cairn_error_unref(error);
    assert_int_equal(cairn_test_alloc_live(), 0);
}

static void a_source_that_has_another_owner_outlives_the_error(void **state)
{
    struct cairn_error *source = cairn_error_new(CAIRN_ERROR_SYSTEM, "dns", NULL, "no such host");
    struct cairn_error *error = cairn_error_new(
        CAIRN_ERROR_UNAVAILABLE, "client", cairn_error_ref(source), "cannot connect");

    (void)state;
    cairn_error_unref(error);
    assert_string_equal(source->message, "no such host");
    cairn_error_unref(source);
}

static void a_chain_of_many_sources_is_freed_without_recursion(void **state)
{
    struct cairn_error *error = NULL;

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        error = cairn_error_new(CAIRN_ERROR_USER, "deep", error, "%u", i);
    assert_int_equal(cairn_test_alloc_live(), 100000);
    cairn_error_unref(error);
    assert_int_equal(cairn_test_alloc_live(), 0);
}

static void a_static_error_is_never_counted_or_freed(void **state)
{
    (void)state;
    assert_ptr_equal(cairn_error_ref(&static_error), &static_error);
    for (int i = 0; i < 5; i++)
        cairn_error_unref(&static_error);
    assert_int_equal(static_error.references, 0);
    assert_string_equal(static_error.message, "the pool is closed");
    cairn_error_unref(NULL);
    assert_null(cairn_error_ref(NULL));
}

static void without_memory_the_source_is_dropped_and_the_error_says_so(void **state)
{
    struct cairn_error *source = cairn_error_new(CAIRN_ERROR_SYSTEM, "dns", NULL, "no such host");
    struct cairn_error *error;

    (void)state;
    cairn_test_alloc_fail_at(1);
    error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "client", source, "cannot connect");
    assert_ptr_equal(error, &cairn_error_no_memory);
    assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
    assert_int_equal(cairn_test_alloc_live(), 0);
}

static void a_system_error_tells_what_failed_why_and_its_errno(void **state)
{
    struct cairn_error *error = cairn_error_system("client", "connect", ECONNREFUSED);

    (void)state;
    assert_int_equal(error->code, CAIRN_ERROR_SYSTEM);
    assert_non_null(strstr(error->message, "connect: Connection refused"));
    cairn_error_unref(error);
    error = cairn_error_system("client", "connect", 99999);
    assert_non_null(strstr(error->message, "connect: error 99999"));
    cairn_error_unref(error);
}

static void find_gives_the_first_of_a_code_in_the_chain(void **state)
{
    struct cairn_error *first = cairn_error_new(CAIRN_ERROR_SYSTEM, "inner", NULL, "first");
    struct cairn_error *second = cairn_error_new(CAIRN_ERROR_SYSTEM, "middle", first, "second");
    struct cairn_error *third = cairn_error_new(CAIRN_ERROR_USER, "outer", second, "third");

    (void)state;
    assert_ptr_equal(cairn_error_find(third, CAIRN_ERROR_USER), third);
    assert_ptr_equal(cairn_error_find(third, CAIRN_ERROR_SYSTEM), second);
    assert_null(cairn_error_find(third, CAIRN_ERROR_CLOSED));
    assert_null(cairn_error_find(NULL, CAIRN_ERROR_USER));
    cairn_error_unref(third);
}

static void format_writes_the_whole_chain(void **state)
{
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "client",
        cairn_error_new(CAIRN_ERROR_SYSTEM, "dns", &static_error, "no such host"),
        "cannot connect");
    char text[128];

    (void)state;
    assert_ptr_equal(cairn_error_format(error, text, sizeof(text)), text);
    assert_string_equal(
        text, "client: cannot connect: dns: no such host: pool: the pool is closed");
    cairn_error_unref(error);
}

static void format_is_cut_to_the_buffer_at_every_size(void **state)
{
    const char whole[] = "pool: the pool is closed";
    char text[64];

    (void)state;
    for (size_t size = 1; size <= sizeof(whole) + 2; size++) {
        size_t length = size - 1 < sizeof(whole) - 1 ? size - 1 : sizeof(whole) - 1;

        memset(text, '#', sizeof(text));
        cairn_error_format(&static_error, text, size);
        assert_int_equal(strlen(text), length);
        assert_memory_equal(text, whole, length);
        assert_int_equal(text[length + 1], '#');
    }
    text[0] = '#';
    cairn_error_format(&static_error, text, 0);
    assert_int_equal(text[0], '#');
}

static void *ref_and_unref(void *error)
{
    for (int i = 0; i < 20000; i++)
        cairn_error_unref(cairn_error_ref(error));
    cairn_error_unref(error);
    return NULL;
}

static void an_error_may_be_shared_between_threads(void **state)
{
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_USER, "test", NULL, "shared");
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, ref_and_unref, cairn_error_ref(error)), 0);
    cairn_error_unref(error);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(cairn_test_alloc_live(), 0);
}

#define TRACED(f) \
    cmocka_unit_test_setup_teardown(f, cairn_test_alloc_setup, cairn_test_alloc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(an_error_has_code_layer_and_formatted_message),
        TRACED(a_long_message_is_kept_whole),
        TRACED(the_last_owner_frees_an_error_and_its_sources),
        TRACED(a_source_that_has_another_owner_outlives_the_error),
        TRACED(a_chain_of_many_sources_is_freed_without_recursion),
        TRACED(a_static_error_is_never_counted_or_freed),
        TRACED(without_memory_the_source_is_dropped_and_the_error_says_so),
        TRACED(a_system_error_tells_what_failed_why_and_its_errno),
        TRACED(find_gives_the_first_of_a_code_in_the_chain),
        TRACED(format_writes_the_whole_chain),
        TRACED(format_is_cut_to_the_buffer_at_every_size),
        TRACED(an_error_may_be_shared_between_threads),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
