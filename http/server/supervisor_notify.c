#include <cairn/http/server/supervisor.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int processes_bind(int fd, char *name, size_t size)
{
    const int on = 1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    /* The kernel makes up a name of the abstract space. */
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return -1;
    int letters = (int)(length - offsetof(struct sockaddr_un, sun_path)) - 1;
    snprintf(name, size, "@%.*s", letters, address.sun_path + 1);
    return 0;
}

int cairn__processes_listen(char *name, size_t size)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || processes_bind(fd, name, size) == 0)
        return fd;
    int error_number = errno;
    close(fd);
    errno = error_number;
    return -1;
}

/* The kernel says who has sent it; anybody may send to an abstract name. */
static pid_t processes_sender(struct msghdr *message)
{
    struct ucred from;
    const struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS)
        return -1;
    memcpy(&from, CMSG_DATA(control), sizeof(from));
    return from.pid;
}

pid_t cairn__processes_hear(int fd, char *text, size_t size)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {text, size - 1};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes)};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0)
        return 0;
    text[length] = '\0';
    return processes_sender(&message);
}

bool cairn__processes_said(const char *text, const char *line)
{
    size_t length = strlen(line);
    while (text) {
        if (strncmp(text, line, length) == 0 && (text[length] == '\0' || text[length] == '\n'))
            return true;
        text = strchr(text, '\n');
        if (text)
            text++;
    }
    return false;
}
