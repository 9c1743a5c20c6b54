/* Proportional rate reduction, RFC 9937: how much may leave for each acknowledgment of fast recovery, so that at its
 * end as much is in flight as ssthresh says. Bytes. */
#ifndef TCP_PRR_H
#define TCP_PRR_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_prr {
	uint64_t recover_fs; /* in flight when recovery began: RecoverFS */
	uint64_t delivered;  /* since then: prr_delivered */
	uint64_t out;        /* sent since then: prr_out */
};

/* Recovery begins. */
void tcp_prr_begin(struct tcp_prr *p, uint64_t recover_fs);

/* An acknowledgment says that n_delivered bytes have arrived; `pipe` is after it and after what it has shown to be
 * lost. `safe`: it acknowledges cumulatively and shows no further loss (safeACK). SndCnt. */
uint64_t tcp_prr_ack(struct tcp_prr *p, uint64_t n_delivered, uint64_t pipe, uint64_t ssthresh, uint32_t mss,
		     bool safe);

#endif
