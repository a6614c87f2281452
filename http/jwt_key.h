/* jwt_key.h - the keys of the layer jwt: whether they are good, and what they have signed.
 * Internal.
 */
#ifndef CAIRN_HTTP_JWT_KEY_H
#define CAIRN_HTTP_JWT_KEY_H

#include <cairn/http/layers/jwt.h>

/* A copy of an option, owned by whoever made it. */
struct cairn__jwt_key {
    enum cairn_jwt_algorithm algorithm;
    size_t length;
    char *key; /* with a NUL behind it */
    char *id;  /* NULL: any */
};

/* "HS256". */
const char *cairn__jwt_algorithm_name(enum cairn_jwt_algorithm algorithm);
/* NULL, or what KEY should be; that it is not. */
const char *cairn__jwt_key_complaint(const struct cairn_jwt_key *key);

/* -1 without memory, SELF then empty. */
int cairn__jwt_key_init(struct cairn__jwt_key *self, const struct cairn_jwt_key *from);
/* Overwrites the key. */
void cairn__jwt_key_fini(struct cairn__jwt_key *self);

/*
 * Whether KEY has signed TOKEN, which has a NUL behind it and whose header names KEY's algorithm.
 * Its first SIGNED_LENGTH bytes are what is signed, SIGNATURE is the last part, decoded. Returns 1,
 * 0, or -1 without memory.
 */
int cairn__jwt_key_verify(const struct cairn__jwt_key *key, struct cairn_str token,
    size_t signed_length, struct cairn_str signature);

#endif
