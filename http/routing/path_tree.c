#include <cairn/http/routing/path_tree.h>

#include <cairn/http/routing/path_edge.h>
#include <cairn/service/alloc.h>

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
    uint32_t steps = 0;
    for (uint32_t i = 0; i < old.edge_capacity; i++) {
        const struct cairn__path_edge *edge = &old.edges[i];
        if (edge->child)
            *cairn__path_slot(tree, edge->hash, edge->parent,
                cairn_str_of(edge->text, edge->length), &steps) = *edge;
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
    tree->nodes[tree->node_count] = (struct cairn__path_node){
        0, CAIRN__PATH_NONE, CAIRN__PATH_NONE, CAIRN__PATH_NONE, CAIRN__PATH_NONE};
    return tree->node_count++;
}

/* The slot of PARENT's edge S, found or free; NULL without memory. */
static struct cairn__path_edge *path_claim_edge(
    struct cairn__path_tree *tree, uint32_t parent, struct cairn_str s, uint32_t hash)
{
    uint32_t steps = 0;
    return path_grow_edges(tree) ? NULL : cairn__path_slot(tree, hash, parent, s, &steps);
}

static uint32_t path_add_static(struct cairn__path_tree *tree, uint32_t parent, struct cairn_str s)
{
    uint32_t hash = cairn__path_hash(parent, s);
    struct cairn__path_edge *edge = path_claim_edge(tree, parent, s, hash);
    if (!edge)
        return CAIRN__PATH_NONE;
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

static int path_grow_shapes(struct cairn__path_tree *tree)
{
    if (tree->shape_count < tree->shape_capacity)
        return 0;
    uint32_t capacity = tree->shape_capacity ? 2 * tree->shape_capacity : 8;
    struct cairn__path_shape *shapes = cairn_resize(tree->shapes, capacity * sizeof(*shapes));
    if (!shapes)
        return -1;
    tree->shapes = shapes;
    tree->shape_capacity = capacity;
    return 0;
}

/* Whether captures of shape A are tried before those of B. */
static bool path_shape_is_before(
    const struct cairn__path_shape *a, const struct cairn__path_shape *b)
{
    uint32_t all_a = a->prefix + a->suffix;
    uint32_t all_b = b->prefix + b->suffix;
    return all_a > all_b || (all_a == all_b && a->prefix > b->prefix);
}

/* The node of PARENT's captures of this shape. */
static uint32_t path_add_shape(
    struct cairn__path_tree *tree, uint32_t parent, uint32_t prefix, uint32_t suffix)
{
    if (path_grow_shapes(tree))
        return CAIRN__PATH_NONE;
    struct cairn__path_shape added = {prefix, suffix, CAIRN__PATH_NONE, CAIRN__PATH_NONE};
    uint32_t before = CAIRN__PATH_NONE;
    uint32_t at = tree->nodes[parent].shape;
    for (; at != CAIRN__PATH_NONE && path_shape_is_before(&tree->shapes[at], &added);
         at = tree->shapes[at].next)
        before = at;
    if (at != CAIRN__PATH_NONE && !path_shape_is_before(&added, &tree->shapes[at]))
        return tree->shapes[at].node;
    added.node = path_new_node(tree);
    added.next = at;
    if (added.node == CAIRN__PATH_NONE)
        return added.node;
    uint32_t index = tree->shape_count++;
    tree->shapes[index] = added;
    if (before == CAIRN__PATH_NONE)
        tree->nodes[parent].shape = index;
    else
        tree->shapes[before].next = index;
    return added.node;
}

static uint32_t path_add_affixed(
    struct cairn__path_tree *tree, uint32_t parent, const struct cairn__segment *segment)
{
    uint32_t node = path_add_shape(
        tree, parent, (uint32_t)segment->prefix.length, (uint32_t)segment->suffix.length);
    if (node != CAIRN__PATH_NONE)
        node = path_add_static(tree, node, segment->prefix);
    return node == CAIRN__PATH_NONE ? node : path_add_static(tree, node, segment->suffix);
}

static uint32_t path_add_segment(
    struct cairn__path_tree *tree, uint32_t parent, const struct cairn__segment *segment)
{
    switch (segment->kind) {
    case CAIRN__SEGMENT_STATIC:
        return path_add_static(tree, parent, segment->text);
    case CAIRN__SEGMENT_CAPTURE:
        return segment->prefix.length || segment->suffix.length
                   ? path_add_affixed(tree, parent, segment)
                   : path_add_capture(tree, parent);
    default:
        return parent;
    }
}

/* A path that has a percent sign is decoded before it is compared: its text says nothing. */
static int path_add_whole(
    struct cairn__path_tree *tree, const struct cairn__pattern *pattern, uint32_t node)
{
    struct cairn_str s = pattern->text;
    if (pattern->captures || memchr(s.data, '%', s.length))
        return 0;
    uint32_t hash = cairn__path_hash(CAIRN__PATH_NONE, s);
    struct cairn__path_edge *edge = path_claim_edge(tree, CAIRN__PATH_NONE, s, hash);
    if (!edge)
        return -1;
    if (!edge->child)
        tree->edge_count++;
    *edge = (struct cairn__path_edge){s.data, (uint32_t)s.length, CAIRN__PATH_NONE, node, hash};
    return 0;
}

int cairn__path_tree_add(
    struct cairn__path_tree *tree, const struct cairn__pattern *pattern, uint32_t *leaf)
{
    uint32_t node = tree->node_count ? 0 : path_new_node(tree);
    bool is_rest = false;
    for (size_t i = 0; i < pattern->count && node != CAIRN__PATH_NONE; i++) {
        is_rest = pattern->segments[i].kind == CAIRN__SEGMENT_REST;
        node = path_add_segment(tree, node, &pattern->segments[i]);
    }
    if (node == CAIRN__PATH_NONE || path_add_whole(tree, pattern, node))
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
    cairn_free(tree->shapes);
    *tree = (struct cairn__path_tree){0};
}
