#include "layers/http_fixture.h"

#include <cairn/http/values/forwarded_back.h>
#include <cairn/service/random.h>

static void assert_element(struct cairn__list_back *list, const char *expected)
{
    struct cairn_str element;
    assert_true(cairn__list_back_next(list, &element));
    assert_str(element, expected);
}

static void reads_a_list_over_all_its_lines_from_the_end(void **state)
{
    struct cairn__list_back list;
    struct cairn_str element;
    struct cairn_http_request *req = fixture_request(*state, "/");
    fixture_add_field(req, "X-List", "a, b");
    fixture_add_field(req, "X-Other", "no");
    fixture_add_field(req, "x-list", ", ,");
    fixture_add_field(req, "X-LIST", "");
    fixture_add_field(req, "X-List", ",c ,\td e\t,,f");
    cairn__list_back_init(&list, &req->fields, CAIRN_STR("X-List"));
    assert_element(&list, "f");
    assert_element(&list, "d e");
    assert_element(&list, "c");
    assert_element(&list, "b");
    assert_element(&list, "a");
    assert_false(cairn__list_back_next(&list, &element));
    assert_false(cairn__list_back_next(&list, &element));
}

static void assert_host(struct cairn__forwarded_back *back, const char *expected)
{
    struct cairn_http_forwarded out;
    assert_int_equal(cairn__forwarded_back_next(back, &out), CAIRN_HTTP_FORWARDED_FOUND);
    assert_str(out.host, expected);
}

static void reads_forwarded_over_all_its_lines_from_the_end(void **state)
{
    struct fixture *f = *state;
    struct cairn__forwarded_back back;
    struct cairn_http_forwarded out;
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Forwarded", "host=a, host=\"b,\\\"\"");
    fixture_add_field(req, "Forwarded", ", ,");
    fixture_add_field(req, "forwarded", "host=c");
    cairn__forwarded_back_init(&back, &req->fields, f->arena);
    assert_host(&back, "c");
    assert_host(&back, "b,\"");
    assert_host(&back, "a");
    assert_int_equal(cairn__forwarded_back_next(&back, &out), CAIRN_HTTP_FORWARDED_END);
    assert_int_equal(cairn__forwarded_back_next(&back, &out), CAIRN_HTTP_FORWARDED_END);
}

static void a_broken_line_gives_nothing_and_hides_what_is_before(void **state)
{
    struct fixture *f = *state;
    struct cairn__forwarded_back back;
    struct cairn_http_forwarded out;
    struct cairn_http_request *req = fixture_request(f, "/");
    fixture_add_field(req, "Forwarded", "host=a");
    fixture_add_field(req, "Forwarded", "host=\"b, host=c");
    fixture_add_field(req, "Forwarded", "host=d");
    cairn__forwarded_back_init(&back, &req->fields, f->arena);
    assert_host(&back, "d");
    assert_int_equal(cairn__forwarded_back_next(&back, &out), CAIRN_HTTP_FORWARDED_BROKEN);
}

static void goes_back_sixty_four_elements_of_a_line(void **state)
{
    struct fixture *f = *state;
    struct cairn__forwarded_back back;
    struct cairn_http_forwarded out;
    char text[100 * 16] = "host=0";
    char expected[16];
    struct cairn_http_request *req = fixture_request(f, "/");
    for (int i = 1; i < 100; i++)
        sprintf(text + strlen(text), ",host=%d", i);
    fixture_add_field(req, "Forwarded", "host=none");
    fixture_add_field(req, "Forwarded", text);
    cairn__forwarded_back_init(&back, &req->fields, f->arena);
    for (int i = 99; i >= 36; i--) {
        snprintf(expected, sizeof(expected), "%d", i);
        assert_host(&back, expected);
    }
    assert_int_equal(cairn__forwarded_back_next(&back, &out), CAIRN_HTTP_FORWARDED_END);
    assert_int_equal(cairn__forwarded_back_next(&back, &out), CAIRN_HTTP_FORWARDED_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(reads_a_list_over_all_its_lines_from_the_end),
        fixture_test(reads_forwarded_over_all_its_lines_from_the_end),
        fixture_test(a_broken_line_gives_nothing_and_hides_what_is_before),
        fixture_test(goes_back_sixty_four_elements_of_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
