#include "api_problem.h"

#include "user_json.h"

static json_t *api_problem_errors(const struct user_violations *violations)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < violations->count; i++) {
        const struct user_violation *violation = &violations->items[i];
        json_t *error =
            json_pack("{s:s, s:s}", "field", violation->field, "detail", violation->detail);
        if (json_array_append_new(errors, error) != 0) {
            json_decref(errors);
            return NULL;
        }
    }
    return errors;
}

struct cairn_http_response *api_problem(const struct cairn_http_request *req, int status,
    const char *detail, const struct user_violations *violations)
{
    json_t *json = json_pack("{s:s, s:s, s:i, s:s, s:o}", "type", "about:blank", "title",
        cairn_http_reason(status), "status", status, "detail", detail, "errors",
        api_problem_errors(violations));
    struct cairn_str body = user_json_write(req->arena, json);
    return body.data ? cairn_http_bytes(req, status, "application/problem+json", body) : NULL;
}
