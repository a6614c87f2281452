/* json_todos.c - a JSON API over a list in memory: create, read, list, change, delete. */
#include <stdlib.h>
#include <string.h>

#include <cairn/http/all.h>
#include <cairn/http/json.h>

#define MOST_TITLE 80
#define MOST_TODOS 1000

struct todo {
    int64_t id; /* 0: an empty place of the list */
    struct cairn_str title;
    bool done;
    char text[MOST_TITLE]; /* the title of one that is in the list */
};

/* How a todo is written … */
static const struct cairn_field todo_fields[] = {
    CAIRN_FIELD_INT(struct todo, id),
    CAIRN_FIELD_STRING(struct todo, title),
    CAIRN_FIELD_BOOL(struct todo, done),
};
static const struct cairn_record todo_record = CAIRN_RECORD(struct todo, todo_fields);

/* … and what a client may say of it. A field that is absent leaves the member as it is. */
static const char *has_title(const void *value)
{
    return ((const struct todo *)value)->title.data ? NULL : "must have a title";
}

static const struct cairn_field input_fields[] = {
    CAIRN_FIELD_STRING(struct todo, title, .min_length = 1, .max_length = MOST_TITLE),
    CAIRN_FIELD_BOOL(struct todo, done),
};
static const struct cairn_record input_record =
    CAIRN_RECORD(struct todo, input_fields, .refuses_unknown = true, .check = has_title);

struct list { /* of one worker, and so without a lock */
    struct todo todos[MOST_TODOS];
    int64_t last_id;
};

static struct todo *list_find(struct list *list, int64_t id)
{
    for (size_t i = 0; i < MOST_TODOS; i++)
        if (list->todos[i].id == id)
            return &list->todos[i];
    return NULL;
}

static void list_put(struct todo *place, const struct todo *todo)
{
    *place = *todo;
    memmove(place->text, todo->title.data, todo->title.length); /* the request's goes with it */
    place->title.data = place->text;
}

/* The todo that the path names; else NULL, and why not. */
static struct todo *todo_of(
    struct list *list, struct cairn_http_request *req, struct cairn_http_rejection *no)
{
    int64_t id;
    if (!cairn_http_param_int(req, "id", 1, INT64_MAX, &id, no))
        return NULL;
    struct todo *todo = list_find(list, id);
    if (!todo)
        *no = (struct cairn_http_rejection){
            .reason = CAIRN_HTTP_REJECTION_NOT_FOUND, .status = 404, .detail = "no such todo"};
    return todo;
}

static struct cairn_http_response *create_todo(struct cairn_http_request *req, void *state)
{
    struct list *list = state;
    struct todo todo = {0};
    struct cairn_http_rejection no;
    if (!cairn_http_bind_json(req, &input_record, &todo, NULL, &no))
        return cairn_http_reject(req, &no); /* with all that is wrong */
    struct todo *place = list_find(list, 0);
    if (!place)
        return cairn_http_problem(req, 507, "the list is full");
    todo.id = ++list->last_id;
    list_put(place, &todo);
    return cairn_http_json_record(req, 201, &todo_record, place);
}

static struct cairn_http_response *get_todo(struct cairn_http_request *req, void *state)
{
    struct cairn_http_rejection no;
    const struct todo *todo = todo_of(state, req, &no);
    return todo ? cairn_http_json_record(req, 200, &todo_record, todo)
                : cairn_http_reject(req, &no);
}

static struct cairn_http_response *get_todos(struct cairn_http_request *req, void *state)
{
    const struct list *list = state;
    struct cairn_json_writer w = cairn_json_writer_in(req->arena);
    cairn_json_array(&w);
    for (size_t i = 0; i < MOST_TODOS; i++)
        if (list->todos[i].id)
            cairn_json_record(&w, &todo_record, &list->todos[i]);
    cairn_json_end(&w);
    return cairn_http_json(req, 200, &w);
}

/* PATCH: the body goes over a copy of what is there, which takes its place if all is right. */
static struct cairn_http_response *change_todo(struct cairn_http_request *req, void *state)
{
    struct cairn_http_rejection no;
    struct todo *todo = todo_of(state, req, &no);
    if (!todo)
        return cairn_http_reject(req, &no);
    struct todo changed = *todo;
    if (!cairn_http_bind_json(req, &input_record, &changed, NULL, &no))
        return cairn_http_reject(req, &no);
    list_put(todo, &changed);
    return cairn_http_json_record(req, 200, &todo_record, todo);
}

static struct cairn_http_response *delete_todo(struct cairn_http_request *req, void *state)
{
    struct cairn_http_rejection no;
    struct todo *todo = todo_of(state, req, &no);
    if (!todo)
        return cairn_http_reject(req, &no);
    todo->id = 0;
    return cairn_http_no_content(req);
}

static struct cairn_service *app(void *list, const struct cairn_http_worker *worker)
{
    (void)worker;
    struct cairn_http_router *r = cairn_http_router_new();
    cairn_http_get(r, "/todos", cairn_http_handler(get_todos, list));
    cairn_http_post(r, "/todos", cairn_http_handler(create_todo, list));
    cairn_http_get(r, "/todos/{id}", cairn_http_handler(get_todo, list));
    cairn_http_patch(r, "/todos/{id}", cairn_http_handler(change_todo, list));
    cairn_http_delete(r, "/todos/{id}", cairn_http_handler(delete_todo, list));
    return cairn_http_router_service(r);
}

int main(int argc, char **argv)
{
    static struct list list;
    return cairn_http_serve(
        app, &list, .workers = 1, .port = argc > 1 ? (uint16_t)atoi(argv[1]) : 8080);
}
