#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cairn/service/random.h>
#include <cairn/testkit/router_script.h>

static struct cairn_random dice;

static uint64_t roll(uint64_t sides)
{
    return cairn_random_range(&dice, 0, sides);
}

#define any_of(texts) ((texts)[roll(sizeof(texts) / sizeof(*(texts)))])

/* Text that is being written. */
struct script {
    char text[ROUTER_SCRIPT_BYTES];
    size_t length;
    int names; /* so far: each capture has one of its own */
};

static void add(struct script *self, const char *text)
{
    size_t length = strlen(text);
    assert_true(self->length + length < sizeof(self->text));
    memcpy(self->text + self->length, text, length + 1);
    self->length += length;
}

/* COUNT segments of a pattern. */
static void add_segments(struct script *self, uint64_t count)
{
    static const char *const statics[] = {"a", "b", "ab", "", "abc"};
    static const char *const affixes[] = {"", "", "a", "b"};
    while (count--) {
        char text[64];
        if (roll(2))
            snprintf(text, sizeof(text), "/%s", any_of(statics));
        else
            snprintf(
                text, sizeof(text), "/%s{n%d}%s", any_of(affixes), self->names++, any_of(affixes));
        add(self, text);
    }
}

/* A prefix: its last segment is not empty. */
static void add_prefix(struct script *self)
{
    add_segments(self, roll(2));
    add(self, roll(2) ? "/a" : "/b");
}

static void add_route(struct script *self)
{
    static const char *const kinds[] = {"/", "/", "+", "~", "^"};
    const char *kind = any_of(kinds);
    if (*kind != '/')
        add(self, kind);
    if (*kind == '^') {
        add_prefix(self);
    } else {
        add_segments(self, 1 + roll(3));
        if (roll(8) == 0)
            add(self, "/{*rest}");
    }
    add(self, "\n");
}

static void add_group(struct script *self, int depth)
{
    add(self, ">");
    if (roll(5))
        add_prefix(self);
    add(self, "\n");
    if (roll(3) == 0)
        add(self, "!\n");
    for (uint64_t i = 1 + roll(3); i; i--)
        add_route(self);
    if (depth && roll(3) == 0)
        add_group(self, depth - 1);
    add(self, "<\n");
}

static void add_routes(struct script *self)
{
    for (uint64_t i = 1 + roll(4); i; i--)
        add_route(self);
    for (uint64_t i = roll(3); i; i--)
        add_group(self, 2);
    if (roll(4) == 0)
        add(self, "!\n");
}

static void add_request(struct script *self)
{
    static const char *const segments[] = {
        "a", "b", "ab", "", "abc", "aab", "abb", "a%2Fb", "%61", "%61b", "c", "ba", "aa"};
    static const char *const hosts[] = {"@a.c ", "@x.c ", "@x.b.c ", "@y.x.B.C. ", "@other "};
    if (roll(3) == 0)
        add(self, any_of(hosts));
    else if (roll(3) == 0)
        add(self, "+");
    for (uint64_t i = 1 + roll(5); i; i--) {
        add(self, "/");
        add(self, any_of(segments));
    }
    add(self, roll(64) ? "\n" : "%\n");
}

/* Most overlap nowhere, and are held to the reference with 20 requests each. */
static void a_router_does_what_the_reference_does(void **state)
{
    size_t sent = 0;
    (void)state;
    cairn_random_init(&dice, 20260201);
    for (int round = 0; round < 6000; round++) {
        static struct script script;
        script.length = 0;
        script.names = 0;
        if (roll(3) == 0) {
            add(&script, "@a.c *.c\n");
            add_routes(&script);
            add(&script, "<\n@*.b.c\n/\n<\n");
        }
        add_routes(&script);
        add(&script, "\n");
        for (int i = 0; i < 20; i++)
            add_request(&script);
        sent += router_script_run(script.text, script.length);
    }
    assert_true(sent >= 100000);
}

/* One that every line has its part in, so that the reference itself is known to look. */
static void a_script_says_what_was_sent(void **state)
{
    static const char text[] = "/a\n+/b\n>/g\n/x\n!\n<\n^/n\n@a.c\n/h\n<\n\n/a\n+/b\n/g/x\n/g\n/n/"
                               "1\n@a.c /h\n@!! /h\n";
    (void)state;
    assert_int_equal(router_script_run(text, sizeof(text) - 1), 6);
    assert_int_equal(router_script_run("/a\n/a\n\n/a\n", 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_router_does_what_the_reference_does),
        cmocka_unit_test(a_script_says_what_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
