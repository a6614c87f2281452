#include <cairn/service/stack.h>

/* In debug builds a checking layer stands before every service of a stack. */
static struct cairn_service *stack_checked(struct cairn_service *service)
{
#ifdef CAIRN_CHECKS
    const struct cairn_layer check = cairn_check();
    return cairn_layer_apply(&check, service);
#else
    return service;
#endif
}

struct cairn_service *cairn_stack_build(
    struct cairn_service *service, const struct cairn_layer *layers, size_t count)
{
    if (!service)
        return cairn_service_broken(&cairn_error_no_memory);
    service = stack_checked(service);
    while (count-- > 0) {
        const struct cairn_service *before = service;
        service = cairn_layer_apply(&layers[count], service);
        if (service != before)
            service = stack_checked(service);
    }
    return service;
}

/* Prints "name(key=5ms key=7)  key=12 key=3": parameters in the parentheses, what is live behind.
 */
struct stack_printer {
    FILE *out;
    unsigned depth;
    bool is_open; /* the parenthesis */
    bool is_live; /* a counter or gauge stands on the line */
    bool is_line; /* a line was begun */
};

static void stack_print_begin(void *cx, const char *name)
{
    struct stack_printer *self = cx;
    if (self->is_open)
        fputc(')', self->out);
    if (self->is_line)
        fputc('\n', self->out);
    fprintf(self->out, "%*s%s", (int)self->depth * 2, "", name);
    self->is_open = false;
    self->is_live = false;
    self->is_line = true;
    self->depth++;
}

static void stack_print_end(void *cx)
{
    struct stack_printer *self = cx;
    if (self->is_open)
        fputc(')', self->out);
    self->is_open = false;
    if (self->is_line)
        fputc('\n', self->out);
    self->is_line = false;
    self->depth--;
}

static void stack_print_parameter(struct stack_printer *self)
{
    fputc(self->is_open ? ' ' : '(', self->out);
    self->is_open = true;
}

static void stack_print_number(
    void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit)
{
    struct stack_printer *self = cx;
    if (kind == CAIRN_DESCRIBE_PARAMETER) {
        stack_print_parameter(self);
    } else {
        fputs(self->is_open ? ")  " : self->is_live ? " " : "  ", self->out);
        self->is_open = false;
        self->is_live = true;
    }
    fprintf(self->out, "%s=%llu%s", key, (unsigned long long)value, unit ? unit : "");
}

static void stack_print_text(void *cx, const char *key, const char *value)
{
    struct stack_printer *self = cx;
    stack_print_parameter(self);
    fprintf(self->out, "%s=%s", key, value);
}

void cairn_stack_print(const struct cairn_service *service, FILE *out)
{
    static const struct cairn_describe_ops ops = {
        stack_print_begin, stack_print_number, stack_print_text, stack_print_end};
    struct stack_printer printer = {.out = out};
    struct cairn_describe d = {&ops, &printer};
    cairn_describe_service(&d, service);
}
