#include "repository_url.h"

#include <string.h>

#include "memory_repository.h"
#include "sqlite_repository.h"

struct user_repository *repository_url_open(
    const char *url, size_t threads, struct cairn_error **error)
{
    static const char sqlite[] = "sqlite:";
    const size_t length = sizeof(sqlite) - 1;
    if (strcmp(url, "memory:") == 0) {
        struct user_repository *users = memory_repository_new();
        *error = users ? NULL : &cairn_error_no_memory;
        return users;
    }
    if (strncmp(url, sqlite, length) == 0 && url[length] != '\0')
        return sqlite_repository_new(
            &(struct sqlite_repository_options){.file = url + length, .readers = threads}, error);
    *error = cairn_error_new(CAIRN_ERROR_INVALID, "users", NULL,
        "\"%s\" names no repository: it must be memory:, sqlite::memory: or sqlite:FILE", url);
    return NULL;
}
