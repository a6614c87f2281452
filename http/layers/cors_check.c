#include <cairn/http/layers/cors_policy.h>

#include <cairn/http/codec/list.h>
#include <cairn/http/layers/origin.h>

#define CORS_MIRRORS \
    (CAIRN_CORS_MIRROR_ORIGIN | CAIRN_CORS_MIRROR_METHODS | CAIRN_CORS_MIRROR_HEADERS)

static const struct cairn__cors_complaint cors_fine = {NULL, NULL};

static struct cairn__cors_complaint cors_check_way(const struct cairn_cors_options *opts)
{
    int ways = (opts->origins != NULL) + (opts->allows != NULL) + (opts->allows_later != NULL) +
               ((opts->mirror & CAIRN_CORS_MIRROR_ORIGIN) != 0);
    if (ways == 1)
        return cors_fine;
    return (struct cairn__cors_complaint){"origins",
        "or allows or allows_later or CAIRN_CORS_MIRROR_ORIGIN must be set, one of them"};
}

static bool cors_is_any(const char *list)
{
    return list && cairn_str_equal(cairn_str_from(list), CAIRN_STR("*"));
}

/* LIST, if there is one, is "*", where that may be, or of what IS_VALID; else FORM tells. */
static struct cairn__cors_complaint cors_check_list(const struct cairn_cors_options *opts,
    const char *option, const char *list, bool (*is_valid)(struct cairn_str), const char *form)
{
    if (!list)
        return cors_fine;
    if (cors_is_any(list))
        return opts->credentials ? (struct cairn__cors_complaint){option,
                                       "must not be \"*\" with credentials: a browser refuses that"}
                                 : cors_fine;
    if (cairn__list_is(cairn_str_from(list), is_valid))
        return cors_fine;
    return (struct cairn__cors_complaint){option, form};
}

/* "*" is a token, but among others it would be a name. */
static bool cors_is_name(struct cairn_str s)
{
    return cairn_http_is_token(s) && !cairn_str_equal(s, CAIRN_STR("*"));
}

static struct cairn__cors_complaint cors_check_lists(const struct cairn_cors_options *opts)
{
    static const char tokens[] = "must be \"*\" or names, separated by commas";
    struct cairn__cors_complaint complaint = cors_check_list(opts, "origins", opts->origins,
        cairn__origin_is_valid, "must be \"*\" or " CAIRN__ORIGIN_FORM);
    if (!complaint.option)
        complaint = cors_check_list(opts, "methods", opts->methods, cors_is_name, tokens);
    if (!complaint.option)
        complaint = cors_check_list(opts, "headers", opts->headers, cors_is_name, tokens);
    if (!complaint.option)
        complaint = cors_check_list(opts, "expose", opts->expose, cors_is_name, tokens);
    return complaint;
}

static struct cairn__cors_complaint cors_check_mirror(const struct cairn_cors_options *opts)
{
    static const char both[] = "and its mirror exclude each other";
    if (opts->mirror & ~(unsigned)CORS_MIRRORS)
        return (struct cairn__cors_complaint){"mirror", "must be of enum cairn_cors_mirror"};
    if (opts->methods && (opts->mirror & CAIRN_CORS_MIRROR_METHODS))
        return (struct cairn__cors_complaint){"methods", both};
    if (opts->headers && (opts->mirror & CAIRN_CORS_MIRROR_HEADERS))
        return (struct cairn__cors_complaint){"headers", both};
    return cors_fine;
}

struct cairn__cors_complaint cairn__cors_check(const struct cairn_cors_options *opts)
{
    struct cairn__cors_complaint complaint = cors_check_mirror(opts);
    if (!complaint.option)
        complaint = cors_check_way(opts);
    if (!complaint.option)
        complaint = cors_check_lists(opts);
    if (complaint.option)
        return complaint;
    if (opts->max_age_s < -1 || opts->max_age_s > CAIRN_CORS_MAX_AGE_S)
        return (struct cairn__cors_complaint){"max_age_s", "must be -1 to 86400"};
    if (opts->max_age_s != 0 && opts->max_age)
        return (struct cairn__cors_complaint){"max_age_s", "and max_age exclude each other"};
    return cors_fine;
}
