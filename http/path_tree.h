/* path_tree.h - finds the pattern that a path has: a tree of segments, its edges in one hash table.
 * Internal.
 *
 * Its cost depends on the path and not on how many patterns there are: one look-up for each segment
 * and way. Segments are compared percent-decoded; a slash in one is data. A static segment goes
 * before a capture, that before a rest, and where a way turns out wrong the next is tried. So each
 * node is visited at most once.
 */
#ifndef CAIRN_HTTP_PATH_TREE_H
#define CAIRN_HTTP_PATH_TREE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/http/pattern.h>
#include <cairn/service/arena.h>

#define CAIRN__PATH_NONE UINT32_MAX

struct cairn__path_node;
struct cairn__path_edge;

/* Zero is an empty one. */
struct cairn__path_tree {
    struct cairn__path_node *nodes; /* the first is the root */
    struct cairn__path_edge *edges; /* open addressing; a power of two */
    uint32_t node_count;
    uint32_t node_capacity;
    uint32_t edge_count;
    uint32_t edge_capacity;
    uint32_t leaf_count;
    uint32_t depth; /* segments of the longest pattern */
};

/*
 * Adds PATTERN, whose text is borrowed until fini, and sets *LEAF: a number of its own, counted
 * from 0, or that of the pattern before it that takes the same paths (the names of captures make no
 * difference). Returns 0, or -1 without memory.
 */
int cairn__path_tree_add(
    struct cairn__path_tree *tree, const struct cairn__pattern *pattern, uint32_t *leaf);
void cairn__path_tree_fini(struct cairn__path_tree *tree);

enum cairn__path_result {
    CAIRN__PATH_FOUND,
    CAIRN__PATH_MISSING,
    CAIRN__PATH_BAD, /* its percent-encoding is broken, or has a NUL */
    CAIRN__PATH_NO_MEMORY
};

struct cairn__path_match {
    uint32_t leaf;
    uint32_t count;
    struct cairn_str values[CAIRN_HTTP_MAX_PARAMS]; /* decoded, in the order of the pattern */
};

/* OUT borrows PATH, and ARENA for what had to be decoded; without a percent sign nothing is
 * allocated. */
enum cairn__path_result cairn__path_tree_find(const struct cairn__path_tree *tree,
    struct cairn_str path, struct cairn_arena *arena, struct cairn__path_match *out);

#endif
