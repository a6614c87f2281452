#include "layers/http_fixture.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include <cairn/http/base64.h>
#include <cairn/http/secure_cookie.h>
#include <cairn/service/random.h>

#define OLD "an old secret of thirty-two bytes"
#define NEW "a new secret of thirty-two bytes!"
#define NAME CAIRN_STR("sid")

/* libcrypto's memory, of which the N-th block from now may be missing. */
static size_t fail_at;
static bool has_failed;

static bool memory_is_missing(void)
{
    if (fail_at == 0 || --fail_at > 0)
        return false;
    has_failed = true;
    return true;
}

static void *memory_alloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return memory_is_missing() ? NULL : malloc(size);
}

static void *memory_resize(void *block, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return memory_is_missing() ? NULL : realloc(block, size);
}

static void memory_free(void *block, const char *file, int line)
{
    (void)file, (void)line;
    free(block);
}

static int64_t now_s;

static int64_t now(void *cx)
{
    assert_ptr_equal(cx, &now_s);
    return now_s;
}

/* SECOND may be NULL. */
static struct cairn_cookie_keys *keys_of(const char *first, const char *second)
{
    const struct cairn_str secrets[] = {cairn_str_from(first), cairn_str_from(second)};
    struct cairn_error *error = NULL;
    struct cairn_cookie_keys *keys = cairn_cookie_keys_new(
        &error, .secrets = secrets, .secret_count = second ? 2 : 1, .now = now, .cx = &now_s);
    assert_null(error);
    assert_non_null(keys);
    now_s = 1000;
    return keys;
}

/* Signed and encrypted go through the same tests. */
struct kind {
    struct cairn_str (*make)(struct cairn_cookie_keys *keys, struct cairn_arena *arena,
        struct cairn_str name, struct cairn_str value, uint64_t max_age_s);
    enum cairn_cookie_verdict (*check)(struct cairn_cookie_keys *keys, struct cairn_arena *arena,
        struct cairn_str name, struct cairn_str text, struct cairn_str *value);
    enum cairn_cookie_verdict (*find)(const struct cairn_http_request *req,
        struct cairn_cookie_keys *keys, const char *name, struct cairn_str *value);
    struct cairn_error *(*set)(struct cairn_http_response *res, struct cairn_cookie_keys *keys,
        const struct cairn_http_set_cookie_options *options);
};

static const struct kind kinds[] = {
    {cairn_cookie_sign, cairn_cookie_verify, cairn_http_signed_cookie,
        cairn_http_set_signed_cookie_with},
    {cairn_cookie_encrypt, cairn_cookie_decrypt, cairn_http_encrypted_cookie,
        cairn_http_set_encrypted_cookie_with},
};

static const struct kind *const kinds_end = kinds + sizeof(kinds) / sizeof(*kinds);

static enum cairn_cookie_verdict verdict_of(struct fixture *f, const struct kind *kind,
    struct cairn_cookie_keys *keys, struct cairn_str name, struct cairn_str text)
{
    struct cairn_str value = {"untouched", 9};
    enum cairn_cookie_verdict verdict = kind->check(keys, f->arena, name, text, &value);
    if (verdict != CAIRN_COOKIE_GOOD)
        assert_string_equal(value.data, "untouched");
    return verdict;
}

static void gives_back_any_bytes(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    char bytes[100];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 37);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        for (size_t length = 0; length <= sizeof(bytes); length++) {
            struct cairn_str value = cairn_str_of(bytes, length);
            struct cairn_str back = {NULL, 0};
            struct cairn_str text = kind->make(keys, f->arena, NAME, value, 0);
            assert_int_equal(strlen(text.data), text.length);
            assert_int_equal(kind->check(keys, f->arena, NAME, text, &back), CAIRN_COOKIE_GOOD);
            assert_true(cairn_str_equal(back, value));
            assert_int_equal(back.data[back.length], '\0');
        }
    }
    cairn_cookie_keys_free(keys);
}

/* RFC 5869 by hand: one block. LABEL ends with the block's number. */
static void derive(const char *label, unsigned char *key)
{
    static const unsigned char salt[32];
    unsigned char prk[32];
    HMAC(EVP_sha256(), salt, 32, (const unsigned char *)OLD, strlen(OLD), prk, NULL);
    HMAC(EVP_sha256(), prk, 32, (const unsigned char *)label, strlen(label), key, NULL);
}

/* Over the length of the name, the name, the time, the value. */
static void signs_as_it_is_written_down(void **state)
{
    static const char message[] = "\0\0\0\0\0\0\0\3sid\0\0\0\0\0\0\4\x4c"
                                  "7";
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    unsigned char key[32];
    unsigned char mac[32];
    derive("cairn secure cookie v1, signed\1", key);
    HMAC(EVP_sha256(), key, 32, (const unsigned char *)message, sizeof(message) - 1, mac, NULL);
    struct cairn_str bytes = cairn_base64_decode_in(
        f->arena, CAIRN_BASE64_URL, cairn_cookie_sign(keys, f->arena, NAME, CAIRN_STR("7"), 100));
    assert_int_equal(bytes.length, 8 + 1 + 32);
    assert_memory_equal(bytes.data, message + 11, 9);
    assert_memory_equal(bytes.data + 9, mac, 32);
    cairn_cookie_keys_free(keys);
}

/* Nonce, time and value, tag. */
static void encrypts_as_it_is_written_down(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    unsigned char key[32];
    unsigned char out[9];
    int length;
    derive("cairn secure cookie v1, encrypted\1", key);
    struct cairn_str bytes = cairn_base64_decode_in(f->arena, CAIRN_BASE64_URL,
        cairn_cookie_encrypt(keys, f->arena, NAME, CAIRN_STR("7"), 100));
    assert_int_equal(bytes.length, 12 + 8 + 1 + 16);
    unsigned char *at = (unsigned char *)(uintptr_t)bytes.data;
    assert_true(EVP_DecryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, at));
    assert_true(EVP_DecryptUpdate(gcm, NULL, &length, (const unsigned char *)"sid", 3));
    assert_true(EVP_DecryptUpdate(gcm, out, &length, at + 12, 9));
    assert_true(EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, 16, at + 21));
    assert_true(EVP_DecryptFinal_ex(gcm, out, &length));
    assert_memory_equal(out,
        "\0\0\0\0\0\0\4\x4c"
        "7",
        9);
    EVP_CIPHER_CTX_free(gcm);
    cairn_cookie_keys_free(keys);
}

static void any_other_text_is_bad(void **state)
{
    static const char alphabet[] = "AZaz09-_.=";
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NEW);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str text = kind->make(keys, f->arena, NAME, CAIRN_STR("admin=0"), 0);
        char *copy = (char *)(uintptr_t)cairn_arena_copy(f->arena, text).data;
        for (size_t i = 0; i < text.length; i++) {
            for (const char *c = alphabet; *c; c++) {
                if (*c == text.data[i])
                    continue;
                copy[i] = *c;
                assert_int_equal(verdict_of(f, kind, keys, NAME, cairn_str_of(copy, text.length)),
                    CAIRN_COOKIE_BAD);
            }
            copy[i] = text.data[i];
            assert_int_equal(
                verdict_of(f, kind, keys, NAME, cairn_str_of(copy, i)), CAIRN_COOKIE_BAD);
        }
        assert_int_equal(
            verdict_of(f, kind, keys, NAME, cairn_arena_printf(f->arena, "%sAAAA", text.data)),
            CAIRN_COOKIE_BAD);
        assert_int_equal(verdict_of(f, kind, keys, NAME, text), CAIRN_COOKIE_GOOD);
    }
    cairn_cookie_keys_free(keys);
}

static void random_texts_are_bad(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct cairn_random random;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    (void)state;
    cairn_random_init(&random, 5);
    for (int round = 0; round < 100000; round++) {
        char text[72];
        struct cairn_str value;
        struct cairn_arena *arena = cairn_arena_new(cache);
        size_t length = (size_t)cairn_random_range(&random, 0, sizeof(text));
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[cairn_random_range(&random, 0, 64)];
        const struct kind *kind = &kinds[round % 2];
        assert_int_equal(
            kind->check(keys, arena, NAME, cairn_str_of(text, length), &value), CAIRN_COOKIE_BAD);
        cairn_arena_free(arena);
    }
    cairn_arena_cache_free(cache);
    cairn_cookie_keys_free(keys);
}

static void a_value_is_good_for_its_name_only(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str text = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
        assert_int_equal(verdict_of(f, kind, keys, CAIRN_STR("role"), text), CAIRN_COOKIE_BAD);
        assert_int_equal(verdict_of(f, kind, keys, CAIRN_STR("si"), text), CAIRN_COOKIE_BAD);
        assert_int_equal(verdict_of(f, kind, keys, CAIRN_STR(""), text), CAIRN_COOKIE_BAD);
    }
    cairn_cookie_keys_free(keys);
}

static void a_signed_value_is_no_encrypted_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    struct cairn_str text = kinds[0].make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
    assert_int_equal(verdict_of(f, &kinds[1], keys, NAME, text), CAIRN_COOKIE_BAD);
    text = kinds[1].make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
    assert_int_equal(verdict_of(f, &kinds[0], keys, NAME, text), CAIRN_COOKIE_BAD);
    cairn_cookie_keys_free(keys);
}

static void expires_at_its_max_age(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        now_s = 1000;
        struct cairn_str text = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 60);
        struct cairn_str for_ever = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
        struct cairn_str longest = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), UINT64_MAX);
        now_s = 1059;
        assert_int_equal(verdict_of(f, kind, keys, NAME, text), CAIRN_COOKIE_GOOD);
        now_s = 1060;
        assert_int_equal(verdict_of(f, kind, keys, NAME, text), CAIRN_COOKIE_EXPIRED);
        now_s = INT64_MAX;
        assert_int_equal(verdict_of(f, kind, keys, NAME, for_ever), CAIRN_COOKIE_GOOD);
        assert_int_equal(verdict_of(f, kind, keys, NAME, longest), CAIRN_COOKIE_GOOD);
    }
    cairn_cookie_keys_free(keys);
}

static void the_first_secret_makes_and_all_are_tried(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *before = keys_of(OLD, NULL);
    struct cairn_cookie_keys *meanwhile = keys_of(NEW, OLD);
    struct cairn_cookie_keys *after = keys_of(NEW, NULL);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str old = kind->make(before, f->arena, NAME, CAIRN_STR("7"), 0);
        struct cairn_str young = kind->make(meanwhile, f->arena, NAME, CAIRN_STR("7"), 0);
        assert_int_equal(verdict_of(f, kind, meanwhile, NAME, old), CAIRN_COOKIE_GOOD);
        assert_int_equal(verdict_of(f, kind, meanwhile, NAME, young), CAIRN_COOKIE_GOOD);
        assert_int_equal(verdict_of(f, kind, after, NAME, old), CAIRN_COOKIE_BAD);
        assert_int_equal(verdict_of(f, kind, after, NAME, young), CAIRN_COOKIE_GOOD);
        assert_int_equal(verdict_of(f, kind, before, NAME, young), CAIRN_COOKIE_BAD);
    }
    cairn_cookie_keys_free(before);
    cairn_cookie_keys_free(meanwhile);
    cairn_cookie_keys_free(after);
}

static void an_encrypted_value_does_not_show_and_is_new_each_time(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    struct cairn_str one = kinds[1].make(keys, f->arena, NAME, CAIRN_STR("readable"), 0);
    struct cairn_str two = kinds[1].make(keys, f->arena, NAME, CAIRN_STR("readable"), 0);
    assert_false(cairn_str_equal(one, two));
    struct cairn_str bytes = cairn_base64_decode_in(f->arena, CAIRN_BASE64_URL, one);
    assert_null(memmem(bytes.data, bytes.length, "readable", 8));
    cairn_cookie_keys_free(keys);
}

/* A request with the cookie that VALUE's response sets, behind the cookies in FRONT. */
static struct cairn_http_request *send_back(
    struct fixture *f, const struct cairn_http_response *res, const char *front)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    struct cairn_str set = fixture_field(res, "Set-Cookie");
    const char *end = memchr(set.data, ';', set.length);
    assert_non_null(end);
    fixture_add_field(req, "Cookie",
        cairn_arena_printf(f->arena, "%s%.*s", front, (int)(end - set.data), set.data).data);
    return req;
}

static struct cairn_http_response *response_with(struct fixture *f, const struct kind *kind,
    struct cairn_cookie_keys *keys, const char *value, uint64_t max_age_s)
{
    struct cairn_http_response *res = cairn_http_response_new(fixture_request(f, "/"), 200);
    const struct cairn_http_set_cookie_options opts = {
        .size = sizeof(opts), .name = "sid", .value = value, .max_age_s = max_age_s};
    assert_null(kind->set(res, keys, &opts));
    return res;
}

static void goes_to_the_client_and_comes_back(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str value;
        struct cairn_http_response *res = response_with(f, kind, keys, "user 7; \"a\"", 60);
        struct cairn_str set = fixture_field(res, "Set-Cookie");
        assert_non_null(memmem(set.data, set.length, "; Max-Age=60; Secure", 20));
        struct cairn_http_request *req = send_back(f, res, "a=1; ");
        assert_int_equal(kind->find(req, keys, "sid", &value), CAIRN_COOKIE_GOOD);
        assert_string_equal(value.data, "user 7; \"a\"");
        assert_int_equal(kind->find(req, keys, "other", &value), CAIRN_COOKIE_NONE);
        now_s += 60;
        assert_int_equal(kind->find(req, keys, "sid", &value), CAIRN_COOKIE_EXPIRED);
        assert_int_equal(
            kind->find(send_back(f, res, "sid=x; "), keys, "sid", &value), CAIRN_COOKIE_EXPIRED);
    }
    cairn_cookie_keys_free(keys);
}

static void a_neighbours_cookies_do_no_harm_up_to_seven(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str value;
        struct cairn_http_response *res = response_with(f, kind, keys, "7", 0);
        const char *seven = "sid=1; sid=2; sid=3; sid=4; sid=5; sid=6; sid=7; ";
        const char *eight = "sid=1; sid=2; sid=3; sid=4; sid=5; sid=6; sid=7; sid=8; ";
        assert_int_equal(
            kind->find(send_back(f, res, seven), keys, "sid", &value), CAIRN_COOKIE_GOOD);
        assert_int_equal(
            kind->find(send_back(f, res, eight), keys, "sid", &value), CAIRN_COOKIE_BAD);
    }
    cairn_cookie_keys_free(keys);
}

static void refuses_what_a_cookie_cannot_be(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    struct cairn_http_response *res = cairn_http_response_new(fixture_request(f, "/"), 200);
    char text[3100];
    memset(text, 'x', sizeof(text));
    text[3099] = '\0';
    struct cairn_error *error =
        cairn_http_set_signed_cookie(res, keys, .name = "sid", .value = text);
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    text[3000] = '\0';
    assert_null(cairn_http_set_encrypted_cookie(res, keys, .name = "sid", .value = text));
    error = cairn_http_set_signed_cookie(res, keys, .value = "7");
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_int_equal(res->fields.count, 1);
    cairn_cookie_keys_free(keys);
}

static void assert_no_keys(const struct cairn_cookie_keys_options *opts, const char *message)
{
    struct cairn_error *error = NULL;
    assert_null(cairn_cookie_keys_new_with(opts, &error));
    assert_int_equal(error->code, CAIRN_ERROR_INVALID);
    assert_string_equal(error->message, message);
    cairn_error_unref(error);
}

static void secrets_must_be_long_and_few(void **state)
{
    static const char count[] = "there must be 1 to 16 secrets";
    struct cairn_str secrets[17];
    struct cairn_cookie_keys_options opts = {.size = sizeof(opts)};
    (void)state;
    for (size_t i = 0; i < 17; i++)
        secrets[i] = CAIRN_STR(OLD);
    assert_no_keys(&opts, count);
    opts.secrets = secrets;
    assert_no_keys(&opts, count);
    opts.secret_count = 17;
    assert_no_keys(&opts, count);
    opts.secret_count = 16;
    secrets[15] = CAIRN_STR("thirty-one bytes are one missing");
    secrets[15].length = 31;
    assert_no_keys(&opts, "secret 15 must have at least 32 bytes, got 31");
    cairn_cookie_keys_free(NULL);
}

static void says_when_there_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    struct cairn_http_response *res = cairn_http_response_new(fixture_request(f, "/"), 200);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str value;
        struct cairn_str text = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
        fixture_exhaust(f);
        assert_null(kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 0).data);
        fixture_exhaust(f);
        assert_int_equal(kind->check(keys, f->arena, NAME, text, &value), CAIRN_COOKIE_FAILED);
        const struct cairn_http_set_cookie_options opts = {.size = sizeof(opts), .name = "sid"};
        fixture_exhaust(f);
        assert_int_equal(kind->set(res, keys, &opts)->code, CAIRN_ERROR_SYSTEM);
    }
    cairn_cookie_keys_free(keys);
    const struct cairn_str secret = CAIRN_STR(OLD);
    struct cairn_error *error = NULL;
    cairn_test_alloc_fail_at(1);
    assert_null(cairn_cookie_keys_new(&error, .secrets = &secret, .secret_count = 1));
    assert_ptr_equal(error, &cairn_error_no_memory);
}

/* Each of libcrypto's own blocks is missing once. */
static void libcryptos_lack_of_memory_is_an_error(void **state)
{
    const struct cairn_str secret = CAIRN_STR(OLD);
    (void)state;
    cairn_cookie_keys_free(keys_of(OLD, NULL));
    has_failed = true;
    for (size_t n = 1; has_failed; n++) {
        struct cairn_error *error = NULL;
        has_failed = false;
        fail_at = n;
        struct cairn_cookie_keys *keys =
            cairn_cookie_keys_new(&error, .secrets = &secret, .secret_count = 1);
        fail_at = 0;
        assert_true(keys || (has_failed && error->code == CAIRN_ERROR_SYSTEM));
        cairn_cookie_keys_free(keys);
    }
}

static void libcryptos_lack_of_memory_makes_no_cookie_and_takes_none(void **state)
{
    struct fixture *f = *state;
    struct cairn_cookie_keys *keys = keys_of(OLD, NULL);
    for (const struct kind *kind = kinds; kind < kinds_end; kind++) {
        struct cairn_str value;
        struct cairn_str good = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
        has_failed = true;
        for (size_t n = 1; has_failed; n++) {
            has_failed = false;
            fail_at = n;
            struct cairn_str text = kind->make(keys, f->arena, NAME, CAIRN_STR("7"), 0);
            fail_at = 0;
            assert_true(text.data || has_failed);
            fail_at = n;
            enum cairn_cookie_verdict verdict = kind->check(keys, f->arena, NAME, good, &value);
            fail_at = 0;
            assert_true(
                verdict == CAIRN_COOKIE_GOOD || (has_failed && verdict == CAIRN_COOKIE_FAILED));
        }
        assert_int_equal(verdict_of(f, kind, keys, NAME, good), CAIRN_COOKIE_GOOD);
    }
    cairn_cookie_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(gives_back_any_bytes),
        fixture_test(signs_as_it_is_written_down),
        fixture_test(encrypts_as_it_is_written_down),
        fixture_test(any_other_text_is_bad),
        cmocka_unit_test(random_texts_are_bad),
        fixture_test(a_value_is_good_for_its_name_only),
        fixture_test(a_signed_value_is_no_encrypted_one),
        fixture_test(expires_at_its_max_age),
        fixture_test(the_first_secret_makes_and_all_are_tried),
        fixture_test(an_encrypted_value_does_not_show_and_is_new_each_time),
        fixture_test(goes_to_the_client_and_comes_back),
        fixture_test(a_neighbours_cookies_do_no_harm_up_to_seven),
        fixture_test(refuses_what_a_cookie_cannot_be),
        cmocka_unit_test(secrets_must_be_long_and_few),
        fixture_test(says_when_there_is_no_memory),
        fixture_test(libcryptos_lack_of_memory_is_an_error),
        fixture_test(libcryptos_lack_of_memory_makes_no_cookie_and_takes_none),
    };
    if (!CRYPTO_set_mem_functions(memory_alloc, memory_resize, memory_free))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
