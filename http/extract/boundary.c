#include <cairn/http/extract/boundary.h>

#define BOUNDARY_LINE_END 2

static bool boundary_is_char(char c)
{
    char lower = (char)(c | 0x20);
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("'()+_,-./:=? ", c);
}

bool cairn__boundary_is_valid(struct cairn_str s)
{
    if (s.length == 0 || s.length > CAIRN__BOUNDARY_MOST || s.data[s.length - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.length; i++) {
        if (!boundary_is_char(s.data[i]))
            return false;
    }
    return true;
}

void cairn__boundary_init(struct cairn__boundary *self, struct cairn_str s)
{
    memcpy(self->text, "\r\n--", 4);
    memcpy(self->text + 4, s.data, s.length);
    self->length = 4 + s.length;
    cairn__boundary_restart(self);
}

void cairn__boundary_restart(struct cairn__boundary *self)
{
    self->matched = BOUNDARY_LINE_END;
    self->implied = BOUNDARY_LINE_END;
}

/* How many bytes at P are the next ones of the boundary. */
static size_t boundary_match(const struct cairn__boundary *self, const char *p, const char *end)
{
    size_t i = 0;
    while (p + i < end && self->matched + i < self->length && p[i] == self->text[self->matched + i])
        i++;
    return i;
}

/* Goes on with a match that began before INPUT. */
static bool boundary_resume(
    struct cairn__boundary *self, struct cairn_str input, size_t *used, struct cairn_str *piece)
{
    *used = boundary_match(self, input.data, input.data + input.length);
    *piece = cairn_str_of(self->text, 0);
    self->matched += *used;
    if (self->matched == self->length)
        return true;
    if (*used < input.length) {
        *piece = cairn_str_of(self->text + self->implied, self->matched - self->implied);
        self->matched = 0;
        self->implied = 0;
    }
    return false;
}

bool cairn__boundary_find(
    struct cairn__boundary *self, struct cairn_str input, size_t *used, struct cairn_str *piece)
{
    if (self->matched)
        return boundary_resume(self, input, used, piece);
    const char *end = input.data + input.length;
    const char *at = input.data;
    size_t length = 0;
    while (at < end && (at = memchr(at, '\r', (size_t)(end - at)))) {
        length = boundary_match(self, at, end);
        if (length == self->length || at + length == end)
            break;
        at += length;
    }
    if (!at)
        at = end;
    self->matched = at < end ? length : 0;
    *piece = cairn_str_of(input.data, (size_t)(at - input.data));
    *used = piece->length + self->matched;
    return self->matched == self->length;
}
