/* idempotency_keys.c - a payment that a client sends again, because it saw no answer, is made once.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <cairn/http/all.h>

/* Shared by all workers. */
struct bank {
    struct cairn_idempotency_store *store;
    atomic_uint payments;
};

static struct cairn_http_response *pay(struct cairn_http_request *req, void *state)
{
    struct bank *bank = state;
    if (req->body.length == 0)
        return cairn_http_problem(req, 422, "pay whom, and how much?");
    unsigned number = atomic_fetch_add(&bank->payments, 1) + 1;
    return cairn_http_textf(req, 201, "payment %u\n", number);
}

static struct cairn_http_response *count(struct cairn_http_request *req, void *state)
{
    struct bank *bank = state;
    return cairn_http_textf(req, 200, "%u\n", atomic_load(&bank->payments));
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    struct bank *bank = cx;
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/payments/count", cairn_http_handler(count, bank));
    /* A client that goes away must not stop a payment half way. */
    cairn_http_post(r, "/payments",
        cairn_stack(cairn_http_handler(pay, bank), cairn_run_to_completion(),
            cairn_idempotency_keys(.store = bank->store, .required = true)));
    return cairn_stack(cairn_http_router_service(r), cairn_error_to_response());
}

int main(int argc, char **argv)
{
    struct cairn_error *error = NULL;
    struct bank bank = {.store = cairn_idempotency_memory_new(NULL, &error)};
    if (!bank.store)
        return 1;
    int status = cairn_http_serve(app, &bank, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
    cairn_idempotency_store_unref(bank.store);
    return status;
}
