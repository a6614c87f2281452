/* jwt_token.h - a token, checked: the layer jwt without HTTP. Internal. */
#ifndef CAIRN_HTTP_JWT_TOKEN_H
#define CAIRN_HTTP_JWT_TOKEN_H

#include <jansson.h>

#include <cairn/http/jwt/jwt_key.h>
#include <cairn/service/arena.h>

/* What a token must be. See struct cairn_jwt_options. */
struct cairn__jwt_rules {
    const char *issuer;
    const char *audience;
    char *const *scopes; /* ended by NULL; NULL: none */
    uint64_t leeway_s;
    size_t max_bytes;
    bool is_exp_optional;
    size_t key_count;
    const struct cairn__jwt_key *keys;
};

enum cairn__jwt_fault {
    CAIRN__JWT_GOOD,
    CAIRN__JWT_TOO_LONG,
    CAIRN__JWT_INVALID, /* in form, or not signed by one of the keys */
    CAIRN__JWT_CLAIMS,  /* signed well; a claim is missing, or of the wrong type */
    CAIRN__JWT_EXPIRED,
    CAIRN__JWT_EARLY,
    CAIRN__JWT_ISSUER,
    CAIRN__JWT_AUDIENCE,
    CAIRN__JWT_SCOPE,
    CAIRN__JWT_NO_MEMORY
};

/* Whether TOKEN keeps RULES at NOW. With GOOD, *CLAIMS are the caller's, to be let go with
 * json_decref; else they are left alone. What it needs besides is ARENA's. */
enum cairn__jwt_fault cairn__jwt_check(const struct cairn__jwt_rules *rules,
    struct cairn_arena *arena, struct cairn_str token, int64_t now, json_t **claims);

/* Whether CLAIMS have SCOPE. */
bool cairn__jwt_has_scope(const json_t *claims, const char *scope);

#endif
