#include <cairn/http/query.h>

#include <cairn/http/extract/form_encoding.h>

/* Cuts off *REST what stands before the first MARK, and the mark. */
static struct cairn_str query_cut_at(struct cairn_str *rest, char mark)
{
    struct cairn_str piece = *rest;
    const char *at = rest->length ? memchr(rest->data, mark, rest->length) : NULL;
    if (at)
        piece.length = (size_t)(at - rest->data);
    size_t used = piece.length + (at != NULL);
    *rest = cairn_str_of(rest->length ? rest->data + used : rest->data, rest->length - used);
    return piece;
}

/* The next pair that is not empty, still encoded; the empty string when there is none. */
static struct cairn_str query_cut_pair(struct cairn_str *rest)
{
    struct cairn_str pair = {NULL, 0};
    while (pair.length == 0 && rest->length > 0)
        pair = query_cut_at(rest, '&');
    return pair;
}

static int query_decode(struct cairn_str *s, struct cairn_arena *arena)
{
    if (!cairn__form_is_encoded(*s))
        return 0;
    char *copy = cairn_arena_alloc_text(arena, s->length);
    if (!copy)
        return -1;
    *s = cairn_str_of(copy, cairn__form_decode(*s, copy));
    return 0;
}

int cairn_http_query_cut(
    struct cairn_str *rest, struct cairn_arena *arena, struct cairn_http_param *out)
{
    struct cairn_str pair = query_cut_pair(rest);
    if (pair.length == 0)
        return 0;
    out->name = query_cut_at(&pair, '=');
    out->value = pair;
    return query_decode(&out->name, arena) || query_decode(&out->value, arena) ? -1 : 1;
}

static size_t query_count(struct cairn_str text)
{
    size_t count = 0;
    while (query_cut_pair(&text).length)
        count++;
    return count;
}

int cairn_http_query_parse(struct cairn_str text, size_t max_pairs, struct cairn_arena *arena,
    struct cairn_http_query *out)
{
    *out = (struct cairn_http_query){NULL, 0};
    size_t count = query_count(text);
    if (count == 0)
        return 0;
    if (count > (max_pairs ? max_pairs : CAIRN_HTTP_QUERY_PAIRS))
        return 400;
    struct cairn_http_param *items = cairn_arena_alloc(arena, count * sizeof(*items));
    if (!items)
        return 503;
    for (size_t i = 0; i < count; i++) {
        if (cairn_http_query_cut(&text, arena, &items[i]) < 0)
            return 503;
    }
    *out = (struct cairn_http_query){items, count};
    return 0;
}

int cairn_http_query_of(const struct cairn_http_request *req, struct cairn_http_query *out)
{
    return cairn_http_query_parse(req->query, 0, req->arena, out);
}

bool cairn_http_query_next(
    const struct cairn_http_query *query, const char *name, size_t *cursor, struct cairn_str *value)
{
    struct cairn_str wanted = cairn_str_from(name);
    for (size_t i = *cursor; i < query->count; i++) {
        if (cairn_str_equal(query->items[i].name, wanted)) {
            *value = query->items[i].value;
            *cursor = i + 1;
            return true;
        }
    }
    *cursor = query->count;
    return false;
}

struct cairn_str cairn_http_query_get(const struct cairn_http_query *query, const char *name)
{
    size_t cursor = 0;
    struct cairn_str value = {NULL, 0};
    cairn_http_query_next(query, name, &cursor, &value);
    return value;
}

struct cairn_str cairn_http_query_write(
    struct cairn_arena *arena, const struct cairn_http_param *pairs, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += 2 + cairn__form_encoded_length(pairs[i].name) +
                  cairn__form_encoded_length(pairs[i].value);
    char *text = cairn_arena_alloc_text(arena, length + 1);
    if (!text)
        return cairn_str_of(NULL, 0);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *at++ = '&';
        at = cairn__form_encode(pairs[i].name, at);
        *at++ = '=';
        at = cairn__form_encode(pairs[i].value, at);
    }
    *at = '\0';
    return cairn_str_of(text, (size_t)(at - text));
}
