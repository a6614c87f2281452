/* Any text is no good token, whatever key it names: nobody has the secrets. */
#include <stdint.h>
#include <stdlib.h>

#include <cairn/http/jwt/jwt_token.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

/* Public keys of P-256 and RSA whose private ones were not kept. */
static const char ec[] = "-----BEGIN PUBLIC KEY-----\n"
                         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqt5QITLljZqjMdwmUK+Ky0tcW9LU\n"
                         "JvM77njQbPsvsQuiX1xtrIEvoaHb2CAMiAPMAvk+f3Q1JCjp/5q0VmslWA==\n"
                         "-----END PUBLIC KEY-----\n";
static const char rsa[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvF+ja3TsSR7SpF+5NcJ0\n"
                          "Oxr3DbPTjHamQp2tw2vow+3o1kZZwnyMAbMXWoFoqhxOYqTzu+LVLoG4BWo8FTsQ\n"
                          "AQFXBcd29opZb1hksSwHa5TkGOI3i7Z8eBWzgoqU7GB+/X93NqDDvV2moei5SAS7\n"
                          "cAM/PoNDD7xn1i6Y0AES9vDxxeMIU+o+E6Hil/+gE4Fqj0fQDC61FX9kNp/VDKbX\n"
                          "FA8a8PiItgw5z1erT5s7EtDxbeiHdd3goMknap6sYhBZ2/qubgHb+TTBXshUXk67\n"
                          "fIxNAPs6aE2NM6IXxyIcxl5SwgR9LPnf5hJaK9o3fntzRtshUdJM5qwFt/BF3LMU\n"
                          "2wIDAQAB\n"
                          "-----END PUBLIC KEY-----\n";

static struct cairn__jwt_key keys[3];

static void make_keys(void)
{
    const struct cairn_jwt_key from[] = {
        {CAIRN_JWT_HS256, CAIRN_STR_INIT("a secret of thirty-two bytes, or more"), NULL},
        {CAIRN_JWT_RS256, {rsa, sizeof(rsa) - 1}, NULL},
        {CAIRN_JWT_ES256, {ec, sizeof(ec) - 1}, NULL}};
    for (size_t i = 0; i < 3; i++)
        CHECK(cairn__jwt_key_init(&keys[i], &from[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cairn__jwt_rules rules = {
        .max_bytes = 8192, .is_exp_optional = true, .key_count = 3, .keys = keys};
    struct cairn_arena *arena = cairn_arena_new(NULL);
    json_t *claims = NULL;
    CHECK(arena);
    if (!keys[0].secret)
        make_keys();
    enum cairn__jwt_fault fault = cairn__jwt_check(
        &rules, arena, cairn_str_of((const char *)data, size), 1700000000, &claims);
    CHECK(fault == (size > 8192 ? CAIRN__JWT_TOO_LONG : CAIRN__JWT_INVALID));
    CHECK(!claims);
    cairn_arena_free(arena);
    return 0;
}
