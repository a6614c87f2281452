#include <cairn/http/extract/bind_report.h>

#include <stdio.h>

/* Room for the digits of an index. */
#define REPORT_INDEX 24

/* What a fragment may have as it is (RFC 3986 section 3.5), but for the slash, which parts names.
 */
static bool report_is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._!$&'()*+,;=:@?", c));
}

/* Writes what stands for C at OUT, of three bytes at least. Returns its length. */
static size_t report_byte(char c, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    if (c == '~' || c == '/') {
        out[0] = '~';
        out[1] = c == '~' ? '0' : '1';
        return 2;
    }
    if (report_is_plain(c)) {
        out[0] = c;
        return 1;
    }
    out[0] = '%';
    out[1] = digits[(unsigned char)c >> 4];
    out[2] = digits[(unsigned char)c & 15];
    return 3;
}

static size_t report_room(const struct cairn__bind_place *place)
{
    size_t room = 1;
    for (; place; place = place->parent)
        room += place->name.data ? 1 + 3 * place->name.length : 1 + REPORT_INDEX;
    return room;
}

/* The outer ones first: as deep as the tree. Returns the end. */
static char *report_write(const struct cairn__bind_place *place, char *out)
{
    if (!place) {
        *out++ = '#';
        return out;
    }
    out = report_write(place->parent, out);
    *out++ = '/';
    if (!place->name.data)
        return out + snprintf(out, REPORT_INDEX, "%zu", place->index);
    for (size_t i = 0; i < place->name.length; i++)
        out += report_byte(place->name.data[i], out);
    return out;
}

static struct cairn_str report_pointer(
    struct cairn_arena *arena, const struct cairn__bind_place *place)
{
    char *text = cairn_arena_alloc_text(arena, report_room(place));
    return cairn_str_of(text, text ? (size_t)(report_write(place, text) - text) : 0);
}

/* The parameter, of whichever of its values. */
static struct cairn_str report_parameter(
    struct cairn_arena *arena, const struct cairn__bind_place *place)
{
    while (place && place->parent)
        place = place->parent;
    return place ? cairn_arena_copy(arena, place->name) : CAIRN_STR("");
}

static void report_add(struct cairn__bind_report *report, const struct cairn__bind_place *place,
    struct cairn_str detail)
{
    if (!report->violations)
        report->violations = cairn_arena_alloc(
            report->arena, CAIRN_HTTP_MAX_VIOLATIONS * sizeof(*report->violations));
    struct cairn_str where = report->is_json ? report_pointer(report->arena, place)
                                             : report_parameter(report->arena, place);
    if (!detail.data || !where.data || !report->violations) {
        report->has_no_memory = true;
        return;
    }
    report->violations[report->count++] = (struct cairn_http_violation){where, detail};
}

void cairn__bind_violate(struct cairn__bind_report *report, const struct cairn__bind_place *place,
    struct cairn_str detail)
{
    report->total++;
    if (report->count < CAIRN_HTTP_MAX_VIOLATIONS)
        report_add(report, place, detail);
}

bool cairn__bind_conclude(
    const struct cairn__bind_report *report, int status, struct cairn_http_rejection *out)
{
    *out = (struct cairn_http_rejection){.reason = CAIRN_HTTP_REJECTION_NONE};
    if (report->has_no_memory) {
        out->reason = CAIRN_HTTP_REJECTION_NO_MEMORY;
        out->status = 503;
    } else if (report->total > 0) {
        out->reason = CAIRN_HTTP_REJECTION_DATA;
        out->status = status;
        out->detail = "the data is not valid";
        out->is_json = report->is_json;
        out->violations = report->violations;
        out->violation_count = report->count;
        out->violation_total = report->total;
    }
    return out->reason == CAIRN_HTTP_REJECTION_NONE;
}
