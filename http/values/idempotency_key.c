#include <cairn/http/values/idempotency_key.h>

#include <cairn/service/siphash.h>

static bool idempotency_key_is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

static bool idempotency_key_is_bare(char c)
{
    return c > ' ' && c <= '~' && c != '"' && c != ',' && c != ';' && c != '\\';
}

static size_t idempotency_key_read_bare(struct cairn_str value, char *out)
{
    if (value.length > CAIRN__IDEMPOTENCY_KEY_MOST)
        return 0;
    for (size_t i = 0; i < value.length; i++) {
        if (!idempotency_key_is_bare(value.data[i]))
            return 0;
        out[i] = value.data[i];
    }
    return value.length;
}

/* Whether what is behind the closing quote is nothing, or parameters. */
static bool idempotency_key_ends_well(struct cairn_str value, size_t at)
{
    while (at < value.length && value.data[at] == ' ')
        at++;
    return at == value.length || value.data[at] == ';';
}

static size_t idempotency_key_read_quoted(struct cairn_str value, char *out)
{
    size_t length = 0;
    for (size_t i = 1; i < value.length; i++) {
        char c = value.data[i];
        if (c == '"')
            return idempotency_key_ends_well(value, i + 1) ? length : 0;
        if (c == '\\') {
            if (++i == value.length || (value.data[i] != '"' && value.data[i] != '\\'))
                return 0;
            c = value.data[i];
        }
        if (!idempotency_key_is_printable(c) || length == CAIRN__IDEMPOTENCY_KEY_MOST)
            return 0;
        out[length++] = c;
    }
    return 0;
}

size_t cairn__idempotency_key_read(struct cairn_str value, char *out)
{
    if (value.length && value.data[0] == '"')
        return idempotency_key_read_quoted(value, out);
    return idempotency_key_read_bare(value, out);
}

/* Two keys that everybody knows: a store may be shared by processes, and who finds two payloads
 * with the same hash has fooled nobody but himself. */
struct cairn_idempotency_fingerprint cairn__idempotency_hash(struct cairn_str bytes)
{
    static const struct cairn__siphash_key keys[] = {
        {0x636169726e206b65u, 0x7920666f72207468u}, {0x6520666972737420u, 0x7765656b2c322c31u}};
    return (struct cairn_idempotency_fingerprint){
        {cairn__siphash(keys[0], bytes.data, bytes.length),
            cairn__siphash(keys[1], bytes.data, bytes.length)}};
}

/* Hashes of the parts have a length of their own, so that no part can pass for another. */
struct cairn_idempotency_fingerprint cairn__idempotency_fingerprint(
    const struct cairn_http_request *req)
{
    const struct cairn_str parts[] = {req->method_name, req->target, req->body};
    unsigned char bytes[3 * 2 * 8];
    unsigned char *at = bytes;
    for (size_t i = 0; i < 3; i++) {
        struct cairn_idempotency_fingerprint part = cairn__idempotency_hash(parts[i]);
        for (size_t j = 0; j < 16; j++)
            *at++ = (unsigned char)(part.words[j / 8] >> (j % 8 * 8));
    }
    return cairn__idempotency_hash(cairn_str_of((const char *)bytes, sizeof(bytes)));
}
