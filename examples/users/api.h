/* api.h - the users API over HTTP. */
#ifndef USERS_API_H
#define USERS_API_H

#include <cairn/service/service.h>

#include "user_repository.h"

/*
 *   GET    /users?after=ID&limit=N   200, a part of the list
 *   POST   /users                    201, the new user, and where it is
 *   GET    /users/{id}               200
 *   PUT    /users/{id}               200, the user with its new name and email
 *   DELETE /users/{id}               204
 *   GET    /healthz                  200, whatever the repository does
 *
 * A user is {"id", "name", "email", "created_at"}; the first and the last are not read from a body.
 * Answers itself 400, 415 and 422 (see api_request.h), and 409 for an email that is taken. Other
 * failures are those of USERS, as errors: who is not there is CAIRN_ERROR_NOT_FOUND.
 *
 * Returns a service from http.request to http.response, owned by the caller; broken without memory.
 * Borrows USERS until it is dropped.
 */
struct cairn_service *api_new(struct user_repository *users);

#endif
