#include <cairn/http/secret.h>

/* `volatile` keeps the compiler from leaving the loop once the answer is clear. */
bool cairn_secret_equal(struct cairn_str given, struct cairn_str secret)
{
    volatile size_t difference = given.length ^ secret.length;
    size_t at = 0;
    if (secret.length == 0)
        return given.length == 0;
    for (size_t i = 0; i < given.length; i++) {
        difference |= (unsigned char)given.data[i] ^ (unsigned char)secret.data[at];
        at = at + 1 < secret.length ? at + 1 : 0;
    }
    return difference == 0;
}
