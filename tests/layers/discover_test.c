#include <cairn/layers/discover.h>

#include "fixture.h"

#include <cairn/service/channel.h>

/* The next change of S, which the caller drops. */
static struct cairn_change *next_change(struct fixture *f, struct cairn_stream *s)
{
    const struct cairn_context cx = cairn_harness_context(&f->a);
    union cairn_outcome out;
    assert_int_equal(cairn_stream_poll_next(s, &cx, &out), CAIRN_READY);
    return out.value;
}

static void a_list_is_inserts_under_its_indices_and_then_the_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *services[] = {cairn_mock_service(f->mock), cairn_mock_service(f->mock)};
    struct cairn_stream list = cairn_discover_list(services, 2);
    for (int i = 0; i < 2; i++) {
        struct cairn_change *change = next_change(f, &list);
        assert_int_equal(change->kind, CAIRN_CHANGE_INSERT);
        assert_string_equal(change->key, i == 0 ? "0" : "1");
        assert_ptr_equal(change->service, services[i]);
        assert_int_equal(change->weight, 1);
        cairn_change_drop(change);
    }
    assert_null(next_change(f, &list));
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void a_list_that_nobody_polls_drops_its_services(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *services[] = {cairn_mock_service(f->mock), cairn_mock_service(f->mock)};
    struct cairn_stream list = cairn_discover_list(services, 2);
    cairn_stream_drop(&list);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void an_empty_list_is_the_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_stream list = cairn_discover_list(NULL, 0);
    assert_null(next_change(f, &list));
}

static void a_list_with_a_broken_service_fails_with_its_reason(void **state)
{
    static struct cairn_error broken =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_INVALID, "tls", "no certificate");
    struct fixture *f = *state;
    union cairn_outcome out;
    struct cairn_service *services[] = {cairn_mock_service(f->mock), cairn_service_broken(&broken)};
    struct cairn_stream list = cairn_discover_list(services, 2);
    const struct cairn_context cx = cairn_harness_context(&f->a);
    assert_int_equal(cairn_stream_poll_next(&list, &cx, &out), CAIRN_FAILED);
    assert_ptr_equal(out.error, &broken);
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void a_change_copies_its_key_and_a_weight_of_0_is_1(void **state)
{
    struct fixture *f = *state;
    char key[] = "10.0.0.1:80";
    struct cairn_change *light = cairn_change_insert(key, cairn_mock_service(f->mock), 0);
    struct cairn_change *heavy = cairn_change_insert("b", cairn_mock_service(f->mock), 7);
    struct cairn_change *gone = cairn_change_remove(key);
    key[0] = 'x';
    assert_string_equal(light->key, "10.0.0.1:80");
    assert_int_equal(light->weight, 1);
    assert_int_equal(heavy->weight, 7);
    assert_string_equal(gone->key, "10.0.0.1:80");
    assert_int_equal(gone->kind, CAIRN_CHANGE_REMOVE);
    assert_null(gone->service);
    cairn_type_drop(&cairn_change_type, light);
    cairn_type_drop(&cairn_change_type, heavy);
    cairn_type_drop(&cairn_change_type, gone);
    cairn_change_drop(NULL);
}

static void a_service_that_was_taken_stays(void **state)
{
    struct fixture *f = *state;
    struct cairn_change *change = cairn_change_insert("a", cairn_mock_service(f->mock), 1);
    struct cairn_service *service = cairn_change_take_service(change);
    cairn_change_drop(change);
    assert_int_equal(cairn_mock_counts(f->mock).services, 1);
    cairn_service_drop(service);
}

static void a_channel_of_changes_is_discovery(void **state)
{
    struct fixture *f = *state;
    const struct cairn_channel_options opts = {.size = sizeof(opts), .type = &cairn_change_type};
    struct cairn_channel channel;
    assert_null(cairn_channel_new(&opts, &channel));
    assert_int_equal(cairn_sender_try_send(
                         channel.sender, cairn_change_insert("a", cairn_mock_service(f->mock), 1)),
        CAIRN_READY);
    assert_int_equal(cairn_sender_try_send(channel.sender, cairn_change_remove("a")), CAIRN_READY);
    struct cairn_change *change = next_change(f, &channel.receiver);
    assert_int_equal(change->kind, CAIRN_CHANGE_INSERT);
    cairn_change_drop(change);
    cairn_stream_drop(&channel.receiver); /* with a change that nobody took */
    cairn_sender_unref(channel.sender);
}

static void a_boxed_stream_comes_out_as_it_went_in_or_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = cairn_mock_service(f->mock);
    struct cairn_stream *box = cairn_discover_box(cairn_discover_list(&service, 1));
    struct cairn_stream list = cairn_discover_unbox(box);
    struct cairn_change *change = next_change(f, &list);
    assert_string_equal(change->key, "0");
    cairn_change_drop(change);
    cairn_stream_drop(&list);

    service = cairn_mock_service(f->mock);
    cairn_type_drop(&cairn_discover_type, cairn_discover_box(cairn_discover_list(&service, 1)));
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

/* All of a list, boxed, or an error; nothing is lost. */
static void list_without_memory(void *cx)
{
    struct fixture *f = cx;
    cairn_test_alloc_exempt(true);
    struct cairn_service *services[] = {cairn_mock_service(f->mock), cairn_mock_service(f->mock)};
    cairn_test_alloc_exempt(false);
    struct cairn_stream *box = cairn_discover_box(cairn_discover_list(services, 2));
    cairn_type_drop(&cairn_discover_type, box);
    cairn_change_drop(cairn_change_remove("a"));
    assert_int_equal(cairn_mock_counts(f->mock).services, 0);
}

static void nothing_is_lost_without_memory(void **state)
{
    struct fixture f = {.runtime = NULL};
    (void)state;
    f.mock = cairn_mock_new(NULL);
    assert_true(cairn_test_each_allocation(list_without_memory, &f) >= 7);
    cairn_mock_free(f.mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_list_is_inserts_under_its_indices_and_then_the_end),
        fixture_test(a_list_that_nobody_polls_drops_its_services),
        fixture_test(an_empty_list_is_the_end),
        fixture_test(a_list_with_a_broken_service_fails_with_its_reason),
        fixture_test(a_change_copies_its_key_and_a_weight_of_0_is_1),
        fixture_test(a_service_that_was_taken_stays),
        fixture_test(a_channel_of_changes_is_discovery),
        fixture_test(a_boxed_stream_comes_out_as_it_went_in_or_is_dropped),
        cmocka_unit_test(nothing_is_lost_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
