#include <cairn/http/files/beneath.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BENEATH_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* The kernel gives up when a folder moves while it goes up from it, through a link with "..". */
#define BENEATH_TRIES 16

#ifdef SYS_openat2

#include <linux/openat2.h>

int cairn__open_beneath(int root, const char *name, enum cairn__links links)
{
    struct open_how how = {.flags = BENEATH_FLAGS};
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    if (links == CAIRN__LINKS_NONE)
        how.resolve |= RESOLVE_NO_SYMLINKS;
    for (int i = 0; i < BENEATH_TRIES; i++) {
        long fd = syscall(SYS_openat2, root, *name ? name : ".", &how, sizeof(how));
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EAGAIN;
}

#else

int cairn__open_beneath(int root, const char *name, enum cairn__links links)
{
    (void)root, (void)name, (void)links;
    return -ENOSYS;
}

#endif

bool cairn__can_open_beneath(int root)
{
    int fd = cairn__open_beneath(root, "", CAIRN__LINKS_NONE);
    if (fd >= 0)
        close(fd);
    return fd != -ENOSYS && fd != -EPERM;
}

/* Cuts the first segment off *AT, into SEGMENT. Its length; 0: it is empty, or too long. */
static size_t beneath_segment(const char **at, char *segment, size_t size)
{
    size_t length = strcspn(*at, "/");
    if (length >= size)
        return 0;
    memcpy(segment, *at, length);
    segment[length] = '\0';
    *at += length;
    return length;
}

/* One step down: FLAGS say whether it is the last. */
static int beneath_step(int folder, const char *segment, int flags)
{
    int fd;
    if (strcmp(segment, "..") == 0)
        return -EXDEV;
    do
        fd = openat(folder, segment, flags | O_NOFOLLOW | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

/* Each segment is looked up in a folder that is held open, so it does not matter what that is
 * called by now; and none is a link. */
int cairn__open_walking(int root, const char *name)
{
    char segment[256];
    int folder = root;
    if (*name == '/')
        return -EXDEV;
    for (const char *at = *name ? name : ".";; at++) {
        int fd = -ENOENT;
        size_t length = beneath_segment(&at, segment, sizeof(segment));
        if (length)
            fd = beneath_step(folder, segment, *at ? O_PATH | O_DIRECTORY : BENEATH_FLAGS);
        if (folder != root)
            close(folder);
        if (fd < 0 || !*at)
            return fd;
        folder = fd;
    }
}
