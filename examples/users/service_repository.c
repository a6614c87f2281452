#include "service_repository.h"

#include <cairn/service/alloc.h>
#include <cairn/service/call.h>

#include "user_query.h"

struct service_repository {
    struct user_repository base;
    struct cairn_service *service;
};

/* A copy for each call, since a service has room for one call at a time; what the copies count and
 * limit, they share. */
static struct cairn_future service_repository_start(
    struct user_repository *base, struct user_query query)
{
    struct service_repository *self = (struct service_repository *)base;
    struct user_query *req = user_query_new(query);
    struct cairn_service *copy = req ? cairn_service_clone(self->service) : NULL;
    if (copy)
        return cairn_service_oneshot(copy, req);
    cairn_type_drop(&user_query_type, req);
    return cairn_future_failed(&cairn_error_no_memory);
}

static struct cairn_future service_repository_find_by_id(struct user_repository *base, int64_t id)
{
    return service_repository_start(base, (struct user_query){USER_FIND, .id = id});
}

static struct cairn_future service_repository_list(
    struct user_repository *base, int64_t after, size_t limit)
{
    return service_repository_start(
        base, (struct user_query){USER_LIST, .id = after, .limit = limit});
}

static struct cairn_future service_repository_save(
    struct user_repository *base, const struct user *user)
{
    struct user *copy = user_copy(user);
    if (!copy)
        return cairn_future_failed(&cairn_error_no_memory);
    return service_repository_start(base, (struct user_query){USER_SAVE, .user = copy});
}

static struct cairn_future service_repository_delete_by_id(struct user_repository *base, int64_t id)
{
    return service_repository_start(base, (struct user_query){USER_DELETE, .id = id});
}

static void service_repository_describe(
    const struct user_repository *base, struct cairn_describe *d)
{
    cairn_describe_service(d, ((const struct service_repository *)base)->service);
}

static void service_repository_close(struct user_repository *base)
{
    cairn_service_drop(((struct service_repository *)base)->service);
    cairn_free(base);
}

static const struct user_repository_ops service_repository_ops = {
    .name = "service",
    .find_by_id = service_repository_find_by_id,
    .save = service_repository_save,
    .list = service_repository_list,
    .delete_by_id = service_repository_delete_by_id,
    .describe = service_repository_describe,
    .close = service_repository_close,
};

struct user_repository *service_repository_new(
    struct cairn_service *service, struct cairn_error **error)
{
    const struct cairn_error *reason = cairn_service_error(service);
    struct service_repository *self = reason ? NULL : cairn_alloc(sizeof(*self));
    if (!self) {
        *error = reason ? cairn_error_ref((struct cairn_error *)reason) : &cairn_error_no_memory;
        cairn_service_drop(service);
        return NULL;
    }
    self->base.ops = &service_repository_ops;
    self->service = service;
    return &self->base;
}
