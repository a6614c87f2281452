#include <cairn/service/error.h>

#include <stdio.h>
#include <string.h>

#include <cairn/service/alloc.h>
#include <cairn/service/service.h>

struct cairn_error cairn_error_no_memory =
    CAIRN_ERROR_STATIC(CAIRN_ERROR_MEMORY, "cairn", "out of memory");

struct cairn_error *cairn_error_newv(enum cairn_error_code code, const char *layer,
    struct cairn_error *source, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    struct cairn_error *error = cairn_alloc(sizeof(*error) + size);
    if (!error) {
        cairn_error_unref(source);
        return &cairn_error_no_memory;
    }
    char *message = (char *)(error + 1);
    message[0] = '\0';
    vsnprintf(message, size, format, arguments);
    *error = (struct cairn_error){code, layer, message, source, 1};
    return error;
}

struct cairn_error *cairn_error_new(enum cairn_error_code code, const char *layer,
    struct cairn_error *source, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct cairn_error *error = cairn_error_newv(code, layer, source, format, arguments);
    va_end(arguments);
    return error;
}

/* strerror is not safe with threads, and the two strerror_r are not portable. */
static const char *error_text(int number, char *buffer, size_t size)
{
    const char *text = strerrordesc_np(number);
    if (text)
        return text;
    snprintf(buffer, size, "error %d", number);
    return buffer;
}

struct cairn_error *cairn_error_system(const char *layer, const char *what, int error_number)
{
    char buffer[32];
    return cairn_error_new(CAIRN_ERROR_SYSTEM, layer, NULL, "%s: %s (errno %d)", what,
        error_text(error_number, buffer, sizeof(buffer)), error_number);
}

struct cairn_error *cairn_error_ref(struct cairn_error *error)
{
    if (error && __atomic_load_n(&error->references, __ATOMIC_RELAXED) != 0)
        __atomic_fetch_add(&error->references, 1, __ATOMIC_RELAXED);
    return error;
}

void cairn_error_unref(struct cairn_error *error)
{
    while (error && __atomic_load_n(&error->references, __ATOMIC_RELAXED) != 0) {
        if (__atomic_sub_fetch(&error->references, 1, __ATOMIC_ACQ_REL) != 0)
            return;
        struct cairn_error *source = error->source;
        cairn_free(error);
        error = source;
    }
}

const struct cairn_error *cairn_error_find(
    const struct cairn_error *error, enum cairn_error_code code)
{
    while (error && error->code != code)
        error = error->source;
    return error;
}

/* A buffer that is written up to its end and no further. */
struct error_writer {
    char *at;
    size_t room; /* the terminator included */
};

static void error_put(struct error_writer *w, const char *text)
{
    size_t length = strlen(text);
    if (w->room == 0)
        return;
    if (length > w->room - 1)
        length = w->room - 1;
    memcpy(w->at, text, length);
    w->at += length;
    w->room -= length;
    *w->at = '\0';
}

static void error_put_chain(struct error_writer *w, const struct cairn_error *error)
{
    for (; error; error = error->source) {
        error_put(w, error->layer);
        error_put(w, ": ");
        error_put(w, error->message);
        if (error->source)
            error_put(w, ": ");
    }
}

char *cairn_error_format(const struct cairn_error *error, char *buffer, size_t size)
{
    struct error_writer w = {buffer, size};
    error_put(&w, "");
    error_put_chain(&w, error);
    return buffer;
}

/* The way is printed as "name(500ms, 1024)": what describe calls parameters, and nothing else. */
struct error_step {
    struct error_writer *w;
    unsigned parameters;
};

static void error_step_number(
    void *cx, enum cairn_describe_kind kind, const char *key, uint64_t value, const char *unit)
{
    struct error_step *step = cx;
    char text[64];
    (void)key;
    if (kind != CAIRN_DESCRIBE_PARAMETER)
        return;
    snprintf(text, sizeof(text), "%s%llu%s", step->parameters++ ? ", " : "(",
        (unsigned long long)value, unit ? unit : "");
    error_put(step->w, text);
}

static void error_put_step(struct error_writer *w, const struct cairn_service *service)
{
    static const struct cairn_describe_ops ops = {.number = error_step_number};
    struct error_step step = {w, 0};
    struct cairn_describe d = {&ops, &step};
    error_put(w, service->ops->name);
    if (service->ops->describe)
        service->ops->describe(service, &d);
    if (step.parameters)
        error_put(w, ")");
}

static const struct cairn_service *error_raiser(
    const struct cairn_error *error, const struct cairn_service *stack)
{
    while (stack && strcmp(stack->ops->name, error->layer) != 0)
        stack = stack->inner;
    return stack;
}

char *cairn_error_path(
    const struct cairn_error *error, const struct cairn_service *stack, char *buffer, size_t size)
{
    struct error_writer w = {buffer, size};
    const struct cairn_service *raiser = error_raiser(error, stack);
    error_put(&w, "");
    if (!raiser) {
        error_put_chain(&w, error);
        return buffer;
    }
    for (; stack != raiser; stack = stack->inner) {
        if (stack->ops->is_hidden)
            continue;
        error_put_step(&w, stack);
        error_put(&w, " > ");
    }
    error_put_step(&w, raiser);
    error_put(&w, ": ");
    error_put(&w, error->message);
    if (error->source) {
        error_put(&w, ": ");
        error_put_chain(&w, error->source);
    }
    return buffer;
}
