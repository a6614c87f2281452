/* router_script.h - a router and requests in lines of text: what the router does with them is held
 * to the naive reference. For a fuzz target, and a test that writes such texts at random. Internal.
 *
 * Up to an empty line each line adds something, behind it each is a request:
 *
 *     /users/{id}     a route for GET          /users/7           GET
 *     +/users         one for POST             +/users            POST
 *     ~/users         one for any method       @a.com /users/7    GET, of that host
 *     ^/static        a nested service
 *     !               a fallback
 *     >/admin         what follows is in a group with this prefix, up to
 *     <               this line
 *     @a.com b.com    what follows is of this host, up to such a line
 */
#ifndef CAIRN_TESTKIT_ROUTER_SCRIPT_H
#define CAIRN_TESTKIT_ROUTER_SCRIPT_H

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include <cairn/http/router.h>
#include <cairn/testkit/route_reference.h>

#define ROUTER_SCRIPT_BYTES 4096
#define ROUTER_SCRIPT_ENTRIES 64
#define ROUTER_SCRIPT_DEPTH 8

struct router_script_entry {
    char kind; /* '/', '+', '~', '^' or '!' */
    size_t host;
    size_t prefix_segments;
    char pattern[ROUTE_REFERENCE_BYTES]; /* whole; of '^' and '!' the prefix */
};

struct router_script {
    char text[ROUTER_SCRIPT_BYTES + 1];
    char *rest;
    struct router_script_entry entries[ROUTER_SCRIPT_ENTRIES];
    size_t count;
    const char *hosts[ROUTER_SCRIPT_ENTRIES]; /* their names; the first is none: the default */
    size_t host_count;
    struct cairn_http_router *routers[ROUTER_SCRIPT_DEPTH]; /* that are open */
    char prefixes[ROUTER_SCRIPT_DEPTH][ROUTE_REFERENCE_BYTES];
    bool is_host[ROUTER_SCRIPT_DEPTH];
    const char *openers[ROUTER_SCRIPT_DEPTH]; /* the text of their lines */
    size_t depth;
    bool is_too_long;
};

static inline void router_script_check(bool holds, const char *what, const char *line)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, line);
    abort();
}

/* Cuts the next line off. NULL at the end. */
static inline char *router_script_line(struct router_script *self)
{
    char *line = self->rest;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    self->rest = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return line;
}

/* Answers with the entry that STATE is, by its address. */
static inline struct cairn_http_response *router_script_answer(
    struct cairn_http_request *req, void *state)
{
    return cairn_http_bytes(req, 299, NULL, cairn_str_of((const char *)state, 1));
}

/* A and B in OUT; cut where they are too long, and the script is then left alone. */
static inline void router_script_join(
    struct router_script *self, const char *a, const char *b, char out[ROUTE_REFERENCE_BYTES])
{
    size_t before = strlen(a);
    size_t after = strlen(b);
    if (before + after >= ROUTE_REFERENCE_BYTES) {
        self->is_too_long = true;
        after = 0;
    }
    memcpy(out, a, before);
    memcpy(out + before, b, after);
    out[before + after] = '\0';
}

static inline void router_script_add(struct router_script *self, const char *line)
{
    struct cairn_http_router *r = self->routers[self->depth];
    struct router_script_entry *entry = &self->entries[self->count++];
    const char *prefix = self->prefixes[self->depth];
    const char *own = *line == '/' ? line : line + 1;
    entry->kind = *line;
    entry->host = self->is_host[self->depth ? 1 : 0] ? self->host_count - 1 : 0;
    entry->prefix_segments = 0;
    if (*line == '!')
        own = "";
    const char *pattern = *prefix && strcmp(own, "/") == 0 && *line != '^' ? "" : own;
    router_script_join(self, prefix, pattern, entry->pattern);
    const char *stripped = *line == '^' || *line == '!' ? entry->pattern : prefix;
    for (; *stripped; stripped++)
        entry->prefix_segments += *stripped == '/';
    struct cairn_service *service = cairn_http_handler(router_script_answer, entry);
    if (*line == '/')
        cairn_http_get(r, own, service);
    else if (*line == '+')
        cairn_http_post(r, own, service);
    else if (*line == '~')
        cairn_http_any(r, own, service);
    else if (*line == '^')
        cairn_http_nest_service(r, own, service);
    else
        cairn_http_router_fallback(r, service);
}

static inline void router_script_open(struct router_script *self, const char *line)
{
    const char *outer = self->prefixes[self->depth++];
    self->routers[self->depth] = cairn_http_router_new();
    self->openers[self->depth] = line + 1;
    self->is_host[self->depth] = *line == '@';
    if (*line == '@')
        self->hosts[self->host_count++] = line + 1;
    router_script_join(self, outer, *line == '@' ? "" : line + 1, self->prefixes[self->depth]);
}

static inline void router_script_close(struct router_script *self)
{
    struct cairn_http_router *inner = self->routers[self->depth];
    const char *opener = self->openers[self->depth];
    bool is_host = self->is_host[self->depth--];
    if (is_host)
        cairn_http_host(self->routers[self->depth], opener, inner);
    else
        cairn_http_nest(self->routers[self->depth], opener, inner);
}

static inline void router_script_build(struct router_script *self)
{
    self->routers[0] = cairn_http_router_new();
    self->hosts[0] = "";
    self->host_count = 1;
    for (char *line;
         self->count < ROUTER_SCRIPT_ENTRIES && (line = router_script_line(self)) && *line;) {
        bool is_host = *line == '@' && self->depth == 0 && self->host_count < ROUTER_SCRIPT_ENTRIES;
        bool is_group = *line == '>' && self->depth + 1 < ROUTER_SCRIPT_DEPTH;
        if (*line == '<' && self->depth)
            router_script_close(self);
        else if (is_host || is_group)
            router_script_open(self, line);
        else if (strchr("/+~^!", *line))
            router_script_add(self, line);
    }
    while (self->depth)
        router_script_close(self);
}

/* Whether the names in LIST have HOST, of LENGTH bytes: 0 no, else the more the better. */
static inline size_t router_script_host_rank(const char *list, const char *host, size_t length)
{
    size_t rank = 0;
    while (*list) {
        size_t name = strcspn(list, " ");
        size_t bare = name && list[name - 1] == '.' ? name - 1 : name;
        size_t tail = bare > 1 && *list == '*' ? bare - 1 : 0; /* ".example.com" */
        if (bare == length && !tail && strncasecmp(list, host, length) == 0)
            return 1000;
        if (tail && length > tail && strncasecmp(list + 1, host + length - tail, tail) == 0)
            rank = rank > tail ? rank : tail;
        list += name;
        list += strspn(list, " ");
    }
    return rank;
}

static inline size_t router_script_host(
    const struct router_script *self, const char *host, size_t length)
{
    size_t best = 0;
    size_t best_rank = 0;
    if (length && host[length - 1] == '.')
        length--;
    for (size_t i = 1; i < self->host_count; i++) {
        size_t rank = router_script_host_rank(self->hosts[i], host, length);
        if (rank > best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

/* What a router should do. */
struct router_script_expected {
    const struct router_script_entry *entry; /* NULL: an answer of the router's */
    int status;
    struct route_reference found;
    bool has_route;
};

/* Whether ENTRY takes PATH; OUT says how. */
static inline bool router_script_takes(
    const struct router_script_entry *entry, const char *path, struct route_reference *out)
{
    static const char *const tails[] = {"", "/", "/{*rest}"};
    char pattern[ROUTE_REFERENCE_BYTES + 16];
    bool is_below = entry->kind == '^' || entry->kind == '!';
    for (int i = 0; i < (is_below ? 3 : 1); i++) {
        snprintf(pattern, sizeof(pattern), "%s%s", entry->pattern, tails[i]);
        if (!route_reference_matches(pattern, path, out))
            continue;
        if (i == 2)
            out->count--; /* the rest is no parameter */
        return true;
    }
    return false;
}

static inline bool router_script_is_for(const struct router_script_entry *entry, bool is_post)
{
    return strchr(is_post ? "+~^" : "/~^", entry->kind);
}

/* Whether A is chosen before B, both for the method or both not: a method's own goes first. */
static inline bool router_script_is_before(
    const struct router_script_entry *a, const struct router_script_entry *b, bool is_post)
{
    bool is_a = router_script_is_for(a, is_post);
    bool is_b = router_script_is_for(b, is_post);
    if (is_a != is_b)
        return is_a;
    return is_a && (a->kind == '/' || a->kind == '+') && b->kind != '/' && b->kind != '+';
}

/* The best of the routes of HOST, or of its fallbacks, in OUT. */
static inline void router_script_search(const struct router_script *self, size_t host,
    const char *path, bool is_post, bool is_fallback, struct router_script_expected *out)
{
    struct route_reference found;
    out->entry = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const struct router_script_entry *entry = &self->entries[i];
        bool is_whole = *entry->pattern == '\0'; /* not below a prefix: the last resort */
        if (entry->host != host || (entry->kind == '!') != is_fallback || is_whole ||
            !router_script_takes(entry, path, &found))
            continue;
        int order = out->entry ? strcmp(found.rank, out->found.rank) : -1;
        /* Of fallbacks the last one given to a router counts. */
        if (order < 0 ||
            (order == 0 && (is_fallback || router_script_is_before(entry, out->entry, is_post)))) {
            out->entry = entry;
            out->found = found;
        }
    }
}

/* The last fallback of HOST that is not in a group. */
static inline const struct router_script_entry *router_script_last_resort(
    const struct router_script *self, size_t host)
{
    const struct router_script_entry *found = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const struct router_script_entry *entry = &self->entries[i];
        if (entry->host == host && entry->kind == '!' && *entry->pattern == '\0')
            found = entry;
    }
    return found;
}

static inline void router_script_expect(const struct router_script *self, size_t host,
    const char *path, bool is_post, struct router_script_expected *out)
{
    *out = (struct router_script_expected){.status = 299};
    if (!route_reference_is_encoded_well(path)) {
        out->status = 400;
        return;
    }
    router_script_search(self, host, path, is_post, false, out);
    if (out->entry) {
        out->has_route = true;
        out->status = router_script_is_for(out->entry, is_post) ? 299 : 405;
        return;
    }
    router_script_search(self, host, path, is_post, true, out);
    if (!out->entry) {
        out->found.count = 0;
        out->entry = router_script_last_resort(self, host);
    }
    if (!out->entry && host)
        out->entry = router_script_last_resort(self, 0);
    if (!out->entry)
        out->status = 404;
}

/* PATH behind as many segments, of which it has no less. */
static inline const char *router_script_inner(const char *path, size_t segments)
{
    if (segments == 0)
        return path;
    for (; segments; segments--)
        path += 1 + strcspn(path + 1, "/");
    return *path ? path : "/";
}

static inline void router_script_compare(const struct router_script_expected *expected,
    const struct cairn_http_request *req, const struct cairn_http_response *res, const char *path)
{
    router_script_check(res->status == expected->status, "another status", path);
    router_script_check(!req->route.data == !expected->has_route, "a route, or none", path);
    if (!expected->entry)
        return;
    router_script_check(
        req->param_count == expected->found.count, "another number of values", path);
    for (size_t i = 0; i < req->param_count; i++)
        router_script_check(
            cairn_str_equal(req->params[i].value, cairn_str_from(expected->found.values[i])),
            "another value", path);
    if (res->status == 405)
        return;
    const struct router_script_entry *entry = expected->entry;
    router_script_check((const void *)res->body.data == entry, "another route", path);
    char pattern[ROUTE_REFERENCE_BYTES + 16];
    snprintf(
        pattern, sizeof(pattern), "%s%s", entry->pattern, entry->kind == '^' ? "/{*rest}" : "");
    router_script_check(
        !expected->has_route || cairn_str_equal(req->route, cairn_str_from(pattern)),
        "another pattern", path);
    const char *inner = router_script_inner(path, entry->prefix_segments);
    router_script_check(cairn_str_equal(req->path, cairn_str_from(inner)), "another path", path);
}

/* Whether the host has only what every host may have: the others are not this test's. */
static inline bool router_script_is_host(const char *host, size_t length)
{
    if (length == 0 || length > 200 || host[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)host[i]) && host[i] != '-' && host[i] != '.')
            return false;
        if (host[i] == '.' && host[i - 1] == '.')
            return false;
    }
    return true;
}

/* Returns whether LINE is a request; if so it was sent and held to the reference. */
static inline bool router_script_send(
    const struct router_script *self, struct cairn_service *router, const char *line)
{
    struct router_script_expected expected;
    size_t host_length = *line == '@' ? strcspn(line, " ") - 1 : 0;
    const char *host = line + 1;
    bool is_post = *line == '+';
    const char *path = is_post ? line + 1 : line;
    if (*line == '@') {
        path = line + 1 + host_length;
        path += *path == ' ';
        if (!router_script_is_host(host, host_length))
            return false;
    }
    if (strlen(path) >= ROUTE_REFERENCE_BYTES)
        return false;
    size_t index = host_length ? router_script_host(self, host, host_length) : 0;
    router_script_expect(self, index, path, is_post, &expected);
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req =
        cairn_http_request_new(arena, is_post ? CAIRN_HTTP_POST : CAIRN_HTTP_GET, "/");
    req->path = cairn_str_from(path);
    if (host_length)
        cairn_http_fields_add(&req->fields, CAIRN_STR("Host"), cairn_str_of(host, host_length));
    struct cairn_future future = cairn_service_call(router, req);
    router_script_check(cairn_future_is_complete(&future), "no answer", path);
    router_script_check(!req->route_host.data == !index, "a host, or none", path);
    router_script_compare(&expected, req, future.state, path);
    cairn_arena_free(arena);
    return true;
}

/* Returns how many requests were sent: none if the router is broken. Aborts where it differs from
 * the reference. */
static inline size_t router_script_run(const char *text, size_t size)
{
    static struct router_script self;
    size_t sent = 0;
    memset(&self, 0, sizeof(self));
    if (size > ROUTER_SCRIPT_BYTES || memchr(text, '\0', size))
        return 0;
    memcpy(self.text, text, size);
    self.rest = self.text;
    router_script_build(&self);
    struct cairn_service *router = cairn_http_router_service(self.routers[0]);
    if (!cairn_service_error(router) && !self.is_too_long) {
        for (char *line; (line = router_script_line(&self));)
            sent += router_script_send(&self, router, line);
    }
    cairn_service_drop(router);
    return sent;
}

#endif
