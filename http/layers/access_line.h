/* access_line.h - what every line of the access log has. Internal. */
#ifndef CAIRN_HTTP_LAYERS_ACCESS_LINE_H
#define CAIRN_HTTP_LAYERS_ACCESS_LINE_H

#include <cairn/http/layers/log_line.h>

/* Of texts that are absent there is nothing in the line. Id and peer are plain, and short. */
struct cairn__access {
    struct cairn_str method;
    struct cairn_str target;
    struct cairn_str route;
    struct cairn_str request_id;
    struct cairn_str peer;
    int status;
    int64_t bytes;
    uint64_t ns;
};

/* Adds it to LINE: in one go where it is as in nearly all lines, else field by field. */
void cairn__access_line(struct cairn__log_line *line, const struct cairn__access *access);
/* Field by field. */
void cairn__access_line_plain(struct cairn__log_line *line, const struct cairn__access *access);

#endif
