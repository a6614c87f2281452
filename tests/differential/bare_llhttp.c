/* bare_llhttp.c - llhttp's own reading, strict and without the guard. On standard input payloads,
 * each behind a length of four bytes (big endian); on standard output a line for each: the messages
 * it accepts, "METHOD TARGET LENGTH" and a TAB, then how it ends: refused, closed or silent. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

struct reading {
    llhttp_t parser;
    char target[1 << 17];
    size_t target_length;
    size_t body_length;
};

static int on_begin(llhttp_t *parser)
{
    struct reading *self = (struct reading *)parser;
    self->target_length = 0;
    self->body_length = 0;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t length)
{
    struct reading *self = (struct reading *)parser;
    if (length > sizeof(self->target) - self->target_length)
        return -1;
    memcpy(self->target + self->target_length, at, length);
    self->target_length += length;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t length)
{
    (void)at;
    ((struct reading *)parser)->body_length += length;
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    const struct reading *self = (const struct reading *)parser;
    printf("%s %.*s %zu\t", llhttp_method_name((llhttp_method_t)parser->method),
        (int)self->target_length, self->target, self->body_length);
    return 0;
}

static const char *end_of(llhttp_errno_t rc)
{
    switch (rc) {
    case HPE_OK:
        return "silent";
    case HPE_PAUSED_UPGRADE:
    case HPE_CLOSED_CONNECTION:
        return "closed";
    default:
        return "refused";
    }
}

static void read_payload(const char *data, size_t length)
{
    static const llhttp_settings_t settings = {.on_message_begin = on_begin,
        .on_url = on_url,
        .on_body = on_body,
        .on_message_complete = on_complete};
    static struct reading reading;
    llhttp_init(&reading.parser, HTTP_REQUEST, &settings);
    puts(end_of(llhttp_execute(&reading.parser, data, length)));
}

int main(void)
{
    unsigned char head[4];
    while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
        size_t length =
            (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        char *data = malloc(length + 1);
        if (!data || fread(data, 1, length, stdin) != length)
            return 1;
        read_payload(data, length);
        free(data);
    }
    return 0;
}
