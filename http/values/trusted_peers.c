#include <cairn/http/trusted_peers.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cairn/http/json/json_escape.h>
#include <cairn/service/alloc.h>
#include <cairn/service/str.h>

#define TRUSTED_MOST 1024
#define TRUSTED_SEPARATORS ", \t\r\n"
#define TRUSTED_PRINTED 64

/* Of IPv4 the first four bytes count. */
struct trusted_network {
    unsigned char bytes[16];
    unsigned prefix;
    sa_family_t family; /* AF_UNIX: the rest does not count */
};

struct cairn_trusted_peers {
    size_t count;
    struct trusted_network networks[];
};

struct trusted_preset {
    struct cairn_str name;
    const char *members;
};

static const struct trusted_preset trusted_presets[] = {
    {CAIRN_STR_INIT("loopback"), "127.0.0.0/8,::1"},
    {CAIRN_STR_INIT("private"), "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"},
};

static bool trusted_next(const char **text, struct cairn_str *member)
{
    const char *begin = *text + strspn(*text, TRUSTED_SEPARATORS);
    *member = cairn_str_of(begin, strcspn(begin, TRUSTED_SEPARATORS));
    *text = begin + member->length;
    return member->length > 0;
}

/* The members of a preset's name; NULL: it is none. */
static const char *trusted_preset_find(struct cairn_str member)
{
    for (size_t i = 0; i < sizeof(trusted_presets) / sizeof(*trusted_presets); i++) {
        if (cairn_str_equal(member, trusted_presets[i].name))
            return trusted_presets[i].members;
    }
    return NULL;
}

static unsigned trusted_bits(sa_family_t family)
{
    return family == AF_INET ? 32 : 128;
}

static bool trusted_parse_address(struct trusted_network *out, struct cairn_str text)
{
    char host[INET6_ADDRSTRLEN];
    if (text.length >= sizeof(host))
        return false;
    memcpy(host, text.data, text.length);
    host[text.length] = '\0';
    out->family = memchr(host, ':', text.length) ? AF_INET6 : AF_INET;
    out->prefix = trusted_bits(out->family);
    return inet_pton(out->family, host, out->bytes) == 1;
}

static bool trusted_parse_prefix(struct trusted_network *out, struct cairn_str text)
{
    unsigned long long prefix;
    if (text.length > 3 || !cairn_str_to_u64(text, &prefix) || prefix > out->prefix)
        return false;
    out->prefix = (unsigned)prefix;
    return true;
}

/* Whether the first PREFIX bits are the same. */
static bool trusted_agrees(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
    unsigned rest = prefix % 8;
    if (memcmp(a, b, prefix / 8) != 0)
        return false;
    return rest == 0 || ((a[prefix / 8] ^ b[prefix / 8]) >> (8 - rest)) == 0;
}

static bool trusted_has_bits_behind(const struct trusted_network *network)
{
    unsigned char zeroed[16] = {0};
    memcpy(zeroed, network->bytes, network->prefix / 8);
    if (network->prefix % 8)
        zeroed[network->prefix / 8] =
            (unsigned char)(network->bytes[network->prefix / 8] & (0xff00u >> network->prefix % 8));
    return memcmp(zeroed, network->bytes, trusted_bits(network->family) / 8) != 0;
}

static bool trusted_is_mapped(const unsigned char *bytes)
{
    static const unsigned char start[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(bytes, start, sizeof(start)) == 0;
}

/* What is wrong with MEMBER; NULL: nothing. */
static const char *trusted_parse(struct trusted_network *out, struct cairn_str member)
{
    const char *slash = memchr(member.data, '/', member.length);
    size_t length = slash ? (size_t)(slash - member.data) : member.length;
    *out = (struct trusted_network){.family = AF_UNIX};
    if (cairn_str_equal(member, CAIRN_STR("unix")))
        return NULL;
    if (!trusted_parse_address(out, cairn_str_of(member.data, length)))
        return "must be an address, a network like 10.0.0.0/8, loopback, private or unix";
    if (slash && !trusted_parse_prefix(out, cairn_str_of(slash + 1, member.length - length - 1)))
        return out->family == AF_INET ? "the prefix must be 0 to 32"
                                      : "the prefix must be 0 to 128";
    if (out->family == AF_INET6 && trusted_is_mapped(out->bytes))
        return "must be written as an IPv4 address";
    return trusted_has_bits_behind(out) ? "has bits behind its prefix" : NULL;
}

static struct cairn_error *trusted_error(struct cairn_str member, const char *complaint)
{
    char text[TRUSTED_PRINTED + 1];
    text[cairn__json_escape(member, text, TRUSTED_PRINTED)] = '\0';
    return cairn_error_new(
        CAIRN_ERROR_INVALID, "trusted_peers", NULL, "\"%s\": %s", text, complaint);
}

static struct cairn_error *trusted_add(struct cairn_trusted_peers *self, struct cairn_str member)
{
    if (self->count == TRUSTED_MOST)
        return trusted_error(member, "is one of more than 1024");
    const char *complaint = trusted_parse(&self->networks[self->count], member);
    if (complaint)
        return trusted_error(member, complaint);
    self->count++;
    return NULL;
}

static struct cairn_error *trusted_read(struct cairn_trusted_peers *self, const char *text)
{
    struct cairn_error *error = NULL;
    struct cairn_str member;
    while (!error && trusted_next(&text, &member)) {
        const char *members = trusted_preset_find(member);
        if (!members)
            error = trusted_add(self, member);
        while (members && !error && trusted_next(&members, &member))
            error = trusted_add(self, member);
    }
    return error;
}

/* At least as many as there will be. */
static size_t trusted_count(const char *text)
{
    size_t count = 0;
    struct cairn_str member;
    while (trusted_next(&text, &member))
        count += trusted_preset_find(member) ? 4 : 1;
    return count < TRUSTED_MOST ? count : TRUSTED_MOST;
}

struct cairn_trusted_peers *cairn_trusted_peers_new(const char *text, struct cairn_error **error)
{
    if (!text)
        text = "";
    struct cairn_trusted_peers *self =
        cairn_alloc_zero(sizeof(*self) + trusted_count(text) * sizeof(*self->networks));
    *error = self ? trusted_read(self, text) : &cairn_error_no_memory;
    if (!*error)
        return self;
    cairn_free(self);
    return NULL;
}

void cairn_trusted_peers_free(struct cairn_trusted_peers *self)
{
    cairn_free(self);
}

static bool trusted_search(
    const struct cairn_trusted_peers *self, sa_family_t family, const unsigned char *bytes)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct trusted_network *network = &self->networks[i];
        if (network->family == family &&
            (family == AF_UNIX || trusted_agrees(network->bytes, bytes, network->prefix)))
            return true;
    }
    return false;
}

bool cairn_trusted_peers_has(const struct cairn_trusted_peers *self, const struct sockaddr *address)
{
    const void *any = address;
    if (!address)
        return false;
    if (address->sa_family == AF_UNIX)
        return trusted_search(self, AF_UNIX, NULL);
    if (address->sa_family == AF_INET)
        return trusted_search(
            self, AF_INET, (const void *)&((const struct sockaddr_in *)any)->sin_addr);
    if (address->sa_family != AF_INET6)
        return false;
    const unsigned char *v6 = ((const struct sockaddr_in6 *)any)->sin6_addr.s6_addr;
    return trusted_is_mapped(v6) ? trusted_search(self, AF_INET, v6 + 12)
                                 : trusted_search(self, AF_INET6, v6);
}
