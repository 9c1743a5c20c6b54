/* SEGMENT ARRIVES of RFC 9293 (section 3.10.7) as one pure function, written from its text and not from the code that
 * it judges. Numbers are plain integers that never wrap. Where berth deviates on purpose, the model does too, at a line
 * that says DEVIATION and why; all else is the text's. */
#ifndef RFC9293_MODEL_H
#define RFC9293_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/snapshot.h>

struct model {
	enum berth_tcp_state state;
	bool passive;  /* came from LISTEN */
	bool listener; /* somebody listens at the port */
	int64_t iss;   /* of this side */
	int64_t snd_una, snd_nxt, max_snd_wnd;
	int64_t fin; /* the number of this side's FIN; -1: not sent */
	int64_t rcv_nxt, rcv_wnd;
};

struct model_segment {
	int64_t seq, ack;
	unsigned flags; /* TCP_FIN ... */
	int64_t len;    /* of the text */
	int64_t urgent; /* the pointer field */
};

enum model_answer {
	MODEL_NOTHING,
	MODEL_ACK,         /* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
	MODEL_ACK_SOON,    /* the same, perhaps delayed (section 3.8.6.3) */
	MODEL_SYN_ACK,     /* <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> */
	MODEL_NEW_SYN_ACK, /* of a new connection */
	MODEL_RST,         /* <SEQ=SEG.ACK><CTL=RST> */
	MODEL_RST_ACK,     /* <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
};

struct model_outcome {
	enum berth_tcp_state state;
	enum model_answer answer;
	int64_t rcv_nxt; /* afterwards */
	int64_t n_taken; /* bytes that the user can read */
	bool urgent;     /* the user is told of urgent data */
	int error;       /* the user is told this, BERTH_E... */
};

struct model_outcome model_arrives(const struct model *m, const struct model_segment *s);

#endif
