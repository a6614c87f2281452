/* rescue.h - the listening socket of a worker that hangs is accepted from by the others. Internal.
 */
#ifndef CAIRN_HTTP_RESCUE_H
#define CAIRN_HTTP_RESCUE_H

struct cairn__worker;

/* Begins and ends to accept for others, as the watchdog says. Without descriptors or memory nothing
 * is begun. */
void cairn__rescue_look(struct cairn__worker *self);
/* There is room again. */
void cairn__rescue_resume(struct cairn__worker *self);
/* Accepts what waits already, then ends for all. */
void cairn__rescue_drain(struct cairn__worker *self);
/* Ends for all. */
void cairn__rescue_end(struct cairn__worker *self);

#endif
