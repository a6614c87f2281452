/* add_extension.h - leaves a value on every request, for handlers and layers inside. */
#ifndef CAIRN_HTTP_LAYERS_ADD_EXTENSION_H
#define CAIRN_HTTP_LAYERS_ADD_EXTENSION_H

#include <stddef.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Inside, cairn_http_extension_get(req, key) is `value`: the same pointer on every request. What
 * KEY had before is replaced. After Tower's AddExtension, with an address in place of a type.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; without
 * memory in the arena (24 bytes) the call fails. May be cloned: copies give the same value.
 * Invalid: key or value missing. Counts: nothing.
 *
 * Place: outside of who asks for it.
 */
struct cairn_add_extension_options {
    size_t size;
    const void *key; /* an address, usually of a static variable; required */
    void *value;     /* borrowed until the last copy and the last exchange are gone; required */
};

/* OPTIONS has no defaults: NULL is refused. */
CAIRN_API struct cairn_layer cairn_add_extension_layer(
    const struct cairn_add_extension_options *options);

/* cairn_add_extension(.key = &database_key, .value = database) */
#define cairn_add_extension(...)                                           \
    cairn_add_extension_layer(&(const struct cairn_add_extension_options){ \
        .size = sizeof(struct cairn_add_extension_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
