/* from_extractor.c - what every request of a group must say is read once, outside of its handlers.
 */
#include <stdio.h>

#include <cairn/http/handler.h>
#include <cairn/http/layers/from_extractor.h>
#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/stack.h>

/* [function] */
static const char tenant_key;

static bool read_tenant(
    struct cairn_http_request *req, void *state, struct cairn_http_rejection *no)
{
    struct cairn_str name = cairn_http_request_field(req, "X-Tenant");
    struct cairn_str *tenant = cairn_arena_alloc(req->arena, sizeof(*tenant));
    (void)state;
    no->status = 400;
    no->detail = "X-Tenant must say whose data it is";
    if (!name.length)
        return false;
    no->reason = CAIRN_HTTP_REJECTION_NO_MEMORY;
    if (!tenant || cairn_http_extension_set(req, &tenant_key, tenant))
        return false;
    *tenant = name;
    return true;
}
/* [/function] */

/* [table] */
struct page {
    int64_t after;
    int64_t limit;
};
static const struct cairn_field page_fields[] = {
    CAIRN_FIELD_INT(struct page, after, .max = INT64_MAX),
    CAIRN_FIELD_INT(struct page, limit, .min = 1, .max = 100),
};
static const struct cairn_record page_record = CAIRN_RECORD(struct page, page_fields);
static const struct page page_defaults = {.limit = 20};
static const char page_key;
/* [/table] */

/* [handler] */
static struct cairn_http_response *list(struct cairn_http_request *req, void *state)
{
    const struct cairn_str *tenant = cairn_http_extension_get(req, &tenant_key);
    const struct page *page = cairn_http_extension_get(req, &page_key);
    (void)state;
    return cairn_http_text(req, 200,
        cairn_arena_printf(
            req->arena, "%lld of %.*s", (long long)page->limit, (int)tenant->length, tenant->data)
            .data);
}
/* [/handler] */

static struct cairn_str ask(struct cairn_runtime *runtime, struct cairn_service *app,
    struct cairn_arena *arena, const char *target, const char *tenant)
{
    union cairn_outcome out;
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, target);
    if (tenant)
        cairn_http_fields_add(&req->fields, CAIRN_STR("X-Tenant"), cairn_str_from(tenant));
    struct cairn_future call = cairn_service_oneshot(cairn_service_clone(app), req);
    if (cairn_block_on(runtime, call, &out) != CAIRN_READY) {
        cairn_error_unref(out.error);
        return CAIRN_STR("");
    }
    const struct cairn_http_response *res = out.value;
    printf("%d %.*s\n", res->status, (int)res->body.length, res->body.data);
    return res->status == 200 ? res->body : cairn_str_from(cairn_http_reason(res->status));
}

int main(void)
{
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    if (!runtime || !arena)
        return 1;
    /* [snippet] */
    struct cairn_service *app = cairn_stack(cairn_http_handler(list, NULL),
        cairn_from_extractor(.f = read_tenant, .name = "tenant"),
        cairn_from_extractor(.bind = cairn_http_bind_query, .record = &page_record,
            .bytes = sizeof(struct page), .defaults = &page_defaults, .key = &page_key));
    /* [/snippet] */
    bool is_right =
        cairn_str_equal(ask(runtime, app, arena, "/?limit=5", "acme"), CAIRN_STR("5 of acme")) &&
        cairn_str_equal(ask(runtime, app, arena, "/", "acme"), CAIRN_STR("20 of acme")) &&
        cairn_str_equal(ask(runtime, app, arena, "/", NULL), CAIRN_STR("Bad Request")) &&
        cairn_str_equal(ask(runtime, app, arena, "/?limit=0", "a"), CAIRN_STR("Bad Request"));
    cairn_service_drop(app);
    cairn_arena_free(arena);
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
