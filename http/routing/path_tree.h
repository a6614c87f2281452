/* path_tree.h - finds the pattern that a path has: a tree of segments, its edges in one hash table.
 * Internal.
 *
 * Its cost depends on the path and not on how many patterns there are: one look-up for each segment
 * and way. Segments are compared percent-decoded; a slash in one is data. A static segment goes
 * before a capture, that before a rest, and where a way turns out wrong the next is tried. So each
 * node is visited at most once.
 *
 * A pattern without captures goes before all others that its path has, so that path is found at
 * once: by an edge with the whole text, which leads to the pattern's node from nowhere.
 *
 * Of captures with literals around them the one with most literal bytes goes first, then the one
 * with the longer prefix; any two that are left have prefixes of one length and suffixes of one
 * length, and cannot both match. So captures are filed by these two lengths, their shape: a node
 * tries each of its shapes with two look-ups, first the prefix, then the suffix.
 */
#ifndef CAIRN_HTTP_PATH_TREE_H
#define CAIRN_HTTP_PATH_TREE_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/http/routing/pattern.h>
#include <cairn/service/arena.h>

#define CAIRN__PATH_NONE UINT32_MAX

struct cairn__path_node {
    uint32_t statics; /* how many edges lead on */
    uint32_t shape;   /* the first of captures with literals around them */
    uint32_t capture; /* the node behind {name} */
    uint32_t rest;    /* the leaf of {*rest} */
    uint32_t leaf;    /* of the pattern that ends here */
};

struct cairn__path_edge {
    const char *text;
    uint32_t length;
    uint32_t parent; /* NONE: TEXT is a whole path */
    uint32_t child;  /* 0: a free slot, for nothing leads to the root */
    uint32_t hash;
};

/* All captures of a node with this many literal bytes before and behind them. */
struct cairn__path_shape {
    uint32_t prefix;
    uint32_t suffix;
    uint32_t node; /* an edge leads from it for each prefix, and on from there for each suffix */
    uint32_t next;
};

/* Zero is an empty one. */
struct cairn__path_tree {
    struct cairn__path_node *nodes; /* the first is the root */
    struct cairn__path_edge *edges; /* open addressing; a power of two */
    struct cairn__path_shape *shapes;
    uint32_t node_count;
    uint32_t node_capacity;
    uint32_t edge_count;
    uint32_t edge_capacity;
    uint32_t shape_count;
    uint32_t shape_capacity;
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
    bool is_whole;  /* the path is the text of its pattern */
    uint32_t steps; /* nodes and edges that were looked at: what the search has cost */
    struct cairn_str values[CAIRN_HTTP_MAX_PARAMS]; /* decoded, in the order of the pattern */
};

/* OUT borrows PATH, and ARENA for what had to be decoded; without a percent sign nothing is
 * allocated. */
enum cairn__path_result cairn__path_tree_find(const struct cairn__path_tree *tree,
    struct cairn_str path, struct cairn_arena *arena, struct cairn__path_match *out);

#endif
