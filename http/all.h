/* all.h - one include for an HTTP service: messages, server, router, layers, and what they stand
 * on. */
#ifndef CAIRN_HTTP_ALL_H
#define CAIRN_HTTP_ALL_H

/* The codec (decoder.h, encoder.h) is left out: the server brings it. */
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
#include <cairn/layers/concurrency_limit.h>
#include <cairn/layers/load_shed.h>
#include <cairn/layers/rate_limit.h>
#include <cairn/layers/retry.h>
#include <cairn/layers/timeout.h>
#include <cairn/service/async.h>
#include <cairn/service/blocking.h>
#include <cairn/service/combine.h>
#include <cairn/service/map.h>
#include <cairn/service/runtime.h>
#include <cairn/service/service_fn.h>
#include <cairn/service/sleep.h>
#include <cairn/service/stack.h>

#endif
