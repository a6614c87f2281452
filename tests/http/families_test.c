/* The families of payloads that also go through proxies (tests/differential), each with the verdict
 * it must have, cut into pieces. families.txt says how they are written. */
#include "transcript.h"

/* A line of the file; its words point into it. */
struct family {
    const char *class_name;
    const char *frame;
    const char *verdict;
    const char *variant;
    size_t line;
};

static void unescape_into(struct text *text, const char *s, const char *end);

/* "{N:TEXT}": returns its end. */
static const char *unescape_repeat(struct text *text, const char *s)
{
    char *colon;
    unsigned long n = strtoul(s + 1, &colon, 10);
    const char *brace = strchr(s, '}');
    assert_true(*colon == ':' && brace && n > 0);
    while (n-- > 0)
        unescape_into(text, colon + 1, brace);
    return brace + 1;
}

/* What follows a backslash at S: returns its end. */
static const char *unescape_one(struct text *text, const char *s)
{
    static const char letters[] = "rnts0\\$";
    static const char bytes[] = "\r\n\t \0\\$";
    const char *letter = *s ? strchr(letters, *s) : NULL;
    if (*s == '{')
        return unescape_repeat(text, s);
    if (letter) {
        text_add(text, &bytes[letter - letters], 1);
        return s + 1;
    }
    assert_int_equal(*s, 'x');
    char digits[] = {s[1], s[2], '\0'};
    char byte = (char)strtoul(digits, NULL, 16);
    text_add(text, &byte, 1);
    return s + 3;
}

static void unescape_into(struct text *text, const char *s, const char *end)
{
    while (s < end) {
        if (*s == '\\')
            s = unescape_one(text, s + 1);
        else
            text_add(text, s++, 1);
    }
}

static const char *frame_mark(const char *frame)
{
    const char *mark = frame;
    while ((mark = strchr(mark, '$')) && mark > frame && mark[-1] == '\\')
        mark++;
    assert_non_null(mark);
    return mark;
}

static struct text family_payload(const struct family *family)
{
    struct text text = {NULL, 0};
    const char *mark = frame_mark(family->frame);
    unescape_into(&text, family->frame, mark);
    unescape_into(&text, family->variant, family->variant + strlen(family->variant));
    unescape_into(&text, mark + 1, mark + 1 + strlen(mark + 1));
    return text;
}

/* One message: whether another may follow it. */
static bool verdict_add(struct text *verdict, const struct transcript *t)
{
    char word[64];
    int length;
    if (t->last == CAIRN_HTTP_EVENT_MORE)
        length = snprintf(word, sizeof(word), "more");
    else if (t->last == CAIRN_HTTP_EVENT_REFUSED)
        length = snprintf(word, sizeof(word), "%d", t->status);
    else
        length =
            snprintf(word, sizeof(word), "ok:%zu%s", t->body.length, t->keeps_alive ? "" : "!");
    if (verdict->length)
        text_add(verdict, ",", 1);
    text_add(verdict, word, (size_t)length);
    return t->last == CAIRN_HTTP_EVENT_DONE && t->keeps_alive;
}

static struct text verdict_of(const struct text *payload, struct cuts cuts)
{
    struct text verdict = {NULL, 0};
    size_t at = 0;
    bool goes_on = true;
    while (goes_on && at < payload->length) {
        struct transcript t = transcript_make(payload->data + at, payload->length - at, cuts, NULL);
        goes_on = verdict_add(&verdict, &t);
        at += t.used;
        transcript_free(&t);
    }
    return verdict;
}

static int family_check(const struct family *family, struct cuts cuts)
{
    struct text payload = family_payload(family);
    struct text verdict = verdict_of(&payload, cuts);
    int failed = strcmp(verdict.data, family->verdict) != 0;
    if (failed)
        print_error("line %zu, %s: %s, not %s: %.200s\n", family->line, family->class_name,
            verdict.data, family->verdict, family->variant);
    free(verdict.data);
    free(payload.data);
    return failed;
}

/* Reads on: whether LINE is a family. */
static bool family_read(struct family *family, char *line)
{
    char *space = line + strcspn(line, " ");
    if (line[0] == '#' || line[0] == '\0')
        return false;
    if (*space)
        *space++ = '\0';
    if (strcmp(line, "class") == 0)
        family->class_name = space;
    else if (strcmp(line, "frame") == 0)
        family->frame = space;
    else {
        family->verdict = line;
        family->variant = space;
        return true;
    }
    return false;
}

static char *file_read(const char *path)
{
    struct text text = {NULL, 0};
    char block[4096];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n;
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        text_add(&text, block, n);
    fclose(file);
    return text.data;
}

static void gives_each_payload_the_verdict_it_must_have(void **state)
{
    char *text = file_read(CAIRN_FAMILIES);
    struct family family = {0};
    size_t count = 0;
    int failed = 0;
    (void)state;
    for (char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        family.line++;
        if (*end)
            *end++ = '\0';
        if (!family_read(&family, line))
            continue;
        count++;
        failed += family_check(&family, (struct cuts){0});
        failed += family_check(&family, (struct cuts){.step = 1});
        failed += family_check(&family, (struct cuts){.seed = 1 + count});
    }
    free(text);
    assert_int_equal(failed, 0);
    assert_true(count >= 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_payload_the_verdict_it_must_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
