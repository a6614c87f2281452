/* classify.h - whether an answer was a failure: at its head, or at the end of its stream. */
#ifndef CAIRN_HTTP_CLASSIFY_H
#define CAIRN_HTTP_CLASSIFY_H

#include <stdint.h>

#include <cairn/http/message.h>
#include <cairn/service/error.h>

CAIRN_BEGIN_DECLS

enum cairn_http_verdict {
    CAIRN_HTTP_SUCCESS,
    CAIRN_HTTP_FAILURE,
    CAIRN_HTTP_AT_EOS /* the trailers will tell */
};

/* What went wrong. Borrowed for the call it is passed to. */
struct cairn_http_failure {
    int status;                      /* of the answer; 0: there was none */
    int grpc_status;                 /* -1: none */
    const struct cairn_error *error; /* of the call, or of the body; NULL: the answer says so */
};

/*
 * Passed by value. A call that fails, and a body that does, are failures in any case; a classifier
 * is asked about answers. Custom ones fill in the functions; the rest is theirs.
 */
struct cairn_http_classifier {
    /* When the head is there. NULL: never a failure. May fill in `grpc_status`. */
    enum cairn_http_verdict (*at_response)(const struct cairn_http_classifier *self,
        const struct cairn_http_response *res, struct cairn_http_failure *failure);
    /* When the body has ended, if the other said AT_EOS, which this does not say. TRAILERS is NULL
     * where there are none. */
    enum cairn_http_verdict (*at_eos)(const struct cairn_http_classifier *self,
        const struct cairn_http_fields *trailers, struct cairn_http_failure *failure);
    void *cx; /* borrowed as long as the classifier is used */
    int from;
    int to;
    uint32_t codes;
};

/* A status from FROM to TO is a failure; what most want is 500 to 599. */
CAIRN_API struct cairn_http_classifier cairn_http_classify_status(int from, int to);

/*
 * gRPC: bit N of SUCCESSES says that grpc-status N is no failure (0: OK alone, bit 0). The field
 * is looked for in the head first (an answer of trailers only), then in the trailers. Where it is
 * in neither, or is no number, the status is 2, UNKNOWN. An answer that is not a 200 has no
 * trailers to wait for.
 */
CAIRN_API struct cairn_http_classifier cairn_http_classify_grpc(uint32_t successes);

CAIRN_END_DECLS

#endif
