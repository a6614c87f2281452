/* A body of any bytes, bound by a table that has every type and nests in itself. What is bound is
 * written, bound again and written again: to the same text. What is not is answered. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cairn/http/json.h>
#include <cairn/http/json_record.h>

#define BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const suit_names[] = {"clubs", NULL, "hearts"};

struct node {
    bool flag;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    double real;
    struct cairn_str text;
    struct cairn_uuid id;
    int suit;
    struct node *children;
    size_t child_count;
    struct cairn_str *tags;
    size_t tag_count;
    bool has_number;
    int64_t number;
};
static const struct cairn_record node_record;
static const struct cairn_field node_fields[] = {
    CAIRN_FIELD_BOOL(struct node, flag, .as = "b"),
    CAIRN_FIELD_INT(struct node, i32, .as = "i"),
    CAIRN_FIELD_INT(struct node, i64, .as = "I", .min = -1000000, .max = 1000000),
    CAIRN_FIELD_UINT(struct node, u32, .as = "u", .otherwise = "7"),
    CAIRN_FIELD_UINT(struct node, u64, .as = "U"),
    CAIRN_FIELD_DOUBLE(struct node, real, .as = "d", .max_double = 1e300),
    CAIRN_FIELD_STRING(struct node, text, .as = "s", .max_length = 20),
    CAIRN_FIELD_UUID(struct node, id, .as = "x"),
    CAIRN_FIELD_ENUM(struct node, suit, suit_names, .as = "e"),
    CAIRN_FIELD_OBJECT_ARRAY(struct node, children, child_count, &node_record, .as = "c"),
    CAIRN_FIELD_ARRAY(struct node, tags, tag_count, .as = "t", .max_count = 5),
    CAIRN_FIELD_INT(struct node, number, CAIRN_FIELD_FLAG(struct node, has_number), .as = "n"),
};
static const struct cairn_record node_record =
    CAIRN_RECORD(struct node, node_fields, .refuses_unknown = true);

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static struct cairn_str write_node(struct cairn_arena *arena, const struct node *node)
{
    struct cairn_json_writer w = cairn_json_writer_in(arena);
    cairn_json_record(&w, &node_record, node);
    check(w.error == CAIRN_JSON_WRITER_OK, "what was bound cannot be written");
    return cairn_json_writer_text(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct node node = {0};
    struct node again = {0};
    struct cairn_http_rejection no;
    if (size > BYTES)
        return 0;
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_POST, "/");
    cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"), CAIRN_STR("application/json"));
    req->body = cairn_str_of((const char *)data, size);
    if (cairn_http_bind_json(req, &node_record, &node, NULL, &no)) {
        struct cairn_str text = write_node(arena, &node);
        req->body = text;
        check(cairn_http_bind_json(req, &node_record, &again, NULL, &no), "not bound again");
        check(cairn_str_equal(text, write_node(arena, &again)), "another text");
    } else {
        check(no.status == 400 || no.status == 413 || no.status == 422, "another status");
        check(cairn_http_reject(req, &no)->status == no.status, "another answer");
    }
    cairn_arena_free(arena);
    return 0;
}
