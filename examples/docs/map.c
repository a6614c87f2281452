/* map.c - map_request, map_response and map_error around one service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/service/call.h>
#include <cairn/service/map.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>

static int square_of;

/* [types] */
static const struct cairn_type text_type = {.name = "text"};
static const struct cairn_type number_type = {.name = "number"};
/* [/types] */

/* A service from numbers to numbers. */
static void *square(void *cx, void *request, struct cairn_error **error)
{
    static struct cairn_error too_large =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_TOO_LARGE, "square", "more than 1000");
    int n = *(int *)request;
    (void)cx;
    if (n > 1000) {
        *error = &too_large;
        return NULL;
    }
    square_of = n * n;
    return &square_of;
}

/* [functions] */
static void *to_number(void *cx, void *request)
{
    int *number = cx;
    *number = atoi(request);
    return number;
}

static void *to_text(void *cx, void *response)
{
    char *text = cx;
    snprintf(text, 16, "%d", *(int *)response);
    return text;
}

static struct cairn_error *to_mine(void *cx, struct cairn_error *error)
{
    (void)cx;
    return cairn_error_new(CAIRN_ERROR_REJECTED, "calculator", error, "cannot square that");
}
/* [/functions] */

static int check(int is_right, const char *what)
{
    if (!is_right)
        fprintf(stderr, "wrong: %s\n", what);
    return is_right ? 0 : 1;
}

/* [stack] */
static int number;
static char text[16];

static struct cairn_service *calculator(void)
{
    return cairn_stack(cairn_service_fn("square", &number_type, &number_type, square, NULL),
        cairn_map_error(to_mine, NULL),                    /* outermost */
        cairn_map_request(&text_type, to_number, &number), /* text in, number further in */
        cairn_map_response(&text_type, to_text, text)); /* number out of here, text further out */
}
/* [/stack] */

int main(void)
{
    union cairn_outcome out;
    char message[128];
    char seven[] = "7", million[] = "1000000";
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &out.error);
    if (!runtime)
        return check(0, "runtime");
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(calculator(), seven), &out);
    int rc = check(p == CAIRN_READY && strcmp(out.value, "49") == 0, "49");
    p = cairn_block_on(runtime, cairn_service_oneshot(calculator(), million), &out);
    rc |= check(p == CAIRN_FAILED, "failure");
    if (p == CAIRN_FAILED) {
        cairn_error_format(out.error, message, sizeof(message));
        rc |= check(strcmp(message, "calculator: cannot square that: square: more than 1000") == 0,
            message);
        cairn_error_unref(out.error);
    }
    cairn_runtime_free(runtime);
    return rc;
}
