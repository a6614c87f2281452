/* static_files.c - a web site from a folder, with a page for what is not there, and a download.
 *
 *     static_files PORT FOLDER     FOLDER has index.html, 404.html and all the rest
 */
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/file.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/router.h>
#include <cairn/http/serve_dir.h>
#include <cairn/http/server.h>
#include <cairn/service/stack.h>

struct site {
    const char *folder;
    char report[1024];
};

/* [file] */
static struct cairn_http_response *download(struct cairn_http_request *req, void *state)
{
    const struct site *site = state;
    return cairn_http_file_open(
        req, site->report, cairn_http_file_options(.attachment = "Bericht f\u00fcr Juni.csv"));
}
/* [/file] */

/* [memory] */
static const char robots[] = "User-agent: *\nDisallow: /assets/\n";

static const struct cairn_http_memory_file built_in[] = {
    {"robots.txt", robots, sizeof(robots) - 1, 0},
    {0},
};
/* [/memory] */

static struct cairn_service *routes(struct site *site)
{
    struct cairn_http_router *r = cairn_http_router_new();
    /* [mounts] */
    /* Names with a hash of the content in them: what they name never changes. */
    cairn_http_nest_service(r, "/assets",
        cairn_serve_dir(.root = site->folder, .precompressed = CAIRN_PRECOMPRESSED_ALL,
            .cache_control = "public, max-age=31536000, immutable"));
    /* One file, whatever the path. */
    cairn_http_get(r, "/robots.txt",
        cairn_serve_dir(.files = cairn_http_memory(built_in), .file = "robots.txt"));
    /* All else: pages, by names without .html, and one for what is not there. */
    cairn_http_router_fallback(
        r, cairn_serve_dir(.root = site->folder, .extension = "html", .cache_control = "no-cache",
               .not_found = cairn_serve_dir(.root = site->folder, .file = "404.html")));
    /* [/mounts] */
    cairn_http_get(r, "/download", cairn_http_handler(download, site));
    return cairn_http_router_service(r);
}

static struct cairn_service *app(void *cx, const struct cairn_http_worker *worker)
{
    (void)worker;
    return cairn_stack(routes(cx), cairn_access_log(.file = stderr), cairn_error_to_response());
}

int main(int argc, char **argv)
{
    struct site site = {.folder = argc > 2 ? argv[2] : "."};
    snprintf(site.report, sizeof(site.report), "%s/report.csv", site.folder);
    return cairn_http_serve(app, &site, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
