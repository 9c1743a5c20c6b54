/* One line of text for a frame, for traces, failing tests and fuzzers. */
#ifndef WIRE_PRINT_H
#define WIRE_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any line, NUL included. */
#define PRINT_LINE 512

/* "192.168.1.5:1099 > 192.168.1.7:80 TCP S seq 1 win 64240 <mss 1460,sackOK,ts 1 0,wscale 7>", "arp who-has ...", and
 * for what cannot be read why not. Writes into out[PRINT_LINE]; returns out. */
char *print_frame(const uint8_t *frame, size_t n, bool ethernet, char *out);

#endif
