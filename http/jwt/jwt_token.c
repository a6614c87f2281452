#include <cairn/http/jwt/jwt_token.h>

#include <string.h>

#include <cairn/http/base64.h>

/* It is read before anything is known of who made it. */
#define JWT_HEADER_MOST 2048

/* The three parts, decoded, and what is signed: header, dot, payload. */
struct jwt_parts {
    struct cairn_str text;
    struct cairn_str header;
    struct cairn_str payload;
    struct cairn_str signature;
};

/* Cuts what is in front of the next dot off *REST. False where there is none. */
static bool jwt_cut(struct cairn_str *rest, struct cairn_str *part)
{
    const char *dot = rest->length ? memchr(rest->data, '.', rest->length) : NULL;
    if (!dot)
        return false;
    *part = cairn_str_of(rest->data, (size_t)(dot - rest->data));
    *rest = cairn_str_of(dot + 1, rest->length - part->length - 1);
    return true;
}

static enum cairn__jwt_fault jwt_decode_part(
    struct cairn_arena *arena, struct cairn_str text, struct cairn_str *bytes)
{
    size_t length;
    char *out = cairn_arena_alloc_text(arena, text.length / 4 * 3 + 3);
    if (!out)
        return CAIRN__JWT_NO_MEMORY;
    if (text.length == 0 || !cairn_base64_decode(CAIRN_BASE64_URL, text, out, &length))
        return CAIRN__JWT_INVALID;
    *bytes = cairn_str_of(out, length);
    return CAIRN__JWT_GOOD;
}

static enum cairn__jwt_fault jwt_split(
    struct cairn_arena *arena, struct cairn_str token, struct jwt_parts *parts)
{
    struct cairn_str header;
    struct cairn_str payload;
    struct cairn_str rest = token;
    if (!jwt_cut(&rest, &header) || header.length > JWT_HEADER_MOST || !jwt_cut(&rest, &payload))
        return CAIRN__JWT_INVALID;
    parts->text = cairn_str_of(token.data, header.length + 1 + payload.length);
    enum cairn__jwt_fault fault = jwt_decode_part(arena, header, &parts->header);
    if (fault == CAIRN__JWT_GOOD)
        fault = jwt_decode_part(arena, payload, &parts->payload);
    return fault ? fault : jwt_decode_part(arena, rest, &parts->signature);
}

/* A JSON object with no name twice, the caller's. */
static enum cairn__jwt_fault jwt_parse(struct cairn_str text, json_t **json)
{
    json_error_t error;
    *json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &error);
    if (!*json)
        return json_error_code(&error) == json_error_out_of_memory ? CAIRN__JWT_NO_MEMORY
                                                                   : CAIRN__JWT_INVALID;
    if (json_is_object(*json))
        return CAIRN__JWT_GOOD;
    json_decref(*json);
    return CAIRN__JWT_INVALID;
}

static bool jwt_key_is_meant(const struct cairn__jwt_key *key, const char *alg, const char *kid)
{
    return strcmp(alg, cairn__jwt_algorithm_name(key->algorithm)) == 0 &&
           (!kid || !key->id || strcmp(kid, key->id) == 0);
}

/* With each key that the header may mean; the header does not choose what is done with it. */
static enum cairn__jwt_fault jwt_verify_with(const struct cairn__jwt_rules *rules,
    const struct jwt_parts *parts, const char *alg, const char *kid)
{
    for (size_t i = 0; i < rules->key_count; i++) {
        if (!jwt_key_is_meant(&rules->keys[i], alg, kid))
            continue;
        int rc = cairn__jwt_key_verify(&rules->keys[i], parts->text, parts->signature);
        if (rc != 0)
            return rc > 0 ? CAIRN__JWT_GOOD : CAIRN__JWT_NO_MEMORY;
    }
    return CAIRN__JWT_INVALID;
}

/* RFC 7515 section 4.1.11: who does not understand what is critical must refuse it. */
static enum cairn__jwt_fault jwt_verify(
    const struct cairn__jwt_rules *rules, const struct jwt_parts *parts)
{
    json_t *header;
    enum cairn__jwt_fault fault = jwt_parse(parts->header, &header);
    if (fault != CAIRN__JWT_GOOD)
        return fault;
    const char *alg = json_string_value(json_object_get(header, "alg"));
    const json_t *kid = json_object_get(header, "kid");
    if (!alg || json_object_get(header, "crit") || (kid && !json_is_string(kid)))
        fault = CAIRN__JWT_INVALID;
    else
        fault = jwt_verify_with(rules, parts, alg, json_string_value(kid));
    json_decref(header);
    return fault;
}

/* The claim NAME as seconds; false where it is there, and no number. */
static bool jwt_time(const json_t *claims, const char *name, double otherwise, double *time)
{
    const json_t *value = json_object_get(claims, name);
    *time = value ? json_number_value(value) : otherwise;
    return !value || json_is_number(value);
}

static enum cairn__jwt_fault jwt_check_times(
    const struct cairn__jwt_rules *rules, const json_t *claims, int64_t now_s)
{
    const double now = (double)now_s;
    const double leeway = (double)rules->leeway_s;
    double exp;
    double nbf;
    double iat;
    if (!jwt_time(claims, "exp", now + 1, &exp) || !jwt_time(claims, "nbf", now, &nbf) ||
        !jwt_time(claims, "iat", now, &iat))
        return CAIRN__JWT_CLAIMS;
    if (!rules->is_exp_optional && !json_object_get(claims, "exp"))
        return CAIRN__JWT_CLAIMS;
    if (now >= exp + leeway)
        return CAIRN__JWT_EXPIRED;
    return now < nbf - leeway || now < iat - leeway ? CAIRN__JWT_EARLY : CAIRN__JWT_GOOD;
}

/* jansson takes no text with a NUL in it (JSON_ALLOW_NUL): strings end where they seem to. */
static bool jwt_is(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool jwt_array_has(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (jwt_is(json_array_get(array, i), text))
            return true;
    }
    return false;
}

static bool jwt_is_for(const json_t *aud, const char *audience)
{
    if (!audience)
        return !aud;
    return jwt_is(aud, audience) || jwt_array_has(aud, audience);
}

static bool jwt_words_have(const char *words, const char *word)
{
    size_t length = strlen(word);
    while (words) {
        words += strspn(words, " ");
        if (strncmp(words, word, length) == 0 && (words[length] == ' ' || !words[length]))
            return true;
        words = strchr(words, ' ');
    }
    return false;
}

bool cairn__jwt_has_scope(const json_t *claims, const char *scope)
{
    const json_t *scp = json_object_get(claims, "scp");
    return jwt_words_have(json_string_value(json_object_get(claims, "scope")), scope) ||
           jwt_words_have(json_string_value(scp), scope) || jwt_array_has(scp, scope);
}

static enum cairn__jwt_fault jwt_check_claims(
    const struct cairn__jwt_rules *rules, const json_t *claims, int64_t now)
{
    enum cairn__jwt_fault fault = jwt_check_times(rules, claims, now);
    if (fault != CAIRN__JWT_GOOD)
        return fault;
    if (rules->issuer && !jwt_is(json_object_get(claims, "iss"), rules->issuer))
        return CAIRN__JWT_ISSUER;
    if (!jwt_is_for(json_object_get(claims, "aud"), rules->audience))
        return CAIRN__JWT_AUDIENCE;
    for (char *const *scope = rules->scopes; scope && *scope; scope++) {
        if (!cairn__jwt_has_scope(claims, *scope))
            return CAIRN__JWT_SCOPE;
    }
    return CAIRN__JWT_GOOD;
}

/* The payload is read only once it is known who made it. */
enum cairn__jwt_fault cairn__jwt_check(const struct cairn__jwt_rules *rules,
    struct cairn_arena *arena, struct cairn_str token, int64_t now, json_t **claims)
{
    struct jwt_parts parts;
    json_t *json;
    if (token.length > rules->max_bytes)
        return CAIRN__JWT_TOO_LONG;
    enum cairn__jwt_fault fault = jwt_split(arena, token, &parts);
    if (fault == CAIRN__JWT_GOOD)
        fault = jwt_verify(rules, &parts);
    if (fault == CAIRN__JWT_GOOD)
        fault = jwt_parse(parts.payload, &json);
    if (fault != CAIRN__JWT_GOOD)
        return fault;
    fault = jwt_check_claims(rules, json, now);
    if (fault == CAIRN__JWT_GOOD)
        *claims = json;
    else
        json_decref(json);
    return fault;
}
