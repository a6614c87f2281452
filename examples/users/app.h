/* app.h - the service as each worker runs it: the API and the layers around it. */
#ifndef USERS_APP_H
#define USERS_APP_H

#include <stdio.h>

#include <cairn/http/server.h>

#include "config.h"
#include "user_repository.h"

/* What the workers share. All of it is borrowed until the last app is dropped. */
struct app {
    const struct config *config;
    struct user_repository *store; /* one that may be used by several threads */
    FILE *access_log;              /* NULL: none */
};

/* A cairn_http_app; CX is a struct app. */
struct cairn_service *app_new(void *cx, const struct cairn_http_worker *worker);

#endif
