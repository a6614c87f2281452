#include "layers/http_fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>

#include <cairn/http/router.h>
#include <cairn/http/serve_dir.h>
#include <cairn/service/blocking.h>
#include <cairn/service/call.h>
#include <cairn/service/stream.h>

#include "tree.h"

#define INDEX "<h1>index</h1>"
#define CSS "body { color: red }"

static int open_before;

static int setup(void **state)
{
    open_before = tree_open_files();
    tree_begin();
    tree_folder("root");
    tree_file("root/index.html", INDEX);
    tree_file("root/site.css", CSS);
    tree_file("root/about.html", "about");
    tree_file("root/about.html.gz", "about.gz");
    tree_folder("root/docs");
    tree_file("root/docs/index.html", "docs");
    tree_folder("root/empty");
    tree_folder("root/.git");
    tree_file("root/.git/config", "hidden");
    tree_file("secret", "SECRET");
    return fixture_setup(state);
}

static int teardown(void **state)
{
    int rc = fixture_teardown(state);
    tree_end();
    assert_int_equal(tree_open_files(), open_before);
    return rc;
}

#define serve_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A service that is whole; its root is root/ of the tree, which the macro fills in. */
static struct cairn_service *whole(struct cairn_service *service)
{
    const struct cairn_error *error = cairn_service_error(service);
    if (error)
        fail_msg("%s", error->message);
    return service;
}

#define serve(...) whole(cairn_serve_dir(.root = tree_at("root"), __VA_ARGS__))

static struct cairn_http_response *ask_with(struct fixture *f, struct cairn_service *service,
    enum cairn_http_method method, const char *target, const char *name, const char *value)
{
    struct cairn_http_request *req = fixture_request(f, target);
    req->method = method;
    if (name)
        fixture_add_field(req, name, value);
    return fixture_ask(f, service, req);
}

static struct cairn_http_response *get(
    struct fixture *f, struct cairn_service *service, const char *target)
{
    return ask_with(f, service, CAIRN_HTTP_GET, target, NULL, NULL);
}

static void assert_content(const struct cairn_http_response *res, int status, const char *content)
{
    char got[64] = "";
    assert_int_equal(res->status, status);
    assert_non_null(res->file);
    assert_true(res->file->length < (int64_t)sizeof(got));
    assert_int_equal(
        pread(res->file->fd, got, (size_t)res->file->length, res->file->offset), res->file->length);
    assert_string_equal(got, content);
}

static void assert_status(const struct cairn_http_response *res, int status)
{
    assert_int_equal(res->status, status);
    assert_null(res->file);
}

static void sends_a_file_by_its_path(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.cache_control = "max-age=60");
    struct cairn_http_response *res = get(f, service, "/site.css?v=2");
    assert_content(res, 200, CSS);
    assert_str(fixture_field(res, "Content-Type"), "text/css; charset=utf-8");
    assert_str(fixture_field(res, "Cache-Control"), "max-age=60");
    assert_non_null(fixture_field(res, "ETag").data);
    assert_str(fixture_field(res, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_null(fixture_field(res, "Vary").data);
    assert_content(get(f, service, "/s%69te.css"), 200, CSS);
    assert_content(ask_with(f, service, CAIRN_HTTP_HEAD, "/site.css", NULL, NULL), 200, CSS);
    cairn_service_drop(service);
}

static void heeds_conditions_and_ranges(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.cache_control = "max-age=60");
    struct cairn_http_response *res =
        ask_with(f, service, CAIRN_HTTP_GET, "/site.css", "Range", "bytes=0-3");
    assert_content(res, 206, "body");
    assert_str(fixture_field(res, "Content-Range"), "bytes 0-3/19");
    res = ask_with(f, service, CAIRN_HTTP_GET, "/site.css", "If-None-Match", "*");
    assert_status(res, 304);
    assert_str(fixture_field(res, "Cache-Control"), "max-age=60");
    assert_status(ask_with(f, service, CAIRN_HTTP_GET, "/site.css", "If-Match", "\"x\""), 412);
    assert_status(ask_with(f, service, CAIRN_HTTP_GET, "/site.css", "Range", "bytes=99-"), 416);
    cairn_service_drop(service);
}

static void a_folder_has_an_index(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.index = NULL);
    struct cairn_http_response *res = get(f, service, "/");
    assert_content(res, 200, INDEX);
    assert_str(fixture_field(res, "Content-Type"), "text/html; charset=utf-8");
    assert_content(get(f, service, "/docs/"), 200, "docs");
    assert_status(get(f, service, "/empty/"), 404);
    assert_status(get(f, service, "/site.css/"), 404);
    assert_status(get(f, service, "/none/"), 404);
    cairn_service_drop(service);
    service = serve(.index = "site.css");
    res = get(f, service, "/");
    assert_content(res, 200, CSS);
    assert_str(fixture_field(res, "Content-Type"), "text/css; charset=utf-8");
    cairn_service_drop(service);
}

static void a_folder_that_is_called_like_an_index_is_none(void **state)
{
    struct fixture *f = *state;
    tree_folder("root/empty/index.html");
    struct cairn_service *service = serve(.extension = "html");
    assert_status(get(f, service, "/empty/"), 404);
    assert_status(get(f, service, "/empty/index"), 404);
    cairn_service_drop(service);
}

static void without_an_index_folders_are_not_there(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.index = "");
    assert_status(get(f, service, "/"), 404);
    assert_status(get(f, service, "/docs"), 404);
    assert_status(get(f, service, "/docs/"), 404);
    assert_content(get(f, service, "/docs/index.html"), 200, "docs");
    cairn_service_drop(service);
}

static void a_folder_without_its_slash_is_a_redirect_below_any_prefix(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.index = NULL);
    struct cairn_http_response *res = get(f, service, "/docs");
    assert_status(res, 307);
    assert_str(fixture_field(res, "Location"), "./docs/");
    assert_str(fixture_field(get(f, service, "/d%6fcs?a=/b"), "Location"), "./d%6fcs/?a=/b");
    assert_str(fixture_field(get(f, service, "/docs?"), "Location"), "./docs/?");
    cairn_service_drop(service);
    service = serve(.prefix = "/static");
    assert_str(fixture_field(get(f, service, "/static"), "Location"), "./static/");
    assert_str(fixture_field(get(f, service, "/static/docs"), "Location"), "./docs/");
    cairn_service_drop(service);
}

static void below_a_router_it_knows_its_root_from_the_path_without_a_slash(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_router *router = cairn_http_router_new();
    cairn_http_nest_service(router, "/static", serve(.index = NULL));
    struct cairn_service *service = whole(cairn_http_router_service(router));
    struct cairn_http_response *res = get(f, service, "/static?a");
    assert_status(res, 307);
    assert_str(fixture_field(res, "Location"), "./static/?a");
    assert_content(get(f, service, "/static/"), 200, INDEX);
    assert_content(get(f, service, "/static/site.css"), 200, CSS);
    assert_str(fixture_field(get(f, service, "/static/docs"), "Location"), "./docs/");
    assert_content(get(f, service, "/static/docs/"), 200, "docs");
    assert_status(get(f, service, "/static//"), 404);
    cairn_service_drop(service);
}

/* "//host" would be another host; "http:" another scheme. */
static void a_redirect_never_leads_to_another_host(void **state)
{
    struct fixture *f = *state;
    tree_folder("root/http:");
    tree_folder("root/evil.example");
    struct cairn_service *service = serve(.index = NULL);
    assert_str(fixture_field(get(f, service, "/http:"), "Location"), "./http:/");
    assert_str(fixture_field(get(f, service, "/evil.example"), "Location"), "./evil.example/");
    assert_status(get(f, service, "//evil.example"), 404);
    assert_status(get(f, service, "///evil.example/.."), 404);
    cairn_service_drop(service);
}

static void takes_its_prefix_off(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.prefix = "/static");
    assert_content(get(f, service, "/static/site.css"), 200, CSS);
    assert_content(get(f, service, "/static/"), 200, INDEX);
    assert_status(get(f, service, "/site.css"), 404);
    assert_status(get(f, service, "/staticsite.css"), 404);
    cairn_service_drop(service);
}

static void a_name_without_an_extension_may_get_one(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.extension = "html");
    struct cairn_http_response *res = get(f, service, "/about");
    assert_content(res, 200, "about");
    assert_str(fixture_field(res, "Content-Type"), "text/html; charset=utf-8");
    assert_status(get(f, service, "/about/"), 404);
    assert_status(get(f, service, "/about.x"), 404);
    assert_status(get(f, service, "/none"), 404);
    assert_status(get(f, service, "/docs"), 307);
    cairn_service_drop(service);
    service = serve(.extension = NULL);
    assert_status(get(f, service, "/about"), 404);
    cairn_service_drop(service);
}

static void hidden_files_are_served_on_request_only(void **state)
{
    struct fixture *f = *state;
    tree_folder("root/.well-known");
    tree_file("root/.well-known/security.txt", "contact");
    struct cairn_service *service = serve(.hidden = false);
    assert_status(get(f, service, "/.git/config"), 404);
    assert_content(get(f, service, "/.well-known/security.txt"), 200, "contact");
    cairn_service_drop(service);
    service = serve(.hidden = true);
    assert_content(get(f, service, "/.git/config"), 200, "hidden");
    cairn_service_drop(service);
}

static void one_file_is_served_whatever_the_path(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.file = "docs/index.html", .extension = "html");
    assert_content(get(f, service, "/"), 200, "docs");
    assert_content(get(f, service, "/any/../path%"), 200, "docs");
    assert_status(ask_with(f, service, CAIRN_HTTP_POST, "/", NULL, NULL), 405);
    cairn_service_drop(service);
    service = serve(.file = "docs");
    assert_status(get(f, service, "/docs"), 404);
    cairn_service_drop(service);
    service = serve(.file = "about", .extension = "html");
    assert_status(get(f, service, "/"), 404);
    cairn_service_drop(service);
}

static void other_methods_are_405(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.index = NULL);
    static const enum cairn_http_method methods[] = {
        CAIRN_HTTP_POST, CAIRN_HTTP_PUT, CAIRN_HTTP_DELETE, CAIRN_HTTP_OPTIONS, CAIRN_HTTP_OTHER};
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        struct cairn_http_response *res = ask_with(f, service, methods[i], "/site.css", NULL, NULL);
        assert_status(res, 405);
        assert_str(fixture_field(res, "Allow"), "GET, HEAD");
    }
    cairn_service_drop(service);
}

/* Variants. */

static void variants(void)
{
    tree_file("root/site.css.gz", "css.gz");
    tree_file("root/site.css.br", "css.br");
    tree_file("root/site.css.zst", "css.zst");
    tree_file("root/site.css.zz", "css.zz");
    tree_file("root/docs/index.html.gz", "docs.gz");
    tree_file("root/only.js.gz", "only.gz");
}

static struct cairn_http_response *accept(
    struct fixture *f, struct cairn_service *service, const char *target, const char *encodings)
{
    return ask_with(f, service, CAIRN_HTTP_GET, target, "Accept-Encoding", encodings);
}

static void sends_the_variant_that_the_client_likes_best(void **state)
{
    struct fixture *f = *state;
    variants();
    struct cairn_service *service = serve(.precompressed = CAIRN_PRECOMPRESSED_ALL);
    static const struct {
        const char *accept;
        const char *content;
        const char *coding;
    } rows[] = {
        {"gzip", "css.gz", "gzip"},
        {"gzip, br", "css.br", "br"},
        {"gzip, br;q=0.5", "css.gz", "gzip"},
        {"zstd, gzip", "css.zst", "zstd"},
        {"deflate", "css.zz", "deflate"},
        {"*", "css.br", "br"},
        {"*, br;q=0", "css.zst", "zstd"},
        {"compress", CSS, NULL},
        {"gzip;q=0", CSS, NULL},
        {"gzip;q=0.5, identity", CSS, NULL},
        {"compress, identity;q=0", CSS, NULL},
        {"", CSS, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cairn_http_response *res = accept(f, service, "/site.css", rows[i].accept);
        assert_content(res, 200, rows[i].content);
        assert_str(fixture_field(res, "Vary"), "Accept-Encoding");
        assert_str(fixture_field(res, "Content-Type"), "text/css; charset=utf-8");
        if (rows[i].coding)
            assert_str(fixture_field(res, "Content-Encoding"), rows[i].coding);
        else
            assert_null(fixture_field(res, "Content-Encoding").data);
    }
    assert_content(get(f, service, "/site.css"), 200, CSS);
    cairn_service_drop(service);
}

static void looks_only_for_the_variants_it_is_told_to(void **state)
{
    struct fixture *f = *state;
    variants();
    struct cairn_service *service = serve(.precompressed = CAIRN_PRECOMPRESSED_GZIP);
    assert_content(accept(f, service, "/site.css", "br, gzip"), 200, "css.gz");
    assert_content(accept(f, service, "/site.css", "br"), 200, CSS);
    cairn_service_drop(service);
    service = serve(.precompressed = 0);
    struct cairn_http_response *res = accept(f, service, "/site.css", "br, gzip");
    assert_content(res, 200, CSS);
    assert_null(fixture_field(res, "Vary").data);
    cairn_service_drop(service);
}

static void the_next_best_variant_is_sent_where_one_is_missing(void **state)
{
    struct fixture *f = *state;
    variants();
    tree_folder("root/about.html.br");
    struct cairn_service *service =
        serve(.precompressed = CAIRN_PRECOMPRESSED_ALL, .extension = "html");
    assert_content(accept(f, service, "/docs/", "br, gzip"), 200, "docs.gz");
    assert_content(accept(f, service, "/about.html", "br, gzip"), 200, "about.gz");
    struct cairn_http_response *res = accept(f, service, "/about", "br, gzip");
    assert_content(res, 200, "about.gz");
    assert_str(fixture_field(res, "Content-Type"), "text/html; charset=utf-8");
    assert_content(accept(f, service, "/", "br, gzip"), 200, INDEX);
    assert_content(accept(f, service, "/only.js", "gzip"), 200, "only.gz");
    assert_status(accept(f, service, "/only.js", "br"), 404);
    assert_status(accept(f, service, "/docs", "gzip"), 307);
    cairn_service_drop(service);
}

static void each_variant_has_a_tag_and_ranges_of_its_own(void **state)
{
    struct fixture *f = *state;
    tree_file("root/site.css.gz", "nineteen bytes long");
    struct cairn_service *service = serve(.precompressed = CAIRN_PRECOMPRESSED_GZIP);
    struct cairn_str plain = fixture_field(get(f, service, "/site.css"), "ETag");
    struct cairn_str gzip = fixture_field(accept(f, service, "/site.css", "gzip"), "ETag");
    assert_false(cairn_str_equal(plain, gzip));
    struct cairn_http_request *req = fixture_request(f, "/site.css");
    fixture_add_field(req, "Accept-Encoding", "gzip");
    fixture_add_field(req, "Range", "bytes=0-7");
    struct cairn_http_response *res = fixture_ask(f, service, req);
    assert_content(res, 206, "nineteen");
    assert_str(fixture_field(res, "Content-Encoding"), "gzip");
    res = ask_with(f, service, CAIRN_HTTP_GET, "/site.css", "If-None-Match", "*");
    assert_status(res, 304);
    assert_str(fixture_field(res, "Vary"), "Accept-Encoding");
    cairn_service_drop(service);
}

/* What is not there. */

static struct cairn_http_response *page(struct cairn_http_request *req, void *state)
{
    (void)state;
    if (cairn_http_request_field(req, "X-Fail").data)
        return cairn_http_text(req, 503, "later");
    if (cairn_http_request_field(req, "Range").data)
        return cairn_http_text(req, 206, "part");
    return cairn_http_text(
        req, 200, cairn_http_request_field(req, "X").data ? "x" : req->path.data);
}

static void what_is_not_there_goes_to_the_fallback_as_it_came(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service =
        serve(.prefix = "/s", .fallback = cairn_http_handler(page, NULL));
    struct cairn_http_response *res = get(f, service, "/s/none");
    assert_int_equal(res->status, 200);
    assert_str(res->body, "/s/none");
    assert_str(get(f, service, "/s/../x")->body, "/s/../x");
    res = ask_with(f, service, CAIRN_HTTP_GET, "/s/none", "Range", "bytes=0-1");
    assert_int_equal(res->status, 206);
    assert_content(get(f, service, "/s/site.css"), 200, CSS);
    cairn_service_drop(service);
}

static void a_page_for_what_is_not_found_is_a_404_and_whole(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.not_found = cairn_http_handler(page, NULL));
    struct cairn_http_response *res = get(f, service, "/none");
    assert_int_equal(res->status, 404);
    assert_str(res->body, "/none");
    res = ask_with(f, service, CAIRN_HTTP_GET, "/none", "Range", "bytes=0-1");
    assert_int_equal(res->status, 404);
    res = ask_with(f, service, CAIRN_HTTP_GET, "/none", "X", "y");
    assert_str(res->body, "x");
    res = ask_with(f, service, CAIRN_HTTP_GET, "/none", "X-Fail", "y");
    assert_int_equal(res->status, 503);
    cairn_service_drop(service);

    service = serve(.not_found = serve(.file = "about.html"));
    assert_content(ask_with(f, service, CAIRN_HTTP_GET, "/x", "If-None-Match", "*"), 404, "about");
    cairn_service_drop(service);
    service = serve(.not_found = serve(.file = "none"));
    assert_status(get(f, service, "/x"), 404);
    cairn_service_drop(service);
}

static struct cairn_future wait_for_mock(struct fixture *f, struct cairn_service **service)
{
    *service = serve(.not_found = cairn_mock_service(f->mock));
    struct cairn_future future = fixture_send(f, *service, fixture_request(f, "/none"));
    assert_pending(f, &future);
    return future;
}

static void a_fallback_may_take_its_time_and_outlive_the_service(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service;
    struct cairn_future future = wait_for_mock(f, &service);
    cairn_service_drop(service);
    fixture_respond(f, NULL);
    assert_int_equal(fixture_response(f, &future)->status, 404);
}

static void errors_of_the_fallback_are_passed_on(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service;
    struct cairn_future future = wait_for_mock(f, &service);
    fixture_fail(f, CAIRN_ERROR_CONFLICT, "no");
    struct cairn_error *error = fixture_failure(f, &future);
    assert_string_equal(error->message, "no");
    cairn_error_unref(error);
    cairn_service_drop(service);
}

static void broken_encoding_is_400(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.fallback = cairn_http_handler(page, NULL));
    assert_status(get(f, service, "/a%"), 400);
    assert_status(get(f, service, "/a%00"), 400);
    cairn_service_drop(service);
}

static void what_is_no_file_and_what_may_not_be_read_is_not_there(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkfifo(tree_at("root/pipe"), 0600), 0);
    tree_link("root/out", "../secret");
    tree_link("root/within", "site.css");
    struct cairn_service *service = serve(.index = NULL);
    assert_status(get(f, service, "/pipe"), 404);
    assert_status(get(f, service, "/out"), 404);
    assert_content(get(f, service, "/within"), 200, CSS);
    cairn_service_drop(service);
    service = serve(.no_symlinks = true);
    assert_status(get(f, service, "/within"), 404);
    cairn_service_drop(service);
}

static void want_of_descriptors_is_503(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    struct cairn_service *service = serve(.precompressed = CAIRN_PRECOMPRESSED_ALL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct cairn_http_response *res = accept(f, service, "/site.css", "gzip");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_status(res, 503);
    cairn_service_drop(service);
}

/* Ways out of the root: dots, and what may come to mean them, between what may come to mean
 * slashes; at most three times, before what would be worth it. */
static void no_payload_leads_out_of_the_root(void **state)
{
    struct fixture *f = *state;
    static const char *const dots[] = {"..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..%00",
        "%c0%ae%c0%ae", "..;", "....", "..%20", ".", "%2e%2e%2f..", "..%09", "%uff0e%uff0e",
        "%e0%80%ae%e0%80%ae", "..%0d%0a"};
    static const char *const slashes[] = {"/", "%2f", "%2F", "\\", "%5c", "%5C", "%252f", "//",
        "/./", "%c0%af", "%ef%bc%8f", "/\\", "%2f/", ";/", "%00/"};
    static const char *const fronts[] = {"/", "/docs/", "//", "/%2f"};
    struct cairn_service *service = serve(.hidden = true, .extension = "html");
    size_t count = 0;
    for (size_t i = 0; i < sizeof(dots) / sizeof(*dots); i++) {
        for (size_t k = 0; k < 15 * 4 * 3; k++) {
            char target[256];
            size_t length = (size_t)snprintf(target, sizeof(target), "%s", fronts[k / 45]);
            for (size_t depth = 0; depth <= k / 15 % 3; depth++)
                length += (size_t)snprintf(
                    target + length, sizeof(target) - length, "%s%s", dots[i], slashes[k % 15]);
            snprintf(target + length, sizeof(target) - length, "secret");
            const struct cairn_http_response *res = get(f, service, target);
            if ((res->status != 404 && res->status != 400) || res->file)
                fail_msg("%s: %d", target, res->status);
            count++;
        }
    }
    assert_true(count > 200);
    cairn_service_drop(service);
}

static void no_other_payload_leads_anywhere(void **state)
{
    struct fixture *f = *state;
    static const char *const targets[] = {"/../secret", "/..", "/../", "/../root/../secret",
        "/docs/../../secret", "/docs/..%2f..%2fsecret", "/.%00./secret", "/site.css%00.png",
        "/site.css/../../secret", "/etc/passwd", "//etc/passwd", "///etc/passwd",
        "/%2fetc%2fpasswd", "/file:///etc/passwd", "/C:/secret", "/c:%5csecret",
        "/%5c%5chost%5cshare", "/\\\\host\\share", "/proc/self/environ", "/~root/.bashrc",
        "/$HOME/.ssh/id_rsa", "/%24%7bHOME%7d", "/`id`", "/|cat%20secret", "/;cat%20secret",
        "/secret%23", "/%3f/../secret", "/nul", "/con", "/aux.txt", "/com1", "/lpt9.x",
        "/.git/config", "/.git/", "/.git", "/.%67it/config", "/docs/.git/config", "/..../secret",
        "/...//secret", "/.../secret", "/./", "/.", "/docs/.", "/docs/./index.html",
        "/docs//index.html", "//", "/docs//", "*", "", "secret", "../secret"};
    struct cairn_service *service = serve(.extension = "html");
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
        const struct cairn_http_response *res = get(f, service, targets[i]);
        if ((res->status != 404 && res->status != 400) || res->file)
            fail_msg("%s: %d", targets[i], res->status);
    }
    cairn_service_drop(service);
}

/* From memory. */

static const struct cairn_http_memory_file memory[] = {
    {"index.html", INDEX, sizeof(INDEX) - 1, 784111777},
    {"css/site.css", CSS, sizeof(CSS) - 1, 0},
    {"css/site.css.gz", "gz", 2, 784111777},
    {0},
};

static void serves_from_memory(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = whole(cairn_serve_dir(.files = cairn_http_memory(memory),
        .precompressed = CAIRN_PRECOMPRESSED_GZIP));
    struct cairn_http_response *res = get(f, service, "/");
    assert_int_equal(res->status, 200);
    assert_str(res->body, INDEX);
    assert_non_null(fixture_field(res, "ETag").data);
    res = ask_with(f, service, CAIRN_HTTP_GET, "/", "Range", "bytes=1-2");
    assert_int_equal(res->status, 206);
    assert_str(res->body, "h1");
    res = get(f, service, "/css/site.css");
    assert_str(res->body, CSS);
    assert_null(fixture_field(res, "ETag").data);
    assert_null(fixture_field(res, "Last-Modified").data);
    assert_str(accept(f, service, "/css/site.css", "gzip")->body, "gz");
    assert_int_equal(get(f, service, "/css")->status, 307);
    assert_int_equal(get(f, service, "/css/")->status, 404);
    cairn_service_drop(service);
}

/* A backend that fails as it is told, and says when it is freed. */

static int failing_open(void *self, const char *name, struct cairn_http_found *out)
{
    (void)name, (void)out;
    return *(int *)self;
}

static void failing_free(void *self)
{
    *(int *)self = -1;
}

static const struct cairn_http_file_backend_ops failing_ops = {
    .name = "failing", .open = failing_open, .free = failing_free};

static void the_backend_is_freed_with_the_last_copy(void **state)
{
    struct fixture *f = *state;
    int error = EIO;
    struct cairn_service *service = whole(cairn_serve_dir(.files = {&failing_ops, &error}));
    struct cairn_service *copy = cairn_service_clone(service);
    assert_status(get(f, service, "/x"), 500);
    cairn_service_drop(service);
    error = ENOMEM;
    assert_status(get(f, copy, "/x"), 503);
    cairn_service_drop(copy);
    assert_int_equal(error, -1);
}

/* On a pool. */

static struct cairn_http_response *block_on(
    struct fixture *f, struct cairn_service *service, struct cairn_http_request *req)
{
    union cairn_outcome out;
    struct cairn_service *copy = cairn_service_clone(service);
    assert_int_equal(
        cairn_block_on(f->runtime, cairn_service_oneshot(copy, req), &out), CAIRN_READY);
    return out.value;
}

static void looks_for_files_on_a_pool(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(NULL, &error);
    struct cairn_service *service =
        serve(.pool = pool, .not_found = cairn_http_handler(page, NULL));
    assert_content(block_on(f, service, fixture_request(f, "/site.css")), 200, CSS);
    assert_int_equal(block_on(f, service, fixture_request(f, "/docs"))->status, 307);
    assert_str(block_on(f, service, fixture_request(f, "/none"))->body, "/none");
    assert_int_equal(fixture_number(service, "missing"), 1);
    cairn_service_drop(service);
    cairn_blocking_pool_free(pool);
}

/* The job ends after the service, the call and the answer that nobody takes. */
static void a_call_on_the_pool_may_be_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(NULL, &error);
    for (int i = 0; i < 50; i++) {
        struct cairn_service *service = serve(.pool = pool);
        struct cairn_future future = fixture_send(f, service, fixture_request(f, "/site.css"));
        cairn_service_drop(service);
        while (i % 2 && cairn_blocking_pool_queued(pool) > 0)
            sched_yield();
        cairn_future_drop(&future);
    }
    cairn_blocking_pool_free(pool);
}

static void want_of_memory_for_the_pool_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(NULL, &error);
    struct cairn_service *service = serve(.pool = pool);
    struct cairn_http_request *req = fixture_request(f, "/site.css");
    cairn_test_alloc_fail_at(1);
    struct cairn_future future = fixture_send(f, service, req);
    assert_int_equal(fixture_failure(f, &future)->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
    cairn_blocking_pool_free(pool);
}

/* Waits until there is something to read. */
static int slow_open(void *self, const char *name, struct cairn_http_found *out)
{
    char byte;
    (void)name, (void)out;
    return read(*(int *)self, &byte, 1) < 0 ? EIO : ENOENT;
}

static void a_pool_that_is_full_is_an_error(void **state)
{
    static const struct cairn_http_file_backend_ops ops = {.name = "slow", .open = slow_open};
    struct fixture *f = *state;
    struct cairn_error *error = NULL;
    int ends[2];
    const struct cairn_blocking_options small = {
        .size = sizeof(small), .threads = 1, .max_queue = 1};
    struct cairn_blocking_pool *pool = cairn_blocking_pool_new(&small, &error);
    assert_int_equal(pipe(ends), 0);
    struct cairn_service *service = whole(cairn_serve_dir(.files = {&ops, &ends[0]}, .pool = pool));
    struct cairn_future running = fixture_send(f, service, fixture_request(f, "/a"));
    while (cairn_blocking_pool_running(pool) == 0)
        sched_yield();
    struct cairn_future queued = fixture_send(f, service, fixture_request(f, "/b"));
    struct cairn_future refused = fixture_send(f, service, fixture_request(f, "/c"));
    error = fixture_failure(f, &refused);
    assert_int_equal(error->code, CAIRN_ERROR_OVERLOADED);
    cairn_error_unref(error);
    cairn_future_drop(&queued);
    close(ends[1]); /* lets the first one end */
    cairn_future_drop(&running);
    cairn_service_drop(service);
    cairn_blocking_pool_free(pool);
    close(ends[0]);
}

/* Memory, options. */

static void fails_without_memory(void **state)
{
    struct fixture *f = *state;
    static const char *const targets[] = {"/site.css", "/docs", "/none", "/a%"};
    struct cairn_service *service = serve(.index = NULL);
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
        struct cairn_http_request *req = fixture_request(f, targets[i]);
        if (targets[i][1] == 'n')
            fixture_add_field(req, "X", "y");
        fixture_exhaust(f);
        struct cairn_future future = fixture_send(f, service, req);
        union cairn_outcome out;
        enum cairn_poll p = cairn_harness_poll(&f->hand, &future, &out);
        assert_int_equal(p, CAIRN_FAILED);
        assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
        cairn_test_alloc_fail_at(0);
    }
    cairn_service_drop(service);
}

static void build_or_fail(void *cx)
{
    (void)cx;
    cairn_test_alloc_exempt(true);
    struct cairn_service *fallback = cairn_http_handler(page, NULL);
    cairn_test_alloc_exempt(false);
    struct cairn_service *service = cairn_serve_dir(.root = tree_at("root"), .prefix = "/s",
        .file = "x", .extension = "html", .cache_control = "no-store", .fallback = fallback);
    const struct cairn_error *error = cairn_service_error(service);
    if (error)
        assert_int_equal(error->code, CAIRN_ERROR_MEMORY);
    cairn_service_drop(service);
}

static int setup_untraced(void **state)
{
    (void)state;
    open_before = tree_open_files();
    tree_begin();
    tree_folder("root");
    return 0;
}

static int teardown_untraced(void **state)
{
    (void)state;
    tree_end();
    assert_int_equal(tree_open_files(), open_before);
    return 0;
}

static void is_not_built_without_memory(void **state)
{
    (void)state;
    assert_true(cairn_test_each_allocation(build_or_fail, NULL) > 7);
}

static void refuse(struct cairn_service *service, enum cairn_error_code code, const char *message)
{
    const struct cairn_error *error = cairn_service_error(service);
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
    cairn_service_drop(service);
}

static void refuses_options_that_make_no_sense(void **state)
{
    struct fixture *f = *state;
    const char *root = tree_at("root");
    int error = 0;
    refuse(cairn_serve_dir_new(NULL), CAIRN_ERROR_INVALID, "root is missing");
    refuse(cairn_serve_dir(.root = root, .files = {&failing_ops, &error}), CAIRN_ERROR_INVALID,
        "there must be one of root and files, not both");
    assert_int_equal(error, -1);
    refuse(cairn_serve_dir(.root = root, .fallback = cairn_http_handler(page, NULL),
               .not_found = cairn_http_handler(page, NULL)),
        CAIRN_ERROR_INVALID, "there must be one of fallback and not_found, not both");
    refuse(cairn_serve_dir(.root = root, .precompressed = 16), CAIRN_ERROR_INVALID,
        "precompressed must be 0 to 15");
    static const char prefix[] = "prefix must begin with a slash and not end with one";
    refuse(cairn_serve_dir(.root = root, .prefix = "static"), CAIRN_ERROR_INVALID, prefix);
    refuse(cairn_serve_dir(.root = root, .prefix = "/static/"), CAIRN_ERROR_INVALID, prefix);
    refuse(cairn_serve_dir(.root = root, .prefix = "/"), CAIRN_ERROR_INVALID, prefix);
    static const char file[] = "file must be the name of a file below the root";
    refuse(cairn_serve_dir(.root = root, .file = "../secret"), CAIRN_ERROR_INVALID, file);
    refuse(cairn_serve_dir(.root = root, .file = "/etc/passwd"), CAIRN_ERROR_INVALID, file);
    refuse(cairn_serve_dir(.root = root, .file = ""), CAIRN_ERROR_INVALID, file);
    refuse(cairn_serve_dir(.root = root, .index = "a/b"), CAIRN_ERROR_INVALID,
        "index must be the name of a file");
    refuse(cairn_serve_dir(.root = root, .extension = ".html"), CAIRN_ERROR_INVALID,
        "extension must be what follows the dot");
    refuse(cairn_serve_dir(.root = root, .cache_control = "a\r\nb"), CAIRN_ERROR_INVALID,
        "cache_control must be the value of a header field");
    refuse(cairn_serve_dir(.root = "/nonexistent"), CAIRN_ERROR_SYSTEM,
        "/nonexistent: No such file or directory (errno 2)");
    refuse(cairn_serve_dir(.root = root, .fallback = cairn_test_echo(NULL)), CAIRN_ERROR_TYPE,
        "fallback must be a service from http.request to http.response");
    refuse(cairn_serve_dir(.root = root, .fallback = cairn_service_broken(cairn_error_new(
                                             CAIRN_ERROR_CONFLICT, "inner", NULL, "no"))),
        CAIRN_ERROR_CONFLICT, "fallback: inner: no");
    (void)f;
}

static void counts_and_tells_where_its_files_are(void **state)
{
    struct fixture *f = *state;
    struct cairn_service *service = serve(.index = NULL);
    struct cairn_service *copy = cairn_service_clone(service);
    get(f, service, "/site.css");
    get(f, copy, "/");
    get(f, copy, "/docs");
    get(f, copy, "/none");
    get(f, copy, "/%");
    ask_with(f, copy, CAIRN_HTTP_PUT, "/", NULL, NULL);
    cairn_service_drop(copy);
    assert_int_equal(fixture_number(service, "files"), 2);
    assert_int_equal(fixture_number(service, "redirects"), 1);
    assert_int_equal(fixture_number(service, "missing"), 1);
    assert_int_equal(fixture_number(service, "failed"), 1);
    assert_int_equal(fixture_number(service, "not_allowed"), 1);
    cairn_service_drop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        serve_test(sends_a_file_by_its_path),
        serve_test(heeds_conditions_and_ranges),
        serve_test(a_folder_has_an_index),
        serve_test(a_folder_that_is_called_like_an_index_is_none),
        serve_test(without_an_index_folders_are_not_there),
        serve_test(a_folder_without_its_slash_is_a_redirect_below_any_prefix),
        serve_test(below_a_router_it_knows_its_root_from_the_path_without_a_slash),
        serve_test(a_redirect_never_leads_to_another_host),
        serve_test(takes_its_prefix_off),
        serve_test(a_name_without_an_extension_may_get_one),
        serve_test(hidden_files_are_served_on_request_only),
        serve_test(one_file_is_served_whatever_the_path),
        serve_test(other_methods_are_405),
        serve_test(sends_the_variant_that_the_client_likes_best),
        serve_test(looks_only_for_the_variants_it_is_told_to),
        serve_test(the_next_best_variant_is_sent_where_one_is_missing),
        serve_test(each_variant_has_a_tag_and_ranges_of_its_own),
        serve_test(what_is_not_there_goes_to_the_fallback_as_it_came),
        serve_test(a_page_for_what_is_not_found_is_a_404_and_whole),
        serve_test(a_fallback_may_take_its_time_and_outlive_the_service),
        serve_test(errors_of_the_fallback_are_passed_on),
        serve_test(broken_encoding_is_400),
        serve_test(what_is_no_file_and_what_may_not_be_read_is_not_there),
        serve_test(want_of_descriptors_is_503),
        serve_test(no_payload_leads_out_of_the_root),
        serve_test(no_other_payload_leads_anywhere),
        serve_test(serves_from_memory),
        serve_test(the_backend_is_freed_with_the_last_copy),
        serve_test(looks_for_files_on_a_pool),
        serve_test(a_call_on_the_pool_may_be_dropped),
        serve_test(want_of_memory_for_the_pool_is_an_error),
        serve_test(a_pool_that_is_full_is_an_error),
        serve_test(fails_without_memory),
        cmocka_unit_test_setup_teardown(
            is_not_built_without_memory, setup_untraced, teardown_untraced),
        serve_test(refuses_options_that_make_no_sense),
        serve_test(counts_and_tells_where_its_files_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
