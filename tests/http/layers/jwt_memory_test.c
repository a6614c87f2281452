/* The libraries below the layer without memory: whatever they make of that, nobody is let in by it.
 */
#include "jwt_rig.h"

#include <jansson.h>
#include <openssl/crypto.h>

/* libcrypto's blocks. What libcrypto loses when something is missing is theirs: in this
 * list it is no leak of ours. */
struct block {
    struct block *next;
    struct block *previous;
};

static struct block blocks = {&blocks, &blocks};
/* The N-th block from now is missing. */
static size_t fail_at;
static bool has_failed;

static bool memory_is_missing(void)
{
    if (fail_at == 0 || --fail_at > 0)
        return false;
    has_failed = true;
    return true;
}

static void *memory_link(struct block *block)
{
    if (!block)
        return NULL;
    *block = (struct block){blocks.next, &blocks};
    blocks.next->previous = block;
    blocks.next = block;
    return block + 1;
}

static struct block *memory_unlink(void *data)
{
    struct block *block = (struct block *)data - 1;
    block->next->previous = block->previous;
    block->previous->next = block->next;
    return block;
}

/* libjwt frees some of jansson's itself: no block in front. */
static void *json_alloc(size_t size)
{
    return memory_is_missing() ? NULL : malloc(size);
}

static void *crypto_alloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return memory_is_missing() ? NULL : memory_link(malloc(sizeof(struct block) + size));
}

static void *crypto_resize(void *data, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    if (memory_is_missing())
        return NULL;
    struct block *block = data ? memory_unlink(data) : NULL;
    return memory_link(realloc(block, sizeof(*block) + size));
}

static void crypto_free(void *data, const char *file, int line)
{
    (void)file, (void)line;
    if (data)
        free(memory_unlink(data));
}

/* Asks with the N-th of their allocations failing, for each N there is. */
static void ask_without_memory(
    struct fixture *f, struct cairn_layer layer, const char *token, bool is_good)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(rig_fine, NULL));
    has_failed = true;
    for (size_t n = 1; has_failed; n++) {
        union cairn_outcome out;
        struct cairn_http_request *req = rig_request(f, token);
        has_failed = false;
        fail_at = n;
        struct cairn_future future = fixture_send(f, service, req);
        fail_at = 0;
        enum cairn_poll p = cairn_harness_poll(&f->hand, &future, &out);
        const struct cairn_http_response *res = p == CAIRN_READY ? out.value : NULL;
        if (!res)
            assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        else if (!is_good || !has_failed)
            assert_int_equal(res->status, is_good ? 200 : 401);
    }
    cairn_service_drop(service);
}

static void with_a_secret_nobody_is_let_in_by_it(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now);
    ask_without_memory(f, layer, rig_sign(f, JWT_ALG_HS256, RIG_SECRET, NULL, RIG_CLAIMS), true);
    ask_without_memory(f, layer, rig_forge(f, "{\"alg\":\"HS256\"}", RIG_CLAIMS, "guess"), false);
}

static void with_a_public_key_nobody_is_let_in_by_it(void **state)
{
    struct fixture *f = *state;
    struct rig_pair pair;
    rig_pair_of(&pair, EVP_EC_gen("P-256"));
    const struct cairn_jwt_key key = {CAIRN_JWT_ES256, cairn_str_from(pair.public_pem), NULL};
    struct cairn_layer layer = cairn_jwt(.keys = &key, .key_count = 1, .now = rig_now);
    ask_without_memory(
        f, layer, rig_sign(f, JWT_ALG_ES256, pair.private_pem, NULL, RIG_CLAIMS), true);
    ask_without_memory(f, layer, rig_forge(f, "{\"alg\":\"ES256\"}", RIG_CLAIMS, "guess"), false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(with_a_secret_nobody_is_let_in_by_it),
        fixture_test(with_a_public_key_nobody_is_let_in_by_it),
    };
    json_set_alloc_funcs(json_alloc, free);
    if (!CRYPTO_set_mem_functions(crypto_alloc, crypto_resize, crypto_free))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
