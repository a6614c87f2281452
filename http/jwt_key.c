#include <cairn/http/jwt_key.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
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
    jwt_alg_t of_libjwt;
    size_t hash_bytes;
    const char *curve;
    const char *complaint;
};

static const struct jwt_algorithm jwt_algorithms[] = {
    {NULL, JWT_HMAC, JWT_ALG_NONE, 0, NULL, NULL},
    {"HS256", JWT_HMAC, JWT_ALG_HS256, 32, NULL, "HS256 needs a secret of 32 bytes or more"},
    {"HS384", JWT_HMAC, JWT_ALG_HS384, 48, NULL, "HS384 needs a secret of 48 bytes or more"},
    {"HS512", JWT_HMAC, JWT_ALG_HS512, 64, NULL, "HS512 needs a secret of 64 bytes or more"},
    {"RS256", JWT_RSA, JWT_ALG_RS256, 32, NULL,
        "RS256 needs an RSA public key in PEM, of 2048 bits or more"},
    {"RS384", JWT_RSA, JWT_ALG_RS384, 48, NULL,
        "RS384 needs an RSA public key in PEM, of 2048 bits or more"},
    {"RS512", JWT_RSA, JWT_ALG_RS512, 64, NULL,
        "RS512 needs an RSA public key in PEM, of 2048 bits or more"},
    {"ES256", JWT_EC, JWT_ALG_ES256, 32, "prime256v1",
        "ES256 needs a public key on the curve P-256 in PEM"},
    {"ES384", JWT_EC, JWT_ALG_ES384, 48, "secp384r1",
        "ES384 needs a public key on the curve P-384 in PEM"},
    {"ES512", JWT_EC, JWT_ALG_ES512, 64, "secp521r1",
        "ES512 needs a public key on the curve P-521 in PEM"},
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

static bool jwt_key_is_public(const struct jwt_algorithm *algorithm, struct cairn_str key)
{
    BIO *bio = BIO_new_mem_buf(key.data, (int)key.length);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    bool is_good = false;
    if (pkey && algorithm->family == JWT_RSA)
        is_good = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA &&
                  EVP_PKEY_get_bits(pkey) >= JWT_KEY_RSA_BITS;
    else if (pkey)
        is_good = jwt_key_is_on_curve(pkey, algorithm->curve);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
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

int cairn__jwt_key_init(struct cairn__jwt_key *self, const struct cairn_jwt_key *from)
{
    *self = (struct cairn__jwt_key){from->algorithm, from->key.length,
        cairn_alloc(from->key.length + 1), cairn_strdup(from->id)};
    if (!self->key || (from->id && !self->id)) {
        cairn_free(self->key);
        cairn_free(self->id);
        *self = (struct cairn__jwt_key){0};
        return -1;
    }
    memcpy(self->key, from->key.data, from->key.length);
    self->key[from->key.length] = '\0';
    return 0;
}

void cairn__jwt_key_fini(struct cairn__jwt_key *self)
{
    if (self->key)
        explicit_bzero(self->key, self->length);
    cairn_free(self->key);
    cairn_free(self->id);
}

static const EVP_MD *jwt_key_hash(const struct jwt_algorithm *algorithm)
{
    if (algorithm->hash_bytes == 32)
        return EVP_sha256();
    return algorithm->hash_bytes == 48 ? EVP_sha384() : EVP_sha512();
}

/* Not libjwt's: some versions of it compare the text of the code with strcmp. */
static int jwt_key_verify_hmac(
    const struct cairn__jwt_key *key, struct cairn_str text, struct cairn_str signature)
{
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!HMAC(jwt_key_hash(&jwt_algorithms[key->algorithm]), key->key, (int)key->length,
            (const unsigned char *)text.data, text.length, code, &length))
        return -1;
    return cairn_secret_equal(signature, cairn_str_of((const char *)code, length));
}

/* libjwt takes the algorithm from the header, which the caller has read, and reads once more. */
static int jwt_key_verify_public(const struct cairn__jwt_key *key, const char *token)
{
    jwt_t *jwt = NULL;
    int rc = jwt_decode(&jwt, token, (const unsigned char *)key->key, (int)key->length);
    if (rc != 0)
        return rc == ENOMEM ? -1 : 0;
    bool is_good = jwt_get_alg(jwt) == jwt_algorithms[key->algorithm].of_libjwt;
    jwt_free(jwt);
    return is_good;
}

int cairn__jwt_key_verify(const struct cairn__jwt_key *key, struct cairn_str token,
    size_t signed_length, struct cairn_str signature)
{
    if (jwt_algorithms[key->algorithm].family != JWT_HMAC)
        return jwt_key_verify_public(key, token.data);
    return jwt_key_verify_hmac(key, cairn_str_of(token.data, signed_length), signature);
}
