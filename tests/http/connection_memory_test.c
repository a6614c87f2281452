/* Every allocation of a connection fails once. */
#include "connection_rig.h"

#include "session_app.h"
#include "session_scripts.h"

/* What a script is to be answered when nothing fails, without the dates. */
static struct {
    char text[sizeof(rig.text)];
    size_t length;
    bool has_ended;
} reference;

static char *find(char *text, size_t length, const char *what)
{
    return memmem(text, length, what, strlen(what));
}

static bool has_come(const char *what)
{
    return find(rig.text, rig.length, what) != NULL;
}

static void forget_dates(void)
{
    static const char field[] = "\r\nDate: ";
    char *end = rig.text + rig.length;
    char *at = rig.text;
    while ((at = find(at, (size_t)(end - at), field)) != NULL) {
        at += sizeof(field) - 1;
        memset(at, '-', 29);
    }
}

static bool play(const session_script *script, bool drains)
{
    bool has_ended = false;
    rig_forget();
    for (int i = 0; i < SESSION_PIECES && (*script)[i] && !has_ended; i++) {
        if (rig.worker.connections)
            send(rig.client, (*script)[i], strlen((*script)[i]), MSG_NOSIGNAL);
        rig_run();
        if (drains && i == 0 && rig.worker.connections)
            rig_drain();
        has_ended = rig_read();
    }
    forget_dates();
    return has_ended;
}

/* What has come of a script while memory was short: all of it, or it shows. */
static void assert_tells(bool has_ended)
{
    if (has_come("HTTP/1.1 503 ") || has_come("HTTP/1.1 500 "))
        return;
    assert_in_range(rig.length, 0, reference.length);
    assert_memory_equal(rig.text, reference.text, rig.length);
    if (rig.length < reference.length || reference.has_ended)
        assert_true(has_ended);
}

static void assert_serves_the_next(void)
{
    if (rig.worker.connections)
        rig_kill();
    rig_close_client();
    rig.worker.is_leaving = false;
    rig.worker.has_drained = false;
    assert_int_equal(rig_connect(), 0);
    rig_send(SESSION_GET("/ignore"));
    rig_forget();
    assert_false(rig_read());
    assert_non_null(strstr(rig.text, "\r\n\r\nignored"));
}

static void open_app(void)
{
    cairn_test_alloc_exempt(true);
    rig_open(session_app(NULL, NULL), NULL);
    rig_kill();
    rig_close_client();
    cairn_test_alloc_exempt(false);
}

/* Returns whether allocation N was there to fail. */
static bool play_without(const session_script *script, bool drains, size_t n)
{
    struct session_counts before = session_app_counts();
    rig_setup(NULL);
    open_app();
    cairn_test_alloc_fail_at(n);
    int rc = rig_connect();
    bool has_ended = rc != 0 || play(script, drains);
    bool has_failed = cairn_test_alloc_has_failed();
    cairn_test_alloc_fail_at(0);
    if (n == 0) {
        memcpy(reference.text, rig.text, rig.length);
        reference.length = rig.length;
        reference.has_ended = has_ended;
    } else if (rc == 0) {
        assert_tells(has_ended);
    }
    assert_serves_the_next();
    rig_teardown(NULL);
    struct session_counts after = session_app_counts();
    assert_int_equal(after.begun - before.begun, after.ended - before.ended);
    return has_failed;
}

static size_t fail_everywhere(bool drains)
{
    size_t sites = 0;
    session_app_open();
    for (int i = 0; i < SESSION_SCRIPTS; i++) {
        play_without(&session_scripts[i], drains, 0);
        size_t n = 1;
        while (play_without(&session_scripts[i], drains, n))
            n++;
        sites += n - 1;
    }
    session_app_close();
    return sites;
}

static void each_script_is_played_with_every_allocation_failing_once(void **state)
{
    (void)state;
    assert_true(fail_everywhere(false) > 100);
}

static void and_while_the_server_drains(void **state)
{
    (void)state;
    assert_true(fail_everywhere(true) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_script_is_played_with_every_allocation_failing_once),
        cmocka_unit_test(and_while_the_server_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
