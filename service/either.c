#include <cairn/service/either.h>

static const char *either_type_name(const struct cairn_type *type)
{
    return type ? type->name : "anything";
}

static struct cairn_service *either_refuse(struct cairn_service *left, struct cairn_service *right)
{
    struct cairn_error *error = cairn_error_new(CAIRN_ERROR_TYPE, "either", NULL,
        "needs two services of one kind, got one from %s to %s and one from %s to %s",
        either_type_name(left->request_type), either_type_name(left->response_type),
        either_type_name(right->request_type), either_type_name(right->response_type));
    cairn_service_drop(left);
    cairn_service_drop(right);
    return cairn_service_broken(error);
}

struct cairn_service *cairn_either(
    bool is_left, struct cairn_service *left, struct cairn_service *right)
{
    struct cairn_service *chosen = is_left ? left : right;
    struct cairn_service *other = is_left ? right : left;
    if (cairn_service_error(other) && !cairn_service_error(chosen)) {
        cairn_service_drop(chosen);
        return other;
    }
    if (!cairn_service_error(chosen) &&
        (left->request_type != right->request_type || left->response_type != right->response_type))
        return either_refuse(left, right);
    cairn_service_drop(other);
    return chosen;
}
