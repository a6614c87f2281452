/* all.h - one include for an HTTP service: every public header of the three floors. */
#ifndef CAIRN_HTTP_ALL_H
#define CAIRN_HTTP_ALL_H

#include <cairn/http/decoder.h>
#include <cairn/http/encoder.h>
#include <cairn/http/error_response.h>
#include <cairn/http/fields.h>
#include <cairn/http/handler.h>
#include <cairn/http/layers/access_log.h>
#include <cairn/http/layers/error_to_response.h>
#include <cairn/http/layers/request_id.h>
#include <cairn/http/layers/set_header.h>
#include <cairn/http/limits.h>
#include <cairn/http/message.h>
#include <cairn/http/router.h>
#include <cairn/http/server.h>

#include <cairn/layers/backoff.h>
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/retry_budget.h>
#include <cairn/layers/retry_policy.h>
#include <cairn/layers/retry_standard.h>
#include <cairn/layers/timeout.h>

#include <cairn/service/alloc.h>
#include <cairn/service/api.h>
#include <cairn/service/arena.h>
#include <cairn/service/assert.h>
#include <cairn/service/async.h>
#include <cairn/service/blocking.h>
#include <cairn/service/call.h>
#include <cairn/service/channel.h>
#include <cairn/service/combine.h>
#include <cairn/service/describe.h>
#include <cairn/service/error.h>
#include <cairn/service/future.h>
#include <cairn/service/io.h>
#include <cairn/service/layer.h>
#include <cairn/service/map.h>
#include <cairn/service/poll.h>
#include <cairn/service/random.h>
#include <cairn/service/runtime.h>
#include <cairn/service/semaphore.h>
#include <cairn/service/service.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>
#include <cairn/service/str.h>
#include <cairn/service/stream.h>
#include <cairn/service/task.h>
#include <cairn/service/timer.h>
#include <cairn/service/type.h>

#endif
