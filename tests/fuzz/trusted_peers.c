/* A line that is a list of networks, and one that is an address: found where the naive way finds
 * it.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/trusted_peers.h>
#include <cairn/testkit/trusted_reference.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sockaddr *address_of(const char *text, struct sockaddr_in6 *v6)
{
    struct sockaddr_in *v4 = (void *)v6;
    *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
        *v4 = (struct sockaddr_in){.sin_family = AF_INET};
        if (inet_pton(AF_INET, text, &v4->sin_addr) != 1)
            return NULL;
    }
    return (const void *)v6;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TRUSTED_REFERENCE_BYTES];
    struct sockaddr_in6 storage;
    struct cairn_error *error = NULL;
    if (size >= sizeof(text) || (size > 0 && memchr(data, '\0', size)))
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    char *line = strchr(text, '\n');
    if (!line)
        return 0;
    *line++ = '\0';
    int expected = trusted_reference(text, line);
    struct cairn_trusted_peers *peers = cairn_trusted_peers_new(text, &error);
    if (expected != -2 && (peers != NULL) != (expected >= 0))
        abort();
    if (peers && cairn_trusted_peers_has(peers, address_of(line, &storage)) != (expected == 1))
        abort();
    cairn_trusted_peers_free(peers);
    cairn_error_unref(error);
    return 0;
}
