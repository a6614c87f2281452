#include <cairn/http/forwarded.h>

#include <arpa/inet.h>

#include <cairn/http/values/params.h>

static struct cairn_http_node node_invalid(void)
{
    return (struct cairn_http_node){.kind = CAIRN_HTTP_NODE_INVALID};
}

/* An underscore and at least one more: obfnode and obfport. */
static bool node_is_name(struct cairn_str text)
{
    if (text.length < 2 || text.data[0] != '_')
        return false;
    for (size_t i = 1; i < text.length; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* TEXT is what stands behind the name of a node: nothing, or ":" and a port. */
static bool node_parse_port(struct cairn_str text, in_port_t *port)
{
    unsigned long long number = 0;
    *port = 0;
    if (text.length == 0)
        return true;
    struct cairn_str digits = cairn_str_of(text.data + 1, text.length - 1);
    if (text.data[0] != ':' || node_is_name(digits))
        return text.data[0] == ':';
    if (digits.length > 5 || !cairn_str_to_u64(digits, &number) || number > 65535)
        return false;
    *port = htons((in_port_t)number);
    return true;
}

static struct cairn_http_node node_v6(const struct in6_addr *v6, in_port_t port)
{
    struct cairn_http_node node = {.kind = CAIRN_HTTP_NODE_ADDRESS};
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        node.address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
        memcpy(&node.address.v4.sin_addr, v6->s6_addr + 12, sizeof(struct in_addr));
    } else {
        node.address.v6 =
            (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = *v6};
    }
    return node;
}

/* HOST without brackets, TAIL with the colon of its port. */
static struct cairn_http_node node_address(int family, struct cairn_str host, struct cairn_str tail)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    in_port_t port;
    if (host.length >= sizeof(text) || !node_parse_port(tail, &port))
        return node_invalid();
    memcpy(text, host.data, host.length);
    text[host.length] = '\0';
    if (strlen(text) != host.length ||
        inet_pton(family, text, family == AF_INET ? (void *)&v4 : (void *)&v6) != 1)
        return node_invalid();
    if (family == AF_INET6)
        return node_v6(&v6, port);
    return (struct cairn_http_node){.kind = CAIRN_HTTP_NODE_ADDRESS,
        .address.v4 = {.sin_family = AF_INET, .sin_port = port, .sin_addr = v4}};
}

/* TEXT begins with a bracket. */
static struct cairn_http_node node_literal(struct cairn_str text)
{
    const char *end = memchr(text.data, ']', text.length);
    if (!end)
        return node_invalid();
    size_t length = (size_t)(end - text.data);
    return node_address(AF_INET6, cairn_str_of(text.data + 1, length - 1),
        cairn_str_of(end + 1, text.length - length - 1));
}

struct cairn_http_node cairn_http_node_parse(struct cairn_str text)
{
    const struct cairn_str unknown = CAIRN_STR("unknown");
    in_port_t port;
    if (text.length == 0)
        return node_invalid();
    if (text.data[0] == '[')
        return node_literal(text);
    const char *colon = memchr(text.data, ':', text.length);
    size_t length = colon ? (size_t)(colon - text.data) : text.length;
    struct cairn_str name = cairn_str_of(text.data, length);
    struct cairn_str tail = cairn_str_of(text.data + length, text.length - length);
    bool is_unknown = cairn_str_equal_nocase(name, unknown);
    if (!is_unknown && !node_is_name(name))
        return node_address(AF_INET, name, tail);
    if (!node_parse_port(tail, &port))
        return node_invalid();
    if (is_unknown)
        return (struct cairn_http_node){.kind = CAIRN_HTTP_NODE_UNKNOWN};
    return (struct cairn_http_node){.kind = CAIRN_HTTP_NODE_OBFUSCATED, .name = name};
}

struct cairn_http_node cairn_http_node_parse_x(struct cairn_str text)
{
    const char *first = text.length ? memchr(text.data, ':', text.length) : NULL;
    if (first && text.data[0] != '[' && memrchr(text.data, ':', text.length) != first)
        return node_address(AF_INET6, text, cairn_str_of(NULL, 0));
    struct cairn_http_node node = cairn_http_node_parse(text);
    return node.kind == CAIRN_HTTP_NODE_OBFUSCATED ? node_invalid() : node;
}

static void forwarded_skip(struct cairn_str *line, size_t length)
{
    line->data += length;
    line->length -= length;
}

static bool forwarded_at(const struct cairn_str *line, char c)
{
    return line->length > 0 && line->data[0] == c;
}

static void forwarded_skip_space(struct cairn_str *line)
{
    while (forwarded_at(line, ' ') || forwarded_at(line, '\t'))
        forwarded_skip(line, 1);
}

/* An element, with the parameters that it has had so far. */
struct forwarded_element {
    struct cairn_http_forwarded *out;
    struct cairn_arena *arena;
    struct cairn_str client;
    struct cairn_str proxy;
};

/* Where the value of NAME goes; NULL: nobody knows that parameter. */
static struct cairn_str *forwarded_place(struct forwarded_element *self, struct cairn_str name)
{
    if (cairn_str_equal_nocase(name, CAIRN_STR("for")))
        return &self->client;
    if (cairn_str_equal_nocase(name, CAIRN_STR("by")))
        return &self->proxy;
    if (cairn_str_equal_nocase(name, CAIRN_STR("host")))
        return &self->out->host;
    return cairn_str_equal_nocase(name, CAIRN_STR("proto")) ? &self->out->proto : NULL;
}

static enum cairn_http_forwarded_step forwarded_keep(
    struct forwarded_element *self, const struct cairn__param *param)
{
    struct cairn_str *place = forwarded_place(self, param->name);
    if (!place)
        return CAIRN_HTTP_FORWARDED_FOUND;
    if (place->data)
        return CAIRN_HTTP_FORWARDED_BROKEN;
    *place = param->value;
    if (param->value.length == 0 || !memchr(param->value.data, '\\', param->value.length))
        return CAIRN_HTTP_FORWARDED_FOUND;
    char *text = cairn_arena_alloc_text(self->arena, param->value.length);
    if (!text)
        return CAIRN_HTTP_FORWARDED_NO_MEMORY;
    *place = cairn_str_of(text, cairn__param_unescape(param->value, text));
    return CAIRN_HTTP_FORWARDED_FOUND;
}

/* [ pair ] *( OWS ";" OWS [ pair ] ) OWS: RFC 7239 has no space there, but people write it. */
static enum cairn_http_forwarded_step forwarded_read(
    struct forwarded_element *self, struct cairn_str *line)
{
    enum cairn_http_forwarded_step step = CAIRN_HTTP_FORWARDED_FOUND;
    struct cairn__param param;
    bool is_parted = true;
    while (step == CAIRN_HTTP_FORWARDED_FOUND && is_parted) {
        if (line->length > 0 && !forwarded_at(line, ';') && !forwarded_at(line, ',')) {
            if (!cairn__param_read(line, &param))
                return CAIRN_HTTP_FORWARDED_BROKEN;
            step = forwarded_keep(self, &param);
            forwarded_skip_space(line);
        }
        is_parted = forwarded_at(line, ';');
        if (is_parted) {
            forwarded_skip(line, 1);
            forwarded_skip_space(line);
        }
    }
    return step;
}

enum cairn_http_forwarded_step cairn_http_forwarded_next(
    struct cairn_str *line, struct cairn_arena *arena, struct cairn_http_forwarded *out)
{
    struct forwarded_element element = {.out = out, .arena = arena};
    *out = (struct cairn_http_forwarded){0};
    forwarded_skip_space(line);
    while (forwarded_at(line, ',')) {
        forwarded_skip(line, 1);
        forwarded_skip_space(line);
    }
    if (line->length == 0)
        return CAIRN_HTTP_FORWARDED_END;
    enum cairn_http_forwarded_step step = forwarded_read(&element, line);
    if (step != CAIRN_HTTP_FORWARDED_FOUND)
        return step;
    if (line->length > 0 && !forwarded_at(line, ','))
        return CAIRN_HTTP_FORWARDED_BROKEN;
    if (element.client.data)
        out->client = cairn_http_node_parse(element.client);
    if (element.proxy.data)
        out->proxy = cairn_http_node_parse(element.proxy);
    return step;
}
