/* guard.h - the head guard: what strict llhttp lets through and a server must not. Internal.
 *
 * A guard reads the raw bytes of a head, or of a trailer section, once, in order. Each rule is
 * decided at one byte, by the bytes up to it: so the verdict is the same however they are cut.
 */
#ifndef CAIRN_HTTP_GUARD_H
#define CAIRN_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include <cairn/http/codec/verdict.h>
#include <cairn/service/str.h>

enum cairn__guard_state {
    CAIRN__GUARD_START,    /* before a request, or its one empty line */
    CAIRN__GUARD_START_LF, /* in that empty line */
    CAIRN__GUARD_METHOD,
    CAIRN__GUARD_TARGET,
    CAIRN__GUARD_PERCENT,       /* two hexadecimal digits are to come … */
    CAIRN__GUARD_PERCENT_DIGIT, /* … one of them */
    CAIRN__GUARD_VERSION,
    CAIRN__GUARD_FIELDS,
    CAIRN__GUARD_COMPLETE,
    CAIRN__GUARD_REFUSED
};

/* Offsets count from the first byte of the section. */
struct cairn__guard {
    enum cairn__guard_state state;
    struct cairn__verdict verdict; /* of REFUSED */
    size_t at;                     /* the next byte to be looked at */
    size_t line;                   /* where the running line begins */
    size_t method;                 /* the request line: METHOD SP TARGET SP VERSION CR LF */
    size_t target;
    size_t version;
    unsigned version_minor;
    size_t fields; /* complete field lines */
    size_t max_line;
    size_t max_fields;
};

/* A guard of a head: its request line, CRLF and an empty line before it included, has at most
 * MAX_LINE bytes (else 414), and it has at most MAX_FIELDS field lines (else 431). */
void cairn__guard_init_head(struct cairn__guard *self, size_t max_line, size_t max_fields);
/* A guard of a trailer section, which begins with a field line. */
void cairn__guard_init_trailers(struct cairn__guard *self, size_t max_fields);

/*
 * Goes on over SECTION, all of it that is there by now, wherever it lies now. COMPLETE: it ends
 * before self->at. REFUSED: self->verdict. Any other state: there is more to come.
 */
enum cairn__guard_state cairn__guard_scan(struct cairn__guard *self, struct cairn_str section);

#endif
