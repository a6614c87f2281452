/* answer.h - more ready-made answers: formatted text, HTML, a redirect, nothing. Those of text,
 * bytes and streams are in message.h, JSON's in json_writer.h, errors' in error_response.h. */
#ifndef CAIRN_HTTP_ANSWER_H
#define CAIRN_HTTP_ANSWER_H

#include <cairn/http/message.h>

CAIRN_BEGIN_DECLS

/* Each returns NULL without memory. */

/* text/plain; charset=utf-8, formatted into the arena. */
CAIRN_API struct cairn_http_response *cairn_http_textf(
    const struct cairn_http_request *req, int status, const char *format, ...) CAIRN_PRINTF(3, 4);

/* text/html; charset=utf-8. Borrows HTML until the exchange ends. It is sent as it is: what comes
 * from outside has to be escaped before (cairn_html_escape). */
CAIRN_API struct cairn_http_response *cairn_http_html(
    const struct cairn_http_request *req, int status, struct cairn_str html);

/*
 * Sends the client to LOCATION, a URI or a path, which is copied. STATUS is (RFC 9110 section 15.4)
 *   303  look there, with GET: after a POST that has been done
 *   307  ask there for now, 308 from now on: with the same method and body
 *   301, 302  the older ones, after which clients may make a POST a GET
 * and anything else is an assertion. A LOCATION that is no value of a header field (a line end in
 * it) is answered with 500. Where it comes from the client, look where it leads first.
 */
CAIRN_API struct cairn_http_response *cairn_http_redirect(
    const struct cairn_http_request *req, int status, const char *location);

/* 204, without a body. */
CAIRN_API struct cairn_http_response *cairn_http_no_content(const struct cairn_http_request *req);

CAIRN_END_DECLS

#endif
