/* authorization.h - who sent a request: users, credentials, challenges. RFC 9110 section 11. */
#ifndef CAIRN_HTTP_AUTHORIZATION_H
#define CAIRN_HTTP_AUTHORIZATION_H

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/*
 * The user that a layer has found a request to come from: require_basic, require_bearer, jwt, a
 * function of your own. Read it in handlers and in layers inside of that one.
 */
struct cairn_http_user {
    struct cairn_str name; /* user-id, owner of the token, subject; "": known, without a name */
    void *data;            /* what a check of your own has left; else NULL */
};

/* NULL: none was found. */
CAIRN_API const struct cairn_http_user *cairn_http_user(const struct cairn_http_request *req);
/* In REQ's arena, with a copy of NAME (the absent string is ""); borrows DATA until the exchange
 * ends. NULL without memory. */
CAIRN_API const struct cairn_http_user *cairn_http_user_new(
    const struct cairn_http_request *req, struct cairn_str name, void *data);
/* In place of one that is there. Borrows USER until the exchange ends. Returns 0, or -1 without
 * memory. */
CAIRN_API int cairn_http_set_user(
    struct cairn_http_request *req, const struct cairn_http_user *user);

/* What is in the Authorization field. */
enum cairn_http_credentials {
    CAIRN_HTTP_CREDENTIALS_NONE, /* no such field, or another scheme */
    CAIRN_HTTP_CREDENTIALS_FOUND,
    CAIRN_HTTP_CREDENTIALS_MALFORMED, /* not of the scheme's grammar, or the field is there twice */
    CAIRN_HTTP_CREDENTIALS_NO_MEMORY
};

/*
 * RFC 7617. Both are bytes as they came: UTF-8, if the client does what the challenge says. USER
 * has no colon, PASSWORD may; a control character in one of them is malformed, and so is base64
 * that is not the one text of its bytes. In REQ's arena.
 */
CAIRN_API enum cairn_http_credentials cairn_http_basic_credentials(
    const struct cairn_http_request *req, struct cairn_str *user, struct cairn_str *password);
/* RFC 6750 section 2.1; TOKEN is a part of the field. */
CAIRN_API enum cairn_http_credentials cairn_http_bearer_token(
    const struct cairn_http_request *req, struct cairn_str *token);

/*
 * Answers that say how to come back: application/problem+json with WWW-Authenticate. NULL without
 * memory, and for a text that has a control character.
 */

/* 401, `Basic realm="REALM", charset="UTF-8"`. */
CAIRN_API struct cairn_http_response *cairn_http_basic_challenge(
    const struct cairn_http_request *req, const char *realm);

/* RFC 6750 section 3.1. */
enum cairn_http_bearer_error {
    CAIRN_HTTP_BEARER_NO_TOKEN,          /* 401, and no error */
    CAIRN_HTTP_BEARER_INVALID_REQUEST,   /* 400 */
    CAIRN_HTTP_BEARER_INVALID_TOKEN,     /* 401 */
    CAIRN_HTTP_BEARER_INSUFFICIENT_SCOPE /* 403 */
};

/* What stands in the challenge. NULL: left out. */
struct cairn_http_bearer_challenge {
    const char *realm; /* required */
    enum cairn_http_bearer_error error;
    const char *description; /* for a developer: "the token has expired" */
    const char *scope;       /* what is needed, separated by spaces; only with INSUFFICIENT_SCOPE */
};

CAIRN_API struct cairn_http_response *cairn_http_bearer_challenge(
    const struct cairn_http_request *req, const struct cairn_http_bearer_challenge *challenge);

CAIRN_END_DECLS

#endif
