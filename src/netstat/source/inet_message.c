/* Messages of inet_diag: a fixed head, and attributes of which each kernel sends what it knows and was asked for.
 *
 * This runs once for each socket of the machine, so it goes over the message once and keeps what it passes by. What an
 * attribute says is taken as far as it is there: struct tcp_info has grown with many kernels and will again. */
#include "source/inet_message.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "source/attribute.h"
#include "source/state.h"

enum {
	/* How long a connection stays in TIME_WAIT: the kernel's TCP_TIMEWAIT_LEN, which no setting changes. */
	MS_TIMEWAIT = 60000,
	SSTHRESH_INFINITE = 0x7fffffff,
	MAX_CONGESTION = 16, /* TCP_CA_NAME_MAX */
};

/* struct tcp_info as far as netstat reads it, also where the system's header is older than the kernel. */
struct info {
	struct tcp_info tcp;
	uint32_t rcv_wnd; /* since Linux 6.2 */
};
_Static_assert(offsetof(struct info, rcv_wnd) == offsetof(struct tcp_info, tcpi_snd_wnd) + 4,
	       "what follows struct tcp_info is not where it should be");

/* What of the attributes is of use below. */
struct found {
	struct attribute info;
	const char *congestion;
	uint64_t cgroup_id;
	uint32_t mark, drops;
	uint8_t v6only, protocol;
	bool has_protocol, peers;
};

/* ---- attributes ---- */

/* A name with its NUL, and nothing in it that a terminal would obey; else NULL. */
static const char *plain_name(const struct attribute *attribute)
{
	size_t i = 0;

	while (i < attribute->n && attribute->bytes[i] > ' ' && attribute->bytes[i] < 0x7f)
		i++;
	return i && i < attribute->n && i < MAX_CONGESTION && !attribute->bytes[i] ? (const char *)attribute->bytes
										   : NULL;
}

static void find_one(const struct attribute *attribute, struct found *found)
{
	switch (attribute->type) {
	case INET_DIAG_INFO:
		found->info = *attribute;
		break;
	case INET_DIAG_PEERS:
		found->peers = true;
		break;
	case INET_DIAG_CONG:
		found->congestion = plain_name(attribute);
		break;
	case INET_DIAG_CGROUP_ID:
		found->cgroup_id = attribute_u64(attribute);
		break;
	case INET_DIAG_MARK:
		found->mark = attribute_u32(attribute);
		break;
	case INET_DIAG_SKV6ONLY:
		found->v6only = attribute_u8(attribute);
		break;
	case INET_DIAG_PROTOCOL:
		found->protocol = attribute_u8(attribute);
		found->has_protocol = attribute->n > 0;
		break;
	case INET_DIAG_SKMEMINFO:
		if (attribute->n >= (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t))
			memcpy(&found->drops, attribute->bytes + SK_MEMINFO_DROPS * sizeof(uint32_t),
			       sizeof(found->drops));
		break;
	default: /* one of many that say nothing about a row */
		break;
	}
}

static void find(const uint8_t *at, const uint8_t *end, struct found *found)
{
	struct attribute attribute;

	while ((at = attribute_next(at, end, &attribute)))
		find_one(&attribute, found);
}

/* ---- TCP's figures ---- */

static uint64_t ns_of_us(uint32_t us)
{
	return UINT64_C(1000) * us;
}

static void tcp_read(const struct attribute *attribute, struct netstat_tcp *tcp)
{
	struct info info;
	size_t n = attribute->n < sizeof(info) ? attribute->n : sizeof(info);

	memcpy(&info, attribute->bytes, n);
	memset((uint8_t *)&info + n, 0, sizeof(info) - n);
	const struct tcp_info *from = &info.tcp;
	*tcp = (struct netstat_tcp){
		.ns_srtt = ns_of_us(from->tcpi_rtt),
		.ns_rttvar = ns_of_us(from->tcpi_rttvar),
		.ns_rto = ns_of_us(from->tcpi_rto),
		.cwnd = (uint64_t)from->tcpi_snd_cwnd * from->tcpi_snd_mss,
		.ssthresh = from->tcpi_snd_ssthresh >= SSTHRESH_INFINITE
				    ? UINT64_MAX
				    : (uint64_t)from->tcpi_snd_ssthresh * from->tcpi_snd_mss,
		.snd_wnd = from->tcpi_snd_wnd,
		.rcv_wnd = info.rcv_wnd,
		.mss = from->tcpi_snd_mss,
		/* The kernel counts every transmission. */
		.bytes_sent = from->tcpi_bytes_sent - from->tcpi_bytes_retrans,
		.bytes_received = from->tcpi_bytes_received,
		.bytes_retransmitted = from->tcpi_bytes_retrans,
		.bytes_acked = from->tcpi_bytes_acked,
		.segments_sent = from->tcpi_segs_out,
		.segments_received = from->tcpi_segs_in,
		.segments_retransmitted = from->tcpi_total_retrans,
		.notsent = from->tcpi_notsent_bytes,
		.ms_last_sent = from->tcpi_last_data_sent,
		.ms_last_received = from->tcpi_last_data_recv,
		.delivery_rate = from->tcpi_delivery_rate,
		.has_bytes = n >= offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(from->tcpi_bytes_retrans),
	};
}

/* ---- addresses ---- */

static void address_read(uint8_t family, const __be32 bytes[4], __be16 port, uint32_t interface,
			 struct berth_socket_address *out)
{
	struct berth_address *address = &out->address;

	address->family = family;
	memcpy(address->bytes, bytes, family == BERTH_IP4 ? 4 : 16);
	/* fe80::/10 (RFC 4291 section 2.5.6). */
	if (family == BERTH_IP6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80)
		address->scope = interface;
	out->port = ntohs(port);
}

/* Raw sockets have no ports; what the kernel sends as one is the protocol's number, and that is 0 where IPPROTO_RAW
 * goes for it. */
static void raw_ports(const struct found *found, struct netstat_row *row)
{
	if (found->has_protocol)
		row->local.port = found->protocol;
	row->foreign.port = 0;
}

/* ---- the whole ---- */

/* Of SCTP only associations have peers, and states of their own. An endpoint that has associations is told of before
 * them and is no conversation itself. */
static bool state_read(enum netstat_protocol protocol, const struct inet_diag_msg *head, const struct found *found,
		       uint8_t *state)
{
	if (protocol != NETSTAT_SCTP)
		return kernel_state_read(protocol, head->idiag_state, state);
	if (found->peers)
		return kernel_state_read_association(head->idiag_state, state);
	return kernel_state_read(protocol, head->idiag_state, state) &&
	       (*state == NETSTAT_STATE_LISTEN || *state == NETSTAT_STATE_CLOSED);
}

static void timer_read(const struct inet_diag_msg *head, struct netstat_row *row)
{
	static const uint8_t timers[] = {NETSTAT_TIMER_OFF, NETSTAT_TIMER_ON, NETSTAT_TIMER_KEEPALIVE,
					 NETSTAT_TIMER_TIMEWAIT, NETSTAT_TIMER_PROBE};

	if (!head->idiag_timer || head->idiag_timer >= sizeof(timers))
		return;
	row->timer = timers[head->idiag_timer];
	row->timer_count = head->idiag_retrans;
	row->ms_timer = head->idiag_expires;
	/* The timer was set when TIME_WAIT began (RFC 9293 section 3.6.1 sets it again for a FIN that comes again). */
	if (row->state == NETSTAT_STATE_TIME_WAIT && row->ms_timer <= MS_TIMEWAIT) {
		row->ms_age = MS_TIMEWAIT - row->ms_timer;
		row->has_age = true;
	}
}

/* What is left of a socket that its program has closed, or is not more than a SYN yet, is sent with UID 0. */
static void owner_read(const struct inet_diag_msg *head, struct netstat_row *row)
{
	row->inode = head->idiag_inode;
	row->uid = head->idiag_uid;
	row->has_uid = head->idiag_inode || head->idiag_uid;
	if (!head->idiag_inode)
		row->unowned = (uint8_t)kernel_state_unowned(row->protocol, row->state);
}

static void addresses_read(const struct inet_diag_msg *head, struct netstat_row *row)
{
	const struct inet_diag_sockid *id = &head->id;

	row->interface = id->idiag_if;
	address_read(row->family, id->idiag_src, id->idiag_sport, id->idiag_if, &row->local);
	address_read(row->family, id->idiag_dst, id->idiag_dport, id->idiag_if, &row->foreign);
}

bool inet_message_read(const void *message, size_t n, enum netstat_protocol protocol, struct netstat_row *row,
		       struct netstat_tcp *tcp)
{
	struct inet_diag_msg head;
	struct found found = {0};
	uint8_t state;

	if (n < sizeof(head))
		return false;
	memcpy(&head, message, sizeof(head));
	if (head.idiag_family != AF_INET && head.idiag_family != AF_INET6)
		return false;
	find((const uint8_t *)message + sizeof(head), (const uint8_t *)message + n, &found);
	if (!state_read(protocol, &head, &found, &state))
		return false;
	*row = (struct netstat_row){
		.protocol = (uint8_t)protocol,
		.state = state,
		.family = head.idiag_family == AF_INET ? BERTH_IP4 : BERTH_IP6,
		.v6only = found.v6only,
		.recv_q = head.idiag_rqueue,
		.send_q = head.idiag_wqueue,
		.cookie = (uint64_t)head.id.idiag_cookie[1] << 32 | head.id.idiag_cookie[0],
		.drops = found.drops,
		.cgroup_id = found.cgroup_id,
		.mark = found.mark,
		.congestion = found.congestion,
	};
	addresses_read(&head, row);
	timer_read(&head, row);
	owner_read(&head, row);
	if (protocol == NETSTAT_RAW)
		raw_ports(&found, row);
	/* A listener has sent nothing, and what stands in its figures is something else. */
	if (found.info.n && protocol == NETSTAT_TCP && state != NETSTAT_STATE_LISTEN) {
		tcp_read(&found.info, tcp);
		row->tcp = tcp;
	}
	return true;
}
