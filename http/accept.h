/* accept.h - which of several representations a client wants. RFC 9110 section 12. */
#ifndef CAIRN_HTTP_ACCEPT_H
#define CAIRN_HTTP_ACCEPT_H

#include <stddef.h>

#include <cairn/http/fields.h>

CAIRN_BEGIN_DECLS

/*
 * Each function takes what the server has, OFFERS[0..COUNT), best first, and returns the index of
 * the offer to send, or -1 when the client takes none of them: a 406, or an answer all the same, as
 * you like. The answer depends on the field, so send `Vary` with its name.
 *
 * All lines of a field are one list. Weights are 0 to 1 with at most three digits behind the point;
 * no weight is 1; a weight of 0 is a refusal. A member that is malformed, or has a malformed or a
 * second weight, is ignored; so is what comes after the first 64 members, malformed ones counted.
 * Names compare without case. Nothing is allocated; the work is bounded by the field's length
 * times that of all offers.
 */
#define CAIRN_HTTP_ACCEPT_MEMBERS 64

/*
 * Accept. Offers are media types, such as "application/json" or "text/html;level=1".
 *
 * For each offer the most specific range counts: type/subtype with more parameters before one with
 * fewer, then type/subtype, type and any subtype, any type; of two equal ones the first. A range
 * fits if the offer has all its parameters with the same values, without case. Of the offers with
 * the highest weight the first is chosen. A parameter named q is the weight wherever it stands. No
 * field, and a field with no well-formed member, take everything. "*" is read as all, and ".2" as
 * 0.2: Java's HttpURLConnection sends both. An offer that is no media type is never chosen.
 */
CAIRN_API int cairn_http_accept_media(
    const struct cairn_http_fields *fields, const char *const *offers, size_t count);

/*
 * Accept-Encoding. Offers are content codings, such as "gzip"; "identity" is no coding, and belongs
 * among them unless you will not send it.
 *
 * A coding has the weight of its own member, or of "*". Identity without either is acceptable, with
 * the least weight, 0.001; any other coding without either is not. Of the offers with the highest
 * weight the first is chosen. No field: "identity", or the first offer where it is not among them.
 * An empty field, or one with no well-formed member, takes only identity. "x-gzip" and
 * "x-compress" are gzip and compress (section 8.4.1).
 */
CAIRN_API int cairn_http_accept_encoding(
    const struct cairn_http_fields *fields, const char *const *offers, size_t count);

/*
 * Accept-Language. Offers are language tags, such as "de" or "en-GB".
 *
 * By weight, equal ones in their order in the field, each range is looked up as RFC 4647 section
 * 3.4 says: the longest offer that is the range or begins it ("de-CH" finds "de"). If there is
 * none, the first offer that begins with the range (basic filtering, section 3.3.1: "de" finds
 * "de-CH"). "*" finds the first offer that no other range finds by filtering. An offer is refused
 * when the longest range that finds it by filtering (of two equal ones the first), or else "*", has
 * the weight 0.
 *
 * No field, and a field with no well-formed member, give the first offer. After -1 the best answer
 * is usually your default language.
 */
CAIRN_API int cairn_http_accept_language(
    const struct cairn_http_fields *fields, const char *const *offers, size_t count);

CAIRN_END_DECLS

#endif
