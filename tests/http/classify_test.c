#include "layers/http_fixture.h"

#include <cairn/http/classify.h>

static struct cairn_http_response *answer(struct fixture *f, int status, const char *grpc_status)
{
    struct cairn_http_response *res = cairn_http_response_new(fixture_request(f, "/"), status);
    if (grpc_status)
        assert_int_equal(cairn_http_response_set(res, "grpc-status", grpc_status), 0);
    return res;
}

static enum cairn_http_verdict at_response(struct cairn_http_classifier classifier,
    const struct cairn_http_response *res, struct cairn_http_failure *failure)
{
    *failure = (struct cairn_http_failure){.status = res->status, .grpc_status = -1};
    return classifier.at_response(&classifier, res, failure);
}

static void a_status_in_the_range_is_a_failure(void **state)
{
    const struct cairn_http_classifier server = cairn_http_classify_status(500, 599);
    const struct cairn_http_classifier gone = cairn_http_classify_status(404, 410);
    struct cairn_http_failure failure;
    struct fixture *f = *state;
    assert_int_equal(at_response(server, answer(f, 499, NULL), &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_response(server, answer(f, 500, NULL), &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(at_response(server, answer(f, 599, NULL), &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(failure.grpc_status, -1);
    assert_int_equal(at_response(gone, answer(f, 403, NULL), &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_response(gone, answer(f, 404, NULL), &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(at_response(gone, answer(f, 411, NULL), &failure), CAIRN_HTTP_SUCCESS);
    assert_null(server.at_eos);
}

static void grpc_decides_by_the_head_where_the_status_is_there(void **state)
{
    const struct cairn_http_classifier grpc = cairn_http_classify_grpc(0);
    struct cairn_http_failure failure;
    struct fixture *f = *state;
    assert_int_equal(at_response(grpc, answer(f, 200, "0"), &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_response(grpc, answer(f, 200, "5"), &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(failure.grpc_status, 5);
    assert_int_equal(at_response(grpc, answer(f, 200, NULL), &failure), CAIRN_HTTP_AT_EOS);
}

static void grpc_waits_for_no_trailers_of_what_is_not_a_200(void **state)
{
    const struct cairn_http_classifier grpc = cairn_http_classify_grpc(0);
    struct cairn_http_failure failure;
    assert_int_equal(at_response(grpc, answer(*state, 503, NULL), &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(failure.grpc_status, 2);
}

static enum cairn_http_verdict at_eos(struct fixture *f, struct cairn_http_classifier classifier,
    const char *grpc_status, struct cairn_http_failure *failure)
{
    struct cairn_http_fields trailers = {.arena = f->arena};
    if (grpc_status)
        cairn_http_fields_add(&trailers, CAIRN_STR("Grpc-Status"), cairn_str_from(grpc_status));
    *failure = (struct cairn_http_failure){.status = 200, .grpc_status = -1};
    return classifier.at_eos(&classifier, &trailers, failure);
}

static void grpc_decides_by_the_trailers(void **state)
{
    const struct cairn_http_classifier grpc = cairn_http_classify_grpc(0);
    struct cairn_http_failure failure;
    assert_int_equal(at_eos(*state, grpc, "0", &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_eos(*state, grpc, "13", &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(failure.grpc_status, 13);
}

static void grpc_successes_are_a_set(void **state)
{
    const struct cairn_http_classifier grpc =
        cairn_http_classify_grpc(1u << 0 | 1u << 5 | 1u << 31);
    struct cairn_http_failure failure;
    assert_int_equal(at_eos(*state, grpc, "0", &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_eos(*state, grpc, "5", &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_eos(*state, grpc, "31", &failure), CAIRN_HTTP_SUCCESS);
    assert_int_equal(at_eos(*state, grpc, "6", &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(at_eos(*state, grpc, "32", &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(at_eos(*state, grpc, "37", &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(failure.grpc_status, 37);
}

static void a_grpc_status_that_is_missing_or_none_is_unknown(void **state)
{
    static const char *const bad[] = {NULL, "", "-1", "zero", "0x0", "99999999999999999999"};
    const struct cairn_http_classifier grpc = cairn_http_classify_grpc(0);
    struct cairn_http_failure failure;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(at_eos(*state, grpc, bad[i], &failure), CAIRN_HTTP_FAILURE);
        assert_int_equal(failure.grpc_status, 2);
    }
    failure.grpc_status = -1;
    assert_int_equal(grpc.at_eos(&grpc, NULL, &failure), CAIRN_HTTP_FAILURE);
    assert_int_equal(failure.grpc_status, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_status_in_the_range_is_a_failure),
        fixture_test(grpc_decides_by_the_head_where_the_status_is_there),
        fixture_test(grpc_waits_for_no_trailers_of_what_is_not_a_200),
        fixture_test(grpc_decides_by_the_trailers),
        fixture_test(grpc_successes_are_a_set),
        fixture_test(a_grpc_status_that_is_missing_or_none_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
