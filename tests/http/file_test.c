#include "layers/http_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cairn/http/date.h>
#include <cairn/http/file.h>
#include <cairn/http/files/representation.h>
#include <cairn/service/random.h>

#define CONTENT "0123456789abcdefghij"
#define LENGTH 20
#define MODIFIED 784111777
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define MODIFIED_NS 499999999
/* Both in nanoseconds, and LENGTH. */
#define TAG "\"ae1b981da166eff-14\""

static char path[] = "/tmp/cairn_file_XXXXXX.txt";
static int open_before;

static void set_modified(int64_t seconds, long ns)
{
    const struct timespec times[2] = {{seconds, ns}, {seconds, ns}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void write_file(const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    set_modified(MODIFIED, MODIFIED_NS);
}

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int setup(void **state)
{
    strcpy(path, "/tmp/cairn_file_XXXXXX.txt");
    open_before = open_files();
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    close(fd);
    write_file(CONTENT);
    return fixture_setup(state);
}

/* No test leaves a descriptor open. */
static int teardown(void **state)
{
    int rc = fixture_teardown(state);
    unlink(path);
    assert_int_equal(open_files(), open_before);
    return rc;
}

#define file_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct cairn_http_response *send_with(struct fixture *f, enum cairn_http_method method,
    const char *name, const char *value, const struct cairn_http_file_options *options)
{
    struct cairn_http_request *req = fixture_request(f, "/");
    req->method = method;
    if (name)
        fixture_add_field(req, name, value);
    struct cairn_http_response *res = cairn_http_file_open(req, path, options);
    assert_non_null(res);
    return res;
}

static struct cairn_http_response *get(struct fixture *f, const char *name, const char *value)
{
    return send_with(f, CAIRN_HTTP_GET, name, value, NULL);
}

static void assert_content(const struct cairn_http_response *res, int64_t first, int64_t length)
{
    char content[LENGTH];
    assert_non_null(res->file);
    assert_int_equal(res->file->offset, first);
    assert_int_equal(res->file->length, length);
    assert_int_equal(pread(res->file->fd, content, (size_t)length, res->file->offset), length);
    assert_memory_equal(content, &CONTENT[first], (size_t)length);
}

static void assert_whole(const struct cairn_http_response *res)
{
    assert_int_equal(res->status, 200);
    assert_null(fixture_field(res, "Content-Range").data);
    assert_content(res, 0, LENGTH);
}

static void assert_none(const struct cairn_http_response *res, int status)
{
    assert_int_equal(res->status, status);
    assert_null(res->file);
}

static void says_what_is_to_be_said_of_a_file(void **state)
{
    struct cairn_http_response *res = get(*state, NULL, NULL);
    assert_whole(res);
    assert_str(fixture_field(res, "Content-Type"), "text/plain; charset=utf-8");
    assert_str(fixture_field(res, "Last-Modified"), DATE);
    assert_str(fixture_field(res, "ETag"), TAG);
    assert_str(fixture_field(res, "Accept-Ranges"), "bytes");
    assert_null(fixture_field(res, "Cache-Control").data);
    assert_null(fixture_field(res, "Content-Disposition").data);
    assert_null(fixture_field(res, "Vary").data);
}

static void options_say_more(void **state)
{
    struct cairn_http_response *res = send_with(*state, CAIRN_HTTP_GET, NULL, NULL,
        cairn_http_file_options(.content_type = "a/b", .cache_control = "max-age=60",
            .attachment = "x.txt"));
    assert_str(fixture_field(res, "Content-Type"), "a/b");
    assert_str(fixture_field(res, "Cache-Control"), "max-age=60");
    assert_str(fixture_field(res, "Content-Disposition"), "attachment; filename=\"x.txt\"");
}

static void a_table_of_types_is_asked(void **state)
{
    struct cairn_error *error = NULL;
    struct cairn_mime *mime = cairn_mime_new(CAIRN_STR("x/y txt"), &error);
    struct cairn_http_response *res =
        send_with(*state, CAIRN_HTTP_GET, NULL, NULL, cairn_http_file_options(.mime = mime));
    assert_str(fixture_field(res, "Content-Type"), "x/y");
    cairn_mime_free(mime);
}

static void an_unknown_name_is_any_bytes(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res =
        cairn_http_file_response(fixture_request(f, "/"), open(path, O_RDONLY), "x", NULL);
    assert_whole(res);
    assert_str(fixture_field(res, "Content-Type"), "application/octet-stream");
}

static void options_of_an_older_header_are_shorter(void **state)
{
    const struct cairn_http_file_options options = {
        .size = offsetof(struct cairn_http_file_options, attachment),
        .cache_control = "no-store",
        .attachment = "not there yet"};
    struct cairn_http_response *res = send_with(*state, CAIRN_HTTP_GET, NULL, NULL, &options);
    assert_str(fixture_field(res, "Cache-Control"), "no-store");
    assert_null(fixture_field(res, "Content-Disposition").data);
}

static void one_range_is_sent_as_a_part(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = get(f, "Range", "bytes=10-12");
    assert_int_equal(res->status, 206);
    assert_content(res, 10, 3);
    assert_str(fixture_field(res, "Content-Range"), "bytes 10-12/20");
    assert_str(fixture_field(res, "ETag"), TAG);
    assert_str(fixture_field(res, "Content-Type"), "text/plain; charset=utf-8");
    res = get(f, "Range", "bytes=-1");
    assert_content(res, 19, 1);
    res = get(f, "Range", "bytes=0-,99-100");
    assert_int_equal(res->status, 206);
    assert_content(res, 0, LENGTH);
}

static void what_cannot_be_satisfied_is_told_the_size(void **state)
{
    struct fixture *f = *state;
    static const char *const ranges[] = {"bytes=20-", "bytes=-0", "bytes=0-1,3-4"};
    for (size_t i = 0; i < 3; i++) {
        struct cairn_http_response *res = get(f, "Range", ranges[i]);
        assert_none(res, 416);
        assert_str(fixture_field(res, "Content-Range"), "bytes */20");
        assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
        assert_null(fixture_field(res, "ETag").data);
    }
}

static void a_range_that_makes_no_sense_is_not_heeded(void **state)
{
    struct fixture *f = *state;
    assert_whole(get(f, "Range", "bytes=2-1"));
    assert_whole(get(f, "Range", "lines=1-2"));
    assert_whole(send_with(f, CAIRN_HTTP_HEAD, "Range", "bytes=1-2", NULL));
    assert_whole(send_with(f, CAIRN_HTTP_POST, "Range", "bytes=1-2", NULL));
}

static void if_range_asks_for_a_part_of_the_same_only(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *if_range;
        int status;
    } rows[] = {{TAG, 206}, {"W/" TAG, 200}, {"\"x\"", 200}, {DATE, 206},
        {"Sun, 06 Nov 1994 08:49:38 GMT", 200}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cairn_http_request *req = fixture_request(f, "/");
        fixture_add_field(req, "Range", "bytes=1-2");
        fixture_add_field(req, "If-Range", rows[i].if_range);
        struct cairn_http_response *res = cairn_http_file_open(req, path, NULL);
        assert_int_equal(res->status, rows[i].status);
    }
}

static void who_has_it_gets_304_with_what_a_cache_needs(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = send_with(f, CAIRN_HTTP_GET, "If-None-Match", "W/" TAG,
        cairn_http_file_options(.cache_control = "max-age=60", .attachment = "x"));
    assert_none(res, 304);
    assert_str(fixture_field(res, "ETag"), TAG);
    assert_str(fixture_field(res, "Last-Modified"), DATE);
    assert_str(fixture_field(res, "Cache-Control"), "max-age=60");
    assert_null(fixture_field(res, "Content-Type").data);
    assert_null(fixture_field(res, "Accept-Ranges").data);
    assert_null(fixture_field(res, "Content-Disposition").data);
    assert_none(get(f, "If-Modified-Since", DATE), 304);
    assert_none(send_with(f, CAIRN_HTTP_HEAD, "If-None-Match", "*", NULL), 304);
    assert_whole(get(f, "If-None-Match", "\"x\""));
    assert_whole(get(f, "If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"));
}

static void a_lost_match_is_412(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_response *res = get(f, "If-Match", "\"x\"");
    assert_none(res, 412);
    assert_str(fixture_field(res, "Content-Type"), "application/problem+json");
    assert_none(get(f, "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"), 412);
    assert_whole(get(f, "If-Match", TAG));
    assert_whole(send_with(f, CAIRN_HTTP_POST, "If-Match", "\"x\"", NULL));
}

static void another_time_or_size_is_another_tag(void **state)
{
    struct fixture *f = *state;
    set_modified(MODIFIED, MODIFIED_NS + 1);
    assert_str(fixture_field(get(f, NULL, NULL), "ETag"), "\"ae1b981da166f00-14\"");
    write_file(CONTENT "!");
    assert_str(fixture_field(get(f, NULL, NULL), "ETag"), "\"ae1b981da166eff-15\"");
}

static bool is_weak(struct fixture *f)
{
    return fixture_field(get(f, NULL, NULL), "ETag").data[0] == 'W';
}

/* Not time(), which is a tick behind and so, at times, a second. */
static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void a_file_that_may_change_unseen_has_a_weak_tag(void **state)
{
    struct fixture *f = *state;
    int64_t now;
    bool is_new_weak;
    do { /* within one second */
        now = now_s();
        set_modified(now - 1, 0);
        is_new_weak = is_weak(f);
    } while (now != now_s());
    assert_true(is_new_weak);
    set_modified(now + 3600, 1);
    assert_true(is_weak(f));
    set_modified(now - 2, 1);
    assert_false(is_weak(f));
    set_modified(now - 4, 0);
    assert_false(is_weak(f));
}

static void a_time_in_the_future_is_now(void **state)
{
    struct fixture *f = *state;
    int64_t before = now_s();
    set_modified(before + 100000, 1);
    int64_t modified = 0;
    assert_true(cairn_http_date_parse(
        fixture_field(get(f, NULL, NULL), "Last-Modified"), before, &modified));
    assert_in_range(modified, before, now_s());
}

static void a_time_before_1970_is_1970(void **state)
{
    struct fixture *f = *state;
    set_modified(-5, 0);
    assert_str(fixture_field(get(f, NULL, NULL), "Last-Modified"), "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void a_time_that_64_bits_do_not_hold_is_not_known(void **state)
{
    (void)state;
    struct stat info = {0};
    info.st_mtim.tv_sec = INT64_MAX / 2;
    assert_int_equal(cairn__modified_ns(&info), CAIRN_HTTP_NOT_DATED);
    info.st_mtim.tv_sec = 9223372036;
    info.st_mtim.tv_nsec = 999999999;
    assert_int_equal(cairn__modified_ns(&info), CAIRN_HTTP_NOT_DATED);
    info.st_mtim.tv_nsec = 0;
    assert_int_equal(cairn__modified_ns(&info), INT64_C(9223372036000000000));
}

static void an_empty_file_is_an_empty_body(void **state)
{
    struct fixture *f = *state;
    write_file("");
    struct cairn_http_response *res = get(f, "Range", "bytes=-5");
    assert_none(res, 200);
    assert_int_equal(res->body.length, 0);
    assert_non_null(fixture_field(res, "ETag").data);
    assert_none(get(f, "Range", "bytes=0-"), 416);
}

static void what_is_no_file_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = fixture_request(f, "/");
    char fifo[sizeof(path) + 8];
    snprintf(fifo, sizeof(fifo), "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_none(cairn_http_file_open(req, fifo, NULL), 404);
    unlink(fifo);
    assert_none(cairn_http_file_open(req, "/tmp", NULL), 404);
    assert_none(cairn_http_file_open(req, "/tmp/nonexistent/x", NULL), 404);
    assert_none(cairn_http_file_open(req, "/dev/null", NULL), 404);
    assert_none(cairn_http_file_response(req, open("/tmp", O_RDONLY), "x", NULL), 404);
}

static void without_descriptors_it_is_503(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct cairn_http_response *res = get(f, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_none(res, 503);
    assert_int_equal(cairn__file_status(EIO), 500);
}

/* Has ARENA give ROOM bytes and then no more. */
static void leave_room(struct cairn_arena *arena, size_t room)
{
    struct fixture full = {.arena = arena};
    fixture_exhaust(&full);
    cairn_test_alloc_fail_at(0);
    if (room)
        assert_non_null(cairn_arena_alloc_text(arena, 4000 - room));
    cairn_test_alloc_fail_at(1);
}

/* Whether the answer is there when the arena has but ROOM bytes for it. */
static bool is_answered(const char *name, const char *value, size_t room)
{
    struct cairn_arena *arena = cairn_arena_new(NULL);
    struct cairn_http_request *req = cairn_http_request_new(arena, CAIRN_HTTP_GET, "/");
    fixture_add_field(req, name, value);
    leave_room(arena, room);
    struct cairn_http_response *res = cairn_http_file_open(
        req, path, cairn_http_file_options(.cache_control = "no-store", .attachment = "x"));
    assert_true(!res == cairn_test_alloc_has_failed());
    cairn_test_alloc_fail_at(0);
    cairn_arena_free(arena);
    return res;
}

/* The teardown sees that none of them left its descriptor open. */
static void every_want_of_memory_is_null(void **state)
{
    (void)state;
    static const char *const fields[][2] = {{"Range", "bytes=1-2"}, {"Range", "bytes=99-"},
        {"If-None-Match", "*"}, {"If-Match", "\"x\""}, {"X", "y"}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        size_t room = 0;
        while (!is_answered(fields[i][0], fields[i][1], room))
            room += 8;
        assert_in_range(room, 100, 4000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        file_test(says_what_is_to_be_said_of_a_file),
        file_test(options_say_more),
        file_test(a_table_of_types_is_asked),
        file_test(an_unknown_name_is_any_bytes),
        file_test(options_of_an_older_header_are_shorter),
        file_test(one_range_is_sent_as_a_part),
        file_test(what_cannot_be_satisfied_is_told_the_size),
        file_test(a_range_that_makes_no_sense_is_not_heeded),
        file_test(if_range_asks_for_a_part_of_the_same_only),
        file_test(who_has_it_gets_304_with_what_a_cache_needs),
        file_test(a_lost_match_is_412),
        file_test(another_time_or_size_is_another_tag),
        file_test(a_file_that_may_change_unseen_has_a_weak_tag),
        file_test(a_time_in_the_future_is_now),
        file_test(a_time_before_1970_is_1970),
        file_test(a_time_that_64_bits_do_not_hold_is_not_known),
        file_test(an_empty_file_is_an_empty_body),
        file_test(what_is_no_file_is_not_found),
        file_test(without_descriptors_it_is_503),
        file_test(every_want_of_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
