/* path_reference.h - normal paths by the letter of RFC 3986 sections 6.2.2 and 5.2.4: for tests
 * that hold the real ones to it. Internal. */
#ifndef CAIRN_TESTKIT_PATH_REFERENCE_H
#define CAIRN_TESTKIT_PATH_REFERENCE_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_REFERENCE_BYTES 512

/* Whether PATH begins with a slash and has whole encodings only, none of them of a NUL. */
static inline bool path_reference_is_valid(const char *path)
{
    for (const char *p = path; (p = strchr(p, '%')); p++) {
        if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]) ||
            (p[1] == '0' && p[2] == '0'))
            return false;
    }
    return *path == '/';
}

static inline char path_reference_byte(const char *percent)
{
    char digits[3] = {percent[1], percent[2], '\0'};
    return (char)strtoul(digits, NULL, 16);
}

static inline void path_reference_unify(const char *path, char *out)
{
    while (*path) {
        if (*path != '%') {
            *out++ = *path++;
            continue;
        }
        char c = path_reference_byte(path);
        if (isalnum((unsigned char)c) || strchr("-._~", c))
            *out++ = c;
        else
            out += sprintf(out, "%%%02X", (unsigned char)c);
        path += 3;
    }
    *out = '\0';
}

static inline bool path_reference_begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The steps 2B to 2E; what begins with a slash never comes to 2A and 2D. */
static inline void path_reference_remove_dots(char *in, char *out)
{
    *out = '\0';
    while (*in) {
        bool is_up = path_reference_begins(in, "/../") || strcmp(in, "/..") == 0;
        if (path_reference_begins(in, "/./") || strcmp(in, "/.") == 0 || is_up) {
            in += is_up ? 3 : 2;
            if (!*in)
                *--in = '/';
            char *slash = strrchr(out, '/');
            if (is_up && slash)
                *slash = '\0';
            continue;
        }
        size_t length = 1 + strcspn(in + 1, "/");
        strncat(out, in, length);
        in += length;
    }
}

/* PATH, which is valid, in normal form. OUT has PATH_REFERENCE_BYTES + 1. */
static inline void path_reference_normalize(const char *path, char *out)
{
    char unified[PATH_REFERENCE_BYTES + 1];
    path_reference_unify(path, unified);
    path_reference_remove_dots(unified, out);
}

/* PATH, which is valid, decoded. Returns false when that uncovers a slash. */
static inline bool path_reference_decode(const char *path, char *out)
{
    for (; *path; path++) {
        char c = *path == '%' ? path_reference_byte(path) : *path;
        if (*path == '%' && c == '/')
            return false;
        path += *path == '%' ? 2 : 0;
        *out++ = c;
    }
    *out = '\0';
    return true;
}

#endif
