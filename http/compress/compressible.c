#include <cairn/http/layers/compression.h>

#include <string.h>

#include <cairn/http/media_type.h>

static const char *const compressible_not[] = {"image/", "audio/", "video/", "font/woff",
    "font/woff2", "text/event-stream", "application/zip", "application/gzip", "application/x-gzip",
    "application/x-bzip2", "application/x-xz", "application/zstd", "application/x-7z-compressed",
    "application/vnd.rar", "application/x-rar-compressed", "application/java-archive"};

/* application/grpc, and application/grpc+proto, whose messages are compressed each for itself. */
static bool compressible_is_grpc(const struct cairn_http_media_type *type)
{
    const struct cairn_str plus = CAIRN_STR("grpc+");
    if (cairn_http_media_type_is(type, "application/grpc"))
        return true;
    return cairn_str_equal_nocase(type->type, CAIRN_STR("application")) &&
           type->subtype.length > plus.length &&
           cairn_str_equal_nocase(cairn_str_of(type->subtype.data, plus.length), plus);
}

bool cairn_http_is_compressible(const struct cairn_http_response *res)
{
    struct cairn_http_media_type type;
    if (!cairn_http_media_type_of(&res->fields, &type) ||
        cairn_http_media_type_is(&type, "image/svg+xml"))
        return true;
    for (size_t i = 0; i < sizeof(compressible_not) / sizeof(*compressible_not); i++) {
        if (cairn_http_media_type_is(&type, compressible_not[i]))
            return false;
    }
    return !compressible_is_grpc(&type);
}
