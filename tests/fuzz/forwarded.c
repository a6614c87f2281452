/* Any text as Forwarded, as an end of it, and as X-Forwarded-For: the readers against the naive
 * ones. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/forwarded.h>
#include <cairn/testkit/forwarded_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void check_address(
    const struct cairn_http_node *node, const unsigned char bytes[16], int port)
{
    if (node->address.any.sa_family == AF_INET) {
        CHECK(memcmp(&node->address.v4.sin_addr, bytes + 12, 4) == 0);
        CHECK(ntohs(node->address.v4.sin_port) == port);
        CHECK(bytes[10] == 255 && bytes[11] == 255);
    } else {
        CHECK(memcmp(&node->address.v6.sin6_addr, bytes, 16) == 0);
        CHECK(ntohs(node->address.v6.sin6_port) == port);
        CHECK(!IN6_IS_ADDR_V4MAPPED(&node->address.v6.sin6_addr));
    }
}

static void check_node(const struct cairn_http_node *node, const char *text, bool is_x)
{
    unsigned char bytes[16] = {0};
    int port = 0;
    int kind = is_x ? forwarded_reference_node_x(text, bytes, &port)
                    : forwarded_reference_node(text, bytes, &port);
    CHECK((int)node->kind == kind);
    if (kind == CAIRN_HTTP_NODE_ADDRESS)
        check_address(node, bytes, port);
    if (kind == CAIRN_HTTP_NODE_OBFUSCATED)
        CHECK(node->name.length <= strlen(text) &&
              memcmp(node->name.data, text, node->name.length) == 0);
}

static void check_end(const struct cairn_http_node *node, bool is_there, const char *text)
{
    CHECK((node->kind != CAIRN_HTTP_NODE_ABSENT) == is_there);
    if (is_there)
        check_node(node, text, false);
}

static void check_text(struct cairn_str found, bool is_there, const char *text)
{
    CHECK((found.data != NULL) == is_there);
    if (is_there)
        CHECK(cairn_str_equal(found, cairn_str_from(text)));
}

static void check_line(const char *text, struct cairn_arena *arena)
{
    static struct forwarded_reference expected;
    char copy[FORWARDED_REFERENCE_BYTES];
    struct cairn_http_forwarded found;
    struct cairn_str line = cairn_str_from(text);
    char *rest = copy;
    int step;
    strcpy(copy, text);
    do {
        step = forwarded_reference_next(&rest, &expected);
        enum cairn_http_forwarded_step ours = cairn_http_forwarded_next(&line, arena, &found);
        CHECK(ours == (step == 1      ? CAIRN_HTTP_FORWARDED_FOUND
                          : step == 0 ? CAIRN_HTTP_FORWARDED_END
                                      : CAIRN_HTTP_FORWARDED_BROKEN));
        if (step != 1)
            return;
        check_end(&found.client, expected.has[0], expected.values[0]);
        check_end(&found.proxy, expected.has[1], expected.values[1]);
        check_text(found.host, expected.has[2], expected.values[2]);
        check_text(found.proto, expected.has[3], expected.values[3]);
    } while (step == 1);
}

/* NUL is no part of a field, and ends the text of the references. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[FORWARDED_REFERENCE_BYTES];
    if (size >= sizeof(text) || (size > 0 && memchr(data, '\0', size)))
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_node node = cairn_http_node_parse(cairn_str_of((const char *)data, size));
    check_node(&node, text, false);
    node = cairn_http_node_parse_x(cairn_str_of((const char *)data, size));
    check_node(&node, text, true);
    check_line(text, arena);
    cairn_arena_free(arena);
    return 0;
}
