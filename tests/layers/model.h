/* model.h - random stacks of layers, played in random order. */
#ifndef CAIRN_TESTS_LAYERS_MODEL_H
#define CAIRN_TESTS_LAYERS_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include <cairn/service/layer.h>

/*
 * Builds SEQUENCES stacks, each of one to three of LAYERS around a mock, and plays each for a
 * while: poll, call, drop, release, clone, answer, fail, let time pass, all at random from fixed
 * seeds. Fails the test when a reservation or a value is left behind, when a handle that was ready
 * is no more, when someone can go on whom nobody woke, and when a handle waits though there is room
 * and time enough.
 */
void model_play(const struct cairn_layer *layers, size_t count, uint64_t sequences);

#endif
