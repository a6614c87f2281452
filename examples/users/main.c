/* main.c - the users service: configuration, repository, server. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "repository_url.h"

/* Before there is a second thread. */
static const char *main_setting(void *cx, const char *name)
{
    (void)cx;
    return getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

static int main_fail(struct cairn_error *error, int status)
{
    char text[512];
    fprintf(stderr, "users: %s\n", cairn_error_format(error, text, sizeof(text)));
    cairn_error_unref(error);
    return status;
}

static struct cairn_error *main_open_log(const char *path, FILE **out)
{
    *out = NULL;
    if (strcmp(path, "off") == 0)
        return NULL;
    *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
    return *out ? NULL : cairn_error_system("access log", path, errno);
}

static int main_serve(const struct config *config, FILE *access_log)
{
    struct cairn_error *error = NULL;
    struct user_repository *store =
        repository_url_open(config->database_url, config->db_threads, &error);
    if (!store)
        return main_fail(error, 1);
    struct app app = {.config = config, .store = store, .access_log = access_log};
    int status = cairn_http_serve(app_new, &app, .host = config->host,
        .port = (uint16_t)config->port, .workers = (unsigned)config->workers);
    user_repository_close(store);
    return status;
}

/* Exit status: 0 after a drain, 1 when the service could not run, 2 for a bad configuration. */
int main(void)
{
    struct config config;
    FILE *access_log = NULL;
    struct cairn_error *error = config_read(&config, main_setting, NULL);
    if (error)
        return main_fail(error, 2);
    error = main_open_log(config.access_log, &access_log);
    if (error)
        return main_fail(error, 1);
    json_object_seed(0); /* the tables' seed; later it would be a race between the workers */
    int status = main_serve(&config, access_log);
    if (access_log && access_log != stdout)
        fclose(access_log);
    return status;
}
