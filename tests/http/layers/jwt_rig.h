/* jwt_rig.h - keys made by OpenSSL, and tokens signed by libjwt or made by hand. */
#ifndef CAIRN_TESTS_HTTP_LAYERS_JWT_RIG_H
#define CAIRN_TESTS_HTTP_LAYERS_JWT_RIG_H

#include "http_fixture.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include <cairn/http/base64.h>
#include <cairn/http/layers/jwt.h>

#define RIG_PEM_BYTES 4096
#define RIG_SECRET "this secret has sixty-four bytes or more, enough for every HMAC!"

struct rig_pair {
    char private_pem[RIG_PEM_BYTES];
    char public_pem[RIG_PEM_BYTES];
};

/* Takes PKEY. */
static inline void rig_pair_of(struct rig_pair *pair, EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_non_null(pkey);
    assert_true(PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
    pair->private_pem[BIO_read(bio, pair->private_pem, RIG_PEM_BYTES - 1)] = '\0';
    assert_true(PEM_write_bio_PUBKEY(bio, pkey));
    pair->public_pem[BIO_read(bio, pair->public_pem, RIG_PEM_BYTES - 1)] = '\0';
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

/* CLAIMS, a JSON object, signed with KEY by libjwt; KID may be NULL. In the fixture's arena. */
static inline const char *rig_sign(
    struct fixture *f, jwt_alg_t algorithm, const char *key, const char *kid, const char *claims)
{
    jwt_t *jwt;
    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grants_json(jwt, claims), 0);
    if (kid)
        assert_int_equal(jwt_add_header(jwt, "kid", kid), 0);
    assert_int_equal(
        jwt_set_alg(jwt, algorithm, (const unsigned char *)key, key ? (int)strlen(key) : 0), 0);
    char *text = jwt_encode_str(jwt);
    assert_non_null(text);
    const char *copy = cairn_arena_copy(f->arena, cairn_str_from(text)).data;
    free(text);
    jwt_free(jwt);
    return copy;
}

static inline const char *rig_base64(struct fixture *f, struct cairn_str bytes)
{
    return cairn_base64_encode_in(f->arena, CAIRN_BASE64_URL, bytes).data;
}

/* Any header, any payload, and HMAC-SHA-256 with SECRET over them, by hand. */
static inline const char *rig_forge(
    struct fixture *f, const char *header, const char *payload, const char *secret)
{
    unsigned char code[32];
    struct cairn_str text = cairn_arena_printf(f->arena, "%s.%s",
        rig_base64(f, cairn_str_from(header)), rig_base64(f, cairn_str_from(payload)));
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text.data, text.length,
        code, NULL);
    return cairn_arena_printf(
        f->arena, "%s.%s", text.data, rig_base64(f, cairn_str_of((const char *)code, sizeof(code))))
        .data;
}

/* With TOKEN as Bearer; NULL: no field. */
static inline struct cairn_http_request *rig_request(struct fixture *f, const char *token)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    if (token)
        fixture_add_field(
            req, "Authorization", cairn_arena_printf(f->arena, "Bearer %s", token).data);
    return req;
}

static inline struct cairn_http_response *rig_fine(struct cairn_http_request *req, void *state)
{
    (void)state;
    return cairn_http_text(req, 200, "fine");
}

/* What LAYER around a handler answers TOKEN with. */
static inline struct cairn_http_response *rig_answer(
    struct fixture *f, struct cairn_layer layer, const char *token)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(rig_fine, NULL));
    struct cairn_http_response *res = fixture_ask(f, service, rig_request(f, token));
    cairn_service_drop(service);
    return res;
}

/* Seconds, for .now. */
#define RIG_NOW 1700000000

static inline int64_t rig_now(void *cx)
{
    (void)cx;
    return RIG_NOW;
}

static const struct cairn_jwt_key rig_hs256 = {
    .algorithm = CAIRN_JWT_HS256, .key = CAIRN_STR_INIT(RIG_SECRET)};

#define RIG_CLAIMS "{\"sub\":\"ann\",\"exp\":1700000060}"

#endif
