/* form.c - an HTML form: it is filled in, checked, shown again with what was wrong, or done. */
#include <stdlib.h>
#include <string.h>

#include <cairn/http/all.h>

enum plan { FREE, PAID };
static const char *const plan_names[] = {"free", "paid"};

struct sign_up {
    struct cairn_str name;
    struct cairn_str email;
    int32_t age;
    enum plan plan;
    bool news; /* a checkbox: "on", or not there */
};

static const char *check_email(const void *value)
{
    const struct cairn_str *email = value;
    return memchr(email->data, '@', email->length) ? NULL : "must be an e-mail address";
}

/* One table for the form and for the query that follows it. */
static const struct cairn_field sign_up_fields[] = {
    CAIRN_FIELD_STRING(struct sign_up, name, .required = true, .min_length = 1, .max_length = 40),
    CAIRN_FIELD_STRING(
        struct sign_up, email, .required = true, .max_length = 80, .check = check_email),
    CAIRN_FIELD_INT(struct sign_up, age, .required = true, .min = 18, .max = 120),
    CAIRN_FIELD_ENUM(struct sign_up, plan, plan_names, .otherwise = "free"),
    CAIRN_FIELD_BOOL(struct sign_up, news),
};
static const struct cairn_record sign_up_record = CAIRN_RECORD(struct sign_up, sign_up_fields);

/* What was wrong, as a list. Both texts are the table's, none comes from outside. */
static struct cairn_str list_of(
    struct cairn_http_request *req, const struct cairn_http_rejection *no)
{
    struct cairn_str list = CAIRN_STR("");
    for (size_t i = 0; no && list.data && i < no->violation_count; i++) {
        const struct cairn_http_violation *v = &no->violations[i];
        list = cairn_arena_printf(req->arena, "%s<li>%.*s %.*s</li>\n", list.data,
            (int)v->where.length, v->where.data, (int)v->detail.length, v->detail.data);
    }
    return list;
}

/* The form, with what was typed. Whatever a user typed is escaped: <script> is then text. */
static struct cairn_http_response *show_form(struct cairn_http_request *req, int status,
    const struct sign_up *typed, const struct cairn_http_rejection *no)
{
    struct cairn_str errors = list_of(req, no);
    struct cairn_str name = cairn_html_escape(req->arena, typed->name);
    struct cairn_str email = cairn_html_escape(req->arena, typed->email);
    if (!errors.data || !name.data || !email.data)
        return NULL;
    struct cairn_str page = cairn_arena_printf(req->arena,
        "<!doctype html><title>Sign up</title>\n"
        "<ul>\n%s</ul>\n"
        "<form method=post action=/sign-up>\n"
        "Name <input name=name value=\"%s\">\n"
        "E-mail <input name=email value=\"%s\">\n"
        "Age <input name=age>\n"
        "<select name=plan><option>free<option>paid</select>\n"
        "News <input type=checkbox name=news>\n"
        "<button>Sign up</button></form>\n",
        errors.data, name.data, email.data);
    return page.data ? cairn_http_html(req, status, page) : NULL;
}

static struct cairn_http_response *get_form(struct cairn_http_request *req, void *state)
{
    (void)state;
    return show_form(req, 200, &(struct sign_up){0}, NULL);
}

static struct cairn_http_response *post_form(struct cairn_http_request *req, void *state)
{
    struct sign_up typed = {0};
    struct cairn_http_rejection no;
    (void)state;
    if (!cairn_http_bind_form(req, &sign_up_record, &typed, &no)) {
        if (no.reason == CAIRN_HTTP_REJECTION_DATA)
            return show_form(req, no.status, &typed, &no); /* 422, and a page for a person */
        return cairn_http_reject(req, &no);                /* no form at all: 415 */
    }
    /* Here the account would be made. 303: the browser goes on with a GET, and a reload of the page
     * does not send the form again. */
    struct cairn_http_param name = {CAIRN_STR("name"), typed.name};
    struct cairn_str query = cairn_http_query_write(req->arena, &name, 1);
    struct cairn_str place = cairn_arena_printf(req->arena, "/welcome?%s", query.data);
    return query.data && place.data ? cairn_http_redirect(req, 303, place.data) : NULL;
}

static struct cairn_http_response *welcome(struct cairn_http_request *req, void *state)
{
    struct cairn_http_query query;
    (void)state;
    int status = cairn_http_query_of(req, &query);
    if (status)
        return cairn_http_problem(req, status, NULL);
    struct cairn_str name = cairn_html_escape(req->arena, cairn_http_query_get(&query, "name"));
    struct cairn_str page =
        cairn_arena_printf(req->arena, "<!doctype html><h1>Welcome, %s!</h1>\n", name.data);
    return name.data && page.data ? cairn_http_html(req, 200, page) : NULL;
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)cx, (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/", cairn_http_handler(get_form, NULL));
    cairn_http_post(r, "/sign-up", cairn_http_handler(post_form, NULL));
    cairn_http_get(r, "/welcome", cairn_http_handler(welcome, NULL));
    return cairn_stack(cairn_http_router_service(r),
        cairn_security_headers(), /* no page of others may show this one in a frame */
        cairn_error_to_response(), cairn_csrf(), /* nor send the form in a user's name */
        cairn_body_limit(.max_bytes = 10000));
}

int main(int argc, char **argv)
{
    return cairn_http_serve(app, NULL, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
