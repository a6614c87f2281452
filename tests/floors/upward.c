/* Compiled by hand with the include roots of one floor: see CMakeLists.txt. */
#include HEADER
