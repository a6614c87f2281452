#include "user_repository.h"

struct cairn_error user_error_not_found =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "users", "there is no user with this id");
struct cairn_error user_error_conflict =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_CONFLICT, "users", "another user has this email");
