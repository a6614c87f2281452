#include <cairn/http/mime.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairn/http/fields.h>
#include <cairn/http/files/mime_types.h>
#include <cairn/service/alloc.h>

#define MIME_MAX_BYTES (4u * 1024 * 1024)
#define MIME_CHARSET "; charset=utf-8"

/* Reads the text twice: first it counts, then it fills the table in. */
struct mime_reader {
    const char *at;
    const char *end;
    unsigned line;
    size_t entries;
    size_t bytes;             /* of all texts */
    struct cairn_mime *table; /* NULL: counts only */
    char *texts;              /* where the next one goes */
};

static bool mime_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; empty at its end, where a comment ends it too. */
static struct cairn_str mime_word(struct mime_reader *r)
{
    while (r->at < r->end && mime_is_space(*r->at))
        r->at++;
    if (r->at < r->end && *r->at == '#') {
        while (r->at < r->end && *r->at != '\n')
            r->at++;
    }
    const char *begin = r->at;
    while (r->at < r->end && *r->at != '\n' && !mime_is_space(*r->at))
        r->at++;
    return cairn_str_of(begin, (size_t)(r->at - begin));
}

static bool mime_is_type(struct cairn_str s)
{
    const char *slash = s.length ? memchr(s.data, '/', s.length) : NULL;
    if (!slash)
        return false;
    size_t length = (size_t)(slash - s.data);
    return cairn_http_is_token(cairn_str_of(s.data, length)) &&
           cairn_http_is_token(cairn_str_of(slash + 1, s.length - length - 1));
}

static bool mime_is_extension(struct cairn_str s)
{
    return s.length < CAIRN__MIME_EXTENSION_BYTES && !memchr(s.data, '.', s.length) &&
           !memchr(s.data, '/', s.length) && !memchr(s.data, '\0', s.length);
}

/* Copies S and TAIL, when there is somewhere to copy to. */
static const char *mime_put(struct mime_reader *r, struct cairn_str s, const char *tail)
{
    size_t length = strlen(tail);
    char *copy = r->texts;
    r->bytes += s.length + length + 1;
    if (!copy)
        return NULL;
    memcpy(copy, s.data, s.length);
    memcpy(copy + s.length, tail, length + 1);
    r->texts += s.length + length + 1;
    return copy;
}

static void mime_put_entry(struct mime_reader *r, struct cairn_str extension, const char *type)
{
    char lower[CAIRN__MIME_EXTENSION_BYTES];
    for (size_t i = 0; i < extension.length; i++)
        lower[i] = cairn__mime_lower(extension.data[i]);
    const char *copy = mime_put(r, cairn_str_of(lower, extension.length), "");
    if (r->table)
        r->table->entries[r->entries] = (struct cairn__mime_entry){copy, type};
    r->entries++;
}

/* NULL, or what is wrong with the line. */
static const char *mime_read_line(struct mime_reader *r)
{
    struct cairn_str type = mime_word(r);
    if (type.length == 0)
        return NULL;
    if (!mime_is_type(type))
        return "a type is two names with a slash between them";
    bool is_text = type.length > 5 && memcmp(type.data, "text/", 5) == 0;
    const char *copy = mime_put(r, type, is_text ? MIME_CHARSET : "");
    for (struct cairn_str word = mime_word(r); word.length; word = mime_word(r)) {
        if (!mime_is_extension(word))
            return "an extension has at most 31 characters, no dot and no slash";
        mime_put_entry(r, word, copy);
    }
    return NULL;
}

static const char *mime_read(struct mime_reader *r)
{
    const char *complaint = NULL;
    for (r->line = 1; r->at < r->end && !complaint; r->line++) {
        complaint = mime_read_line(r);
        if (r->at < r->end)
            r->at++; /* the line feed */
    }
    return complaint;
}

/* Of entries with the same extension the last one remains. Sorting keeps no order, so what comes
 * later gets the lower address of equals: entries are compared by where their text lies. */
static int mime_compare_latest(const void *a, const void *b)
{
    const struct cairn__mime_entry *x = a;
    const struct cairn__mime_entry *y = b;
    int order = strcmp(x->extension, y->extension);
    return order ? order : (x->extension < y->extension) - (x->extension > y->extension);
}

static void mime_sort(struct cairn_mime *table)
{
    size_t kept = 0;
    qsort(table->entries, table->count, sizeof(*table->entries), mime_compare_latest);
    for (size_t i = 0; i < table->count; i++) {
        if (kept && cairn__mime_compare(&table->entries[kept - 1], &table->entries[i]) == 0)
            continue;
        table->entries[kept++] = table->entries[i];
    }
    table->count = kept;
}

struct cairn_mime *cairn_mime_new(struct cairn_str text, struct cairn_error **error)
{
    struct mime_reader counting = {.at = text.data, .end = text.data + text.length};
    struct mime_reader filling = counting;
    if (text.length > MIME_MAX_BYTES) {
        *error = cairn_error_new(
            CAIRN_ERROR_TOO_LARGE, "mime", NULL, "more than %u bytes", MIME_MAX_BYTES);
        return NULL;
    }
    const char *complaint = mime_read(&counting);
    if (complaint) {
        *error = cairn_error_new(
            CAIRN_ERROR_INVALID, "mime", NULL, "line %u: %s", counting.line - 1, complaint);
        return NULL;
    }
    size_t entries = counting.entries * sizeof(struct cairn__mime_entry);
    struct cairn_mime *table = cairn_alloc(sizeof(*table) + entries + counting.bytes);
    if (!table) {
        *error = &cairn_error_no_memory;
        return NULL;
    }
    table->count = counting.entries;
    filling.table = table;
    filling.texts = (char *)table->entries + entries;
    mime_read(&filling);
    mime_sort(table);
    return table;
}

/* One byte more than is allowed is enough to know that it is too much. */
struct cairn_mime *cairn_mime_load(const char *path, struct cairn_error **error)
{
    struct cairn_mime *table = NULL;
    char *text = NULL;
    FILE *file = fopen(path, "re");
    if (!file) {
        *error = cairn_error_system("mime", path, errno);
        goto out;
    }
    text = cairn_alloc(MIME_MAX_BYTES + 1);
    if (!text) {
        *error = &cairn_error_no_memory;
        goto out;
    }
    size_t length = fread(text, 1, MIME_MAX_BYTES + 1, file);
    if (ferror(file)) {
        *error = cairn_error_system("mime", path, errno);
        goto out;
    }
    table = cairn_mime_new(cairn_str_of(text, length), error);
out:
    cairn_free(text);
    if (file)
        fclose(file);
    return table;
}
