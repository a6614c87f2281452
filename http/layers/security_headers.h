/* security_headers.h - tells browsers to be careful with the answers. */
#ifndef CAIRN_HTTP_LAYERS_SECURITY_HEADERS_H
#define CAIRN_HTTP_LAYERS_SECURITY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

CAIRN_BEGIN_DECLS

/*
 * Sets these fields on every response that has none of that name, or, with `override`, in place of
 * those it has. A text of "" leaves the field out.
 *
 * The defaults forbid what a service hardly ever needs. Referrer-Policy is not "no-referrer": with
 * that a browser sends `Origin: null` with our own forms, too, which csrf would have to refuse.
 *
 * HSTS (RFC 6797) has a browser come by https alone, for as long as it says: it must be sent over
 * TLS only (section 7.2), and this layer does not know whether there is any. Set it where TLS ends
 * here, or in a proxy in front that every request passes.
 *
 * Readiness, errors and types are inner's, which must be http.request and http.response; errors get
 * no field. Without memory in the arena the call fails. May be cloned.
 * Invalid: a value that browsers do not know, or that may not stand in a field; hsts_subdomains or
 * hsts_preload without hsts_max_age_s; hsts_preload without hsts_subdomains or with less than a
 * year; frame_ancestors together with a content_security_policy that has some; nothing left to
 * send. Counts: nothing.
 *
 * Place: outside of error_to_response, so that answers to errors have the fields, too.
 */
struct cairn_security_headers_options {
    size_t size;
    bool allow_sniffing; /* false: X-Content-Type-Options: nosniff */
    bool override;       /* false: a handler's own field stays */
    bool hsts_subdomains;
    bool hsts_preload;           /* the operator asks browsers to know it from the start */
    uint32_t hsts_max_age_s;     /* 1 to 4294967295; 31536000 is a year. 0: no HSTS */
    const char *referrer_policy; /* NULL: "strict-origin-when-cross-origin" */
    /* X-Frame-Options: "DENY" or "SAMEORIGIN". NULL: "DENY", or none where there is
     * frame_ancestors.
     */
    const char *frame_options;
    /* Who may show it in a frame, "'self' https://a.example": this directive of
     * Content-Security-Policy, behind those of content_security_policy. NULL: none. */
    const char *frame_ancestors;
    const char *opener_policy;           /* Cross-Origin-Opener-Policy. NULL: "same-origin" */
    const char *permissions_policy;      /* NULL: "camera=(), geolocation=(), microphone=()" */
    const char *content_security_policy; /* NULL: none, since only the page's author knows it */
};

/* OPTIONS may be NULL: all defaults. */
CAIRN_API struct cairn_layer cairn_security_headers_layer(
    const struct cairn_security_headers_options *options);

/* cairn_security_headers(.content_security_policy = "default-src 'self'") */
#define cairn_security_headers(...)                                              \
    cairn_security_headers_layer(&(const struct cairn_security_headers_options){ \
        .size = sizeof(struct cairn_security_headers_options), __VA_ARGS__})

CAIRN_END_DECLS

#endif
