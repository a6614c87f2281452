#include "reader.h"

#include <ctype.h>
#include <strings.h>

struct reader {
    const char *at;
    const char *end;
    struct reader_answer *answer;
    long content_length; /* -1: none */
    bool is_chunked;
};

static struct bytes reader_body;

static enum reader_verdict reader_bad(struct reader *self, const char *why)
{
    self->answer->bad = why;
    return READER_BAD;
}

/* A line without its CRLF, at most 8 KiB; NULL: it is not whole, or *WHY is set. */
static const char *reader_line(struct reader *self, size_t *length, const char **why)
{
    size_t left = (size_t)(self->end - self->at);
    const char *line = self->at;
    const char *feed = left ? memchr(line, '\n', left) : NULL;
    size_t seen = feed ? (size_t)(feed - line) : left;
    for (size_t i = 0; i < seen; i++) {
        if (line[i] == '\0' || (line[i] == '\r' && i + 1 < seen))
            *why = "a control character in a line";
    }
    if (seen > 8192)
        *why = "a line without an end";
    if (!feed || *why)
        return NULL;
    if (feed == line || feed[-1] != '\r') {
        *why = "a line that ends with LF alone";
        return NULL;
    }
    *length = seen - 1;
    self->at = feed + 1;
    return line;
}

static bool reader_is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i]))
            return false;
    }
    return length > 0;
}

static bool reader_is(const char *text, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(text, name, length) == 0;
}

static const char *reader_number(const char *text, size_t length, long *out)
{
    *out = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) || i > 9)
            return "a Content-Length that is no number";
        *out = *out * 10 + (text[i] - '0');
    }
    return length ? NULL : "an empty Content-Length";
}

static const char *reader_framing(
    struct reader *self, const char *name, size_t name_length, const char *value, size_t length)
{
    if (reader_is(name, name_length, "content-length")) {
        if (self->content_length >= 0 || self->is_chunked)
            return "two framings";
        return reader_number(value, length, &self->content_length);
    }
    if (reader_is(name, name_length, "transfer-encoding")) {
        if (self->content_length >= 0 || self->is_chunked)
            return "two framings";
        self->is_chunked = true;
        return reader_is(value, length, "chunked") ? NULL : "another Transfer-Encoding";
    }
    if (reader_is(name, name_length, "connection") && reader_is(value, length, "close"))
        self->answer->closes = true;
    if (reader_is(name, name_length, "x-injected"))
        return "an injected field";
    return NULL;
}

static const char *reader_field(struct reader *self, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    size_t name = colon ? (size_t)(colon - line) : 0;
    if (!reader_is_token(line, name))
        return "a field without a name";
    size_t begin = name + 1;
    while (begin < length && line[begin] == ' ')
        begin++;
    if (begin < length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        return "a field that ends with a space";
    return reader_framing(self, line, name, line + begin, length - begin);
}

/* Fields to the empty line. */
static enum reader_verdict reader_fields(struct reader *self, size_t *count)
{
    for (*count = 0;; (*count)++) {
        const char *why = NULL;
        size_t length = 0;
        const char *line = reader_line(self, &length, &why);
        if (line && length == 0)
            return READER_DONE;
        if (line)
            why = reader_field(self, line, length);
        if (why)
            return reader_bad(self, why);
        if (!line)
            return READER_MORE;
    }
}

static enum reader_verdict reader_head(struct reader *self)
{
    const char *why = NULL;
    size_t length = 0;
    size_t count;
    const char *line = reader_line(self, &length, &why);
    if (why)
        return reader_bad(self, why);
    if (!line) {
        size_t seen = (size_t)(self->end - self->at);
        if (strncmp(self->at, "HTTP/1.1 ", seen < 9 ? seen : 9) != 0)
            return reader_bad(self, "no answer");
        return READER_MORE;
    }
    if (length < 13 || memcmp(line, "HTTP/1.1 ", 9) != 0 || line[12] != ' ')
        return reader_bad(self, "no status line");
    for (size_t i = 9; i < 12; i++) {
        if (!isdigit((unsigned char)line[i]))
            return reader_bad(self, "no status");
        self->answer->status = self->answer->status * 10 + (line[i] - '0');
    }
    if (self->answer->status < 100 || self->answer->status > 599)
        return reader_bad(self, "no status");
    return reader_fields(self, &count);
}

static enum reader_verdict reader_take(struct reader *self, size_t length)
{
    size_t left = (size_t)(self->end - self->at);
    size_t n = left < length ? left : length;
    bytes_add(&reader_body, self->at, n);
    self->at += n;
    return n == length ? READER_DONE : READER_MORE;
}

/* The server writes sizes as lower-case hexadecimal digits, and nothing else. */
static bool reader_hex(const char *text, size_t length, size_t *out)
{
    static const char digits[] = "0123456789abcdef";
    *out = 0;
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit || i > 8)
            return false;
        *out = *out * 16 + (size_t)(digit - digits);
    }
    return length > 0;
}

static enum reader_verdict reader_chunk(struct reader *self, size_t *size)
{
    const char *why = NULL;
    size_t length = 0;
    const char *line = reader_line(self, &length, &why);
    if (why)
        return reader_bad(self, why);
    if (!line)
        return READER_MORE;
    if (!reader_hex(line, length, size))
        return reader_bad(self, "no chunk size");
    if (*size == 0)
        return READER_DONE;
    enum reader_verdict verdict = reader_take(self, *size);
    if (verdict != READER_DONE)
        return verdict;
    if (self->end - self->at < 2)
        return READER_MORE;
    if (memcmp(self->at, "\r\n", 2) != 0)
        return reader_bad(self, "a chunk that is longer than it says");
    self->at += 2;
    return READER_DONE;
}

static enum reader_verdict reader_chunks(struct reader *self)
{
    size_t size = 1;
    size_t count = 0;
    while (size) {
        enum reader_verdict verdict = reader_chunk(self, &size);
        if (verdict != READER_DONE)
            return verdict;
    }
    self->content_length = -1;
    self->is_chunked = false;
    enum reader_verdict verdict = reader_fields(self, &count);
    self->answer->has_trailers = count > 0;
    if (self->content_length >= 0 || self->is_chunked)
        return reader_bad(self, "a framing among the trailers");
    return verdict;
}

static enum reader_verdict reader_content(struct reader *self, bool is_head, bool is_at_end)
{
    int status = self->answer->status;
    bool has_framing = self->content_length >= 0 || self->is_chunked;
    if (status < 200 || status == 204) {
        return has_framing ? reader_bad(self, "a framing where there is no body") : READER_DONE;
    }
    if (is_head || status == 304)
        return READER_DONE;
    if (self->is_chunked)
        return reader_chunks(self);
    if (self->content_length >= 0)
        return reader_take(self, (size_t)self->content_length);
    self->answer->ends_with_connection = true;
    reader_take(self, (size_t)(self->end - self->at));
    return is_at_end ? READER_DONE : READER_MORE;
}

enum reader_verdict reader_next(
    const char *data, size_t length, bool is_head, bool is_at_end, struct reader_answer *answer)
{
    struct reader self = {.at = data, .end = data + length, .answer = answer, .content_length = -1};
    *answer = (struct reader_answer){0};
    bytes_clear(&reader_body);
    if (!length)
        return READER_MORE;
    enum reader_verdict verdict = reader_head(&self);
    if (verdict == READER_DONE)
        verdict = reader_content(&self, is_head, is_at_end);
    else if (verdict == READER_MORE)
        answer->status = 0;
    answer->length = (size_t)(self.at - data);
    answer->body = reader_body.data;
    answer->body_length = reader_body.end;
    return verdict;
}
