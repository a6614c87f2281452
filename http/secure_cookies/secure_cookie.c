#include <cairn/http/secure_cookie.h>

#include <cairn/http/base64.h>
#include <cairn/http/secret.h>
#include <cairn/http/secure_cookies/cookie_keys.h>

/* In front of each value: when it is over, in Unix seconds; 0: never. */
#define SECURE_COOKIE_TIME_BYTES 8
/* Of one name, so many are tried: a head has room for hundreds, and each costs some work. */
#define SECURE_COOKIE_TRIES 8

static struct cairn_error secure_cookie_failed =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_SYSTEM, "secure_cookie", "libcrypto failed, or no memory");

static const struct cairn_str secure_cookie_absent = {NULL, 0};

static void secure_cookie_put_time(char *out, uint64_t time)
{
    for (unsigned i = 0; i < SECURE_COOKIE_TIME_BYTES; i++)
        out[i] = (char)(time >> (56 - 8 * i));
}

static uint64_t secure_cookie_time(const char *bytes)
{
    uint64_t time = 0;
    for (unsigned i = 0; i < SECURE_COOKIE_TIME_BYTES; i++)
        time = time << 8 | (unsigned char)bytes[i];
    return time;
}

static uint64_t secure_cookie_end(const struct cairn_cookie_keys *keys, uint64_t max_age_s)
{
    uint64_t end;
    if (max_age_s == 0)
        return 0;
    return __builtin_add_overflow((uint64_t)cairn__cookie_now(keys), max_age_s, &end) ? UINT64_MAX
                                                                                      : end;
}

/* Time and VALUE, with ROOM bytes behind them. NULL without memory. */
static char *secure_cookie_payload(const struct cairn_cookie_keys *keys, struct cairn_arena *arena,
    struct cairn_str value, uint64_t max_age_s, size_t room)
{
    char *bytes = cairn_arena_alloc_text(arena, SECURE_COOKIE_TIME_BYTES + value.length + room);
    if (!bytes)
        return NULL;
    secure_cookie_put_time(bytes, secure_cookie_end(keys, max_age_s));
    if (value.length)
        memcpy(bytes + SECURE_COOKIE_TIME_BYTES, value.data, value.length);
    return bytes;
}

struct cairn_str cairn_cookie_sign(struct cairn_cookie_keys *keys, struct cairn_arena *arena,
    struct cairn_str name, struct cairn_str value, uint64_t max_age_s)
{
    size_t length = SECURE_COOKIE_TIME_BYTES + value.length;
    char *bytes = secure_cookie_payload(keys, arena, value, max_age_s, COOKIE_MAC_BYTES);
    if (!bytes || cairn__cookie_mac(keys, &keys->keys[0], name, cairn_str_of(bytes, length),
                      (unsigned char *)bytes + length) != 0)
        return secure_cookie_absent;
    return cairn_base64_encode_in(
        arena, CAIRN_BASE64_URL, cairn_str_of(bytes, length + COOKIE_MAC_BYTES));
}

struct cairn_str cairn_cookie_encrypt(struct cairn_cookie_keys *keys, struct cairn_arena *arena,
    struct cairn_str name, struct cairn_str value, uint64_t max_age_s)
{
    size_t length = SECURE_COOKIE_TIME_BYTES + value.length;
    size_t size = length + COOKIE_NONCE_BYTES + COOKIE_TAG_BYTES;
    char *bytes = secure_cookie_payload(keys, arena, value, max_age_s, 0);
    char *sealed = bytes ? cairn_arena_alloc_text(arena, size) : NULL;
    if (!sealed || cairn__cookie_encrypt(
                       keys, name, cairn_str_of(bytes, length), (unsigned char *)sealed) != 0)
        return secure_cookie_absent;
    return cairn_base64_encode_in(arena, CAIRN_BASE64_URL, cairn_str_of(sealed, size));
}

/* What LENGTH bytes of PAYLOAD, which are authentic and have another byte behind them, are worth
 * now. */
static enum cairn_cookie_verdict secure_cookie_judge(
    const struct cairn_cookie_keys *keys, char *payload, size_t length, struct cairn_str *value)
{
    uint64_t end = secure_cookie_time(payload);
    if (end != 0 && (uint64_t)cairn__cookie_now(keys) >= end)
        return CAIRN_COOKIE_EXPIRED;
    payload[length] = '\0';
    *value = cairn_str_of(payload + SECURE_COOKIE_TIME_BYTES, length - SECURE_COOKIE_TIME_BYTES);
    return CAIRN_COOKIE_GOOD;
}

/* Reads TEXT into *BYTES, which are at least the time and OVERHEAD. */
static enum cairn_cookie_verdict secure_cookie_decode(
    struct cairn_arena *arena, struct cairn_str text, size_t overhead, char **bytes, size_t *length)
{
    *bytes = cairn_arena_alloc_text(arena, text.length / 4 * 3 + 3);
    if (!*bytes)
        return CAIRN_COOKIE_FAILED;
    if (!cairn_base64_decode(CAIRN_BASE64_URL, text, *bytes, length) ||
        *length < SECURE_COOKIE_TIME_BYTES + overhead)
        return CAIRN_COOKIE_BAD;
    return CAIRN_COOKIE_GOOD;
}

enum cairn_cookie_verdict cairn_cookie_verify(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str text,
    struct cairn_str *value)
{
    char *bytes;
    size_t length;
    unsigned char mac[COOKIE_MAC_BYTES];
    enum cairn_cookie_verdict verdict =
        secure_cookie_decode(arena, text, COOKIE_MAC_BYTES, &bytes, &length);
    if (verdict != CAIRN_COOKIE_GOOD)
        return verdict;
    length -= COOKIE_MAC_BYTES;
    struct cairn_str given = cairn_str_of(bytes + length, COOKIE_MAC_BYTES);
    for (size_t i = 0; i < keys->count; i++) {
        if (cairn__cookie_mac(keys, &keys->keys[i], name, cairn_str_of(bytes, length), mac) != 0)
            return CAIRN_COOKIE_FAILED;
        if (cairn_secret_equal(given, cairn_str_of((const char *)mac, sizeof(mac))))
            return secure_cookie_judge(keys, bytes, length, value);
    }
    return CAIRN_COOKIE_BAD;
}

enum cairn_cookie_verdict cairn_cookie_decrypt(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str text,
    struct cairn_str *value)
{
    const size_t overhead = COOKIE_NONCE_BYTES + COOKIE_TAG_BYTES;
    char *sealed;
    size_t length;
    enum cairn_cookie_verdict verdict =
        secure_cookie_decode(arena, text, overhead, &sealed, &length);
    if (verdict != CAIRN_COOKIE_GOOD)
        return verdict;
    char *out = cairn_arena_alloc_text(arena, length);
    if (!out)
        return CAIRN_COOKIE_FAILED;
    for (size_t i = 0; i < keys->count; i++) {
        int rc = cairn__cookie_decrypt(
            keys, &keys->keys[i], name, cairn_str_of(sealed, length), (unsigned char *)out);
        if (rc < 0)
            return CAIRN_COOKIE_FAILED;
        if (rc > 0)
            return secure_cookie_judge(keys, out, length - overhead, value);
    }
    return CAIRN_COOKIE_BAD;
}

typedef struct cairn_str secure_cookie_make(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str value, uint64_t max_age_s);

static struct cairn_error *secure_cookie_set(struct cairn_http_response *res,
    struct cairn_cookie_keys *keys, const struct cairn_http_set_cookie_options *options,
    secure_cookie_make *make)
{
    struct cairn_http_set_cookie_options opts = {0};
    memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    struct cairn_str text = make(
        keys, res->arena, cairn_str_from(opts.name), cairn_str_from(opts.value), opts.max_age_s);
    if (!text.data)
        return &secure_cookie_failed;
    opts.value = text.data;
    return cairn_http_set_cookie_with(res, &opts);
}

struct cairn_error *cairn_http_set_signed_cookie_with(struct cairn_http_response *res,
    struct cairn_cookie_keys *keys, const struct cairn_http_set_cookie_options *options)
{
    return secure_cookie_set(res, keys, options, cairn_cookie_sign);
}

struct cairn_error *cairn_http_set_encrypted_cookie_with(struct cairn_http_response *res,
    struct cairn_cookie_keys *keys, const struct cairn_http_set_cookie_options *options)
{
    return secure_cookie_set(res, keys, options, cairn_cookie_encrypt);
}

typedef enum cairn_cookie_verdict secure_cookie_check(struct cairn_cookie_keys *keys,
    struct cairn_arena *arena, struct cairn_str name, struct cairn_str text,
    struct cairn_str *value);

/* Of several, a good one; else one that was good; else any. The first few count. */
static enum cairn_cookie_verdict secure_cookie_find(const struct cairn_http_request *req,
    struct cairn_cookie_keys *keys, struct cairn_str name, struct cairn_str *value,
    secure_cookie_check *check)
{
    enum cairn_cookie_verdict found = CAIRN_COOKIE_NONE;
    struct cairn_http_cookie_cursor cursor = {0};
    struct cairn_http_cookie cookie;
    unsigned tried = 0;
    while (tried < SECURE_COOKIE_TRIES && cairn_http_cookie_next(req, &cursor, &cookie)) {
        if (!cairn_str_equal(cookie.name, name))
            continue;
        tried++;
        enum cairn_cookie_verdict verdict = check(keys, req->arena, name, cookie.value, value);
        if (verdict == CAIRN_COOKIE_GOOD || verdict == CAIRN_COOKIE_FAILED)
            return verdict;
        if (found != CAIRN_COOKIE_EXPIRED)
            found = verdict;
    }
    return found;
}

enum cairn_cookie_verdict cairn_http_signed_cookie(const struct cairn_http_request *req,
    struct cairn_cookie_keys *keys, const char *name, struct cairn_str *value)
{
    return secure_cookie_find(req, keys, cairn_str_from(name), value, cairn_cookie_verify);
}

enum cairn_cookie_verdict cairn_http_encrypted_cookie(const struct cairn_http_request *req,
    struct cairn_cookie_keys *keys, const char *name, struct cairn_str *value)
{
    return secure_cookie_find(req, keys, cairn_str_from(name), value, cairn_cookie_decrypt);
}
