/* header_edits.h - what set_header and its like do to the fields of a message. Internal. */
#ifndef CAIRN_HTTP_LAYERS_HEADER_EDITS_H
#define CAIRN_HTTP_LAYERS_HEADER_EDITS_H

#include <stdbool.h>
#include <stdint.h>

#include <cairn/http/layers/set_header.h>

CAIRN_BEGIN_DECLS

/* One of them. As an option its texts are the user's, absent where there was none. */
struct cairn__header_edit {
    struct cairn_str name;
    struct cairn_str value;
    enum cairn_set_header_mode mode;
    struct cairn_str (*make_of_request)(const struct cairn_http_request *req, void *state);
    struct cairn_str (*make_of_response)(const struct cairn_http_response *res, void *state);
    void *state;
    const char *line; /* both, as fields_core.h has lines; NULL: no value, or an option */
};

/* All of a layer, counted, with copies of their texts behind them in one block. */
struct cairn__header_edits {
    unsigned references;
    bool has_make;
    uint64_t refused;
    size_t count;
    struct cairn__header_edit items[];
};

/* Where the options come from: the one at I, out of OPTIONS. */
struct cairn__header_source {
    const void *options;
    size_t count;
    bool is_request;
    struct cairn__header_edit (*at)(const void *options, size_t i);
};

/* Copies of what SOURCE has, with one reference. NULL with *BROKEN set, INNER then dropped: one is
 * invalid, or there is no memory. */
struct cairn__header_edits *cairn__header_edits_new(const struct cairn__header_source *source,
    const struct cairn_layer *layer, struct cairn_service *inner, struct cairn_service **broken);
/* NULL: nothing. */
void cairn__header_edits_unref(struct cairn__header_edits *edits);

/* Return 0, or -1 without memory. */
int cairn__header_edits_request(struct cairn__header_edits *edits, struct cairn_http_request *req);
int cairn__header_edits_response(
    struct cairn__header_edits *edits, struct cairn_http_response *res);

void cairn__header_edits_describe(
    const struct cairn__header_edits *edits, struct cairn_describe *d);

CAIRN_END_DECLS

#endif
