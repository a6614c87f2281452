/* jwt_config.h - the options of the layer jwt: checked, and copied. Internal. */
#ifndef CAIRN_HTTP_JWT_CONFIG_H
#define CAIRN_HTTP_JWT_CONFIG_H

#include <cairn/http/jwt/jwt_token.h>

/* What copies share: the options, copied. */
struct cairn__jwt_config {
    unsigned references;
    struct cairn__jwt_rules rules;
    struct cairn__jwt_key keys[CAIRN_JWT_KEYS];
    char *scopes[CAIRN_JWT_SCOPES + 1];
    char *scope; /* all of them, for the challenge; NULL: none */
    char *issuer;
    char *audience;
    char *cookie;
    char *realm;
    int64_t (*now)(void *cx);
    void *cx;
    uint64_t passed;
    uint64_t refused;
};

/* The broken service in place of INNER; NULL: the options are good. */
struct cairn_service *cairn__jwt_config_refuse(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_jwt_options *opts);
/* Of good options. With one reference; NULL without memory. */
struct cairn__jwt_config *cairn__jwt_config_new(const struct cairn_jwt_options *opts);
void cairn__jwt_config_unref(struct cairn__jwt_config *config);

#endif
