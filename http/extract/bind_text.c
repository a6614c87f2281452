/* Text that stands for something else. */
#include <cairn/http/extract/bind_scalar.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_DOUBLE_MOST 100

bool cairn__bind_text_bool(struct cairn_str text, bool *out)
{
    static const struct {
        struct cairn_str name;
        bool value;
    } names[] = {{CAIRN_STR_INIT("true"), true}, {CAIRN_STR_INIT("false"), false},
        {CAIRN_STR_INIT("1"), true}, {CAIRN_STR_INIT("0"), false}, {CAIRN_STR_INIT("on"), true},
        {CAIRN_STR_INIT("off"), false}};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (cairn_str_equal(text, names[i].name)) {
            *out = names[i].value;
            return true;
        }
    }
    return false;
}

bool cairn__bind_text_int(struct cairn_str text, int64_t *out)
{
    unsigned long long magnitude;
    bool is_negative = text.length > 0 && text.data[0] == '-';
    if (is_negative)
        text = cairn_str_of(text.data + 1, text.length - 1);
    if (!cairn_str_to_u64(text, &magnitude))
        return false;
    if (magnitude > (unsigned long long)INT64_MAX + is_negative)
        return false;
    *out = is_negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

static size_t text_digits(struct cairn_str text, size_t i)
{
    while (i < text.length && text.data[i] >= '0' && text.data[i] <= '9')
        i++;
    return i;
}

static bool text_is_at(struct cairn_str text, size_t i, const char *any_of)
{
    return i < text.length && text.data[i] && strchr(any_of, text.data[i]);
}

/* RFC 8259 section 6. */
static bool text_is_number(struct cairn_str text)
{
    size_t i = text_is_at(text, 0, "-");
    size_t end = text_digits(text, i);
    if (end == i || (text.data[i] == '0' && end > i + 1))
        return false;
    i = end;
    if (text_is_at(text, i, ".")) {
        end = text_digits(text, i + 1);
        if (end == i + 1)
            return false;
        i = end;
    }
    if (text_is_at(text, i, "eE")) {
        i += text_is_at(text, i + 1, "+-") ? 2 : 1;
        end = text_digits(text, i);
        if (end == i)
            return false;
        i = end;
    }
    return i == text.length;
}

/* strtod wants the decimal point of the program's locale: what printf has between two digits. */
static void text_localize(struct cairn_str text, char *out)
{
    char sample[16];
    int length = snprintf(sample, sizeof(sample), "%.1f", 0.5) - 2;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '.' && length > 0) {
            memcpy(out, sample + 1, (size_t)length);
            out += length;
        } else {
            *out++ = text.data[i];
        }
    }
    *out = '\0';
}

bool cairn__bind_text_double(struct cairn_str text, double *out)
{
    char local[TEXT_DOUBLE_MOST + 16];
    if (text.length > TEXT_DOUBLE_MOST || !text_is_number(text))
        return false;
    text_localize(text, local);
    double value = strtod(local, NULL);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}
