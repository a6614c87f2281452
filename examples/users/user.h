/* user.h - a user: what it is made of, and what makes one valid. */
#ifndef USERS_USER_H
#define USERS_USER_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/str.h>
#include <cairn/service/type.h>

#define USER_MAX_NAME 100  /* characters */
#define USER_MAX_EMAIL 254 /* bytes: the longest address that fits RFC 5321's path */

/* One block of memory, text and all. Both texts have a NUL behind them. */
struct user {
    int64_t id;         /* 1 or more; 0: not stored yet */
    int64_t created_at; /* seconds since 1970, UTC; 0: not stored yet */
    struct cairn_str name;
    struct cairn_str email;
    struct user *next; /* the next user of a list, owned; NULL: the last one */
};

/* A user and those after it: cloned and dropped as a whole. Named "user". */
extern const struct cairn_type user_type;

/* Copies both texts. Returns a user of its own list, owned by the caller, or NULL without memory.
 */
struct user *user_new(
    int64_t id, struct cairn_str name, struct cairn_str email, int64_t created_at);
/* Copies USER alone, without those after it. NULL without memory. */
struct user *user_copy(const struct user *user);
/* Copies USER and those after it. NULL without memory. */
struct user *user_clone(const struct user *user);
/* Takes USER and those after it. NULL: nothing. */
void user_drop(struct user *user);

/* What is wrong with one field of what a client sent. Both texts are static. */
struct user_violation {
    const char *field;
    const char *detail;
};

#define USER_MAX_VIOLATIONS 2

struct user_violations {
    size_t count;
    struct user_violation items[USER_MAX_VIOLATIONS];
};

/*
 * Adds what is wrong with NAME (1 to 100 characters of UTF-8, none a control character, not blank)
 * and with EMAIL (at most 254 bytes, printable ASCII, something@domain). An absent string is one
 * that the client did not send.
 */
void user_validate(
    struct cairn_str name, struct cairn_str email, struct user_violations *violations);

#endif
