/* field.h - a table of a struct's members: how they are read from text and JSON, and written. */
#ifndef CAIRN_HTTP_FIELD_H
#define CAIRN_HTTP_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cairn/http/uuid.h>
#include <cairn/service/str.h>

CAIRN_BEGIN_DECLS

/*
 *     struct user {
 *         struct cairn_str name;
 *         int64_t age;
 *         enum role role;
 *         struct cairn_str *tags;
 *         size_t tag_count;
 *     };
 *     static const struct cairn_field user_fields[] = {
 *         CAIRN_FIELD_STRING(struct user, name, .required = true, .max_length = 80),
 *         CAIRN_FIELD_INT(struct user, age, .max = 150),
 *         CAIRN_FIELD_ENUM(struct user, role, role_names, .otherwise = "guest"),
 *         CAIRN_FIELD_ARRAY(struct user, tags, tag_count, .max_count = 8, .max_length = 20),
 *     };
 *     static const struct cairn_record user_record = CAIRN_RECORD(struct user, user_fields);
 *
 * The table serves bodies in JSON, forms, query strings and path parameters (bind.h), and writes
 * the struct as JSON. A member of another type than its macro says does not compile. (The macros
 * are C, not C++.)
 */

enum cairn_field_type {
    CAIRN_FIELD_TYPE_BOOL,
    CAIRN_FIELD_TYPE_INT32,
    CAIRN_FIELD_TYPE_INT64,
    CAIRN_FIELD_TYPE_UINT32,
    CAIRN_FIELD_TYPE_UINT64,
    CAIRN_FIELD_TYPE_DOUBLE,
    CAIRN_FIELD_TYPE_STRING,
    CAIRN_FIELD_TYPE_UUID,
    CAIRN_FIELD_TYPE_ENUM,
    CAIRN_FIELD_TYPE_OBJECT
};

/* One member. Static const data; the first group is the macros', the rest yours, zero by default.
 */
struct cairn_field {
    const char *name;
    size_t offset;
    size_t size;              /* of a value: the member, or an element of the array */
    size_t count_offset;      /* of an array's size_t, plus 1; 0: no array */
    size_t flag_offset;       /* CAIRN_FIELD_FLAG: of a bool, plus 1; 0: none */
    const char *const *names; /* of an enum's values 0, 1, 2 …; NULL where there is none */
    size_t name_count;
    const struct cairn_record *record; /* of an object */
    enum cairn_field_type type;

    bool required;         /* being absent, or null, is a violation */
    const char *as;        /* what it is called outside; NULL: as the member */
    const char *otherwise; /* the value of an absent one, as text: "20". NULL: the member is left
                            * as it is */

    /* Numbers; for an array, each of its elements. Both 0: any. A max below min: no upper bound. So
     * "at least 1" is .min = 1, and "not negative" .max = INT64_MAX. */
    int64_t min;
    int64_t max;
    double min_double; /* the same for a double */
    double max_double;
    size_t min_length; /* bytes of a string */
    size_t max_length; /* 0: any */
    size_t min_count;  /* elements of an array */
    size_t max_count;  /* 0: 1000 */

    /* Looks at a VALUE (a struct cairn_str, an int64_t, …) that is right otherwise. Returns NULL,
     * or what it must be: "must be an e-mail address". A static text. */
    const char *(*check)(const void *value);
};

/* A struct. Static const data. */
struct cairn_record {
    const struct cairn_field *fields;
    size_t count;
    size_t size;
    bool refuses_unknown; /* a name that is not in the table is a violation; else it is ignored */
    /* Looks at the whole, once each member is right by itself. As a field's. */
    const char *(*check)(const void *value);
};

/* CAIRN_RECORD(struct user, user_fields, .refuses_unknown = true) */
#define CAIRN_RECORD(...) CAIRN__RECORD(__VA_ARGS__, )
#define CAIRN__RECORD(T, table, ...)                                                     \
    {                                                                                    \
        .fields = (table), .count = sizeof(table) / sizeof(*(table)), .size = sizeof(T), \
        __VA_ARGS__                                                                      \
    }

/* CAIRN_FIELD_INT(struct user, age, .max = 150): the struct, the member, and what you want of it.
 */
#define CAIRN_FIELD_BOOL(...) CAIRN__FIELD(CAIRN__IS_BOOL, __VA_ARGS__, )
#define CAIRN_FIELD_INT(...) CAIRN__FIELD(CAIRN__IS_INT, __VA_ARGS__, )   /* int32_t, int64_t */
#define CAIRN_FIELD_UINT(...) CAIRN__FIELD(CAIRN__IS_UINT, __VA_ARGS__, ) /* uint32_t, uint64_t */
#define CAIRN_FIELD_DOUBLE(...) CAIRN__FIELD(CAIRN__IS_DOUBLE, __VA_ARGS__, )
/* struct cairn_str, in the arena of the request; UTF-8, without NUL. */
#define CAIRN_FIELD_STRING(...) CAIRN__FIELD(CAIRN__IS_STRING, __VA_ARGS__, )
#define CAIRN_FIELD_UUID(...) CAIRN__FIELD(CAIRN__IS_UUID, __VA_ARGS__, )
/* CAIRN_FIELD_ENUM(struct user, role, role_names): an enum, or an int, and an array of names. */
#define CAIRN_FIELD_ENUM(...) CAIRN__FIELD_ENUM(__VA_ARGS__, )
/* CAIRN_FIELD_OBJECT(struct user, address, &address_record): a struct within the struct. */
#define CAIRN_FIELD_OBJECT(...) CAIRN__FIELD_OBJECT(__VA_ARGS__, )
/* CAIRN_FIELD_ARRAY(struct user, tags, tag_count): a pointer to any of the types above but the last
 * two, and a size_t. The elements are in the arena; none: NULL and 0. */
#define CAIRN_FIELD_ARRAY(...) CAIRN__FIELD_ARRAY(__VA_ARGS__, )
/* CAIRN_FIELD_ENUM_ARRAY(struct user, roles, role_count, role_names) */
#define CAIRN_FIELD_ENUM_ARRAY(...) CAIRN__FIELD_ENUM_ARRAY(__VA_ARGS__, )
/* CAIRN_FIELD_OBJECT_ARRAY(struct user, addresses, address_count, &address_record) */
#define CAIRN_FIELD_OBJECT_ARRAY(...) CAIRN__FIELD_OBJECT_ARRAY(__VA_ARGS__, )
/* Among the options of a field: the bool that becomes true when the field is there. A field whose
 * flag is false is not written. CAIRN_FIELD_INT(struct patch, age, CAIRN_FIELD_FLAG(struct patch,
 * has_age)) */
#define CAIRN_FIELD_FLAG(T, flag) \
    .flag_offset = CAIRN__IF_BOOL(CAIRN__MEMBER(T, flag), offsetof(T, flag) + 1)

#define CAIRN__MEMBER(T, m) (((T *)0)->m)
#define CAIRN__IF_BOOL(x, value) _Generic((x), bool : (value))
#define CAIRN__IF_SIZE(x, value) _Generic((x), size_t : (value))
#define CAIRN__IS_BOOL(x) CAIRN__IF_BOOL(x, CAIRN_FIELD_TYPE_BOOL)
#define CAIRN__IS_INT(x) \
    _Generic((x), int32_t : CAIRN_FIELD_TYPE_INT32, int64_t : CAIRN_FIELD_TYPE_INT64)
#define CAIRN__IS_UINT(x) \
    _Generic((x), uint32_t : CAIRN_FIELD_TYPE_UINT32, uint64_t : CAIRN_FIELD_TYPE_UINT64)
#define CAIRN__IS_DOUBLE(x) _Generic((x), double : CAIRN_FIELD_TYPE_DOUBLE)
#define CAIRN__IS_STRING(x) _Generic((x), struct cairn_str : CAIRN_FIELD_TYPE_STRING)
#define CAIRN__IS_UUID(x) _Generic((x), struct cairn_uuid : CAIRN_FIELD_TYPE_UUID)
#define CAIRN__IS_ENUM(x) \
    _Generic((x), int : CAIRN_FIELD_TYPE_ENUM, unsigned : CAIRN_FIELD_TYPE_ENUM)
#define CAIRN__IS_OBJECT(x) CAIRN_FIELD_TYPE_OBJECT
#define CAIRN__IS_ANY(x)                                  \
    _Generic((x), bool                                    \
             : CAIRN_FIELD_TYPE_BOOL, int32_t             \
             : CAIRN_FIELD_TYPE_INT32, int64_t            \
             : CAIRN_FIELD_TYPE_INT64, uint32_t           \
             : CAIRN_FIELD_TYPE_UINT32, uint64_t          \
             : CAIRN_FIELD_TYPE_UINT64, double            \
             : CAIRN_FIELD_TYPE_DOUBLE, struct cairn_str  \
             : CAIRN_FIELD_TYPE_STRING, struct cairn_uuid \
             : CAIRN_FIELD_TYPE_UUID)

#define CAIRN__FIELD(is, T, m, ...)                                            \
    {                                                                          \
        .name = #m, .type = is(CAIRN__MEMBER(T, m)), .offset = offsetof(T, m), \
        .size = sizeof(CAIRN__MEMBER(T, m)), __VA_ARGS__                       \
    }
#define CAIRN__FIELD_ENUM(T, m, table, ...)              \
    CAIRN__FIELD(CAIRN__IS_ENUM, T, m, .names = (table), \
        .name_count = sizeof(table) / sizeof(*(table)), __VA_ARGS__)
#define CAIRN__FIELD_OBJECT(T, m, of, ...) \
    CAIRN__FIELD(CAIRN__IS_OBJECT, T, m, .record = (of), __VA_ARGS__)

#define CAIRN__ELEMENTS(is, T, m, n, ...)                                                    \
    {                                                                                        \
        .name = #m, .type = is(*CAIRN__MEMBER(T, m)), .offset = offsetof(T, m),              \
        .size = sizeof(*CAIRN__MEMBER(T, m)),                                                \
        .count_offset = CAIRN__IF_SIZE(CAIRN__MEMBER(T, n), offsetof(T, n) + 1), __VA_ARGS__ \
    }
#define CAIRN__FIELD_ARRAY(T, m, n, ...) CAIRN__ELEMENTS(CAIRN__IS_ANY, T, m, n, __VA_ARGS__)
#define CAIRN__FIELD_ENUM_ARRAY(T, m, n, table, ...)           \
    CAIRN__ELEMENTS(CAIRN__IS_ENUM, T, m, n, .names = (table), \
        .name_count = sizeof(table) / sizeof(*(table)), __VA_ARGS__)
#define CAIRN__FIELD_OBJECT_ARRAY(T, m, n, of, ...) \
    CAIRN__ELEMENTS(CAIRN__IS_OBJECT, T, m, n, .record = (of), __VA_ARGS__)

CAIRN_END_DECLS

#endif
