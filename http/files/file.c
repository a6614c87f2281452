#include <cairn/http/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairn/http/error_response.h>
#include <cairn/http/files/representation.h>

/* An older header's options are shorter, and the rest is zero. */
static struct cairn_http_file_options file_options(const struct cairn_http_file_options *options)
{
    struct cairn_http_file_options opts = {0};
    if (options)
        memcpy(&opts, options, options->size < sizeof(opts) ? options->size : sizeof(opts));
    return opts;
}

static const char *file_type(const struct cairn_http_file_options *opts, const char *name)
{
    const char *type = opts->content_type;
    if (!type)
        type = cairn_mime_type(opts->mime, cairn_str_from(name));
    return type ? type : "application/octet-stream";
}

struct cairn_http_response *cairn_http_file_response(const struct cairn_http_request *req, int fd,
    const char *name, const struct cairn_http_file_options *options)
{
    struct cairn_http_file_options opts = file_options(options);
    struct stat info;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        close(fd);
        return cairn_http_problem(req, 404, NULL);
    }
    const struct cairn__representation representation = {
        .fd = fd,
        .length = info.st_size,
        .modified_ns = cairn__modified_ns(&info),
        .content_type = file_type(&opts, name),
        .cache_control = opts.cache_control,
        .attachment = opts.attachment,
    };
    return cairn__representation_answer(req, &representation);
}

/* A pipe or a terminal must neither block nor become ours. */
struct cairn_http_response *cairn_http_file_open(const struct cairn_http_request *req,
    const char *path, const struct cairn_http_file_options *options)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return cairn_http_problem(req, cairn__file_status(errno), NULL);
    return cairn_http_file_response(req, fd, path, options);
}
