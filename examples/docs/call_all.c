/* call_all.c - a stream of questions becomes a stream of answers. */
#include <stdio.h>
#include <string.h>

#include <cairn/service/call_all.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>

static const struct cairn_type text = {.name = "text"};

static void *shorten(void *cx, void *word, struct cairn_error **error)
{
    static struct cairn_error too_short =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_REJECTED, "shorten", "too short already");
    (void)cx;
    if (strlen(word) > 3)
        return (char *)word + 1;
    *error = &too_short;
    return NULL;
}

int main(void)
{
    char stone[] = "stone", ash[] = "ash", slate[] = "slate";
    void *words[] = {stone, ash, slate};
    size_t answers = 0, failures = 0;
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    struct cairn_service *service = cairn_service_fn("shorten", &text, &text, shorten, NULL);
    /* [snippet] */
    struct cairn_stream requests = cairn_stream_from_array(words, 3, &text);
    struct cairn_stream results = cairn_call_all(service, requests, 16); /* 16 at a time */

    while (cairn_block_on(runtime, cairn_stream_next(&results), &out) == CAIRN_READY && out.value) {
        if (cairn_call_result_take(out.value, &out) == CAIRN_READY) {
            puts(out.value);
            answers++;
        } else { /* this call failed; the others go on */
            cairn_error_unref(out.error);
            failures++;
        }
    }
    /* [/snippet] */
    cairn_stream_drop(&results);
    cairn_runtime_free(runtime);
    return answers == 2 && failures == 1 ? 0 : 1;
}
