/* tree.h - a folder with files in it for a test, and what is removed after it. */
#ifndef CAIRN_TESTS_HTTP_TREE_H
#define CAIRN_TESTS_HTTP_TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_PATH_BYTES 512

static char tree_path[64];

static inline const char *tree_at(const char *name)
{
    static char paths[4][TREE_PATH_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, TREE_PATH_BYTES, "%s/%s", tree_path, name);
    return path;
}

static inline void tree_begin(void)
{
    strcpy(tree_path, "/tmp/cairn_tree_XXXXXX");
    assert_non_null(mkdtemp(tree_path));
}

static inline void tree_folder(const char *name)
{
    assert_int_equal(mkdir(tree_at(name), 0755), 0);
}

/* With an mtime long ago, so that its tag is strong. */
static inline void tree_file(const char *name, const char *content)
{
    const struct timespec times[2] = {{784111777, 1}, {784111777, 1}};
    FILE *file = fopen(tree_at(name), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    assert_int_equal(utimensat(AT_FDCWD, tree_at(name), times, 0), 0);
}

static inline void tree_link(const char *name, const char *to)
{
    assert_int_equal(symlink(to, tree_at(name)), 0);
}

static inline int tree_remove_one(
    const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static inline void tree_end(void)
{
    nftw(tree_path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int tree_open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

#endif
