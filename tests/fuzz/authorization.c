/* Any field value as Authorization: the readers against the naive ones. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/authorization.h>
#include <cairn/testkit/authorization_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_bearer(const struct cairn_http_request *req, const char *text)
{
    struct cairn_str token;
    const char *expected = NULL;
    enum cairn_http_credentials found = cairn_http_bearer_token(req, &token);
    CHECK((int)found == (int)authorization_reference_token(text, "Bearer", &expected));
    if (found == CAIRN_HTTP_CREDENTIALS_FOUND)
        CHECK(cairn_str_equal(token, cairn_str_from(expected)));
}

static void check_basic(const struct cairn_http_request *req, const char *text)
{
    char pair[AUTHORIZATION_REFERENCE_BYTES];
    size_t user_length = 0;
    size_t password_length = 0;
    struct cairn_str user;
    struct cairn_str password;
    enum cairn_http_credentials found = cairn_http_basic_credentials(req, &user, &password);
    CHECK((int)found ==
          (int)authorization_reference_basic(text, pair, &user_length, &password_length));
    if (found != CAIRN_HTTP_CREDENTIALS_FOUND)
        return;
    CHECK(cairn_str_equal(user, cairn_str_of(pair, user_length)));
    CHECK(cairn_str_equal(password, cairn_str_of(pair + user_length + 1, password_length)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[AUTHORIZATION_REFERENCE_BYTES];
    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    if (cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), cairn_str_of(text, size)) ==
        0) {
        check_bearer(req, text);
        check_basic(req, text);
    }
    cairn_arena_free(arena);
    return 0;
}
