/* Any text is no good cookie, and any value comes back as it went. */
#include <stdint.h>
#include <stdlib.h>

#include <cairn/http/secure_cookie.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check(struct cairn_cookie_keys *keys, struct cairn_arena *arena, struct cairn_str bytes)
{
    const struct cairn_str name = CAIRN_STR("sid");
    struct cairn_str value = {NULL, 0};
    CHECK(cairn_cookie_verify(keys, arena, name, bytes, &value) == CAIRN_COOKIE_BAD);
    CHECK(cairn_cookie_decrypt(keys, arena, name, bytes, &value) == CAIRN_COOKIE_BAD);
    struct cairn_str text = cairn_cookie_sign(keys, arena, name, bytes, 0);
    CHECK(cairn_cookie_verify(keys, arena, name, text, &value) == CAIRN_COOKIE_GOOD);
    CHECK(cairn_str_equal(value, bytes));
    text = cairn_cookie_encrypt(keys, arena, name, bytes, 0);
    CHECK(cairn_cookie_decrypt(keys, arena, name, text, &value) == CAIRN_COOKIE_GOOD);
    CHECK(cairn_str_equal(value, bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cairn_str secrets[] = {CAIRN_STR_INIT("a new secret of thirty-two bytes!"),
        CAIRN_STR_INIT("an old secret of thirty-two bytes")};
    struct cairn_error *error = NULL;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_cookie_keys *keys =
        cairn_cookie_keys_new(&error, .secrets = secrets, .secret_count = 2);
    CHECK(arena && keys);
    check(keys, arena, cairn_str_of((const char *)data, size));
    cairn_cookie_keys_free(keys);
    cairn_arena_free(arena);
    return 0;
}
