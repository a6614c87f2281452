/* json_record.h - a struct as JSON, by the table of its fields. */
#ifndef CAIRN_HTTP_JSON_RECORD_H
#define CAIRN_HTTP_JSON_RECORD_H

#include <cairn/http/field.h>
#include <cairn/http/json_writer.h>

CAIRN_BEGIN_DECLS

/*
 * Writes the struct at VALUE, which RECORD describes, as an object with its fields in the order of
 * the table; what is bound from it again is the same. A string that is absent is null. A field
 * whose flag (CAIRN_FIELD_FLAG) is false is left out. Bounds and checks are not looked at. A value
 * of an enum without a name is the error CAIRN_JSON_WRITER_NAME.
 */
CAIRN_API void cairn_json_record(
    struct cairn_json_writer *w, const struct cairn_record *record, const void *value);
/* An array of COUNT such structs, one behind the other. */
CAIRN_API void cairn_json_records(struct cairn_json_writer *w, const struct cairn_record *record,
    const void *values, size_t count);

/* An application/json answer with one. As cairn_http_json. */
CAIRN_API struct cairn_http_response *cairn_http_json_record(const struct cairn_http_request *req,
    int status, const struct cairn_record *record, const void *value);

CAIRN_END_DECLS

#endif
