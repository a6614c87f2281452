#include <cairn/http/secure_cookies/cookie_keys.h>

#include <limits.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cairn/http/secure_cookie.h>
#include <cairn/service/alloc.h>

#define COOKIE_KEYS_SIGN "cairn secure cookie v1, signed"
#define COOKIE_KEYS_ENCRYPT "cairn secure cookie v1, encrypted"

int64_t cairn__cookie_now(const struct cairn_cookie_keys *keys)
{
    return keys->now ? keys->now(keys->cx) : (int64_t)time(NULL);
}

/* libcrypto does not write where these point. */
static OSSL_PARAM cookie_keys_octets(const char *name, const void *data, size_t length)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data, length);
}

static OSSL_PARAM cookie_keys_sha256(const char *name)
{
    static char sha256[] = "SHA256";
    return OSSL_PARAM_construct_utf8_string(name, sha256, 0);
}

/* RFC 5869 without salt: a secret is as good as random already. */
static bool cookie_keys_derive(
    EVP_KDF_CTX *hkdf, struct cairn_str secret, struct cairn_str label, unsigned char *key)
{
    const OSSL_PARAM params[] = {cookie_keys_sha256(OSSL_KDF_PARAM_DIGEST),
        cookie_keys_octets(OSSL_KDF_PARAM_KEY, secret.data, secret.length),
        cookie_keys_octets(OSSL_KDF_PARAM_INFO, label.data, label.length), OSSL_PARAM_END};
    EVP_KDF_CTX_reset(hkdf);
    return EVP_KDF_derive(hkdf, key, COOKIE_KEY_BYTES, params) == 1;
}

static bool cookie_keys_derive_all(struct cairn_cookie_keys *keys, const struct cairn_str *secrets)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
    EVP_KDF_CTX *hkdf = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool is_good = hkdf != NULL;
    for (size_t i = 0; is_good && i < keys->count; i++)
        is_good =
            cookie_keys_derive(hkdf, secrets[i], CAIRN_STR(COOKIE_KEYS_SIGN), keys->keys[i].sign) &&
            cookie_keys_derive(
                hkdf, secrets[i], CAIRN_STR(COOKIE_KEYS_ENCRYPT), keys->keys[i].encrypt);
    EVP_KDF_CTX_free(hkdf);
    EVP_KDF_free(kdf);
    return is_good;
}

static bool cookie_keys_open(struct cairn_cookie_keys *keys)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    keys->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    keys->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    keys->cipher = EVP_CIPHER_CTX_new();
    return keys->mac && keys->gcm && keys->cipher;
}

void cairn_cookie_keys_free(struct cairn_cookie_keys *keys)
{
    if (!keys)
        return;
    EVP_MAC_CTX_free(keys->mac);
    EVP_CIPHER_CTX_free(keys->cipher);
    EVP_CIPHER_free(keys->gcm);
    OPENSSL_cleanse(keys->keys, keys->count * sizeof(*keys->keys));
    cairn_free(keys);
}

/* NULL, or what is wrong with the options. */
static struct cairn_error *cookie_keys_complain(const struct cairn_cookie_keys_options *opts)
{
    static const char layer[] = "cookie_keys";
    if (!opts->secrets || opts->secret_count == 0 || opts->secret_count > CAIRN_COOKIE_SECRETS)
        return cairn_error_new(CAIRN_ERROR_INVALID, layer, NULL, "there must be 1 to 16 secrets");
    for (size_t i = 0; i < opts->secret_count; i++) {
        if (opts->secrets[i].length < CAIRN_COOKIE_SECRET_BYTES)
            return cairn_error_new(CAIRN_ERROR_INVALID, layer, NULL,
                "secret %zu must have at least 32 bytes, got %zu", i, opts->secrets[i].length);
    }
    return NULL;
}

struct cairn_cookie_keys *cairn_cookie_keys_new_with(
    const struct cairn_cookie_keys_options *options, struct cairn_error **error)
{
    static struct cairn_error unable = CAIRN_ERROR_STATIC(CAIRN_ERROR_SYSTEM, "cookie_keys",
        "libcrypto does not do HMAC-SHA-256, HKDF and AES-256-GCM");
    *error = cookie_keys_complain(options);
    if (*error)
        return NULL;
    struct cairn_cookie_keys *keys =
        cairn_alloc_zero(sizeof(*keys) + options->secret_count * sizeof(*keys->keys));
    if (!keys) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    keys->now = options->now;
    keys->cx = options->cx;
    keys->count = options->secret_count;
    if (cookie_keys_open(keys) && cookie_keys_derive_all(keys, options->secrets))
        return keys;
    cairn_cookie_keys_free(keys);
    *error = &unable;
    return NULL;
}

/* The length of the name in front of it keeps name and bytes apart. */
int cairn__cookie_mac(struct cairn_cookie_keys *keys, const struct cookie_key *key,
    struct cairn_str name, struct cairn_str bytes, unsigned char *mac)
{
    const OSSL_PARAM params[] = {cookie_keys_sha256(OSSL_MAC_PARAM_DIGEST), OSSL_PARAM_END};
    const uint64_t length = name.length;
    unsigned char prefix[8];
    size_t written = 0;
    for (unsigned i = 0; i < sizeof(prefix); i++)
        prefix[i] = (unsigned char)(length >> (56 - 8 * i));
    bool is_good = EVP_MAC_init(keys->mac, key->sign, sizeof(key->sign), params) &&
                   EVP_MAC_update(keys->mac, prefix, sizeof(prefix)) &&
                   EVP_MAC_update(keys->mac, (const unsigned char *)name.data, name.length) &&
                   EVP_MAC_update(keys->mac, (const unsigned char *)bytes.data, bytes.length) &&
                   EVP_MAC_final(keys->mac, mac, &written, COOKIE_MAC_BYTES);
    return is_good && written == COOKIE_MAC_BYTES ? 0 : -1;
}

static bool cookie_keys_may_encrypt(struct cairn_str name, struct cairn_str bytes)
{
    return name.length <= INT_MAX && bytes.length <= INT_MAX;
}

int cairn__cookie_encrypt(struct cairn_cookie_keys *keys, struct cairn_str name,
    struct cairn_str bytes, unsigned char *out)
{
    EVP_CIPHER_CTX *cipher = keys->cipher;
    unsigned char *text = out + COOKIE_NONCE_BYTES;
    unsigned char *tag = text + bytes.length;
    int length = 0;
    bool is_good = cookie_keys_may_encrypt(name, bytes) &&
                   RAND_bytes(out, COOKIE_NONCE_BYTES) == 1 &&
                   EVP_EncryptInit_ex2(cipher, keys->gcm, keys->keys[0].encrypt, out, NULL) &&
                   EVP_EncryptUpdate(
                       cipher, NULL, &length, (const unsigned char *)name.data, (int)name.length) &&
                   EVP_EncryptUpdate(cipher, text, &length, (const unsigned char *)bytes.data,
                       (int)bytes.length) &&
                   EVP_EncryptFinal_ex(cipher, tag, &length) &&
                   EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, COOKIE_TAG_BYTES, tag);
    return is_good ? 0 : -1;
}

int cairn__cookie_decrypt(struct cairn_cookie_keys *keys, const struct cookie_key *key,
    struct cairn_str name, struct cairn_str sealed, unsigned char *out)
{
    EVP_CIPHER_CTX *cipher = keys->cipher;
    const unsigned char *nonce = (const unsigned char *)sealed.data;
    const unsigned char *text = nonce + COOKIE_NONCE_BYTES;
    size_t size = sealed.length - COOKIE_NONCE_BYTES - COOKIE_TAG_BYTES;
    unsigned char tag[COOKIE_TAG_BYTES];
    int length = 0;
    memcpy(tag, text + size, sizeof(tag));
    ERR_set_mark(); /* the thread's list of errors: others look at it */
    bool is_good = cookie_keys_may_encrypt(name, sealed) &&
                   EVP_DecryptInit_ex2(cipher, keys->gcm, key->encrypt, nonce, NULL) &&
                   EVP_DecryptUpdate(
                       cipher, NULL, &length, (const unsigned char *)name.data, (int)name.length) &&
                   EVP_DecryptUpdate(cipher, out, &length, text, (int)size) &&
                   EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, COOKIE_TAG_BYTES, tag);
    int rc = is_good ? EVP_DecryptFinal_ex(cipher, out + size, &length) == 1 : -1;
    ERR_pop_to_mark();
    return rc;
}
