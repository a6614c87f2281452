#include <cairn/http/layers/client_address.h>

#include <netinet/in.h>
#include <string.h>

#include <cairn/http/client.h>
#include <cairn/http/codec/target.h>
#include <cairn/http/message.h>
#include <cairn/http/trusted_peers.h>
#include <cairn/http/values/forwarded_back.h>
#include <cairn/service/alloc.h>

#define CLIENT_ADDRESS_HOPS 16

/* What copies share. */
struct client_address_shared {
    unsigned references;
    struct cairn_trusted_peers *trusted;
    bool is_rfc7239;
    unsigned take;
    unsigned hops;
    uint64_t forwarded;
    uint64_t hidden;
    uint64_t untrusted;
};

struct client_address {
    struct cairn_service base;
    struct client_address_shared *shared;
};

/* The steps of one request. */
struct client_address_walk {
    const struct client_address_shared *shared;
    const struct cairn_http_request *req;
    struct cairn__list_back addresses;
    struct cairn__forwarded_back elements;
    unsigned seen;                    /* steps that were looked at */
    struct cairn_http_forwarded step; /* the last one of them */
};

/* What is left on the request. */
struct client_address_found {
    struct cairn_http_client client;
    struct cairn_http_node node;
};

static struct cairn_str client_address_list(const struct client_address_shared *shared)
{
    return shared->is_rfc7239 ? CAIRN_STR("Forwarded") : CAIRN_STR("X-Forwarded-For");
}

static void client_address_begin(struct client_address_walk *walk,
    const struct client_address_shared *shared, const struct cairn_http_request *req)
{
    walk->shared = shared;
    walk->req = req;
    walk->seen = 0;
    walk->step = (struct cairn_http_forwarded){0};
    cairn__list_back_init(&walk->addresses, &req->fields, client_address_list(shared));
    cairn__forwarded_back_init(&walk->elements, &req->fields, req->arena);
}

static enum cairn_http_forwarded_step client_address_next(struct client_address_walk *walk)
{
    struct cairn_str text;
    struct cairn_http_forwarded next = {0};
    enum cairn_http_forwarded_step step = CAIRN_HTTP_FORWARDED_END;
    if (walk->shared->is_rfc7239) {
        step = cairn__forwarded_back_next(&walk->elements, &next);
    } else if (cairn__list_back_next(&walk->addresses, &text)) {
        next.client = cairn_http_node_parse_x(text);
        step = CAIRN_HTTP_FORWARDED_FOUND;
    }
    if (step != CAIRN_HTTP_FORWARDED_FOUND)
        return step;
    walk->step = next;
    walk->seen++;
    return step;
}

/* Takes the step that the walk has come to. Returns whether to go on: who is named is trusted. */
static bool client_address_step(
    const struct client_address_walk *walk, struct client_address_found *found)
{
    struct cairn_http_client *client = &found->client;
    if (walk->step.client.kind != CAIRN_HTTP_NODE_ADDRESS) {
        client->is_hidden = true;
        client->name = walk->step.client.name;
        return false;
    }
    found->node = walk->step.client;
    client->address = &found->node.address.any;
    client->hops++;
    return cairn_trusted_peers_has(walk->shared->trusted, client->address);
}

/* Returns how it ended; FOUND: at a client, or where no more steps may be followed. */
static enum cairn_http_forwarded_step client_address_follow(
    struct client_address_walk *walk, struct client_address_found *found)
{
    enum cairn_http_forwarded_step step = CAIRN_HTTP_FORWARDED_FOUND;
    bool goes_on = true;
    while (goes_on && walk->seen < walk->shared->hops) {
        step = client_address_next(walk);
        goes_on = step == CAIRN_HTTP_FORWARDED_FOUND && client_address_step(walk, found);
    }
    if (step == CAIRN_HTTP_FORWARDED_BROKEN)
        found->client.is_hidden = true;
    return step;
}

/* The value of the field NAME for the step that the walk has come to, or the absent string. Who
 * does not append replaces: a list that is shorter has begun on the way. */
static struct cairn_str client_address_told(
    const struct client_address_walk *walk, struct cairn_str name)
{
    struct cairn__list_back list;
    struct cairn_str told = cairn_str_of(NULL, 0);
    struct cairn_str element;
    unsigned step = 0;
    cairn__list_back_init(&list, &walk->req->fields, name);
    do {
        if (!cairn__list_back_next(&list, &element))
            break;
        told = element;
    } while (++step < walk->seen);
    return told;
}

static struct cairn_str client_address_scheme(struct cairn_str told)
{
    if (cairn_str_equal_nocase(told, CAIRN_STR("https")) ||
        cairn_str_equal_nocase(told, CAIRN_STR("wss")))
        return CAIRN_STR("https");
    if (cairn_str_equal_nocase(told, CAIRN_STR("http")) ||
        cairn_str_equal_nocase(told, CAIRN_STR("ws")))
        return CAIRN_STR("http");
    return cairn_str_of(NULL, 0);
}

static struct cairn_str client_address_host(struct cairn_str told)
{
    size_t length = 0;
    if (told.length > 0 && cairn__authority_parse(told, &length) && length > 0)
        return told;
    return cairn_str_of(NULL, 0);
}

static void client_address_tell(
    const struct client_address_walk *walk, struct cairn_http_client *client)
{
    struct cairn_str proto = walk->step.proto;
    struct cairn_str host = walk->step.host;
    if (!walk->shared->is_rfc7239) {
        proto = client_address_told(walk, CAIRN_STR("X-Forwarded-Proto"));
        host = client_address_told(walk, CAIRN_STR("X-Forwarded-Host"));
    }
    if (walk->shared->take & CAIRN_CLIENT_SCHEME)
        client->scheme = client_address_scheme(proto);
    if (walk->shared->take & CAIRN_CLIENT_HOST)
        client->host = client_address_host(host);
}

static int client_address_keep(struct client_address_shared *shared, struct cairn_http_request *req,
    const struct client_address_found *found)
{
    struct client_address_found *kept = cairn_arena_alloc(req->arena, sizeof(*kept));
    if (!kept)
        return -1;
    *kept = *found;
    if (kept->client.hops > 0)
        kept->client.address = &kept->node.address.any;
    shared->forwarded++;
    shared->hidden += kept->client.is_hidden;
    return cairn_http_set_client(req, &kept->client);
}

/* REQ is of a trusted peer. Returns 0, or -1 without memory. */
static int client_address_find(struct client_address_shared *shared, struct cairn_http_request *req)
{
    struct client_address_walk walk;
    struct client_address_found found = {.client.address = req->peer};
    client_address_begin(&walk, shared, req);
    if (client_address_follow(&walk, &found) == CAIRN_HTTP_FORWARDED_NO_MEMORY)
        return -1;
    client_address_tell(&walk, &found.client);
    if (walk.seen == 0 && !found.client.is_hidden && !found.client.scheme.data &&
        !found.client.host.data)
        return 0;
    return client_address_keep(shared, req, &found);
}

static struct cairn_future client_address_call(struct cairn_service *base, void *value)
{
    struct client_address_shared *shared = ((struct client_address *)base)->shared;
    struct cairn_http_request *req = value;
    int rc = 0;
    if (cairn_trusted_peers_has(shared->trusted, req->peer))
        rc = client_address_find(shared, req);
    else
        shared->untrusted +=
            cairn_http_fields_get(&req->fields, client_address_list(shared)).data != NULL;
    if (rc == 0)
        return cairn_service_call(base->inner, req);
    return cairn_service_bypass(base, req, cairn_future_failed(&cairn_error_no_memory));
}

static void client_address_unref(struct client_address_shared *shared)
{
    if (--shared->references != 0)
        return;
    cairn_trusted_peers_free(shared->trusted);
    cairn_free(shared);
}

static void client_address_cloned(struct cairn_service *base)
{
    ((struct client_address *)base)->shared->references++;
}

static void client_address_drop(struct cairn_service *base)
{
    client_address_unref(((struct client_address *)base)->shared);
}

static void client_address_describe(const struct cairn_service *base, struct cairn_describe *d)
{
    const struct client_address_shared *shared = ((const struct client_address *)base)->shared;
    cairn_describe_text(d, "family", shared->is_rfc7239 ? "forwarded" : "x_forwarded");
    cairn_describe_parameter(d, "hops", shared->hops, NULL);
    cairn_describe_counter(d, "forwarded", shared->forwarded);
    cairn_describe_counter(d, "hidden", shared->hidden);
    cairn_describe_counter(d, "untrusted", shared->untrusted);
}

static const struct cairn_service_ops client_address_ops = {
    .name = "client_address",
    .size = sizeof(struct client_address),
    .call = client_address_call,
    .cloned = client_address_cloned,
    .drop = client_address_drop,
    .describe = client_address_describe,
};

/* NULL, or what is wrong. */
static const char *client_address_complaint(const struct cairn_client_address_options *opts)
{
    if (opts->family != CAIRN_CLIENT_X_FORWARDED && opts->family != CAIRN_CLIENT_FORWARDED)
        return "family must be CAIRN_CLIENT_X_FORWARDED or CAIRN_CLIENT_FORWARDED";
    if (opts->take > (CAIRN_CLIENT_SCHEME | CAIRN_CLIENT_HOST) &&
        opts->take != CAIRN_CLIENT_ADDRESS_ONLY)
        return "take must be made of enum cairn_client_address_take, CAIRN_CLIENT_ADDRESS_ONLY "
               "alone";
    if (opts->hops > CAIRN__FORWARDED_BACK)
        return "hops must be 1 to 64";
    return NULL;
}

static void client_address_resolve(struct cairn_client_address_options *opts)
{
    if (opts->hops == 0)
        opts->hops = CLIENT_ADDRESS_HOPS;
    if (opts->take == 0)
        opts->take = CAIRN_CLIENT_SCHEME |
                     (opts->family == CAIRN_CLIENT_FORWARDED ? (unsigned)CAIRN_CLIENT_HOST : 0);
}

/* Takes TRUSTED. */
static struct cairn_service *client_address_build(const struct cairn_layer *layer,
    struct cairn_service *inner, const struct cairn_client_address_options *opts,
    struct cairn_trusted_peers *trusted)
{
    struct client_address_shared *shared = cairn_alloc_zero(sizeof(*shared));
    struct client_address *self = shared ? cairn_service_new(&client_address_ops, inner) : NULL;
    if (self) {
        *shared = (struct client_address_shared){.references = 1,
            .trusted = trusted,
            .is_rfc7239 = opts->family == CAIRN_CLIENT_FORWARDED,
            .take = opts->take,
            .hops = opts->hops};
        self->shared = shared;
        return &self->base;
    }
    cairn_free(shared);
    cairn_trusted_peers_free(trusted);
    return cairn_layer_refuse(layer, inner, CAIRN_ERROR_MEMORY, "out of memory");
}

static struct cairn_service *client_address_apply(
    const struct cairn_layer *layer, struct cairn_service *inner)
{
    struct cairn_service *broken;
    struct cairn_error *error;
    struct cairn_client_address_options opts;
    memcpy(&opts, layer->options, sizeof(opts));
    if (!cairn_layer_types_fit(
            layer, inner, &cairn_http_request_type, &cairn_http_response_type, &broken))
        return broken;
    const char *complaint = client_address_complaint(&opts);
    if (complaint)
        return cairn_layer_invalid(layer, inner, "%s", complaint);
    client_address_resolve(&opts);
    struct cairn_trusted_peers *trusted = cairn_trusted_peers_new(opts.trusted, &error);
    if (trusted)
        return client_address_build(layer, inner, &opts, trusted);
    bool is_invalid = error->code == CAIRN_ERROR_INVALID;
    broken = cairn_layer_refuse(
        layer, inner, error->code, "%s%s", is_invalid ? "trusted: " : "", error->message);
    cairn_error_unref(error);
    return broken;
}

struct cairn_layer cairn_client_address_layer(const struct cairn_client_address_options *options)
{
    static const struct cairn_client_address_options defaults = {.size = sizeof(defaults)};
    const struct cairn_client_address_options *opts = options ? options : &defaults;
    return cairn_layer_of("client_address", client_address_apply, opts, opts->size);
}
