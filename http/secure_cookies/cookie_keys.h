/* cookie_keys.h - the keys of secure cookies, and what is done with one of them. Internal. */
#ifndef CAIRN_HTTP_COOKIE_KEYS_H
#define CAIRN_HTTP_COOKIE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include <cairn/service/str.h>

#define COOKIE_KEY_BYTES 32
#define COOKIE_MAC_BYTES 32
#define COOKIE_NONCE_BYTES 12
#define COOKIE_TAG_BYTES 16

struct cookie_key {
    unsigned char sign[COOKIE_KEY_BYTES];
    unsigned char encrypt[COOKIE_KEY_BYTES];
};

struct cairn_cookie_keys {
    int64_t (*now)(void *cx);
    void *cx;
    EVP_MAC_CTX *mac; /* used again each time, as is the next one */
    EVP_CIPHER_CTX *cipher;
    EVP_CIPHER *gcm;
    size_t count;
    struct cookie_key keys[];
};

int64_t cairn__cookie_now(const struct cairn_cookie_keys *keys);

/* Writes the code over NAME and BYTES into MAC. -1: libcrypto failed. */
int cairn__cookie_mac(struct cairn_cookie_keys *keys, const struct cookie_key *key,
    struct cairn_str name, struct cairn_str bytes, unsigned char *mac);

/* BYTES in OUT as nonce, ciphertext, tag; OUT has room for bytes.length + 28. -1: libcrypto failed.
 */
int cairn__cookie_encrypt(struct cairn_cookie_keys *keys, struct cairn_str name,
    struct cairn_str bytes, unsigned char *out);
/* The same back, into OUT, which has room for as much as SEALED. Returns 1; 0: not made by KEY for
 * NAME; -1: libcrypto failed. */
int cairn__cookie_decrypt(struct cairn_cookie_keys *keys, const struct cookie_key *key,
    struct cairn_str name, struct cairn_str sealed, unsigned char *out);

#endif
