/* Runs a fuzz target once over each file of a corpus: what stands in for libFuzzer in the tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cairn/service/alloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input has a block of its own size, so that a read past its end is seen. */
static int replay_file(const char *path)
{
    int rc = -1;
    uint8_t *data = NULL;
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &info))
        goto out;
    size_t size = (size_t)info.st_size;
    data = cairn_alloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size)
        goto out;
    LLVMFuzzerTestOneInput(data, size);
    rc = 0;
out:
    if (rc)
        perror(path);
    cairn_free(data);
    if (file)
        fclose(file);
    return rc;
}

/* Returns how many inputs it ran, or -1. */
static int replay_folder(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return -1;
    }
    for (struct dirent *entry = readdir(dir); entry && count >= 0; entry = readdir(dir)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        count = replay_file(path) ? -1 : count + 1;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int count = argc == 2 ? replay_folder(argv[1]) : -1;
    printf("%d inputs\n", count);
    return count < 1;
}
