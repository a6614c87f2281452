/* then.c - a call goes on with another future: what it found is looked up elsewhere. */
#include <stdio.h>
#include <string.h>

#include <cairn/service/call.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/stack.h>
#include <cairn/service/then.h>

static const struct cairn_type text = {.name = "text"};

static void *find_author(void *cx, void *book, struct cairn_error **error)
{
    static struct cairn_error unknown =
        CAIRN_ERROR_STATIC(CAIRN_ERROR_NOT_FOUND, "books", "no such book");
    (void)error;
    if (strcmp(book, "Emma") == 0)
        return cx;
    *error = &unknown;
    return NULL;
}

/* Stands for a question to another server. */
static struct cairn_future find_birthplace(void *author)
{
    static char place[] = "Steventon";
    (void)author;
    return cairn_future_ready(place);
}

/* [functions] */
static struct cairn_future birthplace(void *cx, void *author)
{
    (void)cx;
    return find_birthplace(author);
}

static struct cairn_future or_nowhere(void *cx, enum cairn_poll p, union cairn_outcome out)
{
    static char nowhere[] = "nowhere";
    (void)cx;
    if (p == CAIRN_READY)
        return cairn_future_ready(out.value);
    cairn_error_unref(out.error);
    return cairn_future_ready(nowhere);
}
/* [/functions] */

int main(void)
{
    char austen[] = "Austen", emma[] = "Emma", nobody[] = "Nobody's book";
    union cairn_outcome out;
    struct cairn_error *error = NULL;
    struct cairn_runtime *runtime = cairn_runtime_new(NULL, &error);
    if (!runtime)
        return 1;
    /* [snippet] */
    struct cairn_service *books = cairn_service_fn("books", &text, &text, find_author, austen);
    struct cairn_service *app = cairn_stack(books,
        cairn_then(NULL, or_nowhere, NULL),      /* outermost: sees what and_then gives */
        cairn_and_then(NULL, birthplace, NULL)); /* only for an author that was found */
    /* [/snippet] */
    struct cairn_service *copy = cairn_service_clone(app);
    if (!copy)
        return 1;
    enum cairn_poll p = cairn_block_on(runtime, cairn_service_oneshot(app, emma), &out);
    bool is_right = p == CAIRN_READY && strcmp(out.value, "Steventon") == 0;
    p = cairn_block_on(runtime, cairn_service_oneshot(copy, nobody), &out);
    is_right = is_right && p == CAIRN_READY && strcmp(out.value, "nowhere") == 0;
    cairn_runtime_free(runtime);
    return is_right ? 0 : 1;
}
