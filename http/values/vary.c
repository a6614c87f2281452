#include <cairn/http/vary.h>

int cairn_http_vary_add(struct cairn_http_fields *fields, struct cairn_str name)
{
    const struct cairn_str vary = CAIRN_STR("Vary");
    if (cairn_http_fields_has_token(fields, vary, CAIRN_STR("*")) ||
        cairn_http_fields_has_token(fields, vary, name))
        return 0;
    return cairn_http_fields_add(fields, vary, name);
}
