/* either.h - one of two services, chosen when the program is set up. Tower's Either. */
#ifndef CAIRN_SERVICE_EITHER_H
#define CAIRN_SERVICE_EITHER_H

#include <stdbool.h>

#include <cairn/service/service.h>

CAIRN_BEGIN_DECLS

/*
 * LEFT where IS_LEFT, else RIGHT, as it is: the choice costs nothing at a call. Takes both and
 * drops the other.
 *
 * What is wrong with the one that is not chosen is found all the same, so that no setting is found
 * broken on the day it is first used: a broken service is returned where either of the two is
 * broken, and where their types differ (CAIRN_ERROR_TYPE, "either"). Never NULL.
 */
CAIRN_API struct cairn_service *cairn_either(
    bool is_left, struct cairn_service *left, struct cairn_service *right);

CAIRN_END_DECLS

#endif
