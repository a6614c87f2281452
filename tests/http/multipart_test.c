#include "body_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairn/http/error_response.h>
#include <cairn/http/multipart.h>

#define NAME(name) "Content-Disposition: form-data; name=" name "\r\n"
#define TWO_PARTS                                                                                \
    "--b\r\n" NAME("user") "\r\nAda\r\n"                                                         \
                           "--b\r\n" NAME("photo; filename=p.png") "Content-Type: image/png\r\n" \
                                                                   "\r\n\r\nPNG\r\n\r\n--b--\r\n"

static struct cairn_http_request *form_request(struct fixture *f)
{
    struct cairn_http_request *req = fixture_request(f);
    assert_int_equal(cairn_http_fields_add(&req->fields, CAIRN_STR("Content-Type"),
                         CAIRN_STR("multipart/form-data; boundary=b")),
        0);
    return req;
}

static struct cairn_http_multipart *form_of(struct cairn_http_request *req)
{
    struct cairn_http_multipart *form = NULL;
    assert_int_equal(cairn_http_multipart_open(req, NULL, &form), 0);
    return form;
}

static struct cairn_http_multipart *form_of_body(struct fixture *f, const char *body)
{
    struct cairn_http_request *req = form_request(f);
    req->body = cairn_str_from(body);
    return form_of(req);
}

/* A form whose body comes from SENDER. */
static struct cairn_http_multipart *form_of_channel(
    struct fixture *f, size_t capacity, struct cairn_sender **sender)
{
    struct cairn_http_request *req = form_request(f);
    *sender = fixture_channel(req, -1, capacity);
    return form_of(req);
}

static const struct cairn_http_part *assert_part(
    struct fixture *f, struct cairn_http_multipart *form, const char *name)
{
    struct cairn_future next = cairn_http_multipart_next(form);
    const struct cairn_http_part *part = assert_ready(f, &next);
    if (name)
        assert_str(part->name, name);
    else
        assert_null(part);
    return part;
}

static void assert_collected(
    struct fixture *f, struct cairn_http_multipart *form, const char *expected)
{
    struct cairn_future future = cairn_http_part_collect(form, 0);
    assert_str(*(struct cairn_str *)assert_ready(f, &future), expected);
}

static void reads_the_parts_of_a_body_that_is_whole(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = form_of_body(f, TWO_PARTS);
    const struct cairn_http_part *user = assert_part(f, form, "user");
    assert_collected(f, form, "Ada");
    const struct cairn_http_part *photo = assert_part(f, form, "photo");
    assert_str(photo->filename, "p.png");
    assert_str(photo->content_type, "image/png");
    assert_collected(f, form, "\r\nPNG\r\n");
    assert_part(f, form, NULL);
    assert_part(f, form, NULL);
    assert_str(user->name, "user");
    assert_null(user->filename.data);
}

static void reads_a_body_that_comes_byte_by_byte(void **state)
{
    static const char body[] = TWO_PARTS;
    struct fixture *f = *state;
    struct cairn_sender *sender;
    struct cairn_http_multipart *form = form_of_channel(f, sizeof(body), &sender);
    for (size_t i = 0; i < strlen(body); i++)
        fixture_say(sender, (const char[]){body[i], '\0'});
    cairn_sender_unref(sender);
    assert_part(f, form, "user");
    assert_collected(f, form, "Ada");
    assert_part(f, form, "photo");
    assert_collected(f, form, "\r\nPNG\r\n");
    assert_part(f, form, NULL);
}

static void skips_what_is_not_read_of_a_part(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = form_of_body(f, TWO_PARTS);
    assert_part(f, form, "user");
    assert_part(f, form, "photo");
    assert_part(f, form, NULL);
    assert_collected(f, form, "");
}

static void gives_data_as_it_comes_and_reads_nothing_ahead(void **state)
{
    struct fixture *f = *state;
    struct cairn_sender *sender;
    union cairn_outcome out;
    struct cairn_http_multipart *form = form_of_channel(f, 4, &sender);
    struct cairn_future next = cairn_http_multipart_next(form);
    assert_int_equal(cairn_harness_poll(&f->hand, &next, &out), CAIRN_PENDING);
    fixture_say(sender, "--b\r\n" NAME("a") "\r\none\r\n-");
    fixture_say(sender, "two");
    assert_true(cairn_harness_is_woken(&f->hand));
    assert_ready(f, &next);
    assert_int_equal(cairn_sender_queued(sender), 1);
    struct cairn_stream data = cairn_http_part_data(form);
    assert_chunk(f, &data, "one");
    assert_int_equal(cairn_sender_queued(sender), 1);
    assert_chunk(f, &data, "\r\n-");
    assert_chunk(f, &data, "two");
    assert_stream_waits(f, &data);
    fixture_say(sender, "\r\n--b");
    assert_stream_ends(f, &data);
    fixture_say(sender, "--");
    cairn_sender_unref(sender);
    assert_part(f, form, NULL);
}

static void the_data_of_a_part_ends_when_the_next_is_asked_for(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = form_of_body(f, TWO_PARTS);
    assert_part(f, form, "user");
    struct cairn_stream data = cairn_http_part_data(form);
    assert_part(f, form, "photo");
    assert_stream_ends(f, &data);
    assert_collected(f, form, "\r\nPNG\r\n");
}

static void saves_a_part_to_a_file(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/cairn_part_XXXXXX";
    char text[16] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    struct cairn_http_multipart *form = form_of_body(f, TWO_PARTS);
    assert_part(f, form, "user");
    struct cairn_future saving = cairn_http_part_save(form, NULL, fd, 3);
    assert_int_equal(*(int64_t *)assert_ready(f, &saving), 3);
    assert_int_equal(pread(fd, text, sizeof(text), 0), 3);
    assert_memory_equal(text, "Ada", 3);
    assert_part(f, form, "photo");
    saving = cairn_http_part_save(form, NULL, fd, 6);
    assert_fails(f, &saving, CAIRN_ERROR_TOO_LARGE);
    close(fd);
}

static void a_part_larger_than_may_be_collected_fails_and_can_be_skipped(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = form_of_body(f, TWO_PARTS);
    assert_part(f, form, "user");
    struct cairn_future future = cairn_http_part_collect(form, 2);
    assert_fails(f, &future, CAIRN_ERROR_TOO_LARGE);
    assert_part(f, form, "photo");
    future = cairn_http_part_collect(form, 7);
    assert_str(*(struct cairn_str *)assert_ready(f, &future), "\r\nPNG\r\n");
}

static void assert_status(
    struct fixture *f, struct cairn_http_multipart *form, int status, const char *message)
{
    union cairn_outcome out;
    struct cairn_future next = cairn_http_multipart_next(form);
    assert_int_equal(cairn_harness_poll(&f->hand, &next, &out), CAIRN_FAILED);
    assert_int_equal(cairn_http_error_status(out.error), status);
    assert_string_equal(out.error->message, message);
    cairn_error_unref(out.error);
}

static void a_malformed_form_fails_now_and_later(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = form_of_body(f, "--b\r\n" NAME("a") "\r\nx\r\n--by");
    assert_part(f, form, "a");
    assert_collected(f, form, "x");
    assert_status(f, form, 400, "something behind a boundary");
    assert_status(f, form, 400, "something behind a boundary");
    struct cairn_stream data = cairn_http_part_data(form);
    assert_stream_fails(f, &data, CAIRN_ERROR_PROTOCOL);
}

static void a_form_that_ends_early_fails(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = form_of_body(f, "--b\r\n" NAME("a") "\r\nx");
    assert_part(f, form, "a");
    struct cairn_future future = cairn_http_part_collect(form, 0);
    assert_fails(f, &future, CAIRN_ERROR_PROTOCOL);
    assert_status(f, form, 400, "the last boundary is missing");
    assert_status(f, form_of_body(f, NULL), 400, "the last boundary is missing");
}

static void a_limit_of_the_form_fails_with_413(void **state)
{
    static const struct cairn_http_multipart_limits limits = {.size = sizeof(limits), .parts = 1};
    struct fixture *f = *state;
    struct cairn_http_multipart *form = NULL;
    struct cairn_http_request *req = form_request(f);
    req->body = CAIRN_STR(TWO_PARTS);
    assert_int_equal(cairn_http_multipart_open(req, &limits, &form), 0);
    assert_part(f, form, "user");
    assert_status(f, form, 413, "too many parts");
}

static void the_failure_of_the_body_is_passed_on_now_and_later(void **state)
{
    static struct cairn_error broke = CAIRN_ERROR_STATIC(CAIRN_ERROR_SLOW, "test", "broke");
    struct fixture *f = *state;
    struct cairn_http_request *req = form_request(f);
    assert_int_equal(cairn_http_request_set_body(req, cairn_stream_failed(&broke), -1), 0);
    struct cairn_http_multipart *form = form_of(req);
    assert_status(f, form, 408, "broke");
    assert_status(f, form, 408, "broke");
}

static void the_whole_body_has_the_limit_of_the_request(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = NULL;
    struct cairn_http_request *req = form_request(f);
    req->body = CAIRN_STR(TWO_PARTS);
    req->body_limit = strlen(TWO_PARTS) - 1;
    assert_int_equal(cairn_http_multipart_open(req, NULL, &form), 413);
    assert_str(req->body, TWO_PARTS);
    struct cairn_http_multipart_limits limits = {
        .size = sizeof(limits), .body_bytes = strlen(TWO_PARTS)};
    assert_int_equal(cairn_http_multipart_open(req, &limits, &form), 0);
    assert_part(f, form, "user");
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS("x"), 2 * 1024 * 1024 + 1), 0);
    req->body_limit = 0;
    assert_int_equal(cairn_http_multipart_open(req, NULL, &form), 413);
}

static void the_limit_holds_for_a_body_of_unknown_length_to_its_end(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_request *req = form_request(f);
    req->body_limit = strlen(TWO_PARTS);
    assert_int_equal(cairn_http_request_set_body(req, CHUNKS(TWO_PARTS, "x"), -1), 0);
    struct cairn_http_multipart *form = form_of(req);
    assert_part(f, form, "user");
    assert_part(f, form, "photo");
    struct cairn_future next = cairn_http_multipart_next(form);
    assert_fails(f, &next, CAIRN_ERROR_TOO_LARGE);
    next = cairn_http_multipart_next(form);
    assert_fails(f, &next, CAIRN_ERROR_TOO_LARGE);
}

static void what_follows_the_last_boundary_is_read(void **state)
{
    struct fixture *f = *state;
    struct cairn_sender *sender;
    union cairn_outcome out;
    struct cairn_http_multipart *form = form_of_channel(f, 4, &sender);
    fixture_say(sender, "--b--");
    fixture_say(sender, "epilogue");
    struct cairn_future next = cairn_http_multipart_next(form);
    assert_int_equal(cairn_harness_poll(&f->hand, &next, &out), CAIRN_PENDING);
    assert_int_equal(cairn_sender_queued(sender), 0);
    cairn_sender_unref(sender);
    assert_null(assert_ready(f, &next));
}

static void another_type_is_refused_with_the_body_where_it_was(void **state)
{
    struct fixture *f = *state;
    struct cairn_http_multipart *form = NULL;
    struct cairn_http_request *req = fixture_request(f);
    req->body = CAIRN_STR(TWO_PARTS);
    assert_int_equal(cairn_http_multipart_open(req, NULL, &form), 415);
    cairn_http_fields_set(
        &req->fields, CAIRN_STR("Content-Type"), CAIRN_STR("multipart/form-data"));
    assert_int_equal(cairn_http_multipart_open(req, NULL, &form), 400);
    assert_str(req->body, TWO_PARTS);
}

static void what_waits_can_be_dropped(void **state)
{
    struct fixture *f = *state;
    struct cairn_sender *sender;
    union cairn_outcome out;
    struct cairn_http_multipart *form = form_of_channel(f, 4, &sender);
    struct cairn_future future = cairn_http_multipart_next(form);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    cairn_future_drop(&future);
    fixture_say(sender, "--b\r\n" NAME("a") "\r\nx");
    assert_part(f, form, "a");
    future = cairn_http_part_collect(form, 0);
    assert_int_equal(cairn_harness_poll(&f->hand, &future, &out), CAIRN_PENDING);
    cairn_future_drop(&future);
    cairn_sender_unref(sender);
}

struct exhausted {
    struct fixture f;
    int fd;
    size_t filled; /* of the arena's first chunk: what comes next has to be allocated */
};

static bool exhausted_done(struct exhausted *self, struct cairn_future *future, void **value)
{
    union cairn_outcome out;
    if (cairn_harness_poll(&self->f.hand, future, &out) == CAIRN_READY) {
        *value = out.value;
        return true;
    }
    assert_int_equal(out.error->code, CAIRN_ERROR_MEMORY);
    cairn_error_unref(out.error);
    return false;
}

static bool exhausted_read(struct exhausted *self, struct cairn_http_request *req)
{
    struct cairn_http_multipart *form = NULL;
    void *value = NULL;
    int status = cairn_http_multipart_open(req, NULL, &form);
    if (status) {
        assert_int_equal(status, 503);
        return false;
    }
    struct cairn_future future = cairn_http_multipart_next(form);
    if (!exhausted_done(self, &future, &value))
        return false;
    future = cairn_http_part_collect(form, 0);
    if (!exhausted_done(self, &future, &value))
        return false;
    assert_str(*(struct cairn_str *)value, "Ada");
    future = cairn_http_multipart_next(form);
    if (!exhausted_done(self, &future, &value))
        return false;
    future = cairn_http_part_save(form, NULL, self->fd, 0);
    if (!exhausted_done(self, &future, &value))
        return false;
    future = cairn_http_multipart_next(form);
    return exhausted_done(self, &future, &value) && value == NULL;
}

static void scenario_without_memory(void *cx)
{
    struct exhausted *self = cx;
    cairn_test_alloc_exempt(true);
    self->f.runtime = cairn_test_runtime_new(&self->f.clock);
    self->f.arena = cairn_arena_new(NULL);
    cairn_harness_init(&self->f.hand, self->f.runtime);
    struct cairn_http_request *req = form_request(&self->f);
    req->body = CAIRN_STR(TWO_PARTS);
    cairn_arena_alloc_text(self->f.arena, self->filled);
    cairn_test_alloc_exempt(false);
    bool is_read = exhausted_read(self, req);
    assert_int_equal(is_read, !cairn_test_alloc_has_failed());
    cairn_arena_free(self->f.arena);
    cairn_harness_fini(&self->f.hand);
    cairn_runtime_free(self->f.runtime);
}

static void without_memory_it_fails_and_gives_all_back(void **state)
{
    static struct exhausted self;
    (void)state;
    self.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    for (self.filled = 1; self.filled < 4096; self.filled += 16)
        assert_true(cairn_test_each_allocation(scenario_without_memory, &self) > 5);
    close(self.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(reads_the_parts_of_a_body_that_is_whole),
        fixture_test(reads_a_body_that_comes_byte_by_byte),
        fixture_test(skips_what_is_not_read_of_a_part),
        fixture_test(gives_data_as_it_comes_and_reads_nothing_ahead),
        fixture_test(the_data_of_a_part_ends_when_the_next_is_asked_for),
        fixture_test(saves_a_part_to_a_file),
        fixture_test(a_part_larger_than_may_be_collected_fails_and_can_be_skipped),
        fixture_test(a_malformed_form_fails_now_and_later),
        fixture_test(a_form_that_ends_early_fails),
        fixture_test(a_limit_of_the_form_fails_with_413),
        fixture_test(the_failure_of_the_body_is_passed_on_now_and_later),
        fixture_test(the_whole_body_has_the_limit_of_the_request),
        fixture_test(the_limit_holds_for_a_body_of_unknown_length_to_its_end),
        fixture_test(what_follows_the_last_boundary_is_read),
        fixture_test(another_type_is_refused_with_the_body_where_it_was),
        fixture_test(what_waits_can_be_dropped),
        cmocka_unit_test(without_memory_it_fails_and_gives_all_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
