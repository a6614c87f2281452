#include "config.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include <cairn/service/str.h>

struct config_number {
    const char *name;
    uint64_t *place;
    uint64_t min;
    uint64_t max;
    uint64_t fallback;
};

struct config_text {
    const char *name;
    const char **place;
    bool (*is_valid)(const char *text);
    const char *meaning;
    const char *fallback;
};

struct config_source {
    const char *(*get)(void *cx, const char *name);
    void *cx;
};

static const char *config_get(const struct config_source *source, const char *name)
{
    const char *text = source->get(source->cx, name);
    return text && *text ? text : NULL;
}

static struct cairn_error *config_read_number(
    const struct config_number *setting, const struct config_source *source)
{
    unsigned long long value = setting->fallback;
    const char *text = config_get(source, setting->name);
    bool is_number = !text || cairn_str_to_u64(cairn_str_from(text), &value);
    if (!is_number || value < setting->min || value > setting->max)
        return cairn_error_new(CAIRN_ERROR_INVALID, "config", NULL,
            "%s is \"%s\": it must be a whole number from %llu to %llu", setting->name, text,
            (unsigned long long)setting->min, (unsigned long long)setting->max);
    *setting->place = value;
    return NULL;
}

static struct cairn_error *config_read_text(
    const struct config_text *setting, const struct config_source *source)
{
    const char *text = config_get(source, setting->name);
    if (text && !setting->is_valid(text))
        return cairn_error_new(CAIRN_ERROR_INVALID, "config", NULL, "%s is \"%s\": it must be %s",
            setting->name, text, setting->meaning);
    *setting->place = text ? text : setting->fallback;
    return NULL;
}

static bool config_is_address(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool config_is_file(const char *text)
{
    return text[0] != '\0';
}

static bool config_is_database(const char *url)
{
    static const char sqlite[] = "sqlite:";
    const size_t length = sizeof(sqlite) - 1;
    bool has_file = strncmp(url, sqlite, length) == 0 && url[length] != '\0';
    return has_file || strcmp(url, "memory:") == 0;
}

static struct cairn_error *config_read_numbers(
    struct config *out, const struct config_source *source)
{
    const struct config_number numbers[] = {
        {"PORT", &out->port, 0, 65535, 8080},
        {"WORKERS", &out->workers, 0, 256, 0},
        {"MAX_CONCURRENCY", &out->max_concurrency, 1, 1048576, 1024},
        {"RATE_LIMIT", &out->rate_limit, 1, 1000000000, 1000000},
        {"REQUEST_TIMEOUT_MS", &out->request_timeout_ms, 1, 3600000, 2000},
        {"DB_TIMEOUT_MS", &out->db_timeout_ms, 1, 3600000, 500},
        {"DB_ATTEMPTS", &out->db_attempts, 1, 100, 3},
        {"DB_THREADS", &out->db_threads, 1, 64, 2},
    };
    struct cairn_error *error = NULL;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !error; i++)
        error = config_read_number(&numbers[i], source);
    return error;
}

static struct cairn_error *config_read_texts(struct config *out, const struct config_source *source)
{
    const struct config_text texts[] = {
        {"HOST", &out->host, config_is_address, "a numeric IPv4 or IPv6 address", "::"},
        {"DATABASE_URL", &out->database_url, config_is_database,
            "memory:, sqlite::memory: or sqlite:FILE", "sqlite::memory:"},
        {"ACCESS_LOG", &out->access_log, config_is_file, "a file, - or off", "-"},
    };
    struct cairn_error *error = NULL;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !error; i++)
        error = config_read_text(&texts[i], source);
    return error;
}

struct cairn_error *config_read(
    struct config *out, const char *(*get)(void *cx, const char *name), void *cx)
{
    const struct config_source source = {get, cx};
    struct cairn_error *error = config_read_numbers(out, &source);
    return error ? error : config_read_texts(out, &source);
}
