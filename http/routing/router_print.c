#include <cairn/http/router.h>

#include <string.h>

/*
 * Listens to a description twice: first for the widths of the columns, then to print. Of what it
 * hears it keeps the row at hand, and the prefix and the host that the row is below.
 */

#define PRINT_DEPTH 64
#define PRINT_TEXT 1100

enum print_kind { PRINT_LAYER, PRINT_NAMED, PRINT_ROUTER, PRINT_HOST, PRINT_ROW, PRINT_NEST };

struct print_text {
    char bytes[PRINT_TEXT];
};

struct router_printer {
    FILE *out; /* NULL: only the widths are wanted */
    enum print_kind kinds[PRINT_DEPTH];
    size_t prefixes[PRINT_DEPTH]; /* how long `prefix` was outside */
    unsigned depth;
    size_t method_width;
    size_t host_width; /* 0: there are no hosts */
    size_t pattern_width;
    struct print_text method;
    struct print_text host;
    struct print_text pattern;
    struct print_text prefix; /* of the nests around this row */
    struct print_text name;   /* of the service that comes next */
    unsigned services;        /* of this row, so far */
    bool is_open;             /* the line of the row was begun */
};

static void print_set(struct print_text *self, const char *text)
{
    snprintf(self->bytes, sizeof(self->bytes), "%s", text);
}

static enum print_kind print_kind_at(const struct router_printer *self, unsigned depth)
{
    return depth < PRINT_DEPTH ? self->kinds[depth] : PRINT_LAYER;
}

/* What encloses that which begins now. */
static enum print_kind print_outer(const struct router_printer *self)
{
    return self->depth ? print_kind_at(self, self->depth - 1) : PRINT_LAYER;
}

static bool print_is_row(enum print_kind kind)
{
    return kind == PRINT_ROW || kind == PRINT_NEST;
}

static enum print_kind print_kind_of(enum print_kind outer, const char *name)
{
    if (outer == PRINT_ROUTER && strcmp(name, "host") == 0)
        return PRINT_HOST;
    if (outer == PRINT_ROUTER || outer == PRINT_HOST)
        return strcmp(name, "nest") == 0 ? PRINT_NEST : PRINT_ROW;
    if (strcmp(name, "router") == 0)
        return PRINT_ROUTER;
    return strcmp(name, "named") == 0 ? PRINT_NAMED : PRINT_LAYER;
}

static void print_widen(size_t *width, size_t length)
{
    if (*width < length)
        *width = length;
}

static void print_columns(
    const struct router_printer *self, const char *method, const char *host, const char *pattern)
{
    fprintf(self->out, "%-*s  ", (int)self->method_width, method);
    if (self->host_width)
        fprintf(self->out, "%-*s  ", (int)self->host_width, host);
    fprintf(self->out, "%-*s", (int)self->pattern_width, pattern);
}

/* The line up to its services, once all of the row is known. */
static void print_open_row(struct router_printer *self)
{
    char whole[2 * PRINT_TEXT];
    snprintf(whole, sizeof(whole), "%s%s", self->prefix.bytes, self->pattern.bytes);
    const char *pattern = *whole ? whole : "*";
    const char *host = *self->host.bytes ? self->host.bytes : "*";
    self->is_open = true;
    self->services = 0;
    if (self->out) {
        print_columns(self, self->method.bytes, host, pattern);
        return;
    }
    print_widen(&self->method_width, strlen(self->method.bytes));
    print_widen(&self->pattern_width, strlen(pattern));
    if (*self->host.bytes)
        print_widen(&self->host_width, strlen(host));
}

static void print_close_row(struct router_printer *self)
{
    if (self->is_open && self->out)
        fputc('\n', self->out);
    self->is_open = false;
}

static void print_service(struct router_printer *self, const char *name)
{
    const char *separator = self->services++ ? " > " : "  ";
    if (self->out && *self->name.bytes)
        fprintf(self->out, "%s%s(%s)", separator, name, self->name.bytes);
    else if (self->out)
        fprintf(self->out, "%s%s", separator, name);
    print_set(&self->name, "");
}

static void print_begin_row(struct router_printer *self, const char *name)
{
    print_set(&self->method, name);
    print_set(&self->pattern, "");
}

static void print_begin(void *cx, const char *name)
{
    struct router_printer *self = cx;
    enum print_kind outer = print_outer(self);
    enum print_kind kind = print_kind_of(outer, name);
    if (print_is_row(outer) && self->is_open && kind != PRINT_NAMED)
        print_service(self, name);
    if (kind == PRINT_ROUTER)
        print_close_row(self);
    if (print_is_row(kind))
        print_begin_row(self, name);
    if (self->depth < PRINT_DEPTH) {
        self->kinds[self->depth] = kind;
        self->prefixes[self->depth] = strlen(self->prefix.bytes);
    }
    self->depth++;
}

/* Behind its texts a row has its hits, before its services. */
static void print_number(
    void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit)
{
    struct router_printer *self = cx;
    (void)kind;
    (void)key;
    (void)value;
    (void)unit;
    enum print_kind outer = print_outer(self);
    if (!print_is_row(outer) || self->is_open)
        return;
    print_open_row(self);
    size_t length = strlen(self->pattern.bytes);
    size_t rest = strlen("/{*rest}");
    if (outer != PRINT_NEST || length < rest)
        return;
    size_t prefix = strlen(self->prefix.bytes);
    snprintf(self->prefix.bytes + prefix, sizeof(self->prefix.bytes) - prefix, "%.*s",
        (int)(length - rest), self->pattern.bytes);
}

static void print_text(void *cx, const char *key, const char *value)
{
    struct router_printer *self = cx;
    enum print_kind outer = print_outer(self);
    if (outer == PRINT_HOST)
        print_set(&self->host, value);
    else if (outer == PRINT_NAMED)
        print_set(&self->name, value);
    else if (print_is_row(outer) && strcmp(key, "method") == 0)
        print_set(&self->method, value);
    else if (print_is_row(outer))
        print_set(&self->pattern, value);
}

static void print_end(void *cx)
{
    struct router_printer *self = cx;
    self->depth--;
    enum print_kind kind = print_kind_at(self, self->depth);
    if (print_is_row(kind))
        print_close_row(self);
    if (kind == PRINT_HOST)
        print_set(&self->host, "");
    if (self->depth < PRINT_DEPTH)
        self->prefix.bytes[self->prefixes[self->depth]] = '\0';
}

void cairn_http_router_print(const struct cairn_service *service, FILE *out)
{
    static const struct cairn_describe_ops ops = {print_begin, print_number, print_text, print_end};
    struct router_printer printer = {
        .method_width = strlen("METHOD"), .pattern_width = strlen("PATTERN")};
    struct cairn_describe d = {&ops, &printer};
    cairn_describe_service(&d, service);
    printer.out = out;
    if (printer.host_width)
        print_widen(&printer.host_width, strlen("HOST"));
    print_columns(&printer, "METHOD", "HOST", "PATTERN");
    fputs("  SERVICE\n", out);
    cairn_describe_service(&d, service);
}
