#include <cairn/http/jwt/jwt_key.h>

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <cairn/http/secret.h>
#include <cairn/service/alloc.h>

#define JWT_KEY_RSA_BITS 2048

enum jwt_family { JWT_HMAC, JWT_RSA, JWT_EC };

/* By algorithm, without the 0th. */
struct jwt_algorithm {
    const char *name;
    enum jwt_family family;
    size_t hash_bytes;
    const char *curve;
    size_t half_bytes; /* of a signature on the curve: r, or s */
    const char *complaint;
};

static const struct jwt_algorithm jwt_algorithms[] = {
    {NULL, JWT_HMAC, 0, NULL, 0, NULL},
    {"HS256", JWT_HMAC, 32, NULL, 0, "HS256 needs a secret of 32 bytes or more"},
    {"HS384", JWT_HMAC, 48, NULL, 0, "HS384 needs a secret of 48 bytes or more"},
    {"HS512", JWT_HMAC, 64, NULL, 0, "HS512 needs a secret of 64 bytes or more"},
    {"RS256", JWT_RSA, 32, NULL, 0, "RS256 needs an RSA public key in PEM, of 2048 bits or more"},
    {"RS384", JWT_RSA, 48, NULL, 0, "RS384 needs an RSA public key in PEM, of 2048 bits or more"},
    {"RS512", JWT_RSA, 64, NULL, 0, "RS512 needs an RSA public key in PEM, of 2048 bits or more"},
    {"ES256", JWT_EC, 32, "prime256v1", 32, "ES256 needs a public key on the curve P-256 in PEM"},
    {"ES384", JWT_EC, 48, "secp384r1", 48, "ES384 needs a public key on the curve P-384 in PEM"},
    {"ES512", JWT_EC, 64, "secp521r1", 66, "ES512 needs a public key on the curve P-521 in PEM"},
};

const char *cairn__jwt_algorithm_name(enum cairn_jwt_algorithm algorithm)
{
    return jwt_algorithms[algorithm].name;
}

static bool jwt_key_is_on_curve(const EVP_PKEY *pkey, const char *curve)
{
    char name[32];
    return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL) == 1 && strcmp(name, curve) == 0;
}

/* The caller's; NULL: it is none. The thread's list of errors is as it was: others look at it. */
static EVP_PKEY *jwt_key_read(struct cairn_str pem)
{
    ERR_set_mark();
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_pop_to_mark();
    return pkey;
}

static bool jwt_key_is_public(const struct jwt_algorithm *algorithm, struct cairn_str pem)
{
    EVP_PKEY *pkey = jwt_key_read(pem);
    bool is_good = false;
    if (pkey && algorithm->family == JWT_RSA)
        is_good = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA &&
                  EVP_PKEY_get_bits(pkey) >= JWT_KEY_RSA_BITS;
    else if (pkey)
        is_good = jwt_key_is_on_curve(pkey, algorithm->curve);
    EVP_PKEY_free(pkey);
    return is_good;
}

const char *cairn__jwt_key_complaint(const struct cairn_jwt_key *key)
{
    if ((int)key->algorithm < CAIRN_JWT_HS256 || (int)key->algorithm > CAIRN_JWT_ES512)
        return "algorithm must be one of enum cairn_jwt_algorithm";
    const struct jwt_algorithm *algorithm = &jwt_algorithms[key->algorithm];
    if (!key->key.data || key->key.length > INT_MAX)
        return algorithm->complaint;
    bool is_good = algorithm->family == JWT_HMAC ? key->key.length >= algorithm->hash_bytes
                                                 : jwt_key_is_public(algorithm, key->key);
    return is_good ? NULL : algorithm->complaint;
}

static bool jwt_key_copy_secret(struct cairn__jwt_key *self, struct cairn_str secret)
{
    self->secret = cairn_alloc(secret.length);
    if (!self->secret)
        return false;
    memcpy(self->secret, secret.data, secret.length);
    self->secret_length = secret.length;
    return true;
}

int cairn__jwt_key_init(struct cairn__jwt_key *self, const struct cairn_jwt_key *from)
{
    *self = (struct cairn__jwt_key){.algorithm = from->algorithm, .id = cairn_strdup(from->id)};
    bool is_good = self->id || !from->id;
    if (is_good && jwt_algorithms[from->algorithm].family == JWT_HMAC)
        is_good = jwt_key_copy_secret(self, from->key);
    else if (is_good)
        is_good = (self->pkey = jwt_key_read(from->key)) != NULL;
    if (is_good)
        return 0;
    cairn__jwt_key_fini(self);
    *self = (struct cairn__jwt_key){0};
    return -1;
}

void cairn__jwt_key_fini(struct cairn__jwt_key *self)
{
    if (self->secret)
        explicit_bzero(self->secret, self->secret_length);
    cairn_free(self->secret);
    cairn_free(self->id);
    EVP_PKEY_free(self->pkey);
}

static const EVP_MD *jwt_key_hash(const struct jwt_algorithm *algorithm)
{
    if (algorithm->hash_bytes == 32)
        return EVP_sha256();
    return algorithm->hash_bytes == 48 ? EVP_sha384() : EVP_sha512();
}

static int jwt_key_verify_hmac(
    const struct cairn__jwt_key *key, struct cairn_str text, struct cairn_str signature)
{
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!HMAC(jwt_key_hash(&jwt_algorithms[key->algorithm]), key->secret, (int)key->secret_length,
            (const unsigned char *)text.data, text.length, code, &length))
        return -1;
    return cairn_secret_equal(signature, cairn_str_of((const char *)code, length));
}

static int jwt_key_verify_digest(const struct cairn__jwt_key *key, struct cairn_str text,
    const unsigned char *signature, size_t length)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    int rc = -1;
    if (md && EVP_DigestVerifyInit(
                  md, NULL, jwt_key_hash(&jwt_algorithms[key->algorithm]), NULL, key->pkey) == 1)
        rc = EVP_DigestVerify(
                 md, signature, length, (const unsigned char *)text.data, text.length) == 1;
    EVP_MD_CTX_free(md);
    return rc;
}

/* RFC 7518 section 3.4: r and s, one behind the other. NULL without memory. */
static ECDSA_SIG *jwt_key_signature(struct cairn_str both)
{
    const unsigned char *bytes = (const unsigned char *)both.data;
    const int half = (int)(both.length / 2);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, half, NULL);
    BIGNUM *s = BN_bin2bn(bytes + half, half, NULL);
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s))
        return pair;
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return NULL;
}

/* libcrypto wants them in DER. */
static int jwt_key_verify_ec(
    const struct cairn__jwt_key *key, struct cairn_str text, struct cairn_str both)
{
    unsigned char *der = NULL;
    if (both.length != 2 * jwt_algorithms[key->algorithm].half_bytes)
        return 0;
    ECDSA_SIG *pair = jwt_key_signature(both);
    int length = pair ? i2d_ECDSA_SIG(pair, &der) : -1;
    ECDSA_SIG_free(pair);
    int rc = length > 0 ? jwt_key_verify_digest(key, text, der, (size_t)length) : -1;
    OPENSSL_free(der);
    return rc;
}

int cairn__jwt_key_verify(
    const struct cairn__jwt_key *key, struct cairn_str text, struct cairn_str signature)
{
    enum jwt_family family = jwt_algorithms[key->algorithm].family;
    if (family == JWT_HMAC)
        return jwt_key_verify_hmac(key, text, signature);
    ERR_set_mark();
    int rc = family == JWT_EC ? jwt_key_verify_ec(key, text, signature)
                              : jwt_key_verify_digest(key, text,
                                    (const unsigned char *)signature.data, signature.length);
    ERR_pop_to_mark();
    return rc;
}
