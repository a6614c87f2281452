#include "api_request.h"

#include <string.h>

#include <cairn/http/error_response.h>

#include "api_problem.h"
#include "user_json.h"

#define API_DEFAULT_LIMIT 20
#define API_MAX_LIMIT 100

/* Reads S as a number from MIN to MAX. */
static bool api_number(struct cairn_str s, uint64_t min, uint64_t max, uint64_t *out)
{
    unsigned long long value;
    if (!cairn_str_to_u64(s, &value) || value < min || value > max)
        return false;
    *out = value;
    return true;
}

int64_t api_request_id(const struct cairn_http_request *req)
{
    uint64_t id = 0;
    api_number(cairn_http_request_param(req, "id"), 1, INT64_MAX, &id);
    return (int64_t)id;
}

/* Cuts S at the first C and moves it behind that. Returns what was before it. */
static struct cairn_str api_cut(struct cairn_str *s, char c)
{
    const char *found = s->length > 0 ? memchr(s->data, c, s->length) : NULL;
    size_t length = found ? (size_t)(found - s->data) : s->length;
    size_t skipped = found ? length + 1 : length;
    struct cairn_str head = cairn_str_of(s->data, length);
    *s = cairn_str_of(s->data + skipped, s->length - skipped);
    return head;
}

/* The value of KEY in the query, as it came; the absent string when KEY is not there. */
static struct cairn_str api_query_value(struct cairn_str query, const char *key)
{
    while (query.length > 0) {
        struct cairn_str value = api_cut(&query, '&');
        struct cairn_str name = api_cut(&value, '=');
        if (cairn_str_equal(name, cairn_str_from(key)))
            return value;
    }
    return cairn_str_of(NULL, 0);
}

static void api_violate(struct user_violations *violations, const char *field, const char *detail)
{
    violations->items[violations->count++] = (struct user_violation){field, detail};
}

bool api_request_page(
    const struct cairn_http_request *req, struct api_page *out, struct user_violations *violations)
{
    struct cairn_str after_text = api_query_value(req->query, "after");
    struct cairn_str limit_text = api_query_value(req->query, "limit");
    uint64_t after = 0;
    uint64_t limit = API_DEFAULT_LIMIT;
    if (after_text.data && !api_number(after_text, 0, INT64_MAX, &after))
        api_violate(violations, "after", "must be the id of a user, or 0");
    if (limit_text.data && !api_number(limit_text, 1, API_MAX_LIMIT, &limit))
        api_violate(violations, "limit", "must be a whole number from 1 to 100");
    *out = (struct api_page){(int64_t)after, (size_t)limit};
    return violations->count == 0;
}

static struct cairn_str api_trim(struct cairn_str s)
{
    while (s.length > 0 && (s.data[s.length - 1] == ' ' || s.data[s.length - 1] == '\t'))
        s.length--;
    return s;
}

static bool api_is_json(const struct cairn_http_request *req)
{
    struct cairn_str type = cairn_http_request_field(req, "content-type");
    return cairn_str_equal_nocase(api_trim(api_cut(&type, ';')), CAIRN_STR("application/json"));
}

static struct cairn_http_response *api_refuse_json(
    const struct cairn_http_request *req, const json_error_t *error)
{
    struct cairn_str detail = cairn_arena_printf(req->arena,
        "the body is not JSON: line %d, column %d: %s", error->line, error->column, error->text);
    return detail.data ? cairn_http_problem(req, 400, detail.data) : NULL;
}

static struct user *api_read_user(const struct cairn_http_request *req, int64_t id,
    const json_t *json, struct cairn_http_response **refusal)
{
    struct user_violations violations = {0};
    struct cairn_str name, email;
    user_json_read(json, &name, &email);
    user_validate(name, email, &violations);
    if (violations.count == 0)
        return user_new(id, name, email, 0);
    *refusal = api_problem(req, 422, "the user is not valid", &violations);
    return NULL;
}

struct user *api_request_user(
    const struct cairn_http_request *req, int64_t id, struct cairn_http_response **refusal)
{
    *refusal = NULL;
    if (!api_is_json(req)) {
        *refusal = cairn_http_problem(req, 415, "the body must be application/json");
        return NULL;
    }
    json_error_t error = {0};
    json_t *json = json_loadb(req->body.length > 0 ? req->body.data : "", req->body.length,
        JSON_REJECT_DUPLICATES, &error);
    struct user *user = NULL;
    if (json && json_is_object(json))
        user = api_read_user(req, id, json, refusal);
    else if (json)
        *refusal = cairn_http_problem(req, 422, "the body must be a JSON object");
    else if (error.text[0] != '\0')
        *refusal = api_refuse_json(req, &error);
    json_decref(json);
    return user;
}
