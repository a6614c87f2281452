/* cookie_reference.h - the Cookie field, read the long way. Of the tests. Internal. */
#ifndef CAIRN_TESTKIT_COOKIE_REFERENCE_H
#define CAIRN_TESTKIT_COOKIE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define COOKIE_REFERENCE_BYTES 4096
#define COOKIE_REFERENCE_MOST 64
#define COOKIE_REFERENCE_ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define COOKIE_REFERENCE_TOKEN COOKIE_REFERENCE_ALNUM "!#$%&'*+-.^_`|~"
#define COOKIE_REFERENCE_OCTETS COOKIE_REFERENCE_ALNUM "!#$%&'()*+-./:<=>?@[]^_`{|}~"

struct cookie_reference {
    size_t count;
    const char *names[COOKIE_REFERENCE_MOST];
    const char *values[COOKIE_REFERENCE_MOST];
    char text[COOKIE_REFERENCE_BYTES]; /* what the two point into */
};

/* The piece from TEXT to its NUL, which may be changed. Returns false where nothing behind it is to
 * be read. */
static inline bool cookie_reference_piece(struct cookie_reference *self, char *text)
{
    size_t quotes = 0;
    for (const char *at = text; *at; at++)
        quotes += *at == '"';
    bool is_closed = quotes % 2 == 0 && (quotes == 0 || !strchr(text, '\\'));
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    size_t name = strspn(text, COOKIE_REFERENCE_TOKEN);
    if (name == 0 || text[0] == '$' || text[name] != '=')
        return is_closed;
    char *value = text + name + 1;
    size_t quote = *value == '"';
    size_t octets = strspn(value + quote, COOKIE_REFERENCE_OCTETS);
    char *end = value + quote + octets;
    if (quote ? strcmp(end, "\"") != 0 : *end != '\0')
        return is_closed;
    text[name] = '\0';
    *end = '\0';
    self->names[self->count] = text;
    self->values[self->count++] = value + quote;
    return true;
}

/* Reads FIELD, of less than COOKIE_REFERENCE_BYTES; more than COOKIE_REFERENCE_MOST are left out.
 */
static inline void cookie_reference_read(struct cookie_reference *self, const char *field)
{
    char *at = self->text;
    self->count = 0;
    strcpy(self->text, field);
    while (at && self->count < COOKIE_REFERENCE_MOST) {
        char *semicolon = strchr(at, ';');
        if (semicolon)
            *semicolon = '\0';
        if (!cookie_reference_piece(self, at))
            return;
        at = semicolon ? semicolon + 1 : NULL;
    }
}

#endif
