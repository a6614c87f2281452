/* bind_rig.h - a request in an arena, and a look at rejections: for the tests of what binds. */
#ifndef TESTS_HTTP_BIND_RIG_H
#define TESTS_HTTP_BIND_RIG_H

#include <stdio.h>
#include <string.h>

#include <cairn/http/bind.h>
#include <cairn/testkit/alloc.h>

static inline int rig_setup(void **state)
{
    cairn_test_alloc_begin();
    struct cairn_arena *arena = cairn_arena_new(NULL);
    *state = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    return *state ? 0 : -1;
}

static inline int rig_teardown(void **state)
{
    struct cairn_http_request *req = *state;
    cairn_arena_free(req->arena);
    cairn_test_alloc_end();
    return 0;
}

#define request_test(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

static inline void assert_str(struct cairn_str s, const char *expected)
{
    char text[4096];
    snprintf(text, sizeof(text), "%.*s", (int)s.length, s.data ? s.data : "(absent)");
    assert_string_equal(text, expected);
}

/* All violations, as "#/name is required; #/age must be …". */
static inline void assert_violations(const struct cairn_http_rejection *no, const char *expected)
{
    char text[4096] = "";
    for (size_t i = 0; i < no->violation_count; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof(text) - length, "%s%.*s %.*s", i ? "; " : "",
            (int)no->violations[i].where.length, no->violations[i].where.data,
            (int)no->violations[i].detail.length, no->violations[i].detail.data);
    }
    assert_string_equal(text, expected);
    assert_int_equal(no->violation_count, no->violation_total);
}

#endif
