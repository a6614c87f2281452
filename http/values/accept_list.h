/* accept_list.h - the members of Accept and its like, with their weights. Internal.
 *
 * RFC 9110 sections 12.4.2 and 5.6.1. All lines of a field are one list. Commas in quoted strings
 * divide nothing; a string that does not end swallows the rest of its line. Members whose
 * parameters or weight are malformed are left out, and so is all that comes after the cap.
 */
#ifndef CAIRN_HTTP_ACCEPT_LIST_H
#define CAIRN_HTTP_ACCEPT_LIST_H

#include <cairn/http/accept.h>

struct cairn__accept_member {
    struct cairn_str name;   /* what stands before the parameters, not checked; may be empty */
    struct cairn_str params; /* well-formed, the weight among them */
    size_t param_count;      /* the weight does not count */
    unsigned weight;         /* 0 to 1000 */
};

struct cairn__accept_list {
    struct cairn__accept_member members[CAIRN_HTTP_ACCEPT_MEMBERS];
    size_t count;
    bool is_present; /* whether there is such a field at all */
};

/* Borrows from FIELDS. */
void cairn__accept_list_read(
    struct cairn__accept_list *self, const struct cairn_http_fields *fields, struct cairn_str name);

/* Whether the parameter's name is that of the weight. */
bool cairn__accept_is_weight(struct cairn_str name);

#endif
