/* A program outside the tree that uses a component: cairn reads its JSON. */
#include <stdio.h>

#include <cairn/http/json.h>

int main(void)
{
    struct cairn_json_error error;
    struct json_t *json = cairn_json_parse(CAIRN_STR("{\"answer\": 42}"), NULL, &error);
    int rc = json == NULL;
    printf("json: %s\n", rc ? error.text : "42");
    cairn_json_free(json);
    return rc;
}
