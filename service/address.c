#include <cairn/service/address.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cairn/service/alloc.h>

#define ADDRESS_SCHEME CAIRN_STR("unix:")

static void address_set(struct cairn_address *address, const void *from, size_t length)
{
    memcpy(&address->storage, from, length);
    address->length = (socklen_t)length;
}

static bool address_set_path(struct cairn_address *address, struct cairn_str path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (path.length == 0 || path.length >= sizeof(un.sun_path) ||
        memchr(path.data, '\0', path.length))
        return false;
    memcpy(un.sun_path, path.data, path.length);
    address_set(address, &un, sizeof(un));
    return true;
}

/* Digits alone; 0: it is no port. */
static in_port_t address_port(struct cairn_str text)
{
    unsigned port = 0;
    if (text.length > 5)
        return 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    return port <= 65535 ? (in_port_t)port : 0;
}

static bool address_set_v4(struct cairn_address *address, const char *host, in_port_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &v4.sin_addr) != 1)
        return false;
    address_set(address, &v4, sizeof(v4));
    return true;
}

static bool address_set_v6(struct cairn_address *address, const char *host, in_port_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
        return false;
    address_set(address, &v6, sizeof(v6));
    return true;
}

static bool address_set_ip(struct cairn_address *address, struct cairn_str text)
{
    const char *colon = text.length ? memrchr(text.data, ':', text.length) : NULL;
    char host[INET6_ADDRSTRLEN] = "";
    if (!colon)
        return false;
    size_t length = (size_t)(colon - text.data);
    in_port_t port = address_port(cairn_str_of(colon + 1, text.length - length - 1));
    bool is_v6 = length >= 2 && text.data[0] == '[' && colon[-1] == ']';
    if (is_v6)
        length -= 2;
    if (port == 0 || length >= sizeof(host) || memchr(text.data, '\0', text.length))
        return false;
    memcpy(host, text.data + is_v6, length);
    return is_v6 ? address_set_v6(address, host, port) : address_set_v4(address, host, port);
}

bool cairn_address_parse(struct cairn_address *address, struct cairn_str text)
{
    const struct cairn_str scheme = ADDRESS_SCHEME;
    *address = (struct cairn_address){0};
    if (text.length >= scheme.length && memcmp(text.data, scheme.data, scheme.length) == 0)
        return address_set_path(
            address, cairn_str_of(text.data + scheme.length, text.length - scheme.length));
    return address_set_ip(address, text);
}

static void address_format_ip(
    int family, const void *bytes, in_port_t port, char *buffer, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "";
    bool is_v6 = family == AF_INET6;
    inet_ntop(family, bytes, host, sizeof(host));
    snprintf(
        buffer, size, "%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "", (unsigned)ntohs(port));
}

char *cairn_address_format(const struct cairn_address *address, char *buffer, size_t size)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
    memcpy(&v4, &address->storage, sizeof(v4));
    memcpy(&v6, &address->storage, sizeof(v6));
    memcpy(&un, &address->storage, sizeof(un));
    if (v4.sin_family == AF_INET)
        address_format_ip(AF_INET, &v4.sin_addr, v4.sin_port, buffer, size);
    else if (v6.sin6_family == AF_INET6)
        address_format_ip(AF_INET6, &v6.sin6_addr, v6.sin6_port, buffer, size);
    else
        snprintf(buffer, size, "%s%.*s", un.sun_family == AF_UNIX ? "unix:" : "?",
            un.sun_family == AF_UNIX ? (int)sizeof(un.sun_path) : 0, un.sun_path);
    return buffer;
}

static void *address_clone(const void *value)
{
    struct cairn_address *copy = cairn_alloc(sizeof(*copy));
    if (copy)
        *copy = *(const struct cairn_address *)value;
    return copy;
}

static void address_drop(void *value)
{
    cairn_free(value);
}

const struct cairn_type cairn_address_type = {
    .name = "address", .clone = address_clone, .drop = address_drop};

struct cairn_address *cairn_address_new(const char *text, struct cairn_error **error)
{
    struct cairn_address address;
    if (!cairn_address_parse(&address, cairn_str_from(text))) {
        *error = cairn_error_new(CAIRN_ERROR_INVALID, "address", NULL,
            "must be IP:PORT, [IPv6]:PORT or unix:PATH, got \"%s\"", text);
        return NULL;
    }
    struct cairn_address *self = address_clone(&address);
    if (!self)
        *error = &cairn_error_no_memory;
    return self;
}

void cairn_address_free(struct cairn_address *address)
{
    cairn_free(address);
}
