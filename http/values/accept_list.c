#include <cairn/http/values/accept_list.h>

#include <cairn/http/codec/ows.h>
#include <cairn/http/values/params.h>

#define ACCEPT_WEIGHT_MOST 1000

/* Cuts the next member off *LINE, which is absent after the last one. */
static struct cairn_str accept_cut(struct cairn_str *line)
{
    struct cairn_str member = *line;
    bool is_quoted = false;
    for (size_t i = 0; i < line->length; i++) {
        char c = line->data[i];
        if (c == '"')
            is_quoted = !is_quoted;
        else if (c == '\\' && is_quoted)
            i++;
        else if (c == ',' && !is_quoted) {
            member.length = i;
            *line = cairn_str_of(line->data + i + 1, line->length - i - 1);
            return cairn__ows_trim(member);
        }
    }
    *line = cairn_str_of(NULL, 0);
    return cairn__ows_trim(member);
}

/* ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3"0" ] ), and ".5": HttpURLConnection writes that. */
static bool accept_parse_weight(struct cairn_str s, unsigned *out)
{
    unsigned weight = 0;
    if (s.length && (s.data[0] == '0' || s.data[0] == '1')) {
        weight = s.data[0] == '1' ? ACCEPT_WEIGHT_MOST : 0;
        s = cairn_str_of(s.data + 1, s.length - 1);
    } else if (s.length < 2) {
        return false;
    }
    if (s.length > 4 || (s.length && s.data[0] != '.'))
        return false;
    unsigned unit = ACCEPT_WEIGHT_MOST;
    for (size_t i = 1; i < s.length; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        unit /= 10;
        weight += unit * (unsigned)(s.data[i] - '0');
    }
    *out = weight;
    return weight <= ACCEPT_WEIGHT_MOST;
}

bool cairn__accept_is_weight(struct cairn_str name)
{
    return name.length == 1 && (name.data[0] | 0x20) == 'q';
}

static bool accept_read_params(struct cairn__accept_member *self)
{
    struct cairn_str rest = self->params;
    struct cairn__param param;
    enum cairn__params_step step;
    bool has_weight = false;
    while ((step = cairn__params_next(&rest, &param)) == CAIRN__PARAMS_FOUND) {
        if (!cairn__accept_is_weight(param.name)) {
            self->param_count++;
            continue;
        }
        if (has_weight || param.is_quoted || !accept_parse_weight(param.value, &self->weight))
            return false;
        has_weight = true;
    }
    return step == CAIRN__PARAMS_END;
}

static bool accept_read_member(struct cairn__accept_member *self, struct cairn_str text)
{
    const char *semicolon = memchr(text.data, ';', text.length);
    size_t length = semicolon ? (size_t)(semicolon - text.data) : text.length;
    *self = (struct cairn__accept_member){
        .name = cairn__ows_trim(cairn_str_of(text.data, length)),
        .params = cairn_str_of(text.data + length, text.length - length),
        .weight = ACCEPT_WEIGHT_MOST,
    };
    return accept_read_params(self);
}

void cairn__accept_list_read(
    struct cairn__accept_list *self, const struct cairn_http_fields *fields, struct cairn_str name)
{
    size_t cursor = 0;
    size_t seen = 0;
    struct cairn_str line;
    self->count = 0;
    self->is_present = false;
    while (cairn_http_fields_next(fields, name, &cursor, &line)) {
        self->is_present = true;
        while (line.data && seen < CAIRN_HTTP_ACCEPT_MEMBERS) {
            struct cairn_str text = accept_cut(&line);
            if (text.length == 0)
                continue;
            seen++;
            if (accept_read_member(&self->members[self->count], text))
                self->count++;
        }
    }
}
