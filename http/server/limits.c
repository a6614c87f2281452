#include <cairn/http/limits.h>

#include <stdbool.h>
#include <string.h>

#define LIMITS_KIB 1024
#define LIMITS_MIB (1024 * LIMITS_KIB)
#define LIMITS_HOUR_MS 3600000
#define LIMITS_DAY_MS (24 * LIMITS_HOUR_MS)
#define LIMITS_NONE SIZE_MAX

/* `below` is the offset of the field that this one may not exceed, resolved before it. */
struct limits_rule {
    const char *name;
    size_t offset;
    bool is_size; /* a size_t; else a uint64_t */
    uint64_t fallback;
    uint64_t min;
    uint64_t max;
    size_t below;
};

#define LIMITS_AT(field) offsetof(struct cairn_http_limits, field)
#define LIMITS_SIZE(field, fallback, min, max, below)                     \
    {                                                                     \
#field, LIMITS_AT(field), true, (fallback), (min), (max), (below) \
    }
#define LIMITS_U64(field, fallback, min, max)                                    \
    {                                                                            \
#field, LIMITS_AT(field), false, (fallback), (min), (max), (LIMITS_NONE) \
    }

static const struct limits_rule limits_rules[] = {
    LIMITS_SIZE(head_bytes, 16 * LIMITS_KIB, LIMITS_KIB, LIMITS_MIB, LIMITS_NONE),
    LIMITS_SIZE(line_bytes, 8 * LIMITS_KIB, 256, LIMITS_MIB, LIMITS_AT(head_bytes)),
    LIMITS_SIZE(fields, 100, 1, 1000, LIMITS_NONE),
    LIMITS_SIZE(body_bytes, 2 * LIMITS_MIB, 1,
        SIZE_MAX < INT64_MAX ? SIZE_MAX : (uint64_t)INT64_MAX, LIMITS_NONE),
    LIMITS_SIZE(stream_bytes, 1024 * 1024 * (uint64_t)LIMITS_MIB, 1,
        SIZE_MAX < INT64_MAX ? SIZE_MAX : (uint64_t)INT64_MAX, LIMITS_NONE),
    LIMITS_SIZE(chunk_line_bytes, 256, 16, 4096, LIMITS_NONE),
    LIMITS_SIZE(chunk_overhead, 16 * LIMITS_KIB, 256, LIMITS_MIB, LIMITS_NONE),
    LIMITS_SIZE(trailer_bytes, 4 * LIMITS_KIB, 256, 64 * LIMITS_KIB, LIMITS_NONE),
    LIMITS_SIZE(trailer_fields, 32, 1, 1000, LIMITS_NONE),
    LIMITS_U64(head_ms, 10000, 10, LIMITS_HOUR_MS),
    LIMITS_U64(body_idle_ms, 10000, 10, LIMITS_HOUR_MS),
    LIMITS_U64(body_bytes_per_s, 500, 1, 2147483648u),
    LIMITS_U64(keep_alive_ms, 75000, 10, LIMITS_DAY_MS),
    LIMITS_U64(write_ms, 30000, 10, LIMITS_HOUR_MS),
    LIMITS_U64(write_bytes_per_s, 500, 1, 2147483648u),
    LIMITS_U64(connection_age_ms, LIMITS_HOUR_MS, 1000, 30 * (uint64_t)LIMITS_DAY_MS),
    LIMITS_SIZE(output_high_bytes, 64 * LIMITS_KIB, 4 * LIMITS_KIB, 16 * LIMITS_MIB, LIMITS_NONE),
    LIMITS_SIZE(
        output_low_bytes, 16 * LIMITS_KIB, 1, 16 * LIMITS_MIB, LIMITS_AT(output_high_bytes)),
    LIMITS_SIZE(connections_per_address, 0, 1, LIMITS_MIB, LIMITS_NONE),
    LIMITS_SIZE(connections, 0, 1, LIMITS_MIB, LIMITS_NONE),
};

static uint64_t limits_read(const struct cairn_http_limits *limits, size_t offset, bool is_size)
{
    const char *at = (const char *)limits + offset;
    size_t size;
    uint64_t wide;
    if (is_size) {
        memcpy(&size, at, sizeof(size));
        return size;
    }
    memcpy(&wide, at, sizeof(wide));
    return wide;
}

static void limits_write(
    struct cairn_http_limits *limits, const struct limits_rule *rule, uint64_t value)
{
    char *at = (char *)limits + rule->offset;
    size_t size = (size_t)value;
    if (rule->is_size)
        memcpy(at, &size, sizeof(size));
    else
        memcpy(at, &value, sizeof(value));
}

static struct cairn_error *limits_apply(const struct limits_rule *rule,
    const struct cairn_http_limits *limits, struct cairn_http_limits *out)
{
    uint64_t value = limits_read(limits, rule->offset, rule->is_size);
    uint64_t max = rule->below == LIMITS_NONE ? rule->max : limits_read(out, rule->below, true);
    if (value == 0) {
        limits_write(out, rule, rule->fallback < max ? rule->fallback : max);
        return NULL;
    }
    if (value < rule->min || value > max)
        return cairn_error_new(CAIRN_ERROR_INVALID, "http.limits", NULL,
            "%s is %llu; it must be from %llu to %llu", rule->name, (unsigned long long)value,
            (unsigned long long)rule->min, (unsigned long long)max);
    limits_write(out, rule, value);
    return NULL;
}

struct cairn_error *cairn_http_limits_resolve(
    const struct cairn_http_limits *limits, struct cairn_http_limits *out)
{
    const struct cairn_http_limits given = limits ? *limits : (struct cairn_http_limits){0};
    for (size_t i = 0; i < sizeof(limits_rules) / sizeof(limits_rules[0]); i++) {
        struct cairn_error *error = limits_apply(&limits_rules[i], &given, out);
        if (error)
            return error;
    }
    return NULL;
}
