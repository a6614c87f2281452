/* authorization_reference.h - the Authorization field, read the long way. Of the tests. Internal.
 */
#ifndef CAIRN_TESTKIT_AUTHORIZATION_REFERENCE_H
#define CAIRN_TESTKIT_AUTHORIZATION_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define AUTHORIZATION_REFERENCE_BYTES 8192
#define AUTHORIZATION_REFERENCE_ALNUM \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum authorization_reference {
    AUTHORIZATION_REFERENCE_NONE,
    AUTHORIZATION_REFERENCE_FOUND,
    AUTHORIZATION_REFERENCE_MALFORMED
};

/* VALUE is a text of a field, or NULL. *TOKEN is where the credentials begin; they end with it. */
static inline enum authorization_reference authorization_reference_token(
    const char *value, const char *scheme, const char **token)
{
    size_t length = strlen(scheme);
    if (!value || strncasecmp(value, scheme, length) != 0)
        return AUTHORIZATION_REFERENCE_NONE;
    value += length;
    if (*value != '\0' && *value != ' ')
        return AUTHORIZATION_REFERENCE_NONE;
    value += strspn(value, " ");
    size_t plain = strspn(value, AUTHORIZATION_REFERENCE_ALNUM "-._~+/");
    size_t filled = strspn(value + plain, "=");
    *token = value;
    return plain > 0 && value[plain + filled] == '\0' ? AUTHORIZATION_REFERENCE_FOUND
                                                      : AUTHORIZATION_REFERENCE_MALFORMED;
}

/* Base64, one bit after the other, into OUT. */
static inline bool authorization_reference_decode(const char *text, char *out, size_t *length)
{
    static const char alphabet[] = AUTHORIZATION_REFERENCE_ALNUM "+/";
    size_t symbols = strspn(text, alphabet);
    size_t fills = strspn(text + symbols, "=");
    size_t bits = 0;
    memset(out, 0, symbols + 1);
    for (size_t i = 0; i < symbols; i++) {
        size_t value = (size_t)(strchr(alphabet, text[i]) - alphabet);
        for (int bit = 5; bit >= 0; bit--, bits++)
            out[bits / 8] = (char)(out[bits / 8] | (int)(value >> bit & 1) << (7 - bits % 8));
    }
    *length = bits / 8;
    return text[symbols + fills] == '\0' && (symbols + fills) % 4 == 0 && fills <= 2 &&
           symbols % 4 != 1 && fills == (4 - symbols % 4) % 4 &&
           (bits % 8 == 0 || out[bits / 8] == 0);
}

/* PAIR gets user and password with a colon between them; *USER and *PASSWORD their lengths. */
static inline enum authorization_reference authorization_reference_basic(
    const char *value, char pair[AUTHORIZATION_REFERENCE_BYTES], size_t *user, size_t *password)
{
    const char *token;
    size_t length = 0;
    enum authorization_reference found = authorization_reference_token(value, "Basic", &token);
    if (found != AUTHORIZATION_REFERENCE_FOUND)
        return found;
    if (!authorization_reference_decode(token, pair, &length))
        return AUTHORIZATION_REFERENCE_MALFORMED;
    *user = length;
    for (size_t i = length; i-- > 0;) {
        if ((pair[i] >= 0 && pair[i] < 0x20) || pair[i] == 0x7f)
            return AUTHORIZATION_REFERENCE_MALFORMED;
        if (pair[i] == ':')
            *user = i;
    }
    if (*user == length)
        return AUTHORIZATION_REFERENCE_MALFORMED;
    *password = length - *user - 1;
    return AUTHORIZATION_REFERENCE_FOUND;
}

#endif
