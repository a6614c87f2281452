#include <cairn/http/codec/guard.h>

#include <string.h>

#include <cairn/http/codec/chars.h>
#include <cairn/http/codec/target.h>

void cairn__guard_init_head(struct cairn__guard *self, size_t max_line, size_t max_fields)
{
    *self = (struct cairn__guard){
        .state = CAIRN__GUARD_START, .max_line = max_line, .max_fields = max_fields};
}

void cairn__guard_init_trailers(struct cairn__guard *self, size_t max_fields)
{
    *self = (struct cairn__guard){.state = CAIRN__GUARD_FIELDS, .max_fields = max_fields};
}

static void guard_refuse(struct cairn__guard *self, int status, const char *reason)
{
    self->state = CAIRN__GUARD_REFUSED;
    self->verdict = cairn__refuse(status, reason);
}

static size_t guard_skip(
    struct cairn__guard *self, const char *section, size_t end, enum cairn__char_class class_)
{
    const char *stop = cairn__chars_skip(section + self->at, section + end, class_);
    self->at = (size_t)(stop - section);
    return self->at;
}

/* The form of the target is judged last, so that the preface of HTTP/2 is told its version. */
static void guard_line_end(struct cairn__guard *self, const char *section)
{
    struct cairn_str method = cairn_str_of(section + self->method, self->target - 1 - self->method);
    struct cairn_str target =
        cairn_str_of(section + self->target, self->version - 1 - self->target);
    struct cairn__verdict v = cairn__target_check(method, target);
    self->line = self->at;
    self->state = CAIRN__GUARD_FIELDS;
    if (v.status)
        guard_refuse(self, v.status, v.reason);
}

/* The states of the request line, the last one first. Each begins at self->at, where there is a
 * byte, and moves it past what it accepts before END. */

static void guard_version_digit(struct cairn__guard *self, size_t i, char c)
{
    if (c < '0' || c > '9')
        guard_refuse(self, 400, "the version has no digit where one belongs");
    else if (i == 5 ? c != '1' : c > '1')
        guard_refuse(self, 505, "the version is neither HTTP/1.0 nor HTTP/1.1");
    else
        self->version_minor = (unsigned)(c - '0');
}

static void guard_version_byte(struct cairn__guard *self, const char *section)
{
    static const char pattern[] = "HTTP/#.#\r\n"; /* a digit where # is */
    size_t i = self->at - self->version;
    char c = section[self->at];
    if (pattern[i] == '#')
        guard_version_digit(self, i, c);
    else if (c != pattern[i])
        guard_refuse(self, 400, "the request line does not end with a version and CRLF");
    if (self->state == CAIRN__GUARD_REFUSED)
        return;
    self->at++;
    if (c == '\n')
        guard_line_end(self, section);
}

static void guard_target_end(struct cairn__guard *self)
{
    if (self->at == self->target) {
        guard_refuse(self, 400, "more than one space after the method");
        return;
    }
    self->version = ++self->at;
    self->state = CAIRN__GUARD_VERSION;
}

static void guard_target_other(struct cairn__guard *self, char c)
{
    if (c == '%') {
        self->state = CAIRN__GUARD_PERCENT;
        self->at++;
    } else if (c == '\r' || c == '\n') {
        guard_refuse(self, 400, "the request line has no version");
    } else {
        guard_refuse(self, 400, "a character in the target that no URI may have");
    }
}

static void guard_target(struct cairn__guard *self, const char *section, size_t end)
{
    size_t at = guard_skip(self, section, end, CAIRN__CHAR_TARGET);
    if (at == end)
        return;
    if (section[at] == ' ')
        guard_target_end(self);
    else
        guard_target_other(self, section[at]);
}

static void guard_percent(struct cairn__guard *self, char c)
{
    if (!cairn__char_is(c, CAIRN__CHAR_HEX)) {
        guard_refuse(self, 400, "a percent sign in the target without two hexadecimal digits");
        return;
    }
    self->state =
        self->state == CAIRN__GUARD_PERCENT ? CAIRN__GUARD_PERCENT_DIGIT : CAIRN__GUARD_TARGET;
    self->at++;
}

static void guard_method(struct cairn__guard *self, const char *section, size_t end)
{
    size_t at = guard_skip(self, section, end, CAIRN__CHAR_TOKEN);
    if (at == end)
        return;
    if (section[at] != ' ' || at == self->method) {
        guard_refuse(self, 400, "the request does not begin with a method and a space");
        return;
    }
    self->target = self->at = at + 1;
    self->state = CAIRN__GUARD_TARGET;
}

static void guard_start(struct cairn__guard *self, char c)
{
    if (c != '\r') {
        self->method = self->at;
        self->state = CAIRN__GUARD_METHOD;
    } else if (self->at != 0) {
        guard_refuse(self, 400, "more than one empty line before the request");
    } else {
        self->state = CAIRN__GUARD_START_LF;
        self->at++;
    }
}

static void guard_start_lf(struct cairn__guard *self, char c)
{
    if (c != '\n') {
        guard_refuse(self, 400, "a carriage return without a line feed");
    } else {
        self->state = CAIRN__GUARD_START;
        self->at++;
    }
}

static void guard_step(struct cairn__guard *self, const char *section, size_t end)
{
    switch (self->state) {
    case CAIRN__GUARD_START:
        guard_start(self, section[self->at]);
        break;
    case CAIRN__GUARD_START_LF:
        guard_start_lf(self, section[self->at]);
        break;
    case CAIRN__GUARD_METHOD:
        guard_method(self, section, end);
        break;
    case CAIRN__GUARD_TARGET:
        guard_target(self, section, end);
        break;
    case CAIRN__GUARD_VERSION:
        guard_version_byte(self, section);
        break;
    default:
        guard_percent(self, section[self->at]);
        break;
    }
}

static bool guard_is_connect(const char *method, const char *target)
{
    return target - method == sizeof("CONNECT") && memcmp(method, "CONNECT", 7) == 0;
}

/*
 * The line that nearly every request begins with, when it is there as a whole: METHOD, one space, a
 * path, one space, "HTTP/1.1". Returns whether it is; in all other cases nothing has happened, and
 * the states look at each byte.
 */
static bool guard_usual_line(struct cairn__guard *self, const char *section, size_t end)
{
    static const char version[] = {'H', 'T', 'T', 'P', '/', '1', '.', '1', '\r', '\n'};
    const char *stop = section + end;
    const char *target = cairn__chars_skip(section, stop, CAIRN__CHAR_TOKEN) + 1;
    if (target >= stop || target[-1] != ' ' || *target != '/')
        return false;
    const char *space = cairn__chars_skip(target, stop, CAIRN__CHAR_TARGET);
    if ((size_t)(stop - space) <= sizeof(version) || *space != ' ' ||
        memcmp(space + 1, version, sizeof(version)) != 0)
        return false;
    if (target == section + 1 || guard_is_connect(section, target))
        return false;
    self->method = 0;
    self->target = (size_t)(target - section);
    self->version = (size_t)(space + 1 - section);
    self->version_minor = 1;
    self->line = self->at = self->version + sizeof(version);
    self->state = CAIRN__GUARD_FIELDS;
    return true;
}

static void guard_request_line(struct cairn__guard *self, struct cairn_str section)
{
    size_t end = section.length < self->max_line ? section.length : self->max_line;
    if (self->at == 0 && guard_usual_line(self, section.data, end))
        return;
    while (self->at < end && self->state < CAIRN__GUARD_FIELDS)
        guard_step(self, section.data, end);
    if (self->state < CAIRN__GUARD_FIELDS && self->at == self->max_line)
        guard_refuse(self, 414, "the request line is too long");
}

/* The line from LINE to its line feed LF is there. */
static void guard_field_line(struct cairn__guard *self, const char *line, const char *lf)
{
    if (lf == line || lf[-1] != '\r')
        guard_refuse(self, 400, "a line feed without a carriage return");
    else if (lf == line + 1)
        self->state = CAIRN__GUARD_COMPLETE;
    else if (*line == '\r')
        guard_refuse(self, 400, "a carriage return without a line feed");
    else if (*line == ' ' || *line == '\t')
        guard_refuse(self, 400, "a folded field line");
    else if (*line == ':')
        guard_refuse(self, 400, "a field without a name");
    else if (self->fields++ == self->max_fields)
        guard_refuse(self, 431, "too many fields");
}

static void guard_fields(struct cairn__guard *self, struct cairn_str section)
{
    const char *end = section.data + section.length;
    const char *at = section.data + self->at;
    const char *line = section.data + self->line;
    while (at < end && self->state == CAIRN__GUARD_FIELDS) {
        /* The empty line is the only one whose end is known. */
        bool is_empty = end - at >= 2 && at[0] == '\r' && at[1] == '\n';
        const char *lf = is_empty ? at + 1 : memchr(at, '\n', (size_t)(end - at));
        if (lf)
            guard_field_line(self, line, lf);
        at = lf ? lf + 1 : end;
        line = lf ? at : line;
    }
    self->at = (size_t)(at - section.data);
    self->line = (size_t)(line - section.data);
}

enum cairn__guard_state cairn__guard_scan(struct cairn__guard *self, struct cairn_str section)
{
    if (self->state < CAIRN__GUARD_FIELDS)
        guard_request_line(self, section);
    guard_fields(self, section);
    return self->state;
}
