#include <cairn/http/codec/framing.h>

#include <string.h>

#include <cairn/http/codec/list.h>
#include <cairn/http/codec/target.h>

/* The fields that matter here, gathered in one walk. */
struct framing_fields {
    struct cairn_http_field *host;
    struct cairn_str content_length;
    struct cairn_str transfer_encoding;
    bool has_second; /* one of those that may stand only once stands twice */
    bool has_upgrade;
    bool has_connection;
    bool has_expect;
    bool has_other_expect; /* another expectation than 100-continue */
};

static void framing_once(
    struct framing_fields *f, struct cairn_str *slot, const struct cairn_http_field *field)
{
    if (slot->data)
        f->has_second = true;
    *slot = field->value;
}

/*
 * Whether NAME, a token as long as LOWER, is LOWER, which has letters and hyphens only. In four
 * bytes at once, the last over bytes already seen: the case bit makes no other token character a
 * letter or a hyphen.
 */
static inline bool framing_is(const char *name, const char *lower, size_t length)
{
    uint32_t differs = 0;
    for (size_t i = 0; i < length; i += sizeof(uint32_t)) {
        size_t at = i + sizeof(uint32_t) <= length ? i : length - sizeof(uint32_t);
        uint32_t a;
        uint32_t b;
        memcpy(&a, name + at, sizeof(a));
        memcpy(&b, lower + at, sizeof(b));
        differs |= (a | 0x20202020u) ^ b;
    }
    return differs == 0;
}

static bool framing_is_continue(struct cairn_str expectation)
{
    return cairn_str_equal_nocase(expectation, CAIRN_STR("100-continue"));
}

#define FRAMING_IS(field, literal) framing_is((field)->name.data, literal, sizeof(literal) - 1)

static void framing_gather_one(struct framing_fields *f, struct cairn_http_field *field)
{
    switch (field->name.length) {
    case 4:
        if (FRAMING_IS(field, "host")) {
            f->has_second |= f->host != NULL;
            f->host = field;
        }
        break;
    case 6:
        if (FRAMING_IS(field, "expect")) {
            f->has_expect = true;
            f->has_other_expect |= !cairn__list_is(field->value, framing_is_continue);
        }
        break;
    case 7:
        f->has_upgrade |= FRAMING_IS(field, "upgrade");
        break;
    case 10:
        f->has_connection |= FRAMING_IS(field, "connection");
        break;
    case 14:
        if (FRAMING_IS(field, "content-length"))
            framing_once(f, &f->content_length, field);
        break;
    case 17:
        if (FRAMING_IS(field, "transfer-encoding"))
            framing_once(f, &f->transfer_encoding, field);
        break;
    default:
        break;
    }
}

static struct cairn__verdict framing_host(
    const struct cairn_http_request *req, const struct framing_fields *f)
{
    if (!f->host)
        return req->version_minor == 0 ? cairn__accept()
                                       : cairn__refuse(400, "HTTP/1.1 without Host");
    size_t host_length;
    if (!cairn__authority_parse(f->host->value, &host_length))
        return cairn__refuse(400, "the Host is no host and port");
    return cairn__accept();
}

static bool framing_is_filled(struct cairn_str element)
{
    return element.length > 0;
}

static struct cairn__verdict framing_transfer_encoding(
    const struct cairn_http_request *req, const struct framing_fields *f)
{
    if (f->content_length.data)
        return cairn__refuse(400, "Content-Length beside Transfer-Encoding");
    if (req->version_minor == 0)
        return cairn__refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (cairn_str_equal_nocase(f->transfer_encoding, CAIRN_STR("chunked")))
        return cairn__accept();
    if (!cairn__list_is(f->transfer_encoding, framing_is_filled))
        return cairn__refuse(400, "a Transfer-Encoding with an empty element");
    return cairn__refuse(501, "a transfer coding other than chunked");
}

static struct cairn__verdict framing_body(const struct cairn_http_request *req,
    const struct framing_fields *f, const struct cairn_http_limits *limits, int64_t *out)
{
    unsigned long long length = 0;
    *out = 0;
    if (f->transfer_encoding.data) {
        *out = -1;
        return framing_transfer_encoding(req, f);
    }
    if (!f->content_length.data)
        return cairn__accept();
    if (!cairn_str_to_u64(f->content_length, &length))
        return cairn__refuse(400, "the Content-Length is no number");
    if (length > limits->stream_bytes)
        return cairn__refuse(413, "the body is too large");
    *out = (int64_t)length;
    return cairn__accept();
}

static bool framing_keeps_alive(
    const struct cairn_http_request *req, const struct framing_fields *f)
{
    const struct cairn_str name = CAIRN_STR_INIT("connection");
    if (!f->has_connection)
        return req->version_minor == 1;
    if (cairn_http_fields_has_token(&req->fields, name, CAIRN_STR("close")))
        return false;
    if (req->version_minor == 0)
        return cairn_http_fields_has_token(&req->fields, name, CAIRN_STR("keep-alive"));
    return !f->has_upgrade ||
           !cairn_http_fields_has_token(&req->fields, name, CAIRN_STR("upgrade"));
}

/* RFC 9110 section 10.1.1: not in HTTP/1.0; 417 for any other expectation. */
static struct cairn__verdict framing_expect(const struct cairn_http_request *req,
    const struct framing_fields *f, struct cairn__framing *out)
{
    out->expects_continue = false;
    if (!f->has_expect || req->version_minor == 0)
        return cairn__accept();
    if (f->has_other_expect)
        return cairn__refuse(417, "an expectation other than 100-continue");
    out->expects_continue = out->content_length != 0;
    return cairn__accept();
}

struct cairn__verdict cairn__framing_read(const struct cairn_http_request *req,
    const struct cairn_http_limits *limits, struct cairn__framing *out)
{
    struct framing_fields f = {0};
    for (size_t i = 0; i < req->fields.count; i++)
        framing_gather_one(&f, &req->fields.items[i]);
    out->host = f.host;
    if (f.has_second)
        return cairn__refuse(400, "a field that may stand only once stands twice");
    struct cairn__verdict v = framing_host(req, &f);
    if (!v.status)
        v = framing_body(req, &f, limits, &out->content_length);
    if (!v.status)
        v = framing_expect(req, &f, out);
    out->keeps_alive = framing_keeps_alive(req, &f);
    return v;
}

bool cairn__framing_in_trailers(const struct cairn_http_fields *trailers)
{
    return cairn_http_fields_get(trailers, CAIRN_STR("content-length")).data ||
           cairn_http_fields_get(trailers, CAIRN_STR("transfer-encoding")).data;
}
