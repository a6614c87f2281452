#include "user.h"

#include <stdbool.h>
#include <string.h>

#include <cairn/service/alloc.h>

static void *user_type_clone(const void *value)
{
    return user_clone(value);
}

static void user_type_drop(void *value)
{
    user_drop(value);
}

const struct cairn_type user_type = {
    .name = "user", .clone = user_type_clone, .drop = user_type_drop};

static struct cairn_str user_put_text(char *place, struct cairn_str s)
{
    if (s.length > 0)
        memcpy(place, s.data, s.length);
    place[s.length] = '\0';
    return cairn_str_of(place, s.length);
}

struct user *user_new(int64_t id, struct cairn_str name, struct cairn_str email, int64_t created_at)
{
    struct user *user = cairn_alloc(sizeof(*user) + name.length + email.length + 2);
    if (!user)
        return NULL;
    char *text = (char *)(user + 1);
    *user = (struct user){
        .id = id,
        .created_at = created_at,
        .name = user_put_text(text, name),
        .email = user_put_text(text + name.length + 1, email),
    };
    return user;
}

struct user *user_copy(const struct user *user)
{
    return user_new(user->id, user->name, user->email, user->created_at);
}

struct user *user_clone(const struct user *user)
{
    struct user *first = NULL;
    struct user **end = &first;
    for (; user; user = user->next) {
        *end = user_copy(user);
        if (!*end) {
            user_drop(first);
            return NULL;
        }
        end = &(*end)->next;
    }
    return first;
}

void user_drop(struct user *user)
{
    while (user) {
        struct user *next = user->next;
        cairn_free(user);
        user = next;
    }
}

static void user_violate(struct user_violations *violations, const char *field, const char *detail)
{
    if (detail)
        violations->items[violations->count++] = (struct user_violation){field, detail};
}

/* Reads one character from S at *I and moves *I behind it. Returns it, or -1 for what is no UTF-8
 * (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF). */
static int32_t user_next_character(struct cairn_str s, size_t *i)
{
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)s.data[(*i)++];
    if (first < 0x80)
        return first;
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || s.length - *i < more)
        return -1;
    int32_t c = first & (0x3f >> more);
    for (size_t n = 0; n < more; n++) {
        unsigned char byte = (unsigned char)s.data[(*i)++];
        if ((byte & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (byte & 0x3f);
    }
    bool is_surrogate = c >= 0xd800 && c <= 0xdfff;
    return c < least[more] || c > 0x10ffff || is_surrogate ? -1 : c;
}

static const char *user_name_fault(struct cairn_str name)
{
    size_t characters = 0;
    bool is_blank = true;
    if (!name.data)
        return "is required, as a text";
    for (size_t i = 0; i < name.length; characters++) {
        int32_t c = user_next_character(name, &i);
        if (c < 0)
            return "must be UTF-8";
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return "must not have control characters";
        is_blank = is_blank && c == ' ';
    }
    if (characters > USER_MAX_NAME)
        return "must have at most 100 characters";
    return is_blank ? "must not be blank" : NULL;
}

/* A dot neither first nor last nor doubled. */
static bool user_dots_are_apart(struct cairn_str s)
{
    for (size_t i = 0; i < s.length; i++)
        if (s.data[i] == '.' && (i == 0 || i + 1 == s.length || s.data[i - 1] == '.'))
            return false;
    return true;
}

static bool user_is_domain(struct cairn_str s)
{
    bool has_dot = false;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
        has_dot = has_dot || c == '.';
    }
    return has_dot && user_dots_are_apart(s);
}

/* Plausible, no more: only a mail that arrives proves an address. */
static const char *user_email_fault(struct cairn_str email)
{
    if (!email.data)
        return "is required, as a text";
    if (email.length > USER_MAX_EMAIL)
        return "must have at most 254 bytes";
    for (size_t i = 0; i < email.length; i++)
        if (email.data[i] <= ' ' || email.data[i] > '~')
            return "must be printable ASCII without spaces";
    const char *at = email.length ? memchr(email.data, '@', email.length) : NULL;
    if (!at)
        return "must be an address: name@domain";
    struct cairn_str local = cairn_str_of(email.data, (size_t)(at - email.data));
    struct cairn_str domain = cairn_str_of(at + 1, email.length - local.length - 1);
    bool is_local = local.length >= 1 && local.length <= 64 && user_dots_are_apart(local);
    return is_local && user_is_domain(domain) ? NULL : "must be an address: name@domain";
}

void user_validate(
    struct cairn_str name, struct cairn_str email, struct user_violations *violations)
{
    user_violate(violations, "name", user_name_fault(name));
    user_violate(violations, "email", user_email_fault(email));
}
