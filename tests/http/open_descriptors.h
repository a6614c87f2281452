/* open_descriptors.h - how many descriptors this process has open. */
#ifndef CAIRN_TESTS_HTTP_OPEN_DESCRIPTORS_H
#define CAIRN_TESTS_HTTP_OPEN_DESCRIPTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

static inline size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

#endif
