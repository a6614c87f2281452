/* webhook_receiver.c - takes events from a service that signs them: HMAC-SHA-256 over a time and
 * the body, in a field like "X-Signature: t=1767225600,v1=5f2b…". WEBHOOK_SECRET is the key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cairn/http/all.h>

/* An old request that somebody sends again is refused; clocks may differ by as much. */
#define TOLERANCE_S 300
#define MAC_HEX 64

/* "t=…,v1=…": false when it is anything else. */
static bool read_signature(struct cairn_str field, unsigned long long *when, struct cairn_str *mac)
{
    const char *comma = field.length > 2 ? memchr(field.data, ',', field.length) : NULL;
    size_t length = comma ? (size_t)(comma - field.data) : 0;
    if (length < 3 || memcmp(field.data, "t=", 2) != 0 ||
        !cairn_str_to_u64(cairn_str_of(field.data + 2, length - 2), when) ||
        field.length != length + 4 + MAC_HEX || memcmp(comma, ",v1=", 4) != 0)
        return false;
    *mac = cairn_str_of(comma + 4, MAC_HEX);
    return true;
}

/* HMAC-SHA-256(secret, "TIME.BODY") in hexadecimal. */
static bool sign(const struct cairn_http_request *req, struct cairn_str secret,
    unsigned long long when, char hex[MAC_HEX + 1])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char head[24];
    size_t head_length = (size_t)snprintf(head, sizeof(head), "%llu.", when);
    char *text = cairn_arena_alloc_text(req->arena, head_length + req->body.length);
    if (!text)
        return false;
    memcpy(text, head, head_length);
    if (req->body.length)
        memcpy(text + head_length, req->body.data, req->body.length);
    if (!HMAC(EVP_sha256(), secret.data, (int)secret.length, (const unsigned char *)text,
            head_length + req->body.length, mac, &length))
        return false;
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", mac[i]);
    return true;
}

static struct cairn_http_response *receive(struct cairn_http_request *req, void *state)
{
    struct cairn_str mac;
    unsigned long long when;
    char expected[MAC_HEX + 1];
    if (!read_signature(cairn_http_request_field(req, "x-signature"), &when, &mac))
        return cairn_http_problem(req, 400, "X-Signature must be t=TIME,v1=HMAC");
    if (!sign(req, cairn_str_from(state), when, expected))
        return NULL;
    /* The signature first: until then the time is anybody's. And in constant time. */
    if (!cairn_secret_equal(mac, cairn_str_from(expected)))
        return cairn_http_problem(req, 401, "the signature is wrong");
    unsigned long long now = (unsigned long long)time(NULL);
    if ((now > when ? now - when : when - now) > TOLERANCE_S)
        return cairn_http_problem(req, 401, "the signature is too old");
    /* Answer soon, work later: senders give up after seconds, and send again. */
    printf("event: %.*s\n", (int)req->body.length, req->body.data);
    fflush(stdout);
    return cairn_http_no_content(req);
}

static struct cairn_service *app(void *secret, const struct cairn_http_worker *worker)
{
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_post(r, "/events",
        cairn_stack(cairn_http_handler(receive, secret), cairn_body_limit(.max_bytes = 65536)));
    return cairn_stack(cairn_http_router_service(r), cairn_error_to_response());
}

int main(int argc, char **argv)
{
    char *secret = getenv("WEBHOOK_SECRET");
    if (!secret || !*secret) {
        fprintf(stderr, "set WEBHOOK_SECRET\n");
        return 1;
    }
    return cairn_http_serve(app, secret, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
