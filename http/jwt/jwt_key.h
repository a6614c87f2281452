/* jwt_key.h - the keys of the layer jwt: whether they are good, and what they have signed.
 * Internal.
 */
#ifndef CAIRN_HTTP_JWT_KEY_H
#define CAIRN_HTTP_JWT_KEY_H

#include <openssl/evp.h>

#include <cairn/http/layers/jwt.h>

/* What is made of an option, owned by whoever made it. */
struct cairn__jwt_key {
    enum cairn_jwt_algorithm algorithm;
    size_t secret_length;
    unsigned char *secret; /* of HS; else NULL */
    EVP_PKEY *pkey;        /* of the others; else NULL */
    char *id;              /* NULL: any */
};

/* "HS256". */
const char *cairn__jwt_algorithm_name(enum cairn_jwt_algorithm algorithm);
/* NULL, or what KEY should be; that it is not. */
const char *cairn__jwt_key_complaint(const struct cairn_jwt_key *key);

/* -1 without memory, SELF then empty. */
int cairn__jwt_key_init(struct cairn__jwt_key *self, const struct cairn_jwt_key *from);
/* Overwrites the key. */
void cairn__jwt_key_fini(struct cairn__jwt_key *self);

/* Whether SIGNATURE, decoded, is that of KEY over TEXT. Returns 1, 0, or -1 without memory. */
int cairn__jwt_key_verify(
    const struct cairn__jwt_key *key, struct cairn_str text, struct cairn_str signature);

#endif
