#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <cairn/http/routing/path_tree.h>
#include <cairn/http/text/percent.h>
#include <cairn/service/random.h>
#include <cairn/testkit/route_reference.h>

#define MOST 64

/* A tree and the patterns in it, by leaf. */
struct forest {
    struct cairn__path_tree tree;
    const char *patterns[MOST];
};

static void add(struct forest *self, const char *text)
{
    struct cairn__pattern pattern;
    uint32_t leaf;
    const char *complaint = cairn__pattern_parse(cairn_str_from(text), &pattern);
    if (complaint)
        fail_msg("%s: %s", text, complaint);
    uint32_t known = self->tree.leaf_count;
    assert_int_equal(cairn__path_tree_add(&self->tree, &pattern, &leaf), 0);
    assert_true(leaf <= known);
    if (leaf == known)
        self->patterns[leaf] = text;
}

static void assert_same_values(const struct cairn__path_match *match,
    const struct route_reference *reference, const char *path)
{
    if (match->count != reference->count)
        fail_msg("%s: %u values, not %zu", path, match->count, reference->count);
    for (size_t i = 0; i < reference->count; i++) {
        if (!cairn_str_equal(match->values[i], cairn_str_from(reference->values[i])))
            fail_msg("%s: value %zu is %.*s, not %s", path, i, (int)match->values[i].length,
                match->values[i].data, reference->values[i]);
    }
}

/* The tree says of PATH what the reference says. */
static void assert_same(const struct forest *self, const char *path, struct cairn_arena *arena)
{
    struct cairn__path_match match;
    struct route_reference reference;
    size_t count = self->tree.leaf_count;
    enum cairn__path_result result =
        cairn__path_tree_find(&self->tree, cairn_str_from(path), arena, &match);
    if (!route_reference_is_encoded_well(path)) {
        assert_int_equal(result, CAIRN__PATH_BAD);
        return;
    }
    size_t expected = route_reference_find(self->patterns, count, path, &reference);
    size_t found = result == CAIRN__PATH_FOUND ? match.leaf : count;
    assert_true(result == CAIRN__PATH_FOUND || result == CAIRN__PATH_MISSING);
    if (found != expected)
        fail_msg("%s: found %s, not %s", path, found < count ? self->patterns[found] : "nothing",
            expected < count ? self->patterns[expected] : "nothing");
    if (found < count)
        assert_same_values(&match, &reference, path);
}

/* All paths of one to three segments, each empty, "a" or "b". */
static size_t all_paths(char paths[][8])
{
    static const char *const segments[] = {"", "a", "b"};
    size_t count = 0;
    for (int i = 0; i < 3; i++) {
        snprintf(paths[count++], 8, "/%s", segments[i]);
        for (int j = 0; j < 3; j++) {
            snprintf(paths[count++], 8, "/%s/%s", segments[i], segments[j]);
            for (int k = 0; k < 3; k++)
                snprintf(paths[count++], 8, "/%s/%s/%s", segments[i], segments[j], segments[k]);
        }
    }
    return count;
}

/* Each set of PATTERNS with each path. */
static void assert_same_on_all_sets(
    const char *const *patterns, size_t pattern_count, const char *const *paths, size_t path_count)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    for (unsigned set = 0; set < 1u << pattern_count; set++) {
        struct forest forest = {0};
        for (size_t i = 0; i < pattern_count; i++) {
            if (set & 1u << i)
                add(&forest, patterns[i]);
        }
        for (size_t i = 0; i < path_count; i++)
            assert_same(&forest, paths[i], arena);
        cairn__path_tree_fini(&forest.tree);
    }
    cairn_arena_free(arena);
}

/* 8192 sets, 39 paths. */
static void agrees_with_the_reference_on_all_small_sets_and_paths(void **state)
{
    static const char *const patterns[] = {"/", "/a", "/{x}", "/{*r}", "/a/", "/a/b", "/a/{x}",
        "/a/{*r}", "/{x}/a", "/{x}/{y}", "/{x}/{*r}", "/a/{x}/b", "/{x}/b/a"};
    char texts[39][8];
    const char *paths[39];
    (void)state;
    assert_int_equal(all_paths(texts), 39);
    for (size_t i = 0; i < 39; i++)
        paths[i] = texts[i];
    assert_same_on_all_sets(patterns, sizeof(patterns) / sizeof(*patterns), paths, 39);
}

/* 4096 sets of captures with literals around them. */
static void agrees_with_the_reference_on_literals_around_captures(void **state)
{
    static const char *const patterns[] = {"/ab", "/{x}", "/a{x}", "/{x}a", "/b{x}", "/a{x}b",
        "/aa{x}", "/{x}ba", "/{*r}", "/a{x}/b", "/a{x}/{y}a", "/ab{x}ba"};
    static const char *const paths[] = {"/", "/a", "/b", "/aa", "/ab", "/ba", "/aaa", "/aab",
        "/aba", "/abb", "/aba/b", "/aba/a", "/aba/ba", "/ba/b", "/abba", "/ababa", "/a%61b",
        "/%61b", "/a%2Fb", "/a//b"};
    (void)state;
    assert_same_on_all_sets(
        patterns, sizeof(patterns) / sizeof(*patterns), paths, sizeof(paths) / sizeof(*paths));
}

static const char *any_of(struct cairn_random *random, const char *const *texts, size_t count)
{
    return texts[cairn_random_range(random, 0, count)];
}

/* A valid pattern of up to six segments. */
static void random_pattern(struct cairn_random *random, char *text)
{
    static const char *const statics[] = {"", "a", "b", "ab", "a/b", "abcdefgh", "abcdefghi"};
    static const char *const affixes[] = {"", "", "a", "b", "ab", "abcd", "fghi"};
    const size_t most = sizeof(affixes) / sizeof(*affixes);
    size_t count = (size_t)cairn_random_range(random, 1, 7);
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        uint64_t kind = cairn_random_range(random, 0, 10);
        if (kind == 0) {
            sprintf(text, "/{*n%zu}", i);
            return;
        }
        text += kind < 6 ? sprintf(text, "/%s", any_of(random, statics, most))
                         : sprintf(text, "/%s{n%zu}%s", any_of(random, affixes, most), i,
                               any_of(random, affixes, most));
    }
}

static void random_path(struct cairn_random *random, char *text)
{
    static const char *const segments[] = {"", "a", "b", "ab", "a%2Fb", "a/b", "%61", "%61b", "c",
        "abcdefgh", "abcdefghi", "abcdefg%68", "abcdefghj", "a%20b", "%C3%a9"};
    static const char *const bad[] = {"%", "%0", "%00", "%zz", "%%61", "a%"};
    size_t count = (size_t)cairn_random_range(random, 1, 8);
    for (size_t i = 0; i < count; i++)
        text +=
            sprintf(text, "/%s", any_of(random, segments, sizeof(segments) / sizeof(*segments)));
    if (cairn_random_range(random, 0, 50) == 0)
        sprintf(text, "%s", any_of(random, bad, sizeof(bad) / sizeof(*bad)));
}

static void agrees_with_the_reference_on_random_sets_and_paths(void **state)
{
    struct cairn_random random;
    (void)state;
    cairn_random_init(&random, 20260131);
    for (int round = 0; round < 1200; round++) {
        struct forest forest = {0};
        char patterns[MOST][128];
        struct cairn_arena *arena = cairn_arena_new(NULL);
        size_t count = (size_t)cairn_random_range(&random, 0, MOST);
        for (size_t i = 0; i < count; i++) {
            random_pattern(&random, patterns[i]);
            add(&forest, patterns[i]);
        }
        for (int i = 0; i < 100; i++) {
            char path[160];
            random_path(&random, path);
            assert_same(&forest, path, arena);
        }
        cairn__path_tree_fini(&forest.tree);
        cairn_arena_free(arena);
    }
}

/* What a search costs on average, in hundredths of a step, among COUNT patterns of each of five
 * kinds, for paths that all have one. */
static uint64_t steps_of_a_search(size_t count, struct cairn_arena *arena)
{
    static const char *const patterns[] = {
        "/s%zu/x", "/users/{id}/thing%zu", "/v%zu-{id}", "/{file}.ext%zu", "/a{b}/c%zu/{*rest}"};
    static const char *const paths[] = {
        "/s%zu/x", "/users/7/thing%zu", "/v%zu-7", "/name.ext%zu", "/ab/c%zu/d/e"};
    static char texts[5000][32];
    struct cairn__path_tree tree = {0};
    struct cairn__pattern pattern;
    uint32_t leaf;
    uint64_t steps = 0;
    for (size_t i = 0; i < 5 * count; i++) {
        /* Numbers of one length, so that each kind has one shape. */
        snprintf(texts[i], sizeof(texts[i]), patterns[i % 5], 1000 + i / 5);
        assert_null(cairn__pattern_parse(cairn_str_from(texts[i]), &pattern));
        assert_int_equal(cairn__path_tree_add(&tree, &pattern, &leaf), 0);
    }
    for (size_t i = 0; i < 5 * count; i++) {
        struct cairn__path_match match;
        char path[32];
        snprintf(path, sizeof(path), paths[i % 5], 1000 + i / 5);
        assert_int_equal(
            cairn__path_tree_find(&tree, cairn_str_from(path), arena, &match), CAIRN__PATH_FOUND);
        assert_int_equal(match.leaf, i);
        steps += match.steps;
    }
    cairn__path_tree_fini(&tree);
    return steps * 100 / (5 * count);
}

/* The few collisions of a table that is at most half full are all that may make a difference. */
static void a_search_costs_the_same_among_ten_patterns_and_among_thousands(void **state)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    (void)state;
    uint64_t few = steps_of_a_search(2, arena);
    uint64_t many = steps_of_a_search(1000, arena);
    cairn_arena_free(arena);
    assert_true(few >= 400);
    if (many > few + few / 4)
        fail_msg("%d steps among ten patterns, %d among 5000, in hundredths", (int)few, (int)many);
}

static void decodes_every_byte_but_a_nul(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[8];
        char out[8];
        snprintf(text, sizeof(text), c % 2 ? "x%%%02xy" : "x%%%02Xy", c);
        struct cairn_str s = cairn_str_from(text);
        assert_true(cairn__percent_is_in(s));
        assert_int_equal(cairn__percent_is_valid(s), c != 0);
        if (c == 0)
            continue;
        assert_int_equal(cairn__percent_decode(s, out), 3);
        assert_true(out[0] == 'x' && out[1] == (char)c && out[2] == 'y');
    }
}

static void an_encoding_that_is_cut_off_is_none(void **state)
{
    static const char *const bad[] = {"%", "%4", "a%", "a%4", "%4g", "%g4", "%%41", "%41%"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(cairn__percent_is_valid(cairn_str_from(bad[i])));
    assert_false(cairn__percent_is_valid(cairn_str_of("%41", 2)));
    assert_true(cairn__percent_is_valid(cairn_str_of(NULL, 0)));
    assert_false(cairn__percent_is_in(cairn_str_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_reference_on_all_small_sets_and_paths),
        cmocka_unit_test(agrees_with_the_reference_on_literals_around_captures),
        cmocka_unit_test(agrees_with_the_reference_on_random_sets_and_paths),
        cmocka_unit_test(a_search_costs_the_same_among_ten_patterns_and_among_thousands),
        cmocka_unit_test(decodes_every_byte_but_a_nul),
        cmocka_unit_test(an_encoding_that_is_cut_off_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
