/* beneath.h - opens a file beneath a folder, and none outside of it. Internal. */
#ifndef CAIRN_HTTP_BENEATH_H
#define CAIRN_HTTP_BENEATH_H

#include <stdbool.h>

enum cairn__links {
    CAIRN__LINKS_BENEATH, /* symbolic links are followed as long as they do not lead out */
    CAIRN__LINKS_NONE     /* they are not followed at all */
};

/*
 * Opens NAME for reading, a relative path ("" is the folder itself), beneath the folder that ROOT
 * is a descriptor of. Whatever others do to the tree meanwhile, what is opened was beneath ROOT.
 * Neither waits for a pipe nor takes a terminal. Returns the descriptor, or a negative errno:
 * -EXDEV for what leads out, -ELOOP or -ENOTDIR for a link that is not followed.
 */
int cairn__open_beneath(int root, const char *name, enum cairn__links links);
/* The same step by step, for kernels without openat2, where no links are followed: never -ENOSYS.
 */
int cairn__open_walking(int root, const char *name);
/* Whether cairn__open_beneath works here: openat2 may be missing (Linux before 5.6), or forbidden
 * by a sandbox. */
bool cairn__can_open_beneath(int root);

#endif
