/* forwarded_reference.h - Forwarded and X-Forwarded-For, read the long way. Of the tests. Internal.
 */
#ifndef CAIRN_TESTKIT_FORWARDED_REFERENCE_H
#define CAIRN_TESTKIT_FORWARDED_REFERENCE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FORWARDED_REFERENCE_BYTES 2048
#define FORWARDED_REFERENCE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define FORWARDED_REFERENCE_TOKEN FORWARDED_REFERENCE_LETTERS "!#$%&'*+-.^_`|~"

/* The values of an element, without quotes and escapes. */
struct forwarded_reference {
    bool has[4]; /* for, by, host, proto */
    char values[4][FORWARDED_REFERENCE_BYTES];
};

/* Cuts what stands before the first DIVIDER outside of quotes off *TEXT, without white space at its
 * ends. False: there is nothing more. */
static inline bool forwarded_reference_cut(char **text, char divider, char **piece)
{
    bool is_quoted = false;
    char *p = *text;
    if (!p)
        return false;
    for (; *p && (is_quoted || *p != divider); p++) {
        if (*p == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && *p == '\\' && p[1])
            p++;
    }
    char *next = *p ? p + 1 : NULL;
    *p = '\0';
    while (p > *text && (p[-1] == ' ' || p[-1] == '\t'))
        *--p = '\0';
    *piece = *text + strspn(*text, " \t");
    *text = next;
    return true;
}

/* TEXT is all of a token or of a quoted string, which goes to OUT. */
static inline bool forwarded_reference_value(const char *text, char *out)
{
    size_t length = strlen(text);
    if (length > 0 && strspn(text, FORWARDED_REFERENCE_TOKEN) == length) {
        memcpy(out, text, length + 1);
        return true;
    }
    if (length < 2 || text[0] != '"')
        return false;
    for (text++; *text && *text != '"'; text++) {
        if (*text == '\\')
            text++;
        unsigned char c = (unsigned char)*text;
        if ((c < ' ' && c != '\t') || c == 127)
            return false;
        *out++ = *text;
    }
    *out = '\0';
    return text[0] == '"' && text[1] == '\0';
}

static inline bool forwarded_reference_pair(struct forwarded_reference *self, const char *pair)
{
    static const char *const names[] = {"for", "by", "host", "proto"};
    char value[FORWARDED_REFERENCE_BYTES];
    size_t length = strspn(pair, FORWARDED_REFERENCE_TOKEN);
    if (length == 0 || pair[length] != '=' || !forwarded_reference_value(pair + length + 1, value))
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (strlen(names[i]) != length || strncasecmp(pair, names[i], length) != 0)
            continue;
        if (self->has[i])
            return false;
        self->has[i] = true;
        strcpy(self->values[i], value);
    }
    return true;
}

/* The next element of *TEXT, which is used up. 1: there is one; 0: none; -1: it is broken. */
static inline int forwarded_reference_next(char **text, struct forwarded_reference *out)
{
    char *element;
    char *pair;
    memset(out, 0, sizeof(*out));
    do {
        if (!forwarded_reference_cut(text, ',', &element))
            return 0;
    } while (*element == '\0');
    while (forwarded_reference_cut(&element, ';', &pair)) {
        if (*pair && !forwarded_reference_pair(out, pair))
            return -1;
    }
    return 1;
}

static inline bool forwarded_reference_is_name(const char *text)
{
    return text[0] == '_' && text[1] &&
           strspn(text, FORWARDED_REFERENCE_LETTERS "._-") == strlen(text);
}

static inline bool forwarded_reference_is_port(const char *text)
{
    size_t length = strlen(text);
    return forwarded_reference_is_name(text) ||
           (length >= 1 && length <= 5 && strspn(text, "0123456789") == length &&
               atoi(text) <= 65535);
}

/* What HOST is, as cairn_http_node_kind counts; of an address its bytes, IPv4 as IPv6. */
static inline int forwarded_reference_host(const char *host, unsigned char bytes[16])
{
    char inner[64];
    static const unsigned char mapped[12] = {[10] = 255, [11] = 255};
    size_t length = strlen(host);
    memcpy(bytes, mapped, 12);
    if (inet_pton(AF_INET, host, bytes + 12) == 1)
        return 1;
    if (strcasecmp(host, "unknown") == 0)
        return 2;
    if (forwarded_reference_is_name(host))
        return 3;
    if (length < 3 || length >= sizeof(inner) || host[0] != '[' || host[length - 1] != ']')
        return 4;
    memcpy(inner, host + 1, length - 2);
    inner[length - 2] = '\0';
    return inet_pton(AF_INET6, inner, bytes) == 1 ? 1 : 4;
}

/* Every way to part TEXT into host and port is tried. *PORT: 0 for a name, and for none. */
static inline int forwarded_reference_node(const char *text, unsigned char bytes[16], int *port)
{
    char host[FORWARDED_REFERENCE_BYTES];
    *port = 0;
    int kind = forwarded_reference_host(text, bytes);
    for (size_t i = 0; kind == 4 && text[i]; i++) {
        if (text[i] != ':' || !forwarded_reference_is_port(text + i + 1))
            continue;
        memcpy(host, text, i);
        host[i] = '\0';
        kind = forwarded_reference_host(host, bytes);
        *port = atoi(text + i + 1);
    }
    return kind;
}

static inline int forwarded_reference_node_x(const char *text, unsigned char bytes[16], int *port)
{
    int kind = forwarded_reference_node(text, bytes, port);
    if (kind == 4 && inet_pton(AF_INET6, text, bytes) == 1) {
        *port = 0;
        kind = 1;
    }
    return kind == 3 ? 4 : kind;
}

#endif
