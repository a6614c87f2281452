/* user_json.h - users as JSON, in and out. */
#ifndef USERS_USER_JSON_H
#define USERS_USER_JSON_H

#include <jansson.h>

#include <cairn/service/arena.h>

#include "user.h"

/*
 * The name and the email of a JSON object, borrowed until JSON is freed. What is missing, or no
 * text, is an absent string. Other members are let be, so that what was got can be put back.
 */
void user_json_read(const json_t *json, struct cairn_str *name, struct cairn_str *email);

/* {"id": 7, "name": …, "email": …, "created_at": "2026-01-31T12:00:00Z"}, owned by the caller.
 * NULL without memory. */
json_t *user_json_new(const struct user *user);

/* {"users": […], "next": the last id}; next is null when there were fewer than LIMIT. FIRST may be
 * NULL: no users. Owned by the caller; NULL without memory. */
json_t *user_json_list_new(const struct user *first, size_t limit);

/* Writes JSON into ARENA. Takes JSON; NULL gives the absent string, and so does lack of memory. */
struct cairn_str user_json_write(struct cairn_arena *arena, json_t *json);

#endif
