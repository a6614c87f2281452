/* errors.c - raising errors, reading them, printing the way they took. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

static const struct cairn_type text_type = {.name = "text"};

/* [static] */
static struct cairn_error no_tickets =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_LIMITED, "tickets", "all tickets are taken");
/* [/static] */

/* [dynamic] */
static struct cairn_error *seat_taken(unsigned row, unsigned seat)
{
    return cairn_error_new(
        CAIRN_ERROR_CONFLICT, "tickets", NULL, "seat %u in row %u is taken", seat, row);
}
/* [/dynamic] */

/* [source] */
static struct cairn_error *cannot_print(void)
{
    struct cairn_error *why = cairn_error_system("printer", "open /dev/lp0", ENOENT);
    return cairn_error_new(CAIRN_ERROR_UNAVAILABLE, "tickets", why, "the ticket cannot be printed");
}
/* [/source] */

/* [user] */
#define ERROR_SOLD_OUT ((enum cairn_error_code)(CAIRN_ERROR_USER + 1))

static struct cairn_error sold_out =
    CAIRN_ERROR_STATIC(ERROR_SOLD_OUT, "tickets", "the show is sold out");
/* [/user] */

/* [future] */
static struct cairn_future buy(void *cx, void *request)
{
    const char *show = request;
    (void)cx;
    if (strcmp(show, "hamlet") == 0)
        return cairn_future_failed(&no_tickets);
    if (strcmp(show, "macbeth") == 0)
        return cairn_future_failed(seat_taken(7, 12));
    return cairn_sleep(60000); /* nobody at the counter */
}
/* [/future] */

/* [print] */
static void print(const struct cairn_error *error, const struct cairn_service *stack)
{
    char text[256];
    puts(cairn_error_format(error, text, sizeof(text)));
    puts(cairn_error_path(error, stack, text, sizeof(text)));
}
/* [/print] */

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

/* Asks a copy of STACK for SHOW; the error that comes must have CODE and be printed as PATH. */
static int expect(struct cairn_runtime *runtime, const struct cairn_service *stack, char *show,
    enum cairn_error_code code, const char *path)
{
    union cairn_outcome out;
    char text[256];
    struct cairn_service *copy = cairn_service_clone(stack);
    if (!copy || cairn_block_on(runtime, cairn_service_oneshot(copy, show), &out) != CAIRN_FAILED)
        return check(0, show);
    print(out.error, stack);
    int rc = check(cairn_error_find(out.error, code) != NULL, "code");
    rc |= check(strcmp(cairn_error_path(out.error, stack, text, sizeof(text)), path) == 0, text);
    cairn_error_unref(out.error);
    return rc;
}

static int expect_text(struct cairn_error *error, const char *expected)
{
    char text[256];
    int rc = check(strcmp(cairn_error_format(error, text, sizeof(text)), expected) == 0, text);
    cairn_error_unref(error);
    return rc;
}

int main(void)
{
    char hamlet[] = "hamlet", macbeth[] = "macbeth", othello[] = "othello";
    struct cairn_error *error;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return check(0, "runtime");
    struct cairn_service *stack =
        cairn_stack(cairn_service_async_fn("tickets", &text_type, &text_type, buy, NULL),
            cairn_concurrency_limit(.max = 64), cairn_timeout(.after_ms = 5));
    int rc = expect(runtime, stack, hamlet, CAIRN_ERROR_LIMITED, "tickets: all tickets are taken");
    rc |=
        expect(runtime, stack, macbeth, CAIRN_ERROR_CONFLICT, "tickets: seat 12 in row 7 is taken");
    rc |= expect(runtime, stack, othello, CAIRN_ERROR_ELAPSED,
        "concurrency_limit(64) > timeout(5ms): 5 ms passed");
    rc |=
        expect_text(cannot_print(), "tickets: the ticket cannot be printed: "
                                    "printer: open /dev/lp0: No such file or directory (errno 2)");
    rc |= expect_text(&sold_out, "tickets: the show is sold out");
    cairn_service_drop(stack);
    cairn_runtime_free(runtime);
    return rc;
}
