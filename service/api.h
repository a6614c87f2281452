/* api.h - what marks a public declaration. */
#ifndef CAIRN_SERVICE_API_H
#define CAIRN_SERVICE_API_H

#define CAIRN_VERSION "0.1.0"
#define CAIRN_VERSION_MAJOR 0
#define CAIRN_VERSION_MINOR 1
#define CAIRN_VERSION_PATCH 0

#if defined(__GNUC__)
#define CAIRN_API __attribute__((visibility("default")))
#define CAIRN_PRINTF(text, first) __attribute__((format(printf, text, first)))
/* Of a function whose result is the same for a thread whenever it is asked. */
#define CAIRN_CONST __attribute__((const))
#define CAIRN_LIKELY(x) __builtin_expect(!!(x), 1)
#define CAIRN_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define CAIRN_API
#define CAIRN_PRINTF(text, first)
#define CAIRN_CONST
#define CAIRN_LIKELY(x) (x)
#define CAIRN_UNLIKELY(x) (x)
#endif

#ifdef __cplusplus
#define CAIRN_BEGIN_DECLS extern "C" {
#define CAIRN_END_DECLS }
#else
#define CAIRN_BEGIN_DECLS
#define CAIRN_END_DECLS
#endif

#endif
