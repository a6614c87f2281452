/* verdict.h - what a check has to say: a status to refuse with and why, or nothing. Internal. */
#ifndef CAIRN_HTTP_VERDICT_H
#define CAIRN_HTTP_VERDICT_H

/* status 0: not refused. REASON is a static sentence. */
struct cairn__verdict {
    int status;
    const char *reason;
};

static inline struct cairn__verdict cairn__accept(void)
{
    struct cairn__verdict v = {0, 0};
    return v;
}

static inline struct cairn__verdict cairn__refuse(int status, const char *reason)
{
    struct cairn__verdict v = {status, reason};
    return v;
}

#endif
