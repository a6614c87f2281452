#include <cairn/http/codec/methods.h>

#include <string.h>

const char *cairn__methods_text(
    unsigned methods, const char *separator, char out[CAIRN__METHODS_BYTES])
{
    char *at = out;
    *at = '\0';
    for (unsigned m = 0; m < CAIRN_HTTP_METHODS; m++) {
        if (!(methods & CAIRN_HTTP_BIT(m)))
            continue;
        if (at != out)
            at = stpcpy(at, separator);
        at = stpcpy(
            at, m == CAIRN_HTTP_OTHER ? "ANY" : cairn_http_method_name((enum cairn_http_method)m));
    }
    return out;
}
