#include <cairn/http/rejection.h>

#include <cairn/http/error_response.h>
#include <cairn/http/json_writer.h>

static void rejection_write_violations(
    struct cairn_json_writer *w, const struct cairn_http_rejection *rejection)
{
    cairn_json_key(w, "errors");
    cairn_json_array(w);
    for (size_t i = 0; i < rejection->violation_count; i++) {
        cairn_json_object(w);
        cairn_json_key(w, rejection->is_json ? "pointer" : "parameter");
        cairn_json_string(w, rejection->violations[i].where);
        cairn_json_key(w, "detail");
        cairn_json_string(w, rejection->violations[i].detail);
        cairn_json_end(w);
    }
    cairn_json_end(w);
}

static struct cairn_str rejection_body(
    struct cairn_arena *arena, const struct cairn_http_rejection *rejection)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena);
    cairn_json_object(&w);
    cairn_json_key(&w, "type");
    cairn_json_text(&w, "about:blank");
    cairn_json_key(&w, "title");
    cairn_json_text(&w, cairn_http_reason(rejection->status));
    cairn_json_key(&w, "status");
    cairn_json_int(&w, rejection->status);
    if (rejection->detail) {
        cairn_json_key(&w, "detail");
        cairn_json_text(&w, rejection->detail);
    }
    rejection_write_violations(&w, rejection);
    cairn_json_end(&w);
    return cairn_json_writer_text(&w);
}

struct cairn_http_response *cairn_http_reject_standard(
    const struct cairn_http_request *req, const struct cairn_http_rejection *rejection)
{
    if (rejection->reason == CAIRN_HTTP_REJECTION_NO_MEMORY)
        return NULL;
    if (rejection->violation_count == 0)
        return cairn_http_problem(req, rejection->status, rejection->detail);
    struct cairn_str body = rejection_body(req->arena, rejection);
    return body.data ? cairn_http_bytes(req, rejection->status, "application/problem+json", body)
                     : NULL;
}

struct rejection_answer {
    struct cairn_http_response *(*f)(const struct cairn_http_request *req,
        const struct cairn_http_rejection *rejection, void *cx);
    void *cx;
};
static const char rejection_key;

int cairn_http_reject_with(struct cairn_http_request *req,
    struct cairn_http_response *(*f)(const struct cairn_http_request *req,
        const struct cairn_http_rejection *rejection, void *cx),
    void *cx)
{
    struct rejection_answer *answer = cairn_arena_alloc(req->arena, sizeof(*answer));
    if (!answer)
        return -1;
    *answer = (struct rejection_answer){f, cx};
    return cairn_http_extension_set(req, &rejection_key, answer);
}

struct cairn_http_response *cairn_http_reject(
    const struct cairn_http_request *req, const struct cairn_http_rejection *rejection)
{
    const struct rejection_answer *answer = cairn_http_extension_get(req, &rejection_key);
    return answer ? answer->f(req, rejection, answer->cx)
                  : cairn_http_reject_standard(req, rejection);
}
