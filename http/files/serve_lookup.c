#include <cairn/http/files/serve_lookup.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/files/representation.h>

/* Room for a name, an index or extension, and a coding's extension. */
#define LOOKUP_BYTES (CAIRN__SERVE_PATH_BYTES + 512)

const struct cairn__coding cairn__codings[CAIRN__CODINGS] = {
    {"br", ".br", "-br"},
    {"zstd", ".zst", "-zst"},
    {"gzip", ".gz", "-gz"},
    {"deflate", ".zz", "-zz"},
    {"identity", "", NULL},
};

static int lookup_open(const struct cairn__lookup *self, const char *name, unsigned coding,
    struct cairn_http_found *out)
{
    char full[LOOKUP_BYTES];
    const char *extension = cairn__codings[coding].extension;
    if (snprintf(full, sizeof(full), "%s%s", name, extension) >= (int)sizeof(full))
        return ENAMETOOLONG;
    int error = self->files.ops->open(self->files.self, full, out);
    /* No folder is a variant of a file. */
    return !error && out->is_folder && coding != CAIRN__IDENTITY ? ENOENT : error;
}

static bool lookup_is_missing(int error)
{
    return error && cairn__file_status(error) == 404;
}

/* The first of its variants that is there, or NAME itself. */
static int lookup_variants(
    const struct cairn__lookup *self, const char *name, struct cairn__lookup_result *out)
{
    for (size_t i = 0; i < self->coding_count && self->codings[i] != CAIRN__IDENTITY; i++) {
        out->coding = self->codings[i];
        int error = lookup_open(self, name, out->coding, &out->found);
        if (!lookup_is_missing(error))
            return error;
    }
    out->coding = CAIRN__IDENTITY;
    return lookup_open(self, name, CAIRN__IDENTITY, &out->found);
}

static bool lookup_has_extension(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strchr(slash ? slash : name, '.') != NULL;
}

/* A folder's index, which must be a file. */
static int lookup_index(const struct cairn__lookup *self, struct cairn__lookup_result *out)
{
    char name[LOOKUP_BYTES];
    const char *slash = *self->path.name ? "/" : "";
    if (!*self->index)
        return ENOENT;
    if (snprintf(name, sizeof(name), "%s%s%s", self->path.name, slash, self->index) >=
        (int)sizeof(name))
        return ENAMETOOLONG;
    out->type_name = self->index;
    int error = lookup_variants(self, name, out);
    return !error && out->found.is_folder ? ENOENT : error;
}

static int lookup_with_extension(const struct cairn__lookup *self, struct cairn__lookup_result *out)
{
    char name[LOOKUP_BYTES];
    if (snprintf(name, sizeof(name), "%s%s", self->path.name, self->extension) >= (int)sizeof(name))
        return ENAMETOOLONG;
    out->type_name = self->extension;
    int error = lookup_variants(self, name, out);
    return !error && out->found.is_folder ? ENOENT : error;
}

void cairn__lookup(const struct cairn__lookup *self, struct cairn__lookup_result *out)
{
    *out = (struct cairn__lookup_result){0};
    if (self->path.is_folder) {
        out->error = lookup_index(self, out);
        return;
    }
    out->error = lookup_variants(self, self->path.name, out);
    if (lookup_is_missing(out->error) && *self->extension && !lookup_has_extension(self->path.name))
        out->error = lookup_with_extension(self, out);
    if (!out->error && out->found.is_folder && !*self->index)
        out->error = ENOENT; /* folders have no page of their own */
}
