/* Names and values, each of which is text, as a tree with one object. */
#include <cairn/http/bind.h>

/* The object; and the array of all values of one name, until the next name is asked for. */
struct pairs {
    const struct cairn_http_param *items;
    size_t count;
    const struct cairn_http_param **same; /* room for all */
    size_t *same_count;
};

static struct cairn_value pairs_text(const struct cairn_http_param *pair)
{
    return (struct cairn_value){CAIRN_VALUE_TEXT, {.string = pair->value}};
}

static struct cairn_value pairs_member(const void *object, struct cairn_str name)
{
    const struct pairs *self = object;
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (cairn_str_equal(self->items[i].name, name))
            self->same[count++] = &self->items[i];
    }
    *self->same_count = count;
    if (count == 1)
        return pairs_text(self->same[0]);
    if (count > 1)
        return (struct cairn_value){CAIRN_VALUE_ARRAY, {.node = self}};
    return (struct cairn_value){.kind = CAIRN_VALUE_ABSENT};
}

static bool pairs_next_name(const void *object, void **place, struct cairn_str *name)
{
    const struct pairs *self = object;
    size_t i = (uintptr_t)*place;
    if (i == self->count)
        return false;
    *name = self->items[i].name;
    *place = (void *)(uintptr_t)(i + 1);
    return true;
}

static size_t pairs_count(const void *array)
{
    const struct pairs *self = array;
    return *self->same_count;
}

static struct cairn_value pairs_item(const void *array, size_t i)
{
    const struct pairs *self = array;
    return pairs_text(self->same[i]);
}

static const struct cairn_tree pairs_tree = {
    .member = pairs_member,
    .next_name = pairs_next_name,
    .count = pairs_count,
    .item = pairs_item,
    .outlives_request = true,
};

bool cairn_http_bind_pairs(struct cairn_arena *arena, const struct cairn_http_param *items,
    size_t count, int status, const struct cairn_record *record, void *out,
    struct cairn_http_rejection *rejection)
{
    size_t same_count = 0;
    struct pairs pairs = {items, count, NULL, &same_count};
    struct cairn_value root = {CAIRN_VALUE_OBJECT, {.node = &pairs}};
    pairs.same = cairn_arena_alloc(arena, (count + 1) * sizeof(struct cairn_http_param *));
    if (!pairs.same) {
        *rejection =
            (struct cairn_http_rejection){.reason = CAIRN_HTTP_REJECTION_NO_MEMORY, .status = 503};
        return false;
    }
    return cairn_http_bind_tree(arena, &pairs_tree, root, status, record, out, rejection);
}

bool cairn_http_bind_path(struct cairn_http_request *req, const struct cairn_record *record,
    void *out, struct cairn_http_rejection *rejection)
{
    return cairn_http_bind_pairs(
        req->arena, req->params, req->param_count, 400, record, out, rejection);
}
