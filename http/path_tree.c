#include <cairn/http/path_tree.h>

#include <cairn/http/percent.h>
#include <cairn/service/alloc.h>

struct cairn__path_node {
    uint32_t statics; /* how many edges lead on */
    uint32_t capture; /* the node behind {name} */
    uint32_t rest;    /* the leaf of {*rest} */
    uint32_t leaf;    /* of the pattern that ends here */
};

struct cairn__path_edge {
    const char *text;
    uint32_t length;
    uint32_t parent;
    uint32_t child; /* 0: a free slot, for nothing leads to the root */
    uint32_t hash;
};

static uint64_t path_mix(uint64_t h)
{
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

/* The keys in the table are the program's own, so that nobody can make them collide from outside.
 */
static uint32_t path_hash(uint32_t parent, struct cairn_str s)
{
    uint64_t h = path_mix(((uint64_t)parent << 32) ^ s.length);
    uint64_t word;
    for (; s.length >= sizeof(word); s.data += sizeof(word), s.length -= sizeof(word)) {
        memcpy(&word, s.data, sizeof(word));
        h = path_mix(h ^ word);
    }
    word = 0;
    for (size_t i = 0; i < s.length; i++)
        word = word << 8 | (unsigned char)s.data[i];
    return (uint32_t)path_mix(h ^ word);
}

static bool path_edge_is(
    const struct cairn__path_edge *edge, uint32_t hash, uint32_t parent, struct cairn_str s)
{
    return edge->hash == hash && edge->parent == parent && edge->length == s.length &&
           memcmp(edge->text, s.data, s.length) == 0;
}

/* The slot of the edge, or the free one where it belongs. There always is a free one. */
static struct cairn__path_edge *path_slot(
    const struct cairn__path_tree *tree, uint32_t hash, uint32_t parent, struct cairn_str s)
{
    for (uint32_t i = hash;; i++) {
        struct cairn__path_edge *edge = &tree->edges[i & (tree->edge_capacity - 1)];
        if (edge->child == 0 || path_edge_is(edge, hash, parent, s))
            return edge;
    }
}

/* Room for one more edge, the table at most half full. */
static int path_grow_edges(struct cairn__path_tree *tree)
{
    if (2 * (tree->edge_count + 1) <= tree->edge_capacity)
        return 0;
    uint32_t capacity = tree->edge_capacity ? 2 * tree->edge_capacity : 16;
    struct cairn__path_edge *edges = cairn_alloc_zero(capacity * sizeof(*edges));
    if (!edges)
        return -1;
    struct cairn__path_tree old = *tree;
    tree->edges = edges;
    tree->edge_capacity = capacity;
    for (uint32_t i = 0; i < old.edge_capacity; i++) {
        const struct cairn__path_edge *edge = &old.edges[i];
        if (edge->child)
            *path_slot(tree, edge->hash, edge->parent, cairn_str_of(edge->text, edge->length)) =
                *edge;
    }
    cairn_free(old.edges);
    return 0;
}

/* A new node, or NONE without memory. */
static uint32_t path_new_node(struct cairn__path_tree *tree)
{
    if (tree->node_count == tree->node_capacity) {
        uint32_t capacity = tree->node_capacity ? 2 * tree->node_capacity : 16;
        struct cairn__path_node *nodes = cairn_resize(tree->nodes, capacity * sizeof(*nodes));
        if (!nodes)
            return CAIRN__PATH_NONE;
        tree->nodes = nodes;
        tree->node_capacity = capacity;
    }
    tree->nodes[tree->node_count] =
        (struct cairn__path_node){0, CAIRN__PATH_NONE, CAIRN__PATH_NONE, CAIRN__PATH_NONE};
    return tree->node_count++;
}

static uint32_t path_add_static(struct cairn__path_tree *tree, uint32_t parent, struct cairn_str s)
{
    if (path_grow_edges(tree))
        return CAIRN__PATH_NONE;
    uint32_t hash = path_hash(parent, s);
    struct cairn__path_edge *edge = path_slot(tree, hash, parent, s);
    if (edge->child)
        return edge->child;
    uint32_t child = path_new_node(tree);
    if (child == CAIRN__PATH_NONE)
        return child;
    *edge = (struct cairn__path_edge){s.data, (uint32_t)s.length, parent, child, hash};
    tree->edge_count++;
    tree->nodes[parent].statics++;
    return child;
}

static uint32_t path_add_capture(struct cairn__path_tree *tree, uint32_t parent)
{
    uint32_t child = tree->nodes[parent].capture;
    if (child == CAIRN__PATH_NONE) {
        child = path_new_node(tree);
        tree->nodes[parent].capture = child;
    }
    return child;
}

int cairn__path_tree_add(
    struct cairn__path_tree *tree, const struct cairn__pattern *pattern, uint32_t *leaf)
{
    uint32_t node = tree->node_count ? 0 : path_new_node(tree);
    bool is_rest = false;
    for (size_t i = 0; i < pattern->count && node != CAIRN__PATH_NONE; i++) {
        const struct cairn__segment *segment = &pattern->segments[i];
        is_rest = segment->kind == CAIRN__SEGMENT_REST;
        if (segment->kind == CAIRN__SEGMENT_STATIC)
            node = path_add_static(tree, node, segment->text);
        else if (!is_rest)
            node = path_add_capture(tree, node);
    }
    if (node == CAIRN__PATH_NONE)
        return -1;
    uint32_t *own = is_rest ? &tree->nodes[node].rest : &tree->nodes[node].leaf;
    if (*own == CAIRN__PATH_NONE)
        *own = tree->leaf_count++;
    if (pattern->count > tree->depth)
        tree->depth = (uint32_t)pattern->count;
    *leaf = *own;
    return 0;
}

void cairn__path_tree_fini(struct cairn__path_tree *tree)
{
    cairn_free(tree->nodes);
    cairn_free(tree->edges);
    *tree = (struct cairn__path_tree){0};
}

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

static uint32_t path_step(const struct cairn__path_tree *tree, uint32_t parent, struct cairn_str s)
{
    uint32_t hash = path_hash(parent, s);
    return path_slot(tree, hash, parent, s)->child;
}

static void path_capture(struct path_search *self, struct cairn_str value)
{
    self->match->values[self->match->count++] = value;
}

static bool path_search_rest(
    struct path_search *self, const struct cairn__path_node *node, uint32_t depth)
{
    const char *start = self->raw[depth].data;
    if (node->rest == CAIRN__PATH_NONE || start == self->end)
        return false;
    self->match->leaf = node->rest;
    self->is_rest = true;
    path_capture(self, cairn_str_of(start, (size_t)(self->end - start)));
    return true;
}

static bool path_search_node(struct path_search *self, uint32_t index, uint32_t depth)
{
    const struct cairn__path_node *node = &self->tree->nodes[index];
    if (depth == self->count) {
        self->match->leaf = node->leaf;
        return node->leaf != CAIRN__PATH_NONE;
    }
    struct cairn_str part = self->parts[depth];
    if (node->statics) {
        uint32_t child = path_step(self->tree, index, part);
        if (child && path_search_node(self, child, depth + 1))
            return true;
    }
    if (node->capture != CAIRN__PATH_NONE && part.length) {
        path_capture(self, part);
        if (path_search_node(self, node->capture, depth + 1))
            return true;
        self->match->count--;
    }
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

enum cairn__path_result cairn__path_tree_find(const struct cairn__path_tree *tree,
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
    out->count = 0;
    if (!path_search_node(&search, 0, 0))
        return CAIRN__PATH_MISSING;
    if (is_encoded && search.is_rest && path_decode_rest(&search, arena))
        return CAIRN__PATH_NO_MEMORY;
    return CAIRN__PATH_FOUND;
}
