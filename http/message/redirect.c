#include <cairn/http/redirect.h>

#include <stdint.h>
#include <string.h>

#include <cairn/http/answer.h>
#include <cairn/http/message/redirect_status.h>
#include <cairn/service/alloc.h>

/* What copies share. */
struct redirect_shared {
    unsigned references;
    int status;
    uint64_t redirected;
    char location[];
};

struct redirect {
    struct cairn_service base;
    struct redirect_shared *shared;
};

static struct cairn_future redirect_call(struct cairn_service *base, void *req)
{
    struct redirect_shared *shared = ((struct redirect *)base)->shared;
    struct cairn_http_response *res = cairn_http_redirect(req, shared->status, shared->location);
    cairn_service_drop_request(base, req);
    if (!res)
        return cairn_future_failed(&cairn_error_no_memory);
    shared->redirected++;
    return cairn_future_ready(res);
}

static void redirect_cloned(struct cairn_service *base)
{
    ((struct redirect *)base)->shared->references++;
}

static void redirect_drop(struct cairn_service *base)
{
    struct redirect_shared *shared = ((struct redirect *)base)->shared;
    if (--shared->references == 0)
        cairn_free(shared);
}

static void redirect_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct redirect_shared *shared = ((const struct redirect *)base)->shared;
    cairn_describe_parameter(d, "status", (uint64_t)shared->status, NULL);
    cairn_describe_text(d, "location", shared->location);
    cairn_describe_counter(d, "redirected", shared->redirected);
}

static const struct cairn_service_ops redirect_ops = {
    .name = "redirect",
    .size = sizeof(struct redirect),
    .call = redirect_call,
    .cloned = redirect_cloned,
    .drop = redirect_drop,
    .describe = redirect_describe,
};

static struct redirect_shared *redirect_shared_new(int status, const char *location)
{
    size_t size = strlen(location) + 1;
    struct redirect_shared *shared = cairn_alloc_zero(sizeof(*shared) + size);
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->status = status;
    memcpy(shared->location, location, size);
    return shared;
}

static struct cairn_service *redirect_broken(const char *message)
{
    return cairn_service_broken(
        cairn_error_new(CAIRN_ERROR_INVALID, "redirect", NULL, "%s", message));
}

struct cairn_service *cairn_http_redirect_service(int status, const char *location)
{
    if (!cairn__redirect_is_status(status))
        return redirect_broken("status must be 301, 302, 303, 307 or 308");
    if (!location || !*location || !cairn_http_is_field_value(cairn_str_from(location)))
        return redirect_broken("location must be a URI or a path");
    struct redirect_shared *shared = redirect_shared_new(status, location);
    struct redirect *self = shared ? cairn_service_new(&redirect_ops, NULL) : NULL;
    if (!self) {
        cairn_free(shared);
        return cairn_service_broken(&cairn_error_no_memory);
    }
    self->shared = shared;
    self->base.request_type = &cairn_http_request_type;
    self->base.response_type = &cairn_http_response_type;
    return &self->base;
}
