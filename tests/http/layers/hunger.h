/* hunger.h - calls whose arena is full, or nearly so. */
#ifndef CAIRN_TESTS_HTTP_LAYERS_HUNGER_H
#define CAIRN_TESTS_HTTP_LAYERS_HUNGER_H

#include "http_fixture.h"

/* How many bytes are left in the arena's chunk; there are none then. */
static inline size_t hunger_room(struct fixture *f)
{
    size_t count = 0;
    for (;; count++) {
        cairn_test_alloc_fail_at(1);
        if (!cairn_arena_alloc_text(f->arena, 1))
            return count;
    }
}

/*
 * Sends requests that MAKE makes through SERVICE, which answers at once; each in an arena of its
 * own that has room for a little more than the one before. Each call fails for lack of memory,
 * until one is answered, with COUNT fields.
 */
static inline void assert_whole_or_failed(struct fixture *f, struct cairn_service *service,
    struct cairn_http_request *(*make)(struct fixture *f), size_t count)
{
    struct cairn_arena *arena = f->arena;
    size_t room = 0;
    size_t failures = 0;
    enum cairn_poll p = CAIRN_FAILED;
    for (size_t spare = 0; p == CAIRN_FAILED; spare++) {
        union cairn_outcome out;
        f->arena = cairn_arena_new(NULL);
        struct cairn_http_request *req = make(f);
        if (spare == 0)
            room = hunger_room(f);
        else
            assert_non_null(cairn_arena_alloc_text(f->arena, room - spare));
        cairn_test_alloc_fail_at(1);
        struct cairn_future future = fixture_send(f, service, req);
        p = cairn_harness_poll(&f->hand, &future, &out);
        cairn_test_alloc_fail_at(0);
        if (p == CAIRN_FAILED)
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        else
            assert_int_equal(((struct cairn_http_response *)out.value)->fields.count, count);
        failures += p == CAIRN_FAILED;
        cairn_arena_free(f->arena);
    }
    f->arena = arena;
    assert_true(failures > 1);
}

/* Answers the mock's next request with what has an arena of its own, which is full. */
static inline void hunger_respond_starving(struct fixture *f)
{
    struct cairn_mock_request *request = cairn_mock_next_request(f->mock);
    struct cairn_http_response *res = cairn_http_response_type.clone(
        cairn_http_text(cairn_mock_request_value(request), 200, "fine"));
    struct cairn_arena *arena = f->arena;
    cairn_mock_respond(request, res);
    f->arena = res->arena;
    fixture_exhaust(f);
    f->arena = arena;
}

#endif
