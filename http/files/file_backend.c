#include <cairn/http/file_backend.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairn/http/files/beneath.h>
#include <cairn/http/files/representation.h>
#include <cairn/service/alloc.h>

struct folder {
    int fd;
    bool no_symlinks;
    bool is_walked; /* without openat2 */
};

static int folder_open_fd(const struct folder *self, const char *name)
{
    if (self->is_walked)
        return cairn__open_walking(self->fd, name);
    return cairn__open_beneath(
        self->fd, name, self->no_symlinks ? CAIRN__LINKS_NONE : CAIRN__LINKS_BENEATH);
}

static int folder_open(void *self, const char *name, struct cairn_http_found *out)
{
    struct stat info;
    int fd = folder_open_fd(self, name);
    if (fd < 0)
        return -fd;
    int error = fstat(fd, &info) ? errno : 0;
    bool is_file = !error && S_ISREG(info.st_mode);
    if (!is_file)
        close(fd);
    if (!is_file && !error && !S_ISDIR(info.st_mode))
        error = ENOENT;
    if (error)
        return error;
    *out = (struct cairn_http_found){.is_folder = !is_file, .fd = is_file ? fd : -1};
    out->length = info.st_size;
    out->modified_ns = cairn__modified_ns(&info);
    return 0;
}

static void folder_free(void *value)
{
    struct folder *self = value;
    close(self->fd);
    cairn_free(self);
}

static const struct cairn_http_file_backend_ops folder_ops = {
    .name = "folder", .open = folder_open, .free = folder_free};

struct cairn_http_file_backend cairn_http_folder(
    const char *path, bool no_symlinks, struct cairn_error **error)
{
    struct cairn_http_file_backend none = {0};
    struct folder *self = cairn_alloc(sizeof(*self));
    if (!self) {
        *error = &cairn_error_no_memory;
        return none;
    }
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        *error = cairn_error_system("folder", path, errno);
        cairn_free(self);
        return none;
    }
    *self = (struct folder){fd, no_symlinks, !cairn__can_open_beneath(fd)};
    return (struct cairn_http_file_backend){&folder_ops, self};
}

/* Whether NAME is a folder that FILE is in. */
static bool memory_is_within(const char *file, const char *name, size_t length)
{
    return length == 0 || (strncmp(file, name, length) == 0 && file[length] == '/');
}

static int memory_open(void *self, const char *name, struct cairn_http_found *out)
{
    const struct cairn_http_memory_file *file = self;
    size_t length = strlen(name);
    bool is_folder = false;
    for (; file->name; file++) {
        if (strcmp(file->name, name) == 0)
            break;
        is_folder = is_folder || memory_is_within(file->name, name, length);
    }
    if (!file->name && !is_folder)
        return ENOENT;
    *out = (struct cairn_http_found){.fd = -1, .modified_ns = CAIRN_HTTP_NOT_DATED};
    out->is_folder = !file->name;
    if (out->is_folder)
        return 0;
    out->data = file->data;
    out->length = file->length;
    if (file->modified_s &&
        __builtin_mul_overflow(file->modified_s, INT64_C(1000000000), &out->modified_ns))
        out->modified_ns = CAIRN_HTTP_NOT_DATED;
    return 0;
}

static const struct cairn_http_file_backend_ops memory_ops = {
    .name = "memory", .open = memory_open};

struct cairn_http_file_backend cairn_http_memory(const struct cairn_http_memory_file *files)
{
    /* Nothing is ever written there. */
    return (struct cairn_http_file_backend){&memory_ops, (void *)(uintptr_t)files};
}
