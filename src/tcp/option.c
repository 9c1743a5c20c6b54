/* Socket options of TCP sockets: one table for those that are numbers, a function each for the rest. */
#include "tcb.h"

#include <string.h>

/* Of connections that fast open has let in and that have not proved themselves: the longest backlog. */
#define FAST_OPEN_MAX 4096
#define BUFFER_MIN 4096
#define BUFFER_MAX (64 << 20)
/* CVE-2019-11479. */
#define MSS_LEAST 88

struct option {
	int level, number;
	int min, max; /* min > max: may not be set */
	bool clamp;   /* bring other values into the range instead of refusing them */
	int (*get)(struct tcb *t);
	void (*set)(struct tcp_env *env, struct tcb *t, int value);
};

#define FLAG(member)                                                                                                   \
	static int get_##member(struct tcb *t)                                                                         \
	{                                                                                                              \
		return t->member;                                                                                      \
	}                                                                                                              \
	static void set_##member(struct tcp_env *env, struct tcb *t, int value)                                        \
	{                                                                                                              \
		t->member = value != 0;                                                                                \
		tcp_option_changed(env, t);                                                                            \
	}
#define SETTING(member, type)                                                                                          \
	static int get_##member(struct tcb *t)                                                                         \
	{                                                                                                              \
		return (int)tcp_settings(t)->member;                                                                   \
	}                                                                                                              \
	static void set_##member(struct tcp_env *env, struct tcb *t, int value)                                        \
	{                                                                                                              \
		t->settings->member = (type)value;                                                                     \
		tcp_option_changed(env, t);                                                                            \
	}

/* What waits for an option (a small segment for NODELAY, the keepalive timer) is looked at again. */
static void tcp_option_changed(struct tcp_env *env, struct tcb *t)
{
	if (!tcp_states[t->state].synchronised)
		return;
	if (t->state != BERTH_TCP_TIME_WAIT)
		tcp_keepalive_restart(env, t);
	if (t->sendq.right > t->snd_nxt)
		tcp_want_output(env, t);
}

FLAG(cork)
FLAG(keepalive)
FLAG(oob_inline)

static int get_nodelay(struct tcb *t)
{
	return t->nodelay;
}

/* As on Linux (tcp(7)): to set it sends what is queued, even under TCP_CORK. */
static void set_nodelay(struct tcp_env *env, struct tcb *t, int value)
{
	t->nodelay = value != 0;
	t->push = t->nodelay;
	tcp_option_changed(env, t);
}

SETTING(s_keep_idle, uint16_t)
SETTING(s_keep_interval, uint16_t)
SETTING(n_keep_max, uint8_t)
SETTING(ms_user_timeout, uint32_t)

static int get_send_buffer(struct tcb *t)
{
	return (int)t->send_buffer;
}

static void set_send_buffer(struct tcp_env *env, struct tcb *t, int value)
{
	t->send_buffer = (uint32_t)value;
	t->send_buffer_set = true;
}

static int get_receive_buffer(struct tcb *t)
{
	return (int)t->receive_buffer;
}

static void set_receive_buffer(struct tcp_env *env, struct tcb *t, int value)
{
	t->receive_buffer = (uint32_t)value;
	t->receive_buffer_set = true;
}

/* ---- options that are more than a number ---- */

static int get_quickack(struct tcb *t)
{
	return !t->delack.interactive;
}

static void set_quickack(struct tcp_env *env, struct tcb *t, int value)
{
	tcp_delack_set(env, t, value != 0);
}

static int get_linger2(struct tcb *t)
{
	return t->linger.s_fin_wait_2;
}

static void set_linger2(struct tcp_env *env, struct tcb *t, int value)
{
	tcp_linger_set_fin_wait_2(env, t, value);
}

static int get_mss(struct tcb *t)
{
	return t->mss ? (int)t->mss : t->mss_user ? t->mss_user : tcp_mss_default(t);
}

static void set_mss(struct tcp_env *env, struct tcb *t, int value)
{
	t->mss_user = (uint16_t)value;
	if (value && tcp_states[t->state].synchronised && (uint32_t)value < t->mss) {
		t->mss = (uint32_t)value;
		t->cc.mss = t->mss;
	}
}

/* As the timer has it: at 1, 3, 7, 15, 31, 63 and 127 seconds, before three minutes are over. */
#define SYN_RETRIES 7

static int get_syn_retries(struct tcb *t)
{
	return tcp_settings(t)->n_syn_retries ? tcp_settings(t)->n_syn_retries : SYN_RETRIES;
}

static void set_syn_retries(struct tcp_env *env, struct tcb *t, int value)
{
	(void)env;
	t->settings->n_syn_retries = (uint8_t)value;
}

/* Seconds until the n-th timeout of a SYN-ACK: 1, 3, 7 ... and then each two minutes. */
static int s_until_timeout(unsigned n)
{
	int s = 0;

	for (unsigned i = 0; i < n; i++)
		s += i < 7 ? 1 << i : 120;
	return s;
}

static int get_defer_accept(struct tcb *t)
{
	return s_until_timeout(tcp_settings(t)->n_defer_accept);
}

static void set_defer_accept(struct tcp_env *env, struct tcb *t, int value)
{
	unsigned n = 0;

	(void)env;
	while (n < UINT8_MAX && s_until_timeout(n) < value)
		n++;
	t->settings->n_defer_accept = (uint8_t)n;
}

static int get_fast_open(struct tcb *t)
{
	return t->fast_open.n_max;
}

static int get_fast_open_connect(struct tcb *t)
{
	return t->fast_open.on_connect;
}

static int get_fast_open_no_cookie(struct tcb *t)
{
	return t->fast_open.no_cookie;
}

static int get_receive_lowat(struct tcb *t)
{
	return tcp_settings(t)->receive_lowat ? (int)tcp_settings(t)->receive_lowat : 1;
}

/* As on Linux: below 0 is as much as there can be. */
static void set_receive_lowat(struct tcp_env *env, struct tcb *t, int value)
{
	t->settings->receive_lowat = value < 0 ? INT32_MAX : (uint32_t)value;
	if (tcp_ready(t) & BERTH_READABLE)
		tcp_tell(env, t, BERTH_READABLE);
}

static int get_notsent_lowat(struct tcb *t)
{
	return (int)tcp_settings(t)->notsent_lowat;
}

static void set_notsent_lowat(struct tcp_env *env, struct tcb *t, int value)
{
	t->settings->notsent_lowat = (uint32_t)value;
	tcp_tell_room(env, t);
}

static int get_window_clamp(struct tcb *t)
{
	return (int)tcp_settings(t)->window_clamp;
}

/* As on Linux: not below half of the smallest receive buffer, or no segment would ever fit. */
static void set_window_clamp(struct tcp_env *env, struct tcb *t, int value)
{
	t->settings->window_clamp = !value || value > BUFFER_MIN / 2 ? (uint32_t)value : BUFFER_MIN / 2;
	tcp_option_changed(env, t);
}

static int get_inq(struct tcb *t)
{
	return tcp_settings(t)->inq;
}

static void set_inq(struct tcp_env *env, struct tcb *t, int value)
{
	(void)env;
	t->settings->inq = value != 0;
}

static int get_zerocopy(struct tcb *t)
{
	return tcp_settings(t)->zerocopy;
}

static void set_zerocopy(struct tcp_env *env, struct tcb *t, int value)
{
	(void)env;
	t->settings->zerocopy = value != 0;
}

static int get_error(struct tcb *t)
{
	int error = t->error;

	t->error = 0;
	return -error;
}

static int get_listening(struct tcb *t)
{
	return t->state == BERTH_TCP_LISTEN;
}

static const struct option options[] = {
	{BERTH_SOL_TCP, BERTH_TCP_NODELAY, INT32_MIN, INT32_MAX, false, get_nodelay, set_nodelay},
	{BERTH_SOL_TCP, BERTH_TCP_CORK, INT32_MIN, INT32_MAX, false, get_cork, set_cork},
	{BERTH_SOL_TCP, BERTH_TCP_QUICKACK, INT32_MIN, INT32_MAX, false, get_quickack, set_quickack},
	{BERTH_SOL_TCP, BERTH_TCP_MAXSEG, 0, 32767, false, get_mss, set_mss},
	{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 1, 32767, false, get_s_keep_idle, set_s_keep_idle},
	{BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL, 1, 32767, false, get_s_keep_interval, set_s_keep_interval},
	{BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, 1, 127, false, get_n_keep_max, set_n_keep_max},
	{BERTH_SOL_TCP, BERTH_TCP_LINGER2, INT32_MIN, INT32_MAX, false, get_linger2, set_linger2},
	{BERTH_SOL_TCP, BERTH_TCP_WINDOW_CLAMP, 0, INT32_MAX, false, get_window_clamp, set_window_clamp},
	{BERTH_SOL_TCP, BERTH_TCP_NOTSENT_LOWAT, INT32_MIN, INT32_MAX, false, get_notsent_lowat, set_notsent_lowat},
	{BERTH_SOL_TCP, BERTH_TCP_INQ, 0, 1, false, get_inq, set_inq},
	{BERTH_SOL_SOCKET, BERTH_SO_ZEROCOPY, 0, 1, false, get_zerocopy, set_zerocopy},
	{BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, 0, INT32_MAX, false, get_ms_user_timeout, set_ms_user_timeout},
	{BERTH_SOL_SOCKET, BERTH_SO_OOBINLINE, INT32_MIN, INT32_MAX, false, get_oob_inline, set_oob_inline},
	{BERTH_SOL_TCP, BERTH_TCP_SYNCNT, 1, 127, false, get_syn_retries, set_syn_retries},
	{BERTH_SOL_TCP, BERTH_TCP_DEFER_ACCEPT, INT32_MIN, INT32_MAX, false, get_defer_accept, set_defer_accept},
	{BERTH_SOL_TCP, BERTH_TCP_FASTOPEN, 1, 0, false, get_fast_open, NULL},
	{BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_CONNECT, 1, 0, false, get_fast_open_connect, NULL},
	{BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_NO_COOKIE, 1, 0, false, get_fast_open_no_cookie, NULL},
	{BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, INT32_MIN, INT32_MAX, false, get_keepalive, set_keepalive},
	{BERTH_SOL_SOCKET, BERTH_SO_SNDBUF, BUFFER_MIN, BUFFER_MAX, true, get_send_buffer, set_send_buffer},
	{BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, BUFFER_MIN, BUFFER_MAX, true, get_receive_buffer, set_receive_buffer},
	{BERTH_SOL_SOCKET, BERTH_SO_RCVLOWAT, INT32_MIN, INT32_MAX, false, get_receive_lowat, set_receive_lowat},
	{BERTH_SOL_SOCKET, BERTH_SO_ERROR, 1, 0, false, get_error, NULL},
	{BERTH_SOL_SOCKET, BERTH_SO_ACCEPTCONN, 1, 0, false, get_listening, NULL},
};

static const struct option *find(int level, int number)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].level == level && options[i].number == number)
			return &options[i];
	return NULL;
}

/* ---- options that are no ints ---- */

static int set_congestion(struct tcp_env *env, struct tcb *t, const void *value, size_t n)
{
	char name[BERTH_CONGESTION_NAME_MAX] = {0};
	const struct tcp_congestion *ops;

	if (n == 0)
		return BERTH_EINVAL;
	memcpy(name, value, n < sizeof(name) - 1 ? n : sizeof(name) - 1);
	ops = tcp_congestion_find(name);
	if (!ops)
		return BERTH_ENOENT;
	if (t->state != BERTH_TCP_CLOSED && t->state != BERTH_TCP_LISTEN && t->state != BERTH_TCP_TIME_WAIT)
		return tcp_cc_take(&t->cc, ops, rng_next(&env->rng), env->memory);
	t->cc.ops = ops; /* begins with the connection */
	return 0;
}

static int set_linger(struct tcb *t, const void *value, size_t n)
{
	struct berth_linger linger;

	if (n < sizeof(linger))
		return BERTH_EINVAL;
	memcpy(&linger, value, sizeof(linger));
	if (linger.seconds < 0)
		return BERTH_EINVAL;
	t->linger.on = linger.on != 0;
	t->linger.s_close = (uint16_t)(linger.seconds < UINT16_MAX ? linger.seconds : UINT16_MAX);
	return 0;
}

/* As on Linux: before anything is opened, or at a listener. */
static int set_fast_open(const struct tcp_env *env, struct tcb *t, int number, const void *value, size_t n)
{
	bool closed = t->state == BERTH_TCP_CLOSED;
	int v;

	if (n != sizeof(v) || (!closed && t->state != BERTH_TCP_LISTEN))
		return BERTH_EINVAL;
	memcpy(&v, value, n);
	if (v < 0 || (number != BERTH_TCP_FASTOPEN && v > 1))
		return BERTH_EINVAL;
	if (number == BERTH_TCP_FASTOPEN)
		t->fast_open.n_max = v < FAST_OPEN_MAX ? (uint16_t)v : FAST_OPEN_MAX;
	else if (number == BERTH_TCP_FASTOPEN_NO_COOKIE)
		t->fast_open.no_cookie = v;
	else if (!(env->config.fast_open & BERTH_FAST_OPEN_CLIENT))
		return BERTH_EOPNOTSUPP;
	else if (!closed)
		return BERTH_EINVAL;
	else
		t->fast_open.on_connect = v;
	return 0;
}

static bool is_fast_open(int level, int number)
{
	return level == BERTH_SOL_TCP && (number == BERTH_TCP_FASTOPEN || number == BERTH_TCP_FASTOPEN_CONNECT ||
					  number == BERTH_TCP_FASTOPEN_NO_COOKIE);
}

/* All ones, of either width: no limit. */
static int set_pacing_rate(struct tcp_env *env, struct tcb *t, const void *value, size_t n)
{
	uint64_t rate;
	uint32_t narrow;

	if (n < sizeof(narrow))
		return BERTH_EINVAL;
	memcpy(&narrow, value, sizeof(narrow));
	rate = narrow == UINT32_MAX ? UINT64_MAX : narrow;
	if (n >= sizeof(rate))
		memcpy(&rate, value, sizeof(rate));
	if (!tcp_settings_own(env, t, &tcp_settings_default))
		return BERTH_ENOMEM;
	t->settings->pacing_rate_max = rate == UINT64_MAX ? 0 : rate;
	return 0;
}

/* Those that are kept in struct tcp_settings. */
static bool is_setting(const struct option *option)
{
	static const int tcp[] = {BERTH_TCP_KEEPIDLE,      BERTH_TCP_KEEPINTVL,    BERTH_TCP_KEEPCNT,
				  BERTH_TCP_USER_TIMEOUT,  BERTH_TCP_SYNCNT,       BERTH_TCP_DEFER_ACCEPT,
				  BERTH_TCP_NOTSENT_LOWAT, BERTH_TCP_WINDOW_CLAMP, BERTH_TCP_INQ};

	if (option->level == BERTH_SOL_SOCKET)
		return option->number == BERTH_SO_RCVLOWAT || option->number == BERTH_SO_ZEROCOPY;
	for (size_t i = 0; i < sizeof(tcp) / sizeof(tcp[0]); i++)
		if (option->number == tcp[i])
			return true;
	return false;
}

int tcp_setsockopt(struct tcp_env *env, struct tcb *t, int level, int number, const void *value, size_t n)
{
	const struct option *option = find(level, number);
	int v;

	if (level == BERTH_SOL_TCP && number == BERTH_TCP_CONGESTION)
		return set_congestion(env, t, value, n);
	if (level == BERTH_SOL_SOCKET && number == BERTH_SO_LINGER)
		return set_linger(t, value, n);
	if (is_fast_open(level, number))
		return set_fast_open(env, t, number, value, n);
	if (level == BERTH_SOL_TCP && number == BERTH_TCP_FASTOPEN_KEY)
		return tcp_fast_open_set_key(t, value, n);
	if (level == BERTH_SOL_SOCKET && number == BERTH_SO_MAX_PACING_RATE)
		return set_pacing_rate(env, t, value, n);
	if (!option || !option->set)
		return BERTH_ENOPROTOOPT;
	if (n < sizeof(v))
		return BERTH_EINVAL;
	memcpy(&v, value, sizeof(v));
	if (option->clamp)
		v = v < option->min ? option->min : v > option->max ? option->max : v;
	if (v < option->min || v > option->max)
		return BERTH_EINVAL;
	/* 0 is the path's; so small a segment that nothing fits beside its options is refused. */
	if (level == BERTH_SOL_TCP && number == BERTH_TCP_MAXSEG && v && v < MSS_LEAST)
		return BERTH_EINVAL;
	if (is_setting(option) && !tcp_settings_own(env, t, &tcp_settings_default))
		return BERTH_ENOMEM;
	option->set(env, t, v);
	return 0;
}

static int give(void *value, size_t *n, const void *from, size_t n_from)
{
	if (*n < n_from)
		return BERTH_EINVAL;
	memcpy(value, from, n_from);
	*n = n_from;
	return 0;
}

/* As much of it as there is room for. */
static int give_part(void *value, size_t *n, const void *from, size_t n_from)
{
	if (*n > n_from)
		*n = n_from;
	if (*n)
		memcpy(value, from, *n);
	return 0;
}

static int get_congestion(const struct tcb *t, void *value, size_t *n)
{
	char name[BERTH_CONGESTION_NAME_MAX] = {0};

	strncpy(name, t->cc.ops->name, sizeof(name) - 1);
	return give_part(value, n, name, sizeof(name));
}

static int get_info(const struct tcp_env *env, const struct tcb *t, void *value, size_t *n)
{
	struct berth_tcp_info info;

	tcp_info(env, t, &info);
	return give_part(value, n, &info, sizeof(info));
}

static int get_pacing_rate(const struct tcb *t, void *value, size_t *n)
{
	uint64_t rate = tcp_settings(t)->pacing_rate_max ? tcp_settings(t)->pacing_rate_max : UINT64_MAX;
	uint32_t narrow = rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;

	return *n < sizeof(rate) ? give(value, n, &narrow, sizeof(narrow)) : give(value, n, &rate, sizeof(rate));
}

int tcp_getsockopt(struct tcp_env *env, struct tcb *t, int level, int number, void *value, size_t *n)
{
	const struct option *option = find(level, number);
	struct berth_linger linger = {.on = t->linger.on, .seconds = t->linger.s_close};
	int v;

	if (level == BERTH_SOL_TCP && number == BERTH_TCP_CONGESTION)
		return get_congestion(t, value, n);
	if (level == BERTH_SOL_TCP && number == BERTH_TCP_INFO)
		return get_info(env, t, value, n);
	if (level == BERTH_SOL_SOCKET && number == BERTH_SO_LINGER)
		return give(value, n, &linger, sizeof(linger));
	if (level == BERTH_SOL_SOCKET && number == BERTH_SO_MAX_PACING_RATE)
		return get_pacing_rate(t, value, n);
	if (!option)
		return BERTH_ENOPROTOOPT;
	if (*n < sizeof(v))
		return BERTH_EINVAL;
	v = option->get(t);
	return give(value, n, &v, sizeof(v));
}
