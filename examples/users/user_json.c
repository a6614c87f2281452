#include "user_json.h"

#include <string.h>
#include <time.h>

static struct cairn_str user_json_text(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return cairn_str_of(json_string_value(value), json_string_length(value));
}

void user_json_read(const json_t *json, struct cairn_str *name, struct cairn_str *email)
{
    *name = user_json_text(json, "name");
    *email = user_json_text(json, "email");
}

/* RFC 3339, in UTC. */
static json_t *user_json_time(int64_t seconds)
{
    char text[sizeof("2026-01-31T12:00:00Z") + 8];
    time_t when = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&when, &parts) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
        return json_null();
    return json_string(text);
}

json_t *user_json_new(const struct user *user)
{
    return json_pack("{s:I, s:s%, s:s%, s:o}", "id", (json_int_t)user->id, "name", user->name.data,
        user->name.length, "email", user->email.data, user->email.length, "created_at",
        user_json_time(user->created_at));
}

json_t *user_json_list_new(const struct user *first, size_t limit)
{
    json_t *users = json_array();
    size_t count = 0;
    int64_t last = 0;
    for (; first; first = first->next, count++) {
        last = first->id;
        if (json_array_append_new(users, user_json_new(first)) != 0) {
            json_decref(users);
            return NULL;
        }
    }
    json_t *next = count < limit ? json_null() : json_integer(last);
    return json_pack("{s:o, s:o}", "users", users, "next", next);
}

/* Most answers fit the first buffer, and are written once. */
struct cairn_str user_json_write(struct cairn_arena *arena, json_t *json)
{
    char small[1024];
    const size_t flags = JSON_COMPACT;
    size_t length = json_dumpb(json, small, sizeof(small), flags);
    char *text = length ? cairn_arena_alloc_text(arena, length) : NULL;
    if (text && length <= sizeof(small))
        memcpy(text, small, length);
    else if (text && json_dumpb(json, text, length, flags) != length)
        text = NULL;
    json_decref(json);
    return cairn_str_of(text, text ? length : 0);
}
