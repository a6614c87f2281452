#include "http_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cairn/http/client.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/client_address.h>
#include <cairn/http/layers/http_rate_limit.h>
#include <cairn/service/random.h>

static void keeps_the_service_contract(void **state)
{
    (void)state;
    fixture_contract(
        cairn_client_address(.trusted = "loopback"), (struct cairn_contract_options){0});
}

/* "address scheme host hops[ hidden][ name]", or "none". */
static struct cairn_http_response *tell(struct cairn_http_request *req, void *state)
{
    char address[INET6_ADDRSTRLEN] = "?";
    const struct cairn_http_client *client = cairn_http_client(req);
    const struct sockaddr *from = cairn_http_client_address(req);
    struct cairn_str scheme = cairn_http_client_scheme(req);
    struct cairn_str host = cairn_http_client_host(req);
    (void)state;
    if (!client)
        return cairn_http_text(req, 200, "none");
    assert_ptr_equal(from, client->address);
    if (from->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)from)->sin_addr, address,
            sizeof(address));
    else if (from->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, address,
            sizeof(address));
    struct cairn_str text = cairn_arena_printf(req->arena, "%s %.*s %.*s %u%s%s%.*s", address,
        (int)scheme.length, scheme.data, (int)host.length, host.data, client->hops,
        client->is_hidden ? " hidden" : "", client->name.length ? " " : "",
        (int)client->name.length, client->name.data ? client->name.data : "");
    return cairn_http_text(req, 200, text.data);
}

static const struct sockaddr *address_of(struct fixture *f, const char *text)
{
    struct sockaddr_in6 *v6 = cairn_arena_alloc(f->arena, sizeof(*v6));
    struct sockaddr_in *v4 = (void *)v6;
    *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
        *v4 = (struct sockaddr_in){.sin_family = AF_INET};
        assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
    }
    return (const void *)v6;
}

/* A request of PEER to "own" with up to three fields: name, value, …, NULL. */
static struct cairn_http_request *request(
    struct fixture *f, const char *peer, const char *const *fields)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    req->peer = address_of(f, peer);
    fixture_add_field(req, "Host", "own");
    for (; *fields; fields += 2)
        fixture_add_field(req, fields[0], fields[1]);
    return req;
}

#define FIELDS(...)       \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

static void assert_told(struct fixture *f, struct cairn_layer layer, const char *peer,
    const char *const *fields, const char *expected)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(tell, NULL));
    struct cairn_http_response *res = fixture_ask(f, service, request(f, peer, fields));
    assert_str(res->body, expected);
    cairn_service_drop(service);
}

#define TRUSTED .trusted = "10.0.0.0/8, ::1, unix"
#define X cairn_client_address(TRUSTED)
#define ALL cairn_client_address(TRUSTED, .take = CAIRN_CLIENT_SCHEME | CAIRN_CLIENT_HOST)
#define RFC cairn_client_address(TRUSTED, .family = CAIRN_CLIENT_FORWARDED)

static void takes_the_right_most_who_is_not_trusted(void **state)
{
    struct fixture *f = *state;
    assert_told(
        f, X, "10.0.0.1", FIELDS("X-Forwarded-For", "203.0.113.9"), "203.0.113.9 http own 1");
    assert_told(f, X, "10.0.0.1", FIELDS("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.0.0.2"),
        "203.0.113.9 http own 2");
    assert_told(f, X, "::ffff:10.0.0.1",
        FIELDS("X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "2001:db8::1 , [::1]:80"),
        "2001:db8::1 http own 2");
    assert_told(f, RFC, "10.0.0.1",
        FIELDS("Forwarded", "for=6.6.6.6", "forwarded", "for=203.0.113.9,for=\"10.0.0.2:8\""),
        "203.0.113.9 http own 2");
}

static void looks_at_nothing_of_a_peer_that_is_not_trusted(void **state)
{
    struct fixture *f = *state;
    assert_told(f, ALL, "192.0.2.1",
        FIELDS("X-Forwarded-For", "10.0.0.1", "X-Forwarded-Proto", "https", "X-Forwarded-Host",
            "evil"),
        "none");
    assert_told(f, RFC, "192.0.2.1", FIELDS("Forwarded", "for=10.0.0.1;proto=https"), "none");
}

static void an_empty_list_trusts_nobody(void **state)
{
    struct fixture *f = *state;
    const char *const *fields = FIELDS("X-Forwarded-For", "203.0.113.9");
    assert_told(f, cairn_client_address_layer(NULL), "127.0.0.1", fields, "none");
    assert_told(f, cairn_client_address(.trusted = ""), "127.0.0.1", fields, "none");
    struct cairn_service *s = fixture_apply(X, cairn_http_handler(tell, NULL));
    struct cairn_http_request *req = request(f, "127.0.0.1", fields);
    req->peer = NULL; /* made by hand */
    assert_str(fixture_ask(f, s, req)->body, "none");
    cairn_service_drop(s);
}

static void the_other_family_is_not_looked_at(void **state)
{
    struct fixture *f = *state;
    assert_told(f, X, "10.0.0.1", FIELDS("Forwarded", "for=6.6.6.6;proto=https"), "none");
    assert_told(f, RFC, "10.0.0.1", FIELDS("X-Forwarded-For", "6.6.6.6"), "none");
}

/* What a client sends so that nothing valid is left: no crash, and nobody's address but the
 * proxy's. */
static void nonsense_in_place_of_an_address_hides_the_client(void **state)
{
    static const char *const lists[] = {"garbage", "unknown", "-", "256.1.1.1", "\"6.6.6.6\"",
        "6.6.6.6 6.6.6.6", "_id", "[::1", "1.2.3.4:x", "for=6.6.6.6", "6.6.6.6, x"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        assert_told(
            f, X, "10.0.0.1", FIELDS("X-Forwarded-For", lists[i]), "10.0.0.1 http own 0 hidden");
    assert_told(f, X, "10.0.0.1", FIELDS("X-Forwarded-For", ""), "none");
    assert_told(f, X, "10.0.0.1", FIELDS("X-Forwarded-For", ", ,,"), "none");
    assert_told(f, X, "10.0.0.1", FIELDS("X-Forwarded-For", "6.6.6.6, x, 10.0.0.2"),
        "10.0.0.2 http own 1 hidden");
    assert_told(f, RFC, "10.0.0.1", FIELDS("Forwarded", "for=\"x, for=203.0.113.9"),
        "10.0.0.1 http own 0 hidden");
    assert_told(f, RFC, "10.0.0.1",
        FIELDS("Forwarded", "for=\"6.6.6.6", "Forwarded", "for=10.0.0.2"),
        "10.0.0.2 http own 1 hidden");
    assert_told(
        f, RFC, "10.0.0.1", FIELDS("Forwarded", "proto=https"), "10.0.0.1 https own 0 hidden");
}

static void a_name_that_a_proxy_has_made_up_is_told(void **state)
{
    struct fixture *f = *state;
    assert_told(f, RFC, "10.0.0.1", FIELDS("Forwarded", "for=6.6.6.6, for=\"_gazonk:_80\""),
        "10.0.0.1 http own 0 hidden _gazonk");
    assert_told(f, RFC, "10.0.0.1", FIELDS("Forwarded", "for=_a, for=unknown, for=10.0.0.2"),
        "10.0.0.2 http own 1 hidden");
}

static void a_list_of_trusted_ones_ends_at_the_furthest(void **state)
{
    struct fixture *f = *state;
    assert_told(
        f, X, "10.0.0.1", FIELDS("X-Forwarded-For", "10.0.0.3, 10.0.0.2"), "10.0.0.3 http own 2");
}

static void follows_so_many_steps_and_no_more(void **state)
{
    struct fixture *f = *state;
    const char *const *fields = FIELDS("X-Forwarded-For", "6.6.6.6, 10.0.0.3, 10.0.0.2");
    assert_told(
        f, cairn_client_address(TRUSTED, .hops = 1), "10.0.0.1", fields, "10.0.0.2 http own 1");
    assert_told(
        f, cairn_client_address(TRUSTED, .hops = 2), "10.0.0.1", fields, "10.0.0.3 http own 2");
    char text[20 * 10] = "6.6.6.6";
    for (int i = 0; i < 16; i++)
        strcat(text, ",10.0.0.9");
    assert_told(f, X, "10.0.0.1", FIELDS("X-Forwarded-For", text), "10.0.0.9 http own 16");
}

static void scheme_and_host_are_those_of_the_step(void **state)
{
    struct fixture *f = *state;
    assert_told(f, RFC, "10.0.0.1",
        FIELDS("Forwarded", "for=6.6.6.6;proto=ftp;host=evil,"
                            "for=203.0.113.9;proto=HTTPS;host=\"www.example.org:8443\","
                            "for=10.0.0.2;proto=http;host=inner"),
        "203.0.113.9 https www.example.org:8443 2");
    assert_told(f, ALL, "10.0.0.1",
        FIELDS("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.0.0.2", "X-Forwarded-Proto",
            "http, https, http", "X-Forwarded-Host", "evil, www.example.org, inner"),
        "203.0.113.9 https www.example.org 2");
}

static void a_list_that_a_proxy_began_anew_is_that_of_the_client(void **state)
{
    struct fixture *f = *state;
    assert_told(f, ALL, "10.0.0.1",
        FIELDS("X-Forwarded-For", "203.0.113.9, 10.0.0.2", "X-Forwarded-Proto", "wss",
            "X-Forwarded-Host", "www.example.org"),
        "203.0.113.9 https www.example.org 2");
    assert_told(
        f, ALL, "10.0.0.1", FIELDS("X-Forwarded-Proto", "http, wss"), "10.0.0.1 https own 0");
}

static void a_scheme_or_host_that_is_none_is_not_told(void **state)
{
    static const char *const hosts[] = {"a b", "a/b", "a:x", ":80", "[::1", "a@b"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
        assert_told(f, ALL, "10.0.0.1",
            FIELDS("X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "javascript",
                "X-Forwarded-Host", hosts[i]),
            "203.0.113.9 http own 1");
}

static void takes_what_it_is_told_to(void **state)
{
    struct fixture *f = *state;
    const char *const *fields = FIELDS("X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto",
        "https", "X-Forwarded-Host", "www.example.org");
    assert_told(f, X, "10.0.0.1", fields, "203.0.113.9 https own 1");
    assert_told(f, cairn_client_address(TRUSTED, .take = CAIRN_CLIENT_HOST), "10.0.0.1", fields,
        "203.0.113.9 http www.example.org 1");
    assert_told(f, cairn_client_address(TRUSTED, .take = CAIRN_CLIENT_ADDRESS_ONLY), "10.0.0.1",
        fields, "203.0.113.9 http own 1");
}

static void without_the_layer_the_client_is_the_peer(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = request(f, "192.0.2.1", FIELDS("X-Forwarded-For", "1.1.1.1"));
    assert_null(cairn_http_client(req));
    assert_ptr_equal(cairn_http_client_address(req), req->peer);
    assert_str(cairn_http_client_scheme(req), "http");
    assert_str(cairn_http_client_host(req), "own");
    assert_null(cairn_http_client_address(fixture_request(f, "/")));
    assert_null(cairn_http_client_host(fixture_request(f, "/")).data);
}

static void counts_what_it_found(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *s = fixture_apply(X, cairn_http_handler(tell, NULL));
    fixture_ask(f, s, request(f, "10.0.0.1", FIELDS("X-Forwarded-For", "203.0.113.9")));
    fixture_ask(f, s, request(f, "10.0.0.1", FIELDS("X-Forwarded-For", "x")));
    fixture_ask(f, s, request(f, "10.0.0.1", FIELDS("X-Other", "x")));
    fixture_ask(f, s, request(f, "192.0.2.1", FIELDS("X-Other", "x")));
    struct cairn_service *copy = cairn_service_clone(s);
    cairn_service_drop(s);
    fixture_ask(f, copy, request(f, "192.0.2.1", FIELDS("X-Forwarded-For", "x")));
    assert_int_equal(fixture_number(copy, "forwarded"), 2);
    assert_int_equal(fixture_number(copy, "hidden"), 1);
    assert_int_equal(fixture_number(copy, "untrusted"), 1);
    assert_int_equal(fixture_number(copy, "hops"), 16);
    cairn_service_drop(copy);
}

static void http_rate_limit_tells_the_clients_of_a_proxy_apart(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {
        X, cairn_http_rate_limit(.num = 1, .per_ms = 60000, .keys = 64)};
    struct cairn_service *s = cairn_stack_build(cairn_http_handler(tell, NULL), layers, 2);
    static const struct {
        const char *list;
        int status;
    } rows[] = {{"203.0.113.9", 200}, {"203.0.113.8", 200}, {"6.6.6.6, 203.0.113.9", 429},
        {"203.0.113.7:99", 200}, {"::ffff:203.0.113.7", 429}, {"x", 200}, {"y", 429}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cairn_http_request *req =
            request(f, "10.0.0.1", FIELDS("X-Forwarded-For", rows[i].list));
        assert_int_equal(fixture_ask(f, s, req)->status, rows[i].status);
    }
    cairn_service_drop(s);
}

static void access_log_names_the_client(void **state)
{
    struct fixture *f = *state;
    char line[512] = "";
    FILE *file = tmpfile();
    const struct cairn_layer layers[] = {cairn_access_log(.file = file), X};
    struct cairn_service *s = cairn_stack_build(cairn_http_handler(tell, NULL), layers, 2);
    fixture_ask(f, s, request(f, "10.0.0.1", FIELDS("X-Forwarded-For", "[2001:db8::1]:9")));
    cairn_service_drop(s);
    rewind(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_non_null(strstr(line, "\"peer\":\"2001:db8::1\""));
    fclose(file);
}

static void fails_and_releases_without_memory(void **state)
{
    struct fixture *f = *state;
    const struct cairn_layer layers[] = {X, RFC};
    static const char *const values[][2] = {
        {"X-Forwarded-For", "203.0.113.9"}, {"Forwarded", "for=\"203.0.113.\\9\""}};
    for (size_t i = 0; i < 2; i++) {
        struct cairn_error *error = NULL;
        struct cairn_service *s = fixture_around_mock(f, layers[i]);
        struct cairn_http_request *req = request(f, "10.0.0.1", FIELDS(values[i][0], values[i][1]));
        assert_int_equal(cairn_harness_poll_ready(&f->hand, s, &error), CAIRN_READY);
        fixture_exhaust(f);
        struct cairn_future future = cairn_service_call(s, req);
        assert_ptr_equal(fixture_failure(f, &future), &cairn_error_no_memory);
        assert_int_equal(cairn_mock_counts(f->mock).reserved, 0);
        cairn_service_drop(s);
    }
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_invalid(f, cairn_client_address(.trusted = "10.0.0.0/8, proxy"),
        "trusted: \"proxy\": must be an address, a network like 10.0.0.0/8, loopback, private or "
        "unix");
    assert_invalid(f, cairn_client_address(.family = (enum cairn_client_address_family)2),
        "family must be CAIRN_CLIENT_X_FORWARDED or CAIRN_CLIENT_FORWARDED");
    assert_invalid(f, cairn_client_address(.take = 5),
        "take must be made of enum cairn_client_address_take, CAIRN_CLIENT_ADDRESS_ONLY alone");
    assert_invalid(f, cairn_client_address(.hops = 65), "hops must be 1 to 64");
    assert_needs_http(X);
    assert_refused_without_memory(f, X, 3);
}

/* Random lists of trusted and other addresses, names and nonsense, on both families: the client is
 * what a search from the end finds. */
static void agrees_with_a_naive_search_on_random_lists(void **state)
{
    static const char *const trusted[] = {"10.0.0.1", "10.9.9.9", "[::1]"};
    static const char *const others[] = {"203.0.113.9", "[2001:db8::1]", "8.8.8.8"};
    struct fixture *f = *state;
    struct cairn_random random;
    struct cairn_service *services[2] = {fixture_apply(X, cairn_http_handler(tell, NULL)),
        fixture_apply(RFC, cairn_http_handler(tell, NULL))};
    cairn_random_init(&random, 3);
    for (int round = 0; round < 20000; round++) {
        const char *members[6];
        char x[128] = "";
        char rfc[256] = "";
        char expected[64];
        size_t count = (size_t)cairn_random_range(&random, 1, 7);
        size_t steps = 0;
        bool is_hidden = false;
        const char *address = "10.0.0.1";
        for (size_t i = 0; i < count; i++) {
            uint64_t kind = cairn_random_range(&random, 0, 8);
            members[i] = kind < 5   ? trusted[cairn_random_range(&random, 0, 3)]
                         : kind < 7 ? others[cairn_random_range(&random, 0, 3)]
                                    : "unknown";
            sprintf(x + strlen(x), "%s%s", i ? ", " : "", members[i]);
            sprintf(rfc + strlen(rfc), "%sfor=\"%s\"", i ? "," : "", members[i]);
        }
        for (size_t i = count; i-- > 0;) {
            is_hidden = members[i][0] == 'u';
            if (is_hidden)
                break;
            steps++;
            address = members[i];
            if (strncmp(address, "10.", 3) != 0 && strcmp(address, "[::1]") != 0)
                break;
        }
        size_t bracket = address[0] == '[';
        snprintf(expected, sizeof(expected), "%.*s http own %zu%s",
            (int)(strlen(address) - 2 * bracket), address + bracket, steps,
            is_hidden ? " hidden" : "");
        struct cairn_arena *arena = f->arena;
        f->arena = cairn_arena_new(NULL);
        assert_str(
            fixture_ask(f, services[0], request(f, "10.0.0.1", FIELDS("X-Forwarded-For", x)))->body,
            expected);
        assert_str(
            fixture_ask(f, services[1], request(f, "10.0.0.1", FIELDS("Forwarded", rfc)))->body,
            expected);
        cairn_arena_free(f->arena);
        f->arena = arena;
    }
    cairn_service_drop(services[0]);
    cairn_service_drop(services[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(takes_the_right_most_who_is_not_trusted),
        fixture_test(looks_at_nothing_of_a_peer_that_is_not_trusted),
        fixture_test(an_empty_list_trusts_nobody),
        fixture_test(the_other_family_is_not_looked_at),
        fixture_test(nonsense_in_place_of_an_address_hides_the_client),
        fixture_test(a_name_that_a_proxy_has_made_up_is_told),
        fixture_test(a_list_of_trusted_ones_ends_at_the_furthest),
        fixture_test(follows_so_many_steps_and_no_more),
        fixture_test(scheme_and_host_are_those_of_the_step),
        fixture_test(a_list_that_a_proxy_began_anew_is_that_of_the_client),
        fixture_test(a_scheme_or_host_that_is_none_is_not_told),
        fixture_test(takes_what_it_is_told_to),
        fixture_test(without_the_layer_the_client_is_the_peer),
        fixture_test(counts_what_it_found),
        fixture_test(http_rate_limit_tells_the_clients_of_a_proxy_apart),
        fixture_test(access_log_names_the_client),
        fixture_test(fails_and_releases_without_memory),
        fixture_test(what_cannot_be_built_is_refused),
        fixture_test(agrees_with_a_naive_search_on_random_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
