#include <cairn/http/multipart_parser.h>

#include <cairn/http/extract/boundary.h>
#include <cairn/http/media_type.h>
#include <cairn/http/values/params.h>

static size_t multipart_count_boundaries(struct cairn_str params)
{
    struct cairn__param param;
    size_t count = 0;
    while (cairn__params_next(&params, &param) == CAIRN__PARAMS_FOUND)
        count += cairn_str_equal_nocase(param.name, CAIRN_STR("boundary"));
    return count;
}

int cairn_http_multipart_boundary(
    const struct cairn_http_fields *fields, struct cairn_arena *arena, struct cairn_str *out)
{
    struct cairn_http_media_type type;
    *out = cairn_str_of(NULL, 0);
    if (!cairn_http_media_type_of(fields, &type) ||
        !cairn_http_media_type_is(&type, "multipart/form-data"))
        return 415;
    struct cairn_str boundary;
    if (multipart_count_boundaries(type.params) != 1)
        return 400;
    if (cairn_http_media_type_param(&type, "boundary", arena, &boundary) < 0)
        return 503;
    if (!cairn__boundary_is_valid(boundary))
        return 400;
    *out = boundary;
    return 0;
}
