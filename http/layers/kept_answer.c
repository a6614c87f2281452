#include <cairn/http/layers/kept_answer.h>

#include <string.h>

#include <cairn/service/alloc.h>

/* The text of fields and body is behind the fields. */
struct cairn__kept_answer {
    unsigned references; /* atomic */
    int status;
    size_t size;
    struct cairn_str body;
    size_t count;
    struct cairn_http_field fields[];
};

static size_t kept_answer_measure(const struct cairn_http_response *res)
{
    size_t size = sizeof(struct cairn__kept_answer) + res->body.length;
    for (size_t i = 0; i < res->fields.count; i++) {
        const struct cairn_http_field *field = &res->fields.items[i];
        size += sizeof(*field) + field->name.length + field->value.length;
    }
    return size;
}

static struct cairn_str kept_answer_copy(char **at, struct cairn_str s)
{
    char *copy = *at;
    if (s.length)
        memcpy(copy, s.data, s.length);
    *at += s.length;
    return cairn_str_of(copy, s.length);
}

struct cairn__kept_answer *cairn__kept_answer_new(const struct cairn_http_response *res)
{
    size_t size = kept_answer_measure(res);
    struct cairn__kept_answer *self = cairn_alloc(size);
    if (!self)
        return NULL;
    *self = (struct cairn__kept_answer){
        .references = 1, .status = res->status, .size = size, .count = res->fields.count};
    char *at = (char *)&self->fields[self->count];
    for (size_t i = 0; i < self->count; i++) {
        self->fields[i].name = kept_answer_copy(&at, res->fields.items[i].name);
        self->fields[i].value = kept_answer_copy(&at, res->fields.items[i].value);
    }
    self->body = kept_answer_copy(&at, res->body);
    return self;
}

struct cairn__kept_answer *cairn__kept_answer_ref(struct cairn__kept_answer *answer)
{
    __atomic_fetch_add(&answer->references, 1, __ATOMIC_RELAXED);
    return answer;
}

void cairn__kept_answer_unref(struct cairn__kept_answer *answer)
{
    if (answer && __atomic_sub_fetch(&answer->references, 1, __ATOMIC_ACQ_REL) == 0)
        cairn_free(answer);
}

size_t cairn__kept_answer_size(const struct cairn__kept_answer *answer)
{
    return answer->size;
}

static void kept_answer_let_go(void *value)
{
    cairn__kept_answer_unref(value);
}

struct cairn_http_response *cairn__kept_answer_response(
    struct cairn__kept_answer *answer, const struct cairn_http_request *req)
{
    struct cairn_http_response *res = cairn_http_response_new(req, answer->status);
    if (!res || cairn_arena_defer(req->arena, kept_answer_let_go, answer) != 0)
        return NULL;
    cairn__kept_answer_ref(answer);
    res->body = answer->body;
    for (size_t i = 0; i < answer->count; i++) {
        if (cairn_http_fields_add(&res->fields, answer->fields[i].name, answer->fields[i].value))
            return NULL;
    }
    return res;
}
