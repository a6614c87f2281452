#include <cairn/http/client.h>

/* Its address is the key of the extension. */
static const char client_key;

const struct cairn_http_client *cairn_http_client(const struct cairn_http_request *req)
{
    return cairn_http_extension_get(req, &client_key);
}

int cairn_http_set_client(struct cairn_http_request *req, const struct cairn_http_client *client)
{
    return cairn_http_extension_set(req, &client_key, (void *)(uintptr_t)client);
}

const struct sockaddr *cairn_http_client_address(const struct cairn_http_request *req)
{
    const struct cairn_http_client *client = cairn_http_client(req);
    return client && client->address ? client->address : req->peer;
}

struct cairn_str cairn_http_client_scheme(const struct cairn_http_request *req)
{
    const struct cairn_http_client *client = cairn_http_client(req);
    return client && client->scheme.data ? client->scheme : CAIRN_STR("http");
}

struct cairn_str cairn_http_client_host(const struct cairn_http_request *req)
{
    const struct cairn_http_client *client = cairn_http_client(req);
    return client && client->host.data ? client->host
                                       : cairn_http_fields_get(&req->fields, CAIRN_STR("Host"));
}
