#include <cairn/http/routing/path_tree.h>

#include <cairn/http/routing/path_edge.h>
#include <cairn/http/text/percent.h>

/* A path in parts, as many as the tree is deep and one more, so that a longer path is seen to be
 * longer. */
struct path_search {
    const struct cairn__path_tree *tree;
    struct cairn__path_match *match;
    const char *end; /* of the path */
    uint32_t count;
    bool is_rest; /* what was found */
    struct cairn_str raw[CAIRN__PATTERN_SEGMENTS + 1];
    struct cairn_str parts[CAIRN__PATTERN_SEGMENTS + 1]; /* decoded */
};

static void path_split(struct path_search *self, const char *at)
{
    while (at < self->end && self->count <= self->tree->depth) {
        const char *start = at + 1;
        at = start < self->end ? memchr(start, '/', (size_t)(self->end - start)) : NULL;
        if (!at)
            at = self->end;
        self->raw[self->count] = cairn_str_of(start, (size_t)(at - start));
        self->parts[self->count] = self->raw[self->count];
        self->count++;
    }
}

/* PATH has as many bytes as all of its parts need. */
static int path_decode(struct path_search *self, struct cairn_str path, struct cairn_arena *arena)
{
    char *text = cairn_arena_alloc_text(arena, path.length);
    if (!text)
        return -1;
    for (uint32_t i = 0; i < self->count; i++) {
        self->parts[i] = cairn_str_of(text, cairn__percent_decode(self->raw[i], text));
        text += self->parts[i].length;
    }
    return 0;
}

/* The node behind PARENT's edge S; 0: there is none. */
static uint32_t path_step(struct path_search *self, uint32_t parent, struct cairn_str s)
{
    uint32_t hash = cairn__path_hash(parent, s);
    return cairn__path_slot(self->tree, hash, parent, s, &self->match->steps)->child;
}

static bool path_search_node(struct path_search *self, uint32_t index, uint32_t depth);

/* Goes on at NODE with VALUE captured, and takes it back where that leads nowhere. */
static bool path_search_captured(
    struct path_search *self, struct cairn_str value, uint32_t node, uint32_t depth)
{
    self->match->values[self->match->count++] = value;
    if (path_search_node(self, node, depth))
        return true;
    self->match->count--;
    return false;
}

static bool path_search_shape(
    struct path_search *self, const struct cairn__path_shape *shape, uint32_t depth)
{
    struct cairn_str part = self->parts[depth];
    if (part.length <= shape->prefix + shape->suffix)
        return false;
    const char *tail = part.data + part.length - shape->suffix;
    uint32_t node = path_step(self, shape->node, cairn_str_of(part.data, shape->prefix));
    if (node)
        node = path_step(self, node, cairn_str_of(tail, shape->suffix));
    if (!node)
        return false;
    const char *start = part.data + shape->prefix;
    return path_search_captured(self, cairn_str_of(start, (size_t)(tail - start)), node, depth + 1);
}

static bool path_search_rest(
    struct path_search *self, const struct cairn__path_node *node, uint32_t depth)
{
    const char *start = self->raw[depth].data;
    if (node->rest == CAIRN__PATH_NONE || start == self->end)
        return false;
    self->match->leaf = node->rest;
    self->is_rest = true;
    self->match->values[self->match->count++] = cairn_str_of(start, (size_t)(self->end - start));
    return true;
}

static bool path_search_node(struct path_search *self, uint32_t index, uint32_t depth)
{
    const struct cairn__path_node *node = &self->tree->nodes[index];
    self->match->steps++;
    if (depth == self->count) {
        self->match->leaf = node->leaf;
        return node->leaf != CAIRN__PATH_NONE;
    }
    struct cairn_str part = self->parts[depth];
    if (node->statics) {
        uint32_t child = path_step(self, index, part);
        if (child && path_search_node(self, child, depth + 1))
            return true;
    }
    for (uint32_t i = node->shape; i != CAIRN__PATH_NONE; i = self->tree->shapes[i].next) {
        if (path_search_shape(self, &self->tree->shapes[i], depth))
            return true;
    }
    if (node->capture != CAIRN__PATH_NONE && part.length &&
        path_search_captured(self, part, node->capture, depth + 1))
        return true;
    return path_search_rest(self, node, depth);
}

/* A rest is the one value that lies undecoded in the path. */
static int path_decode_rest(struct path_search *self, struct cairn_arena *arena)
{
    struct cairn_str *last = &self->match->values[self->match->count - 1];
    char *text = cairn_arena_alloc_text(arena, last->length);
    if (!text)
        return -1;
    *last = cairn_str_of(text, cairn__percent_decode(*last, text));
    return 0;
}

static enum cairn__path_result path_find_by_segments(const struct cairn__path_tree *tree,
    struct cairn_str path, struct cairn_arena *arena, struct cairn__path_match *out)
{
    bool is_encoded = cairn__percent_is_in(path);
    if (is_encoded && !cairn__percent_is_valid(path))
        return CAIRN__PATH_BAD;
    if (path.length == 0 || path.data[0] != '/' || tree->node_count == 0)
        return CAIRN__PATH_MISSING;
    struct path_search search;
    search.tree = tree;
    search.match = out;
    search.end = path.data + path.length;
    search.count = 0;
    search.is_rest = false;
    path_split(&search, path.data);
    if (is_encoded && path_decode(&search, path, arena))
        return CAIRN__PATH_NO_MEMORY;
    if (!path_search_node(&search, 0, 0))
        return CAIRN__PATH_MISSING;
    if (is_encoded && search.is_rest && path_decode_rest(&search, arena))
        return CAIRN__PATH_NO_MEMORY;
    return CAIRN__PATH_FOUND;
}

enum cairn__path_result cairn__path_tree_find(const struct cairn__path_tree *tree,
    struct cairn_str path, struct cairn_arena *arena, struct cairn__path_match *out)
{
    out->count = 0;
    out->steps = 0;
    out->is_whole = false;
    if (tree->edge_count) {
        uint32_t hash = cairn__path_hash(CAIRN__PATH_NONE, path);
        const struct cairn__path_edge *edge =
            cairn__path_slot(tree, hash, CAIRN__PATH_NONE, path, &out->steps);
        out->is_whole = edge->child != 0;
        if (out->is_whole) {
            out->leaf = tree->nodes[edge->child].leaf;
            return CAIRN__PATH_FOUND;
        }
    }
    return path_find_by_segments(tree, path, arena, out);
}
