#include <cairn/http/extract/part_head.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/codec/ows.h>

#define PART_HEAD_NO_MEMORY cairn__refuse(503, "no memory")

/* Cuts the next line off *HEAD, in which each line has its end. A carriage return that is none
 * stays in the line, where no value may have it. */
static struct cairn_str part_head_line(struct cairn_str *head)
{
    struct cairn_str line = *head;
    for (size_t i = 0; i + 1 < head->length; i++) {
        if (head->data[i] == '\r' && head->data[i + 1] == '\n') {
            line.length = i;
            *head = cairn_str_of(head->data + i + 2, head->length - i - 2);
            break;
        }
    }
    return line;
}

static struct cairn__verdict part_head_add(
    struct cairn_str line, size_t max_fields, struct cairn_http_fields *fields)
{
    const char *colon = memchr(line.data, ':', line.length);
    if (!colon)
        return cairn__refuse(400, "a header line of a part without a colon");
    size_t length = (size_t)(colon - line.data);
    struct cairn_str name = cairn_str_of(line.data, length);
    struct cairn_str value = cairn__ows_trim(cairn_str_of(colon + 1, line.length - length - 1));
    if (!cairn_http_is_token(name) || !cairn_http_is_field_value(value))
        return cairn__refuse(400, "a header field of a part with a character that is not allowed");
    if (fields->count == max_fields)
        return cairn__refuse(413, "a part with too many header fields");
    return cairn_http_fields_add(fields, name, value) ? PART_HEAD_NO_MEMORY : cairn__accept();
}

static void part_head_skip(struct cairn_str *rest, size_t length)
{
    *rest = cairn_str_of(rest->data + length, rest->length - length);
}

static struct cairn_str part_head_token(struct cairn_str *rest)
{
    const char *end = cairn__chars_skip(rest->data, rest->data + rest->length, CAIRN__CHAR_TOKEN);
    struct cairn_str token = cairn_str_of(rest->data, (size_t)(end - rest->data));
    part_head_skip(rest, token.length);
    return token;
}

static bool part_head_is_escape(struct cairn_str s, size_t i)
{
    return s.data[i] == '\\' && i + 1 < s.length && (s.data[i + 1] == '"' || s.data[i + 1] == '\\');
}

/* REST begins with a quote. False when the string does not end. */
static bool part_head_quoted(struct cairn_str *rest, struct cairn_str *out)
{
    for (size_t i = 1; i < rest->length; i++) {
        if (rest->data[i] == '"') {
            *out = cairn_str_of(rest->data + 1, i - 1);
            part_head_skip(rest, i + 1);
            return true;
        }
        if (part_head_is_escape(*rest, i))
            i++;
    }
    return false;
}

/* Cuts the next parameter off *REST: ";" and spaces have been passed over. */
static bool part_head_param(struct cairn_str *rest, struct cairn_str *name, struct cairn_str *value)
{
    *name = part_head_token(rest);
    if (name->length == 0 || rest->length == 0 || rest->data[0] != '=')
        return false;
    part_head_skip(rest, 1);
    if (rest->length && rest->data[0] == '"')
        return part_head_quoted(rest, value);
    *value = part_head_token(rest);
    return value->length > 0;
}

/* Puts VALUE without its escapes in *OUT, which is absent as yet. */
static struct cairn__verdict part_head_set(
    struct cairn_str value, struct cairn_arena *arena, size_t max_bytes, struct cairn_str *out)
{
    if (out->data)
        return cairn__refuse(400, "a part with two names");
    *out = value;
    if (value.length && memchr(value.data, '\\', value.length)) {
        char *copy = cairn_arena_alloc_text(arena, value.length);
        if (!copy)
            return PART_HEAD_NO_MEMORY;
        *out = cairn_str_of(copy, 0);
        for (size_t i = 0; i < value.length; i++) {
            i += part_head_is_escape(value, i);
            copy[out->length++] = value.data[i];
        }
    }
    return out->length > max_bytes ? cairn__refuse(413, "a part with too long a name")
                                   : cairn__accept();
}

static struct cairn__verdict part_head_disposition(
    struct cairn_str rest, struct cairn_arena *arena, size_t max_bytes, struct cairn_http_part *out)
{
    struct cairn_str name;
    struct cairn_str value;
    if (!cairn_str_equal_nocase(part_head_token(&rest), CAIRN_STR("form-data")))
        return cairn__refuse(400, "a part whose Content-Disposition is not form-data");
    for (rest = cairn__ows_trim(rest); rest.length; rest = cairn__ows_trim(rest)) {
        struct cairn__verdict verdict = cairn__accept();
        if (rest.data[0] != ';')
            return cairn__refuse(400, "a part whose Content-Disposition is malformed");
        part_head_skip(&rest, 1);
        rest = cairn__ows_trim(rest);
        if (rest.length == 0)
            break;
        if (!part_head_param(&rest, &name, &value))
            return cairn__refuse(400, "a part whose Content-Disposition is malformed");
        if (cairn_str_equal_nocase(name, CAIRN_STR("name")))
            verdict = part_head_set(value, arena, max_bytes, &out->name);
        else if (cairn_str_equal_nocase(name, CAIRN_STR("filename")))
            verdict = part_head_set(value, arena, max_bytes, &out->filename);
        if (verdict.status)
            return verdict;
    }
    return out->name.data ? cairn__accept() : cairn__refuse(400, "a part without a name");
}

/* The only value of NAME. False when there are two; absent in *OUT when there is none. */
static bool part_head_single(
    const struct cairn_http_fields *fields, struct cairn_str name, struct cairn_str *out)
{
    struct cairn_str second;
    size_t cursor = 0;
    *out = cairn_str_of(NULL, 0);
    return !cairn_http_fields_next(fields, name, &cursor, out) ||
           !cairn_http_fields_next(fields, name, &cursor, &second);
}

struct cairn__verdict cairn__part_head_read(struct cairn_str head, struct cairn_arena *arena,
    const struct cairn_http_multipart_limits *limits, struct cairn_http_part *out)
{
    struct cairn_str disposition;
    *out = (struct cairn_http_part){.fields = {.arena = arena}};
    for (struct cairn_str line; (line = part_head_line(&head)).length;) {
        struct cairn__verdict verdict = part_head_add(line, limits->header_count, &out->fields);
        if (verdict.status)
            return verdict;
    }
    if (!part_head_single(&out->fields, CAIRN_STR("Content-Disposition"), &disposition) ||
        !part_head_single(&out->fields, CAIRN_STR("Content-Type"), &out->content_type))
        return cairn__refuse(400, "a header field twice in a part");
    if (!disposition.data)
        return cairn__refuse(400, "a part without Content-Disposition");
    return part_head_disposition(disposition, arena, limits->name_bytes, out);
}
