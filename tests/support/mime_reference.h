/* mime_reference.h - looks an extension up in a text like /etc/mime.types by reading all of it.
 * Internal. */
#ifndef CAIRN_TESTKIT_MIME_REFERENCE_H
#define CAIRN_TESTKIT_MIME_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cairn/http/mime.h>

#define MIME_REFERENCE_BYTES 4096

/* The type that EXTENSION has in TEXT, of fewer than MIME_REFERENCE_BYTES bytes, in OUT; false:
 * none.
 */
static inline bool mime_reference(const char *text, const char *extension, char *out)
{
    char copy[MIME_REFERENCE_BYTES];
    bool is_found = false;
    strcpy(copy, text);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        char *state = NULL;
        char *type = NULL;
        for (char *word = strtok_r(line, " \t\r", &state); word && *word != '#';
             word = strtok_r(NULL, " \t\r", &state)) {
            if (!type) {
                type = word;
            } else if (strcasecmp(word, extension) == 0) {
                bool is_text = strncmp(type, "text/", 5) == 0;
                sprintf(out, "%s%s", type, is_text ? "; charset=utf-8" : "");
                is_found = true;
            }
        }
    }
    return is_found;
}

/* Whether TABLE, made of TEXT, has for EXTENSION what the reference finds. */
static inline bool mime_reference_agrees(
    const struct cairn_mime *table, const char *text, const char *extension)
{
    char expected[MIME_REFERENCE_BYTES + 32];
    char name[64];
    snprintf(name, sizeof(name), "folder.d/file.%s", extension);
    const char *type = cairn_mime_type(table, cairn_str_from(name));
    if (!mime_reference(text, extension, expected))
        return type == cairn_mime_type(NULL, cairn_str_from(name));
    return type && strcmp(type, expected) == 0;
}

#endif
