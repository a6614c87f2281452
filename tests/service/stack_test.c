#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/map.h>
#include <cairn/service/stack.h>
#include <cairn/testkit/alloc.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/misuse.h>
#include <cairn/testkit/mock.h>
#include <cairn/testkit/value.h>

/* A layer with a parameter, a counter and a gauge; request and response get its digit appended. */
struct digit_options {
    size_t size;
    int digit;
};

struct digit {
    struct cairn_service base;
    int digit;
};

static struct cairn_future digit_call(struct cairn_service *base, void *request)
{
    int number = cairn_test_value_number(request);

    cairn_test_value_set(request, number * 10 + ((struct digit *)base)->digit);
    return cairn_service_call(base->inner, request);
}

static void digit_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    cairn_describe_parameter(d, "digit", (uint64_t)((const struct digit *)base)->digit, "ms");
    cairn_describe_parameter(d, "base", 10, NULL);
    cairn_describe_counter(d, "calls", 3);
    cairn_describe_gauge(d, "now", 4);
}

static const struct cairn_service_ops digit_ops = {
    .name = "digit", .size = sizeof(struct digit), .call = digit_call, .describe = digit_describe};

static struct cairn_service *digit_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    const struct digit_options *opts = (const void *)layer->options;
    struct digit *self;

    if (opts->digit < 0 || opts->digit > 9)
        return cairn_layer_invalid(layer, inner, "digit must be 0 to 9, got %d", opts->digit);
    self = cairn_service_new(&digit_ops, inner);
    if (!self)
        return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
    self->digit = opts->digit;
    return &self->base;
}

static struct cairn_layer digit(int digit)
{
    const struct digit_options opts = {.size = sizeof(opts), .digit = digit};

    return cairn_layer_of("digit", digit_apply, &opts, sizeof(opts));
}

static int begin(void **state)
{
    (void)state;
    cairn_test_alloc_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(cairn_test_value_live(), 0);
    cairn_test_alloc_end();
    return 0;
}

static int answer_of(struct cairn_service *service, int number)
{
    struct cairn_harness harness;
    struct cairn_error *error = NULL;
    struct cairn_future future;
    union cairn_outcome out;

    cairn_harness_init(&harness, NULL);
    assert_int_equal(cairn_harness_poll_ready(&harness, service, &error), CAIRN_READY);
    future = cairn_service_call(service, cairn_test_value_new(number));
    assert_int_equal(cairn_harness_poll(&harness, &future, &out), CAIRN_READY);
    cairn_harness_fini(&harness);
    return cairn_test_value_take(out.value);
}

static void assert_broken(
    struct cairn_service *service, enum cairn_error_code code, const char *text)
{
    const struct cairn_error *error = cairn_service_error(service);
    char buffer[256];

    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(cairn_error_format(error, buffer, sizeof(buffer)), text);
    cairn_service_drop(service);
}

static void the_first_layer_sees_the_request_first(void **state)
{
    struct cairn_service *service =
        cairn_stack(cairn_test_echo(NULL), digit(1), digit(2), digit(3));

    (void)state;
    assert_int_equal(answer_of(service, 7), 7123);
    cairn_service_drop(service);
}

static void no_layers_give_the_service_itself(void **state)
{
    struct cairn_service *service = cairn_stack_build(cairn_test_echo(NULL), NULL, 0);

    (void)state;
    assert_int_equal(answer_of(service, 7), 7);
    cairn_service_drop(service);
}

static void a_layer_may_depend_on_a_condition(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct cairn_service *service = cairn_stack(cairn_test_echo(NULL), digit(1),
            cairn_layer_if(i == 1, digit(2)), cairn_layer_none(), digit(3));

        assert_int_equal(answer_of(service, 7), i == 1 ? 7123 : 713);
        cairn_service_drop(service);
    }
    (void)state;
}

static void a_layer_may_be_applied_many_times(void **state)
{
    const struct cairn_layer layer = digit(4);
    struct cairn_service *once = cairn_layer_apply(&layer, cairn_test_echo(NULL));
    struct cairn_service *twice = cairn_stack(cairn_test_echo(NULL), layer, layer);

    (void)state;
    assert_int_equal(answer_of(once, 7), 74);
    assert_int_equal(answer_of(twice, 7), 744);
    cairn_service_drop(once);
    cairn_service_drop(twice);
}

static struct cairn_service *apply_twice(void *cx, struct cairn_service *inner)
{
    const struct cairn_layer *layer = cx;

    return cairn_layer_apply(layer, cairn_layer_apply(layer, inner));
}

static void a_function_may_be_a_layer(void **state)
{
    struct cairn_layer five = digit(5);
    const struct cairn_layer layer = cairn_layer_fn("twice", apply_twice, &five);
    struct cairn_service *service = cairn_stack(cairn_test_echo(NULL), layer);

    (void)state;
    assert_string_equal(layer.name, "twice");
    assert_int_equal(answer_of(service, 7), 755);
    cairn_service_drop(service);
}

static void a_layer_that_refuses_names_itself_its_option_and_its_value(void **state)
{
    (void)state;
    assert_broken(cairn_stack(cairn_test_echo(NULL), digit(1), digit(12)), CAIRN_ERROR_INVALID,
        "digit: digit must be 0 to 9, got 12");
}

static void the_innermost_refusal_comes_out_on_top(void **state)
{
    (void)state;
    assert_broken(cairn_stack(cairn_test_echo(NULL), digit(10), digit(1), digit(11), digit(2)),
        CAIRN_ERROR_INVALID, "digit: digit must be 0 to 9, got 11");
}

static void a_refusal_drops_what_was_built_so_far(void **state)
{
    struct cairn_mock *mock = cairn_mock_new(NULL);
    struct cairn_service *service = cairn_stack(cairn_mock_service(mock), digit(99), digit(1));

    (void)state;
    assert_int_equal(cairn_mock_counts(mock).services, 0);
    assert_true(cairn_mock_is_closed(mock));
    cairn_service_drop(service);
    cairn_mock_free(mock);
}

static void no_service_is_one_for_which_there_was_no_memory(void **state)
{
    (void)state;
    assert_broken(cairn_stack(NULL, digit(1)), CAIRN_ERROR_MEMORY, "cairn: out of memory");
}

static void a_service_that_does_not_fit_is_refused_with_both_types(void **state)
{
    const struct cairn_type *fixed = &cairn_test_fixed_type;

    (void)state;
    assert_broken(cairn_stack(cairn_test_echo(NULL), digit(1), cairn_boxed(fixed, NULL)),
        CAIRN_ERROR_TYPE,
        "boxed: needs a service from test.fixed to anything, got one from test.value to "
        "test.value (echo)");
    assert_broken(cairn_stack(cairn_test_echo(fixed), cairn_boxed(fixed, &cairn_test_value_type)),
        CAIRN_ERROR_TYPE,
        "boxed: needs a service from test.fixed to test.value, got one from test.fixed to "
        "test.fixed (echo)");
}

static void a_service_that_fits_is_let_through(void **state)
{
    const struct cairn_type *value = &cairn_test_value_type;
    struct cairn_service *service =
        cairn_stack(cairn_test_echo(NULL), cairn_boxed(value, value), cairn_boxed(NULL, NULL));

    (void)state;
    assert_int_equal(answer_of(service, 7), 7);
    cairn_service_drop(service);
}

static char *printed(const struct cairn_service *service)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    cairn_stack_print(service, out);
    fclose(out);
    return text;
}

static void printing_gives_a_line_for_each_layer_outermost_first(void **state)
{
    struct cairn_service *service =
        cairn_stack(cairn_test_echo(NULL), digit(1), cairn_layer_none(), digit(2));
    char *text = printed(service);

    (void)state;
    assert_string_equal(text, "digit(digit=1ms base=10)  calls=3 now=4\n"
                              "digit(digit=2ms base=10)  calls=3 now=4\n"
                              "echo\n");
    free(text);
    cairn_service_drop(service);
}

/* A service with services inside that are not its inner one. */
struct fork {
    struct cairn_service base;
    struct cairn_service *left;
    struct cairn_service *right;
};

static void fork_drop(struct cairn_service *base)
{
    cairn_service_drop(((struct fork *)base)->left);
    cairn_service_drop(((struct fork *)base)->right);
}

static void fork_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct fork *self = (const struct fork *)base;

    cairn_describe_text(d, "kind", "fork");
    cairn_describe_service(d, self->left);
    cairn_describe_service(d, self->right);
}

static const struct cairn_service_ops fork_ops = {.name = "fork",
    .size = sizeof(struct fork),
    .drop = fork_drop,
    .describe = fork_describe,
    .not_cloneable = true};

static void printing_indents_services_inside_of_a_service(void **state)
{
    struct fork *fork = cairn_service_new(&fork_ops, NULL);
    struct cairn_service *service;
    char *text;

    (void)state;
    assert_non_null(fork);
    fork->left = cairn_stack(cairn_test_echo(NULL), digit(1));
    fork->right = cairn_test_pending_once(NULL);
    fork->base.request_type = fork->base.response_type = &cairn_test_value_type;
    service = cairn_stack(&fork->base, digit(2));
    text = printed(service);
    assert_string_equal(text, "digit(digit=2ms base=10)  calls=3 now=4\n"
                              "fork(kind=fork)\n"
                              "  digit(digit=1ms base=10)  calls=3 now=4\n"
                              "  echo\n"
                              "  pending_once\n");
    free(text);
    cairn_service_drop(service);
}

static void an_error_shows_the_way_it_took(void **state)
{
    struct cairn_service *service = cairn_stack(cairn_test_echo(NULL), digit(1), digit(2));
    struct cairn_error *source = cairn_error_new(CAIRN_ERROR_SYSTEM, "dns", NULL, "no such host");
    struct cairn_error *error =
        cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "echo", source, "connection refused");
    struct cairn_error *stray = cairn_error_new(CAIRN_ERROR_USER, "stray", NULL, "elsewhere");
    char text[256];

    (void)state;
    assert_string_equal(cairn_error_path(error, service, text, sizeof(text)),
        "digit(1ms, 10) > digit(2ms, 10) > echo: connection refused: dns: no such host");
    assert_string_equal(cairn_error_path(stray, service, text, sizeof(text)), "stray: elsewhere");
    cairn_error_unref(error);
    cairn_error_unref(stray);
    cairn_service_drop(service);
}

static void build_three(void *cx)
{
    struct cairn_service *service =
        cairn_stack(cairn_test_echo(NULL), digit(1), digit(2), digit(3));
    const struct cairn_error *error = cairn_service_error(service);

    (void)cx;
    assert_true(!error || error->code == CAIRN_ERROR_MEMORY);
    assert_int_equal(error != NULL, cairn_test_alloc_has_failed());
    cairn_service_drop(service);
}

static void a_stack_without_memory_is_broken_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(build_three, NULL) >= 4);
}

static struct cairn_service *apply_nothing(void *cx, struct cairn_service *inner)
{
    (void)cx;
    (void)inner;
    return NULL;
}

static void apply_layer(void *cx)
{
    const struct cairn_layer layer = cairn_layer_fn("nothing", apply_nothing, NULL);

    cairn_layer_apply(&layer, cx);
}

static void T146_a_function_layer_is_called_by_its_name(void **state)
{
    struct cairn_service *echo = cairn_test_echo(NULL);

    (void)state;
    assert_string_equal(cairn_test_misuse(apply_layer, echo),
        "nothing: apply returned NULL instead of a broken service");
    cairn_service_drop(echo);
}

static void make_large_layer(void *cx)
{
    const uint64_t options[CAIRN_LAYER_OPTIONS_BYTES / sizeof(uint64_t) + 1] = {0};

    (void)cx;
    cairn_layer_of("large", NULL, options, sizeof(options));
}

static void options_that_are_too_large_are_noticed(void **state)
{
    const char *message = cairn_test_misuse(make_large_layer, NULL);

    (void)state;
    assert_non_null(message);
    assert_non_null(strstr(message, "large: the options are larger"));
}

static void options_of_an_older_header_are_filled_up_with_zeros(void **state)
{
    const size_t size = sizeof(size);
    const struct cairn_layer layer = cairn_layer_of("digit", digit_apply, &size, sizeof(size));
    struct cairn_service *service = cairn_stack(cairn_test_echo(NULL), layer);

    (void)state;
    assert_int_equal(answer_of(service, 7), 70);
    cairn_service_drop(service);
}

#define TRACED(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(the_first_layer_sees_the_request_first),
        TRACED(no_layers_give_the_service_itself),
        TRACED(a_layer_may_depend_on_a_condition),
        TRACED(a_layer_may_be_applied_many_times),
        TRACED(a_function_may_be_a_layer),
        TRACED(a_layer_that_refuses_names_itself_its_option_and_its_value),
        TRACED(the_innermost_refusal_comes_out_on_top),
        TRACED(a_refusal_drops_what_was_built_so_far),
        TRACED(no_service_is_one_for_which_there_was_no_memory),
        TRACED(a_service_that_does_not_fit_is_refused_with_both_types),
        TRACED(a_service_that_fits_is_let_through),
        TRACED(printing_gives_a_line_for_each_layer_outermost_first),
        TRACED(printing_indents_services_inside_of_a_service),
        TRACED(an_error_shows_the_way_it_took),
        cmocka_unit_test(a_stack_without_memory_is_broken_and_leaks_nothing),
        TRACED(T146_a_function_layer_is_called_by_its_name),
        TRACED(options_that_are_too_large_are_noticed),
        TRACED(options_of_an_older_header_are_filled_up_with_zeros),
    };

    return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
