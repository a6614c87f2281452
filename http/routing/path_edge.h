/* path_edge.h - the edges of a path tree: how one is found by the node it leaves and its text.
 * Internal. */
#ifndef CAIRN_HTTP_PATH_EDGE_H
#define CAIRN_HTTP_PATH_EDGE_H

#include <cairn/http/codec/blocks.h>
#include <cairn/http/routing/path_tree.h>

static inline uint64_t cairn__path_mix(uint64_t h)
{
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

/* The keys in the table are the program's own, so that nobody can make them collide from outside.
 */
static inline uint32_t cairn__path_hash(uint32_t parent, struct cairn_str s)
{
    uint64_t h = cairn__path_mix(((uint64_t)parent << 32) ^ s.length);
    uint64_t word = 0;
    for (; s.length >= sizeof(word); s.data += sizeof(word), s.length -= sizeof(word))
        h = cairn__path_mix(h ^ cairn__word(s.data));
    for (size_t i = 0; i < s.length; i++)
        word = word << 8 | (unsigned char)s.data[i];
    return (uint32_t)cairn__path_mix(h ^ word);
}

static inline bool cairn__path_edge_is(
    const struct cairn__path_edge *edge, uint32_t hash, uint32_t parent, struct cairn_str s)
{
    return edge->hash == hash && edge->parent == parent && edge->length == s.length &&
           cairn__same(edge->text, s.data, s.length);
}

/* The slot of PARENT's edge S, or the free one where it belongs; there always is a free one. Adds
 * to *STEPS how many it looked at. */
static inline struct cairn__path_edge *cairn__path_slot(const struct cairn__path_tree *tree,
    uint32_t hash, uint32_t parent, struct cairn_str s, uint32_t *steps)
{
    for (uint32_t i = hash;; i++) {
        struct cairn__path_edge *edge = &tree->edges[i & (tree->edge_capacity - 1)];
        ++*steps;
        if (edge->child == 0 || cairn__path_edge_is(edge, hash, parent, s))
            return edge;
    }
}

#endif
