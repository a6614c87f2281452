#include <cairn/http/rate_limit_fields.h>

#include <inttypes.h>

#define RATE_FIELDS_POLICY_MOST 64
/* The largest integer of a structured field (RFC 9651 section 3.3.1). */
#define RATE_FIELDS_INTEGER_MOST 999999999999999u

bool cairn_http_is_rate_limit_policy(struct cairn_str name)
{
    if (name.length == 0 || name.length > RATE_FIELDS_POLICY_MOST)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            return false;
    }
    return true;
}

static uint64_t rate_fields_integer(uint64_t value)
{
    return value < RATE_FIELDS_INTEGER_MOST ? value : RATE_FIELDS_INTEGER_MOST;
}

static uint64_t rate_fields_seconds(uint64_t ms)
{
    return ms / 1000 + (ms % 1000 != 0);
}

/* How long a whole burst takes to come back. */
static uint64_t rate_fields_window_ms(const struct cairn_keyed_rate *rate, uint64_t burst)
{
    uint64_t ms;
    if (rate->num == 0 || burst == 0)
        return rate->per_ms;
    return __builtin_mul_overflow(rate->per_ms, burst, &ms) ? UINT64_MAX : ms / rate->num;
}

/* The name is right as it stands. */
static int rate_fields_add(
    struct cairn_http_response *res, struct cairn_str name, struct cairn_str value)
{
    return value.data ? cairn_http_fields_add(&res->fields, name, value) : -1;
}

static int rate_fields_draft(struct cairn_http_response *res, const char *policy,
    const struct cairn_keyed_rate *rate, const struct cairn_keyed_answer *answer)
{
    uint64_t window_s = rate_fields_seconds(rate_fields_window_ms(rate, answer->limit));
    struct cairn_str value = cairn_arena_printf(res->arena, "\"%s\";q=%" PRIu64 ";w=%" PRIu64,
        policy, rate_fields_integer(answer->limit), rate_fields_integer(window_s));
    if (rate_fields_add(res, CAIRN_STR("RateLimit-Policy"), value) != 0)
        return -1;
    value = cairn_arena_printf(res->arena, "\"%s\";r=%" PRIu64 ";t=%" PRIu64, policy,
        rate_fields_integer(answer->remaining),
        rate_fields_integer(rate_fields_seconds(answer->reset_ms)));
    return rate_fields_add(res, CAIRN_STR("RateLimit"), value);
}

static int rate_fields_legacy(
    struct cairn_http_response *res, const struct cairn_keyed_answer *answer)
{
    static const struct cairn_str names[] = {CAIRN_STR_INIT("X-RateLimit-Limit"),
        CAIRN_STR_INIT("X-RateLimit-Remaining"), CAIRN_STR_INIT("X-RateLimit-Reset")};
    const uint64_t values[] = {
        answer->limit, answer->remaining, rate_fields_seconds(answer->reset_ms)};
    if (cairn_http_fields_get(&res->fields, names[0]).data)
        return 0;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct cairn_str value = cairn_arena_printf(res->arena, "%" PRIu64, values[i]);
        if (rate_fields_add(res, names[i], value) != 0)
            return -1;
    }
    return 0;
}

static int rate_fields_retry_after(
    struct cairn_http_response *res, const struct cairn_keyed_answer *answer)
{
    if (answer->wait_ms == UINT64_MAX) {
        cairn_http_fields_remove(&res->fields, CAIRN_STR("Retry-After"));
        return 0;
    }
    struct cairn_str value =
        cairn_arena_printf(res->arena, "%" PRIu64, rate_fields_seconds(answer->wait_ms));
    return value.data ? cairn_http_fields_set(&res->fields, CAIRN_STR("Retry-After"), value) : -1;
}

int cairn_http_rate_limit_fields(struct cairn_http_response *res, const char *policy,
    const struct cairn_keyed_rate *rate, const struct cairn_keyed_answer *answer, unsigned fields)
{
    if (!cairn_http_is_rate_limit_policy(cairn_str_from(policy)))
        return -1;
    if (answer->limit == UINT64_MAX)
        return 0;
    if (!answer->is_allowed && rate_fields_retry_after(res, answer) != 0)
        return -1;
    if ((fields == 0 || (fields & CAIRN_HTTP_RATE_LIMIT_DRAFT)) &&
        rate_fields_draft(res, policy, rate, answer) != 0)
        return -1;
    return fields & CAIRN_HTTP_RATE_LIMIT_LEGACY ? rate_fields_legacy(res, answer) : 0;
}
