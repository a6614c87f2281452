#include "jwt_rig.h"

#include <jansson.h>
#include <openssl/err.h>

#include <cairn/service/random.h>

static struct rig_pair rsa;
static struct rig_pair other_rsa;
static struct rig_pair small_rsa;
static struct rig_pair p256;
static struct rig_pair p384;
static struct rig_pair p521;

static int make_keys(void **state)
{
    (void)state;
    rig_pair_of(&rsa, EVP_RSA_gen(2048));
    rig_pair_of(&other_rsa, EVP_RSA_gen(2048));
    rig_pair_of(&small_rsa, EVP_RSA_gen(1024));
    rig_pair_of(&p256, EVP_EC_gen("P-256"));
    rig_pair_of(&p384, EVP_EC_gen("P-384"));
    rig_pair_of(&p521, EVP_EC_gen("P-521"));
    return 0;
}

static struct cairn_layer by_secret(void)
{
    return cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now);
}

static struct cairn_layer by_public_key(enum cairn_jwt_algorithm algorithm, const char *pem)
{
    static struct cairn_jwt_key key;
    key = (struct cairn_jwt_key){.algorithm = algorithm, .key = cairn_str_from(pem)};
    return cairn_jwt(.keys = &key, .key_count = 1, .now = rig_now);
}

static const char *token_of(struct fixture *f, const char *claims)
{
    return rig_sign(f, JWT_ALG_HS256, RIG_SECRET, NULL, claims);
}

static void assert_passes(struct fixture *f, struct cairn_layer layer, const char *token)
{
    assert_int_equal(rig_answer(f, layer, token)->status, 200);
}

#define INVALID "Bearer realm=\"restricted\", error=\"invalid_token\""
#define DESCRIBED(text) INVALID ", error_description=\"" text "\""

static void assert_refuses(
    struct fixture *f, struct cairn_layer layer, const char *token, const char *challenge)
{
    struct cairn_http_response *res = rig_answer(f, layer, token);
    assert_int_equal(res->status, 401);
    assert_str(fixture_field(res, "WWW-Authenticate"), challenge);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
}

static const char *contract_token;

static void *request_with_token(void *arena)
{
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    struct cairn_str value = cairn_arena_printf(arena, "Bearer %s", contract_token);
    if (!req || !value.data ||
        cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), value))
        return NULL;
    return req;
}

static void keeps_the_service_contract(void **state)
{
    struct fixture f = {.arena = cairn_arena_new(NULL)};
    (void)state;
    contract_token = token_of(&f, RIG_CLAIMS);
    fixture_contract(
        by_secret(), (struct cairn_contract_options){.new_request = request_with_token});
    cairn_arena_free(f.arena);
}

static struct cairn_http_response *tell(struct cairn_http_request *req, void *state)
{
    int64_t level = 0;
    (void)state;
    assert_true(cairn_jwt_claim_number(req, "level", &level));
    assert_false(cairn_jwt_claim_number(req, "sub", &level));
    assert_false(cairn_jwt_claim_number(req, "none", &level));
    assert_int_equal(level, 7);
    assert_str(cairn_jwt_subject(req), "ann");
    assert_str(cairn_http_user(req)->name, "ann");
    assert_str(cairn_jwt_claim(req, "mail"), "ann@example.org");
    assert_null(cairn_jwt_claim(req, "level").data);
    assert_null(cairn_jwt_claim(req, "none").data);
    assert_true(json_is_array(json_object_get(cairn_jwt_claims(req), "list")));
    assert_true(cairn_jwt_has_scope(req, "read"));
    assert_true(cairn_jwt_has_scope(req, "write"));
    assert_false(cairn_jwt_has_scope(req, "rea"));
    assert_false(cairn_jwt_has_scope(req, "admin"));
    return cairn_http_text(req, 200, "told");
}

static void a_handler_reads_the_claims(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_apply(by_secret(), cairn_http_handler(tell, NULL));
    struct cairn_http_request *req = rig_request(f,
        token_of(f, "{\"sub\":\"ann\",\"exp\":1700000060,\"mail\":\"ann@example.org\",\"level\":7,"
                    "\"list\":[1],\"scope\":\"read  write\"}"));
    assert_str(fixture_ask(f, service, req)->body, "told");
    assert_int_equal(fixture_number(service, "passed"), 1);
    cairn_service_drop(service);
    req = fixture_request(f, "/");
    assert_null(cairn_jwt_claims(req));
    assert_null(cairn_jwt_subject(req).data);
    assert_false(cairn_jwt_has_scope(req, "read"));
}

static void takes_every_algorithm_that_it_has_a_key_for(void **state)
{
    const struct {
        jwt_alg_t of_libjwt;
        enum cairn_jwt_algorithm algorithm;
        const struct rig_pair *pair;
    } cases[] = {{JWT_ALG_HS256, CAIRN_JWT_HS256, NULL}, {JWT_ALG_HS384, CAIRN_JWT_HS384, NULL},
        {JWT_ALG_HS512, CAIRN_JWT_HS512, NULL}, {JWT_ALG_RS256, CAIRN_JWT_RS256, &rsa},
        {JWT_ALG_RS384, CAIRN_JWT_RS384, &rsa}, {JWT_ALG_RS512, CAIRN_JWT_RS512, &rsa},
        {JWT_ALG_ES256, CAIRN_JWT_ES256, &p256}, {JWT_ALG_ES384, CAIRN_JWT_ES384, &p384},
        {JWT_ALG_ES512, CAIRN_JWT_ES512, &p521}};
    struct fixture *f = *state;
    for (size_t i = 0; i < 9; i++) {
        const struct rig_pair *pair = cases[i].pair;
        const char *token = rig_sign(
            f, cases[i].of_libjwt, pair ? pair->private_pem : RIG_SECRET, NULL, RIG_CLAIMS);
        for (size_t j = 0; j < 9; j++) {
            const struct rig_pair *with = cases[j].pair;
            struct cairn_layer layer =
                by_public_key(cases[j].algorithm, with ? with->public_pem : RIG_SECRET);
            if (i == j)
                assert_passes(f, layer, token);
            else
                assert_refuses(f, layer, token, INVALID);
        }
    }
}

static void another_key_of_the_same_kind_has_not_signed_it(void **state)
{
    struct fixture *f = *state;
    assert_refuses(f, by_public_key(CAIRN_JWT_RS256, rsa.public_pem),
        rig_sign(f, JWT_ALG_RS256, other_rsa.private_pem, NULL, RIG_CLAIMS), INVALID);
    assert_refuses(
        f, by_secret(), rig_sign(f, JWT_ALG_HS256, RIG_SECRET "!", NULL, RIG_CLAIMS), INVALID);
}

static void a_token_without_signature_is_none(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"none\"}", "{\"alg\":\"None\"}",
        "{\"alg\":\"NONE\",\"typ\":\"JWT\"}", "{\"alg\":\"\"}", "{\"typ\":\"JWT\"}",
        "{\"alg\":null}", "{\"alg\":0}", "{\"alg\":[\"HS256\"]}", "{\"alg\":\"hs256\"}"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        const char *forged = rig_forge(f, headers[i], RIG_CLAIMS, RIG_SECRET);
        struct cairn_str bare = cairn_arena_copy(
            f->arena, cairn_str_of(forged, (size_t)(strrchr(forged, '.') + 1 - forged)));
        assert_refuses(f, by_secret(), forged, INVALID);
        assert_refuses(f, by_secret(), bare.data, INVALID);
        assert_refuses(f, by_public_key(CAIRN_JWT_RS256, rsa.public_pem), bare.data, INVALID);
    }
    assert_refuses(f, by_secret(), rig_sign(f, JWT_ALG_NONE, NULL, NULL, RIG_CLAIMS), INVALID);
}

/* HEADER and the claims with SIGNATURE behind them. */
static const char *with_signature(
    struct fixture *f, const char *header, const char *signature, size_t length)
{
    return cairn_arena_printf(f->arena, "%s.%s.%s", rig_base64(f, cairn_str_from(header)),
        rig_base64(f, cairn_str_from(RIG_CLAIMS)), rig_base64(f, cairn_str_of(signature, length)))
        .data;
}

/* Zeros were good for a library once. */
static void signatures_that_are_none_are_refused(void **state)
{
    static const char zeros[512];
    struct fixture *f = *state;
    struct cairn_layer ec = by_public_key(CAIRN_JWT_ES256, p256.public_pem);
    for (size_t length = 1; length < 140; length++)
        assert_refuses(f, ec, with_signature(f, "{\"alg\":\"ES256\"}", zeros, length), INVALID);
    struct cairn_layer of_rsa = by_public_key(CAIRN_JWT_RS256, rsa.public_pem);
    for (size_t length = 1; length <= 512; length += 5)
        assert_refuses(f, of_rsa, with_signature(f, "{\"alg\":\"RS256\"}", zeros, length), INVALID);
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_signature_of_an_elliptic_curve_has_one_length(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer layer = by_public_key(CAIRN_JWT_ES256, p256.public_pem);
    const char *token = rig_sign(f, JWT_ALG_ES256, p256.private_pem, NULL, RIG_CLAIMS);
    const char *text = strrchr(token, '.') + 1;
    struct cairn_str both =
        cairn_base64_decode_in(f->arena, CAIRN_BASE64_URL, cairn_str_from(text));
    assert_int_equal(both.length, 64);
    struct cairn_str wide = cairn_arena_printf(f->arena, "%66s", "");
    char *bytes = (char *)(uintptr_t)wide.data;
    bytes[0] = bytes[33] = 0;
    memcpy(bytes + 1, both.data, 32);
    memcpy(bytes + 34, both.data + 32, 32);
    struct cairn_str front = cairn_str_of(token, (size_t)(text - token));
    assert_passes(f, layer, token);
    assert_refuses(f, layer,
        cairn_arena_printf(f->arena, "%.*s%s", (int)front.length, front.data, rig_base64(f, wide))
            .data,
        INVALID);
}

static void any_type_of_token_is_taken(void **state)
{
    struct fixture *f = *state;
    const char *header = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}";
    assert_passes(f, by_secret(), rig_forge(f, header, RIG_CLAIMS, RIG_SECRET));
}

/* The attack: everybody has the public key, and signs with it as if it were a secret. */
static void a_public_key_is_no_secret_of_an_hmac(void **state)
{
    struct fixture *f = *state;
    const struct cairn_jwt_key keys[] = {rig_hs256,
        {.algorithm = CAIRN_JWT_RS256, .key = cairn_str_from(rsa.public_pem)},
        {.algorithm = CAIRN_JWT_ES256, .key = cairn_str_from(p256.public_pem)}};
    struct cairn_layer layer = cairn_jwt(.keys = keys, .key_count = 3, .now = rig_now);
    assert_refuses(f, layer, rig_sign(f, JWT_ALG_HS256, rsa.public_pem, NULL, RIG_CLAIMS), INVALID);
    assert_refuses(
        f, layer, rig_sign(f, JWT_ALG_HS256, p256.public_pem, NULL, RIG_CLAIMS), INVALID);
    assert_refuses(
        f, layer, rig_forge(f, "{\"alg\":\"RS256\"}", RIG_CLAIMS, rsa.public_pem), INVALID);
    assert_passes(f, layer, rig_sign(f, JWT_ALG_RS256, rsa.private_pem, NULL, RIG_CLAIMS));
    assert_passes(f, layer, rig_sign(f, JWT_ALG_ES256, p256.private_pem, NULL, RIG_CLAIMS));
    assert_passes(f, layer, token_of(f, RIG_CLAIMS));
}

static void keys_rotate_with_and_without_an_id(void **state)
{
    struct fixture *f = *state;
    const struct cairn_jwt_key keys[] = {
        {.algorithm = CAIRN_JWT_RS256, .key = cairn_str_from(rsa.public_pem), .id = "new"},
        {.algorithm = CAIRN_JWT_RS256, .key = cairn_str_from(other_rsa.public_pem), .id = "old"}};
    struct cairn_layer layer = cairn_jwt(.keys = keys, .key_count = 2, .now = rig_now);
    const char *pem = other_rsa.private_pem;
    assert_passes(f, layer, rig_sign(f, JWT_ALG_RS256, pem, "old", RIG_CLAIMS));
    assert_passes(f, layer, rig_sign(f, JWT_ALG_RS256, pem, NULL, RIG_CLAIMS));
    assert_refuses(f, layer, rig_sign(f, JWT_ALG_RS256, pem, "new", RIG_CLAIMS), INVALID);
    assert_refuses(f, layer, rig_sign(f, JWT_ALG_RS256, pem, "older", RIG_CLAIMS), INVALID);
    assert_passes(f, by_public_key(CAIRN_JWT_RS256, other_rsa.public_pem),
        rig_sign(f, JWT_ALG_RS256, pem, "any", RIG_CLAIMS));
}

static void refuses_headers_and_payloads_that_are_read_in_two_ways(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", "{\"alg\":\"HS256\",\"kid\":7}", "[]",
        "\"HS256\"", "", "{", "{\"alg\":\"HS256\"} x"};
    static const char *const payloads[] = {"{\"exp\":1700000060,\"exp\":1700000061}", "[]", "7", "",
        "{\"exp\":1700000060", "{\"exp\":1700000060}{}", "{\"exp\":1700000060,\"a\":\"\\u0000\"}",
        "{\"exp\":1700000060,\"a\":\"\xff\"}"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
        assert_refuses(f, by_secret(), rig_forge(f, headers[i], RIG_CLAIMS, RIG_SECRET), INVALID);
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
        assert_refuses(
            f, by_secret(), rig_forge(f, "{\"alg\":\"HS256\"}", payloads[i], RIG_SECRET), INVALID);
    assert_passes(f, by_secret(), rig_forge(f, " {\"alg\" : \"HS256\"}", RIG_CLAIMS, RIG_SECRET));
}

static void every_truncation_and_every_other_letter_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_apply(by_secret(), cairn_http_handler(rig_fine, NULL));
    struct cairn_str token = cairn_str_from(token_of(f, RIG_CLAIMS));
    char *copy = (char *)(uintptr_t)cairn_arena_copy(f->arena, token).data;
    for (size_t i = 1; i < token.length; i++) {
        copy[i] = '\0';
        assert_int_equal(fixture_ask(f, service, rig_request(f, copy))->status, 401);
        copy[i] = token.data[i] == 'A' ? 'B' : 'A';
        assert_int_equal(fixture_ask(f, service, rig_request(f, copy))->status, 401);
        copy[i] = token.data[i];
    }
    assert_int_equal(fixture_ask(f, service, rig_request(f, copy))->status, 200);
    const char *longer = cairn_arena_printf(f->arena, "%s.AAAA", copy).data;
    assert_int_equal(fixture_ask(f, service, rig_request(f, longer))->status, 401);
    longer = cairn_arena_printf(f->arena, "%s=", copy).data;
    assert_int_equal(fixture_ask(f, service, rig_request(f, longer))->status, 401);
    cairn_service_drop(service);
}

/* A letter taken out, put in, replaced, or two parts exchanged: the token itself alone is good. */
static void mutate(struct cairn_random *random, char *text)
{
    static const char letters[] = "AZaz09-_.=+~/";
    size_t length = strlen(text);
    size_t at = (size_t)cairn_random_range(random, 0, length + 1);
    char letter = letters[cairn_random_range(random, 0, sizeof(letters) - 1)];
    switch (cairn_random_range(random, 0, 3)) {
    case 0:
        memmove(text + at + 1, text + at, length - at + 1);
        text[at] = letter;
        break;
    case 1:
        if (at < length)
            memmove(text + at, text + at + 1, length - at);
        break;
    default:
        if (at < length)
            text[at] = letter;
    }
}

static void of_a_hundred_thousand_texts_the_token_alone_is_good(void **state)
{
    struct cairn_random random;
    struct fixture f = {.arena = cairn_arena_new(NULL)};
    struct cairn_arena_cache *cache = cairn_arena_cache_new(0);
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime = cairn_test_runtime_new(&clock);
    const char *token = token_of(&f, RIG_CLAIMS);
    struct cairn_service *service = fixture_apply(by_secret(), cairn_http_handler(rig_fine, NULL));
    size_t passed = 0;
    (void)state;
    cairn_random_init(&random, 9);
    for (int round = 0; round < 100000; round++) {
        char text[300] = "Bearer ";
        struct cairn_arena *arena = cairn_arena_new(cache);
        struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
        strcpy(text + 7, token);
        for (uint64_t n = cairn_random_range(&random, 0, 4); n > 0; n--)
            mutate(&random, text + 7);
        cairn_http_fields_add(&req->fields, CAIRN_STR("Authorization"), cairn_str_from(text));
        struct cairn_future future = cairn_service_call(service, req);
        const struct cairn_http_response *res = future.state;
        assert_true(cairn_future_is_complete(&future));
        assert_int_equal(res->status == 200, strcmp(text + 7, token) == 0);
        passed += res->status == 200;
        cairn_arena_free(arena);
    }
    assert_true(passed > 10000 && passed < 50000);
    cairn_service_drop(service);
    cairn_arena_cache_free(cache);
    cairn_arena_free(f.arena);
    cairn_runtime_free(runtime);
}

static void times_are_kept_give_or_take_the_leeway(void **state)
{
    struct fixture *f = *state;
    struct cairn_layer thirty = by_secret();
    struct cairn_layer none = cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now,
        .leeway_s = CAIRN_JWT_NO_LEEWAY);
    const char *expired = DESCRIBED("the token has expired");
    const char *early = DESCRIBED("the token is not valid yet");
    assert_passes(f, thirty, token_of(f, "{\"exp\":1699999971}"));
    assert_refuses(f, thirty, token_of(f, "{\"exp\":1699999970}"), expired);
    assert_passes(f, none, token_of(f, "{\"exp\":1700000001}"));
    assert_refuses(f, none, token_of(f, "{\"exp\":1700000000}"), expired);
    assert_passes(f, none, token_of(f, "{\"exp\":1700000000.5}"));
    assert_refuses(f, none, token_of(f, "{\"exp\":-1}"), expired);
    assert_passes(f, thirty, token_of(f, "{\"exp\":1800000000,\"nbf\":1700000030}"));
    assert_refuses(f, thirty, token_of(f, "{\"exp\":1800000000,\"nbf\":1700000031}"), early);
    assert_passes(f, thirty, token_of(f, "{\"exp\":1800000000,\"iat\":1700000030}"));
    assert_refuses(f, thirty, token_of(f, "{\"exp\":1800000000,\"iat\":1700000031}"), early);
    assert_passes(f, none, token_of(f, "{\"exp\":1800000000,\"nbf\":1700000000}"));
    assert_refuses(f, none, token_of(f, "{\"exp\":1800000000,\"nbf\":1700000001}"), early);
}

static void a_time_must_be_a_number_and_exp_be_there(void **state)
{
    static const char *const claims[] = {"{}", "{\"exp\":\"1800000000\"}", "{\"exp\":null}",
        "{\"exp\":true}", "{\"exp\":1800000000,\"nbf\":\"0\"}", "{\"exp\":1800000000,\"iat\":{}}"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++)
        assert_refuses(f, by_secret(), rig_forge(f, "{\"alg\":\"HS256\"}", claims[i], RIG_SECRET),
            DESCRIBED("a claim is missing or malformed"));
    struct cairn_layer optional =
        cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now, .is_exp_optional = true);
    assert_passes(f, optional, rig_forge(f, "{\"alg\":\"HS256\"}", "{}", RIG_SECRET));
    assert_refuses(f, optional, token_of(f, "{\"exp\":1}"), DESCRIBED("the token has expired"));
}

static void issuer_and_audience_must_be_the_right_ones(void **state)
{
    static const char *const others[] = {"{\"exp\":1800000000,\"aud\":\"me\"}",
        "{\"exp\":1800000000,\"aud\":\"me\",\"iss\":\"them!\"}",
        "{\"exp\":1800000000,\"aud\":\"me\",\"iss\":[\"them\"]}"};
    static const char *const elsewhere[] = {"{\"exp\":1800000000,\"iss\":\"them\"}",
        "{\"exp\":1800000000,\"iss\":\"them\",\"aud\":\"you\"}",
        "{\"exp\":1800000000,\"iss\":\"them\",\"aud\":[]}",
        "{\"exp\":1800000000,\"iss\":\"them\",\"aud\":[\"you\",\"m\",7]}",
        "{\"exp\":1800000000,\"iss\":\"them\",\"aud\":{\"me\":\"me\"}}"};
    struct fixture *f = *state;
    struct cairn_layer layer = cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now,
        .issuer = "them", .audience = "me");
    assert_passes(f, layer, token_of(f, "{\"exp\":1800000000,\"iss\":\"them\",\"aud\":\"me\"}"));
    assert_passes(
        f, layer, token_of(f, "{\"exp\":1800000000,\"iss\":\"them\",\"aud\":[\"you\",\"me\"]}"));
    for (size_t i = 0; i < 3; i++)
        assert_refuses(
            f, layer, token_of(f, others[i]), DESCRIBED("the token is of another issuer"));
    for (size_t i = 0; i < 5; i++)
        assert_refuses(
            f, layer, token_of(f, elsewhere[i]), DESCRIBED("the token is for another audience"));
}

static void without_an_audience_a_token_for_somebody_is_for_somebody_else(void **state)
{
    struct fixture *f = *state;
    assert_passes(f, by_secret(), token_of(f, "{\"exp\":1800000000,\"iss\":\"them\"}"));
    assert_refuses(f, by_secret(), token_of(f, "{\"exp\":1800000000,\"aud\":\"you\"}"),
        DESCRIBED("the token is for another audience"));
}

static void all_scopes_are_needed(void **state)
{
    static const char *const scopes[] = {"read", "write", NULL};
    static const char *const enough[] = {"{\"exp\":1800000000,\"scope\":\"write admin read\"}",
        "{\"exp\":1800000000,\"scp\":[\"read\",\"write\"]}",
        "{\"exp\":1800000000,\"scp\":\"read write\"}",
        "{\"exp\":1800000000,\"scope\":\"read\",\"scp\":[\"write\"]}"};
    static const char *const little[] = {"{\"exp\":1800000000}",
        "{\"exp\":1800000000,\"scope\":\"read\"}", "{\"exp\":1800000000,\"scope\":\"readwrite\"}",
        "{\"exp\":1800000000,\"scope\":\"read writes\"}",
        "{\"exp\":1800000000,\"scope\":[\"read\",\"write\"]}",
        "{\"exp\":1800000000,\"scp\":[\"read write\"]}", "{\"exp\":1800000000,\"scope\":7}"};
    struct fixture *f = *state;
    struct cairn_layer layer =
        cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now, .scopes = scopes);
    for (size_t i = 0; i < sizeof(enough) / sizeof(*enough); i++)
        assert_passes(f, layer, token_of(f, enough[i]));
    for (size_t i = 0; i < sizeof(little) / sizeof(*little); i++) {
        struct cairn_http_response *res = rig_answer(f, layer, token_of(f, little[i]));
        assert_int_equal(res->status, 403);
        assert_str(fixture_field(res, "WWW-Authenticate"),
            "Bearer realm=\"restricted\", error=\"insufficient_scope\", scope=\"read write\"");
    }
}

static void a_long_token_is_refused_unread(void **state)
{
    struct fixture *f = *state;
    char text[9000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_refuses(f, by_secret(), text, DESCRIBED("the token is too long"));
    text[8192] = '\0';
    assert_refuses(f, by_secret(), text, INVALID);
    struct cairn_layer layer =
        cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now, .max_bytes = 64);
    assert_refuses(f, layer, token_of(f, RIG_CLAIMS), DESCRIBED("the token is too long"));
    /* A header is read before anything is known of it: it has a limit of its own. */
    char header[1600];
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"x\":\"%1540s\"}", "");
    assert_refuses(f, by_secret(), rig_forge(f, header, RIG_CLAIMS, RIG_SECRET), INVALID);
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"x\":\"%1400s\"}", "");
    assert_passes(f, by_secret(), rig_forge(f, header, RIG_CLAIMS, RIG_SECRET));
}

static void no_token_and_a_malformed_field_are_told_apart(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = fixture_around_mock(f, by_secret());
    struct cairn_http_response *res = fixture_ask(f, service, fixture_request(f, "/"));
    assert_int_equal(res->status, 401);
    assert_str(fixture_field(res, "WWW-Authenticate"), "Bearer realm=\"restricted\"");
    struct cairn_http_request *req = rig_request(f, token_of(f, RIG_CLAIMS));
    fixture_add_field(req, "Authorization", "Bearer x");
    res = fixture_ask(f, service, req);
    assert_int_equal(res->status, 400);
    assert_str(fixture_field(res, "WWW-Authenticate"),
        "Bearer realm=\"restricted\", error=\"invalid_request\"");
    assert_null(cairn_mock_next_request(f->mock));
    assert_int_equal(fixture_number(service, "refused"), 2);
    cairn_service_drop(service);
}

static int ask_with_cookie(
    struct fixture *f, struct cairn_layer layer, const char *cookie, const char *bearer)
{
    struct cairn_service *service = fixture_apply(layer, cairn_http_handler(rig_fine, NULL));
    struct cairn_http_request *req = rig_request(f, bearer);
    fixture_add_field(req, "Cookie", cairn_arena_printf(f->arena, "a=1; token=%s", cookie).data);
    int status = fixture_ask(f, service, req)->status;
    cairn_service_drop(service);
    return status;
}

static void a_cookie_will_do_if_that_is_said(void **state)
{
    struct fixture *f = *state;
    const char *good = token_of(f, RIG_CLAIMS);
    struct cairn_layer layer =
        cairn_jwt(.keys = &rig_hs256, .key_count = 1, .now = rig_now, .cookie = "token");
    assert_int_equal(ask_with_cookie(f, layer, good, NULL), 200);
    assert_int_equal(ask_with_cookie(f, by_secret(), good, NULL), 401);
    assert_int_equal(ask_with_cookie(f, layer, "x", NULL), 401);
    assert_int_equal(ask_with_cookie(f, layer, "x", good), 200);
    assert_int_equal(ask_with_cookie(f, layer, good, "x"), 401);
}

static void copies_its_options_and_tells_no_secret(void **state)
{
    struct fixture *f = *state;
    char secret[] = RIG_SECRET;
    char issuer[] = "them";
    char scope[] = "read";
    const char *scopes[] = {scope, NULL};
    struct cairn_jwt_key key = {CAIRN_JWT_HS256, cairn_str_from(secret), NULL};
    struct cairn_service *service = fixture_apply(
        cairn_jwt(.keys = &key, .key_count = 1, .now = rig_now, .issuer = issuer, .scopes = scopes),
        cairn_http_handler(rig_fine, NULL));
    memset(secret, '!', sizeof(secret) - 1);
    memset(issuer, '!', sizeof(issuer) - 1);
    memset(scope, '!', sizeof(scope) - 1);
    struct cairn_http_request *req =
        rig_request(f, token_of(f, "{\"exp\":1800000000,\"iss\":\"them\",\"scope\":\"read\"}"));
    assert_int_equal(fixture_ask(f, service, req)->status, 200);
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof(text), "w");
    cairn_stack_print(service, file);
    fclose(file);
    assert_non_null(strstr(text, "HS256"));
    assert_non_null(strstr(text, "them"));
    assert_null(strstr(text, RIG_SECRET));
    assert_null(strstr(text, "eyJ"));
    cairn_service_drop(service);
}

/* Whatever is missing: a failure, or a refusal that needed no more. */
static void any_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    const char *token = token_of(f, RIG_CLAIMS);
    struct cairn_service *service = fixture_around_mock(f, by_secret());
    struct cairn_http_request *good = rig_request(f, token);
    struct cairn_http_request *bad = rig_request(f, "x");
    struct cairn_http_request *none = rig_request(f, NULL);
    struct cairn_http_request *const all[] = {good, bad, none};
    for (size_t i = 0; i < 3; i++) {
        fixture_exhaust(f);
        struct cairn_future future = fixture_send(f, service, all[i]);
        assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    }
    assert_null(cairn_mock_next_request(f->mock));
    cairn_service_drop(service);
}

static void build_with_everything(void *cx)
{
    static const char *const scopes[] = {"read", "write", NULL};
    const struct cairn_jwt_key keys[] = {
        {CAIRN_JWT_HS256, CAIRN_STR_INIT(RIG_SECRET), "a"}, rig_hs256};
    struct cairn_layer layer = cairn_jwt(.keys = keys, .key_count = 2, .issuer = "a",
        .audience = "b", .scopes = scopes, .cookie = "c", .realm = "d");
    (void)cx;
    struct cairn_service *service = cairn_layer_apply(&layer, cairn_http_handler(rig_fine, NULL));
    const struct cairn_error *error = cairn_service_error(service);
    assert_true(!error || error->code == CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static void is_not_built_when_any_allocation_fails(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(build_with_everything, NULL) > 10);
}

static void refuse(struct fixture *f, struct cairn_layer layer, const char *message)
{
    assert_refused(layer, cairn_mock_service(f->mock), CAIRN_ERROR_INVALID, message);
}

static void refuses_keys_that_are_none_of_their_algorithm(void **state)
{
    static const char rs256[] = "key 0: RS256 needs an RSA public key in PEM, of 2048 bits or more";
    static const char es256[] = "key 0: ES256 needs a public key on the curve P-256 in PEM";
    static const char hs384[] = "key 0: HS384 needs a secret of 48 bytes or more";
    struct fixture *f = *state;
    refuse(f, by_public_key(CAIRN_JWT_RS256, small_rsa.public_pem), rs256);
    refuse(f, by_public_key(CAIRN_JWT_RS256, p256.public_pem), rs256);
    refuse(f, by_public_key(CAIRN_JWT_RS256, rsa.private_pem), rs256);
    refuse(f, by_public_key(CAIRN_JWT_RS256, RIG_SECRET), rs256);
    refuse(f, by_public_key(CAIRN_JWT_RS256, NULL), rs256);
    refuse(f, by_public_key(CAIRN_JWT_ES256, p384.public_pem), es256);
    refuse(f, by_public_key(CAIRN_JWT_ES256, rsa.public_pem), es256);
    refuse(f, by_public_key(CAIRN_JWT_ES512, p256.public_pem),
        "key 0: ES512 needs a public key on the curve P-521 in PEM");
    refuse(f, by_public_key(CAIRN_JWT_HS384, "forty-seven bytes are not enough for this, alas"),
        hs384);
    refuse(f, by_public_key((enum cairn_jwt_algorithm)0, RIG_SECRET),
        "key 0: algorithm must be one of enum cairn_jwt_algorithm");
    refuse(f, by_public_key((enum cairn_jwt_algorithm)10, RIG_SECRET),
        "key 0: algorithm must be one of enum cairn_jwt_algorithm");
    refuse(f, by_public_key((enum cairn_jwt_algorithm) - 1, RIG_SECRET),
        "key 0: algorithm must be one of enum cairn_jwt_algorithm");
}

#define refuse_with(f, message, ...) \
    refuse((f), cairn_jwt(.keys = &rig_hs256, .key_count = 1, __VA_ARGS__), (message))

static void refuses_options_that_make_no_sense(void **state)
{
    static const char keys[] = "there must be 1 to 16 keys";
    static const char scopes[] =
        "scopes must be up to 32 texts without spaces, quotes and backslashes, and a NULL";
    static const char max_bytes[] = "max_bytes must be 64 to 65536";
    struct fixture *f = *state;
    const char *many[34] = {NULL};
    for (size_t i = 0; i < 33; i++)
        many[i] = "read";
    refuse(f, cairn_jwt_layer(NULL), keys);
    refuse(f, cairn_jwt(.keys = &rig_hs256), keys);
    refuse(f, cairn_jwt(.keys = &rig_hs256, .key_count = 17), keys);
    refuse_with(f, scopes, .scopes = many);
    refuse_with(f, scopes, .scopes = (const char *const[]){"a b", NULL});
    refuse_with(f, scopes, .scopes = (const char *const[]){"a\"", NULL});
    refuse_with(f, scopes, .scopes = (const char *const[]){"", NULL});
    refuse_with(f, "issuer and audience must not be empty", .issuer = "");
    refuse_with(f, "issuer and audience must not be empty", .audience = "");
    refuse_with(f, "cookie must be the name of a cookie", .cookie = "a b");
    refuse_with(f, "realm must be a text without control characters and without a space at an end",
        .realm = "a\nb");
    refuse_with(f, "leeway_s must be 0 to 3600, or CAIRN_JWT_NO_LEEWAY", .leeway_s = 3601);
    refuse_with(f, max_bytes, .max_bytes = 63);
    refuse_with(f, max_bytes, .max_bytes = 65537);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    assert_needs_http(by_secret());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_service_contract),
        fixture_test(a_handler_reads_the_claims),
        fixture_test(takes_every_algorithm_that_it_has_a_key_for),
        fixture_test(another_key_of_the_same_kind_has_not_signed_it),
        fixture_test(a_token_without_signature_is_none),
        fixture_test(signatures_that_are_none_are_refused),
        fixture_test(a_signature_of_an_elliptic_curve_has_one_length),
        fixture_test(any_type_of_token_is_taken),
        fixture_test(a_public_key_is_no_secret_of_an_hmac),
        fixture_test(keys_rotate_with_and_without_an_id),
        fixture_test(refuses_headers_and_payloads_that_are_read_in_two_ways),
        fixture_test(every_truncation_and_every_other_letter_is_refused),
        cmocka_unit_test(of_a_hundred_thousand_texts_the_token_alone_is_good),
        fixture_test(times_are_kept_give_or_take_the_leeway),
        fixture_test(a_time_must_be_a_number_and_exp_be_there),
        fixture_test(issuer_and_audience_must_be_the_right_ones),
        fixture_test(without_an_audience_a_token_for_somebody_is_for_somebody_else),
        fixture_test(all_scopes_are_needed),
        fixture_test(a_long_token_is_refused_unread),
        fixture_test(no_token_and_a_malformed_field_are_told_apart),
        fixture_test(a_cookie_will_do_if_that_is_said),
        fixture_test(copies_its_options_and_tells_no_secret),
        fixture_test(any_allocation_may_fail),
        cmocka_unit_test(is_not_built_when_any_allocation_fails),
        fixture_test(refuses_keys_that_are_none_of_their_algorithm),
        fixture_test(refuses_options_that_make_no_sense),
        fixture_test(refuses_what_is_not_http),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
