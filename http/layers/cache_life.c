#include <cairn/http/layers/cache_life.h>

#include <inttypes.h>

#include <cairn/http/codec/list.h>
#include <cairn/http/date.h>
#include <cairn/http/layers/share_key.h>
#include <cairn/http/values/cache_directives.h>

#define CACHE_LIFE_FIELD CAIRN_STR("Cairn-Cache-Life")
#define CACHE_LIFE_MOST_MS 2592000000 /* what the cache layer takes */

/* RFC 9110 section 15.1: what may be kept though it does not say for how long. */
static bool cache_life_is_heuristic(int status)
{
    static const int statuses[] = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i] == status)
            return true;
    }
    return false;
}

/* Whether all fields that the response was chosen by are in the key. */
static bool cache_life_knows_variants(
    const struct cairn__share_key *key, const struct cairn_http_response *res)
{
    struct cairn_str list;
    struct cairn_str name;
    for (size_t cursor = 0;
         cairn_http_fields_next(&res->fields, CAIRN_STR("Vary"), &cursor, &list);) {
        while (cairn__list_next(&list, &name)) {
            if (name.length && !cairn__share_key_has(key, name))
                return false;
        }
    }
    return true;
}

/* 206 and 304 are about a part, and about what somebody else has. */
static bool cache_life_is_storable(const struct cairn__cache_life_rules *rules,
    const struct cairn_http_response *res, const struct cairn__cache_directives *said)
{
    return cairn_stream_is_empty(&res->stream) && !res->file && !res->upgrade &&
           res->body.length <= rules->max_body_bytes && res->status >= 200 && res->status != 206 &&
           res->status != 304 && !said->no_store && !said->no_cache && !said->is_private &&
           !cairn_http_fields_get(&res->fields, CAIRN_STR("Set-Cookie")).data &&
           cache_life_knows_variants(rules->key, res);
}

static bool cache_life_date(
    const struct cairn_http_response *res, struct cairn_str name, int64_t now_s, int64_t *at_s)
{
    return cairn_http_date_parse(cairn_http_fields_get(&res->fields, name), now_s, at_s);
}

/* In seconds from when the response was made; -1: it does not say. A date that is none is past. */
static int64_t cache_life_explicit(const struct cairn_http_response *res,
    const struct cairn__cache_directives *said, int64_t now_s)
{
    int64_t made_s = now_s;
    int64_t expires_s;
    if (said->s_maxage_s >= 0)
        return said->s_maxage_s;
    if (said->max_age_s >= 0)
        return said->max_age_s;
    if (!cairn_http_fields_get(&res->fields, CAIRN_STR("Expires")).data)
        return -1;
    if (!cache_life_date(res, CAIRN_STR("Expires"), now_s, &expires_s))
        return 0;
    cache_life_date(res, CAIRN_STR("Date"), now_s, &made_s);
    return expires_s > made_s ? expires_s - made_s : 0;
}

/* RFC 9111 section 4.2.3, with no time spent on the way. */
static int64_t cache_life_age(const struct cairn_http_response *res, int64_t now_s)
{
    int64_t age_s = cairn__cache_seconds(cairn_http_fields_get(&res->fields, CAIRN_STR("Age")));
    int64_t made_s;
    if (age_s < 0)
        age_s = 0;
    if (cache_life_date(res, CAIRN_STR("Date"), now_s, &made_s) && now_s - made_s > age_s)
        age_s = now_s - made_s;
    return age_s;
}

static uint64_t cache_life_ms(int64_t seconds)
{
    uint64_t ms = seconds > 0 ? (uint64_t)seconds * 1000 : 0;
    return ms < CACHE_LIFE_MOST_MS ? ms : CACHE_LIFE_MOST_MS;
}

/* RFC 9111 sections 4.2.4 and 5.2.2.10, RFC 5861 section 4. */
static uint64_t cache_life_stale_ms(
    const struct cairn__cache_life_rules *rules, const struct cairn__cache_directives *said)
{
    if (!rules->stale_ms || said->must_revalidate || said->s_maxage_s >= 0)
        return 0;
    return said->stale_if_error_s >= 0 ? cache_life_ms(said->stale_if_error_s) : rules->stale_ms;
}

bool cairn__cache_life_of(const struct cairn__cache_life_rules *rules,
    const struct cairn_http_response *res, int64_t now_s, struct cairn__cache_life *life)
{
    struct cairn__cache_directives said;
    cairn__cache_directives_parse(&res->fields, &said);
    if (!cache_life_is_storable(rules, res, &said))
        return false;
    int64_t lifetime_s = cache_life_explicit(res, &said, now_s);
    life->stored_s = now_s;
    life->age_s = cache_life_age(res, now_s);
    life->stale_ms = cache_life_stale_ms(rules, &said);
    if (lifetime_s >= 0)
        life->fresh_ms = cache_life_ms(lifetime_s - life->age_s);
    else
        life->fresh_ms = cache_life_is_heuristic(res->status) ? rules->ttl_ms : 0;
    return life->fresh_ms > 0;
}

int cairn__cache_life_write(struct cairn_http_response *res, const struct cairn__cache_life *life)
{
    if (!life) {
        cairn_http_fields_remove(&res->fields, CACHE_LIFE_FIELD);
        return 0;
    }
    struct cairn_str text =
        cairn_arena_printf(res->arena, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64,
            life->stored_s, life->age_s, life->fresh_ms, life->stale_ms);
    return text.data ? cairn_http_fields_set(&res->fields, CACHE_LIFE_FIELD, text) : -1;
}

/* The next of the numbers in *TEXT, which moves behind it. */
static bool cache_life_next(struct cairn_str *text, unsigned long long *number)
{
    const char *space = text->length ? memchr(text->data, ' ', text->length) : NULL;
    size_t length = space ? (size_t)(space - text->data) : text->length;
    if (!cairn_str_to_u64(cairn_str_of(text->data, length), number))
        return false;
    size_t used = space ? length + 1 : length;
    *text = cairn_str_of(text->data + used, text->length - used);
    return true;
}

bool cairn__cache_life_read(const struct cairn_http_response *res, struct cairn__cache_life *life)
{
    unsigned long long numbers[4];
    struct cairn_str text = cairn_http_fields_get(&res->fields, CACHE_LIFE_FIELD);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (!text.data || !cache_life_next(&text, &numbers[i]))
            return false;
    }
    life->stored_s = (int64_t)numbers[0];
    life->age_s = (int64_t)numbers[1];
    life->fresh_ms = numbers[2];
    life->stale_ms = numbers[3];
    return text.length == 0;
}
