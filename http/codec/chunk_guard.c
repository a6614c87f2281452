#include <cairn/http/codec/chunk_guard.h>

#include <cairn/http/codec/chars.h>

#define CHUNK_MAX_DIGITS 16

void cairn__chunk_guard_init(
    struct cairn__chunk_guard *self, const struct cairn_http_limits *limits)
{
    *self = (struct cairn__chunk_guard){.state = CAIRN__CHUNK_SIZE, .limits = limits};
}

static void chunk_refuse(struct cairn__chunk_guard *self, int status, const char *reason)
{
    self->state = CAIRN__CHUNK_REFUSED;
    self->verdict = cairn__refuse(status, reason);
}

static void chunk_digit(struct cairn__chunk_guard *self, char c)
{
    unsigned value = c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20) - 'a' + 10;
    if (self->digits++ == CHUNK_MAX_DIGITS)
        chunk_refuse(self, 400, "a chunk size of more than sixteen digits");
    self->left = self->left << 4 | value;
}

static void chunk_begin_extension(struct cairn__chunk_guard *self)
{
    self->state = CAIRN__CHUNK_EXTENSION;
    self->extension = CAIRN__EXTENSION_NAME_START;
}

static void chunk_size(struct cairn__chunk_guard *self, char c)
{
    if (cairn__char_is(c, CAIRN__CHAR_HEX))
        chunk_digit(self, c);
    else if (self->digits == 0)
        chunk_refuse(self, 400, "a chunk without a size");
    else if (c == ';')
        chunk_begin_extension(self);
    else if (c == '\r')
        self->state = CAIRN__CHUNK_SIZE_LF;
    else
        chunk_refuse(self, 400, "a chunk size with another character than hexadecimal digits");
}

static void chunk_extension(struct cairn__chunk_guard *self, char c)
{
    if (c == '\r' && cairn__chunk_extension_is_whole(self->extension))
        self->state = CAIRN__CHUNK_SIZE_LF;
    else if (c == '\n')
        chunk_refuse(self, 400, "a line feed without a carriage return in a chunk");
    else if (self->extensions++ == self->limits->chunk_overhead)
        chunk_refuse(self, 400, "too many chunk extensions");
    else if (!cairn__chunk_extension_step(&self->extension, c))
        chunk_refuse(self, 400, "a chunk extension that is malformed");
}

static void chunk_size_lf(struct cairn__chunk_guard *self, char c)
{
    if (c != '\n')
        chunk_refuse(self, 400, "a carriage return without a line feed in a chunk");
    else if (self->left > self->limits->stream_bytes - self->data)
        chunk_refuse(self, 413, "the body is too large");
    else
        self->state = self->left == 0 ? CAIRN__CHUNK_TRAILERS : CAIRN__CHUNK_DATA;
}

static void chunk_data_end(struct cairn__chunk_guard *self, char c)
{
    if (c != (self->state == CAIRN__CHUNK_DATA_CR ? '\r' : '\n')) {
        chunk_refuse(self, 400, "a chunk that does not end where its size says");
    } else if (self->state == CAIRN__CHUNK_DATA_CR) {
        self->state = CAIRN__CHUNK_DATA_LF;
    } else {
        self->state = CAIRN__CHUNK_SIZE;
        self->digits = 0;
        self->line = 0;
    }
}

/* Framing is free up to twice the data; what tiny chunks cost beyond that has to fit the allowance.
 * (Data is below 2^63: its double does not overflow.) */
static void chunk_count(struct cairn__chunk_guard *self)
{
    uint64_t free_of_charge = 2 * self->data;
    self->overhead++;
    if (self->state <= CAIRN__CHUNK_SIZE_LF && self->line++ == self->limits->chunk_line_bytes)
        chunk_refuse(self, 400, "a chunk size line that is too long");
    else if (self->overhead > free_of_charge &&
             self->overhead - free_of_charge > self->limits->chunk_overhead)
        chunk_refuse(self, 400, "chunks too small for what they carry");
}

static void chunk_step(struct cairn__chunk_guard *self, char c)
{
    switch (self->state) {
    case CAIRN__CHUNK_SIZE:
        chunk_size(self, c);
        break;
    case CAIRN__CHUNK_EXTENSION:
        chunk_extension(self, c);
        break;
    case CAIRN__CHUNK_SIZE_LF:
        chunk_size_lf(self, c);
        break;
    default:
        chunk_data_end(self, c);
        break;
    }
}

/* The line end behind extensions is none of them. */
static bool chunk_is_extension(const struct cairn__chunk_guard *self, char c)
{
    return self->state == CAIRN__CHUNK_EXTENSION ? c != '\r'
                                                 : self->state == CAIRN__CHUNK_SIZE && c == ';';
}

size_t cairn__chunk_guard_scan(
    struct cairn__chunk_guard *self, const char *data, size_t length, bool *is_extension)
{
    size_t at = 0;
    *is_extension = length > 0 && chunk_is_extension(self, data[0]);
    while (at < length && cairn__chunk_guard_is_framing(self) &&
           chunk_is_extension(self, data[at]) == *is_extension) {
        chunk_count(self);
        if (self->state != CAIRN__CHUNK_REFUSED)
            chunk_step(self, data[at]);
        if (self->state == CAIRN__CHUNK_REFUSED)
            break;
        at++;
    }
    return at;
}

void cairn__chunk_guard_data(struct cairn__chunk_guard *self, size_t length)
{
    self->left -= length;
    self->data += length;
    if (self->left == 0)
        self->state = CAIRN__CHUNK_DATA_CR;
}
