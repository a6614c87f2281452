/* server_options.h - the options of a server with their defaults filled in. Internal. */
#ifndef CAIRN_HTTP_SERVER_OPTIONS_H
#define CAIRN_HTTP_SERVER_OPTIONS_H

#include <cairn/http/server.h>
#include <cairn/http/trusted_peers.h>

/* OUT gets a copy of the host. Returns NULL, or an error owned by the caller; what OUT holds is
 * then to be freed all the same. */
struct cairn_error *cairn__server_options_resolve(
    const struct cairn_http_server_options *options, struct cairn_http_server_options *out);

/* The options of the server that is divided among options.processes: with the workers of all. As
 * above, but nothing is copied. */
struct cairn_error *cairn__server_options_processes(
    const struct cairn_http_server_options *options, struct cairn_http_server_options *out);

/* *PEERS is then the caller's: NULL without the PROXY protocol. Returns as above. */
struct cairn_error *cairn__server_options_proxy(
    struct cairn_http_server_options *options, struct cairn_trusted_peers **peers);

#endif
