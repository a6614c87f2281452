/* services.c - services made of services: either, optional, make, shared, future, lend. */
#include <stdio.h>
#include <string.h>

#include <cairn/service/call.h>
#include <cairn/service/either.h>
#include <cairn/service/future_service.h>
#include <cairn/service/lend.h>
#include <cairn/service/make_service.h>
#include <cairn/service/optional.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/shared.h>
#include <cairn/service/stack.h>

static const struct cairn_type text = {.name = "text"};

static void *say(void *cx, void *req, struct cairn_error **error)
{
    (void)req;
    (void)error;
    return cx;
}

static struct cairn_service *store_in(const char *place)
{
    return cairn_service_fn("store", &text, &text, say, (void *)(size_t)place);
}

/* [either] */
static struct cairn_service *store(bool is_test)
{
    return cairn_either(is_test, store_in("memory"), store_in("a database"));
}
/* [/either] */

/* [optional] */
static struct cairn_service *cache(const char *address)
{
    return cairn_optional(address ? store_in(address) : NULL, &text, &text);
}
/* [/optional] */

/* [make] */
static struct cairn_service *connect_to(void *cx, void *address)
{
    (void)cx;
    return store_in(address); /* a service of its own for each address */
}

static struct cairn_service *connector(void)
{
    return cairn_make_service("connector", &text, connect_to, NULL);
}
/* [/make] */

/* [shared] */
static struct cairn_service *same_for_all(void)
{
    return cairn_shared(&text, store_in("one place"));
}
/* [/shared] */

/* [future] */
static struct cairn_service *connected(struct cairn_service *connector_, char *address)
{
    return cairn_future_service(cairn_service_oneshot(connector_, address), &text, &text);
}
/* [/future] */

/* Takes SERVICE. */
static bool gives(struct cairn_runtime *runtime, struct cairn_service *service, const char *answer)
{
    char question[] = "where?";
    union cairn_outcome out;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(service, question), &out);
    if (p == CAIRN_FAILED) {
        char message[128];
        cairn_error_format(out.error, message, sizeof(message));
        cairn_error_unref(out.error);
        return strcmp(message, answer) == 0;
    }
    return strcmp(out.value, answer) == 0;
}

int main(void)
{
    char address[] = "10.0.0.7";
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    bool is_right = gives(runtime, store(true), "memory") &&
                    gives(runtime, store(false), "a database") &&
                    gives(runtime, cache("10.0.0.9"), "10.0.0.9") &&
                    gives(runtime, cache(NULL), "optional: there is no service") &&
                    gives(runtime, connected(connector(), address), address) &&
                    gives(runtime, connected(same_for_all(), address), "one place");
    /* [lend] */
    struct cairn_service *mine = store_in("memory");
    is_right = is_right && gives(runtime, cairn_lend(mine), "memory"); /* drops the loan */
    is_right = is_right && gives(runtime, mine, "memory");             /* still there */
    /* [/lend] */
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
