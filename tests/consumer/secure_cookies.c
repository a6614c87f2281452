/* A value that is signed comes back. */
#include <stdio.h>

#include <cairn/http/secure_cookie.h>

int main(void)
{
    const struct cairn_str secret = CAIRN_STR("0123456789abcdef0123456789abcdef");
    struct cairn_error *error = NULL;
    struct cairn_str value = {NULL, 0};
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_cookie_keys *keys =
        cairn_cookie_keys_new(&error, .secrets = &secret, .secret_count = 1);
    if (!arena || !keys)
        return 1;
    struct cairn_str name = CAIRN_STR("sid");
    struct cairn_str text = cairn_cookie_sign(keys, arena, name, CAIRN_STR("42"), 0);
    int rc = cairn_cookie_verify(keys, arena, name, text, &value) != CAIRN_COOKIE_GOOD;
    printf("secure_cookies: %s\n", rc ? "bad" : value.data);
    cairn_cookie_keys_free(keys);
    cairn_arena_free(arena);
    return rc;
}
