/* contract_rig.h - what the checks of the contract suite work with. Internal to the kit. */
#ifndef CAIRN_TESTKIT_CONTRACT_RIG_H
#define CAIRN_TESTKIT_CONTRACT_RIG_H

#include <cairn/testkit/clock.h>
#include <cairn/testkit/contract.h>
#include <cairn/testkit/harness.h>
#include <cairn/testkit/mock.h>

CAIRN_BEGIN_DECLS

/* Layers around a mock, on a runtime of their own. */
struct cairn__contract {
    const char *name; /* who is to blame */
    const struct cairn_layer *layers;
    size_t count;
    struct cairn_contract_options opts;
    struct cairn_test_clock clock;
    struct cairn_runtime *runtime;
    struct cairn_harness harness;
    struct cairn_mock *mock;
    struct cairn_service *service;
    const struct cairn_type *response_type;
};

/* One check. It may drop or replace the service. */
struct cairn__contract_case {
    void (*run)(struct cairn__contract *self);
    bool clones; /* skipped where the layers cannot be cloned */
};

extern const struct cairn__contract_case cairn__contract_ready_cases[];
extern const size_t cairn__contract_ready_count;
extern const struct cairn__contract_case cairn__contract_call_cases[];
extern const size_t cairn__contract_call_count;

/* What the mock does with the requests that come. */
enum cairn__contract_answer { CAIRN__CONTRACT_RESPOND, CAIRN__CONTRACT_FAIL };

/* The code of the errors that the suite raises as inner. */
#define CAIRN__CONTRACT_ERROR ((enum cairn_error_code)(CAIRN_ERROR_USER + 77))

/* Runtime, harness and mock; then the service around LEAF (NULL: a service of the mock). */
void cairn__contract_open(struct cairn__contract *self);
void cairn__contract_build(struct cairn__contract *self, struct cairn_service *leaf);
/* Drops everything and asserts that nothing is left. */
void cairn__contract_close(struct cairn__contract *self);

/* The layers wait for inner's readiness: neither shed nor queue. */
bool cairn__contract_is_strict(const struct cairn__contract *self);

/* Moves time as far as the options say. */
void cairn__contract_step(struct cairn__contract *self);

/* One poll; an error is let go of. */
enum cairn_poll cairn__contract_poll_ready(
    struct cairn__contract *self, struct cairn_service *service);
/* Polls until SERVICE is ready or has failed, moving time if need be. */
enum cairn_poll cairn__contract_ready(
    struct cairn__contract *self, struct cairn_service *service, struct cairn_error **error);
/* The same, where anything but ready is a breach. */
void cairn__contract_must_ready(struct cairn__contract *self, struct cairn_service *service);

/* Calls SERVICE, which is ready. */
struct cairn_future cairn__contract_call(
    struct cairn__contract *self, struct cairn_service *service);
/* Answers the next request, if there is one. */
bool cairn__contract_answer(struct cairn__contract *self, enum cairn__contract_answer answer);
/* Polls FUTURE to its end, answering requests and moving time. */
enum cairn_poll cairn__contract_finish(struct cairn__contract *self, struct cairn_future *future,
    union cairn_outcome *out, enum cairn__contract_answer answer);
/* The same, where anything but a response is a breach; drops the response. */
void cairn__contract_must_respond(struct cairn__contract *self, struct cairn_future *future);
/* Ready, call, response. */
void cairn__contract_round(struct cairn__contract *self, struct cairn_service *service);
/* Lets go of the requests that nobody will answer. */
void cairn__contract_discard(struct cairn__contract *self);

CAIRN_END_DECLS

#endif
