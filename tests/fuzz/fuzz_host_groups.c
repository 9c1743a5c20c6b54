/* A host in groups: a program joins and leaves, addresses come and go, routers and other hosts say whatever they like
 * of IGMP and MLD, and time passes.
 *
 * The input is a little program: each record is an operation and its operands. Messages have right checksums, so that
 * what they say is looked at. After each record the lists are as they should be and no longer than they may be, and the
 * host has not said more than it could have had a reason for. */
#include "fuzz.h"

#include <berth/berth.h>

#include "../unit/heap.h"
#include "bytes.h"
#include "checksum.h"
#include "group.h"
#include "group_report.h"
#include "igmp.h"
#include "ip6.h"
#include "mld.h"
#include "out.h"

#define MS UINT64_C(1000000)
#define GROUPS 100  /* that a program may want: more than it may have */
#define ADDRESSES 8 /* of IPv6 */
#define MESSAGE_MAX 300

struct input {
	const uint8_t *p;
	size_t n;
};

struct world {
	struct heap heap;
	struct berth_host *host;
	berth_time now;
	struct input in;
	struct host_address *addresses[ADDRESSES];
};

static uint8_t take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static size_t take_bytes(struct input *in, uint8_t *to, size_t n)
{
	if (n > in->n)
		n = in->n;
	if (n)
		memcpy(to, in->p, n);
	in->p += n;
	in->n -= n;
	return n;
}

/* One of GROUPS of each family, those that are special among them. */
static struct ip take_group(struct input *in)
{
	uint8_t which = take(in);
	uint32_t number = which % GROUPS;

	if (which & 0x80)
		return (struct ip){.high = UINT64_C(0xff02) << 48, .low = number == 0 ? UINT64_C(0x1ff000001) : number};
	return ip_of_ip4(number < 4 ? 0xe0000000 + number : 0xef000000 + number);
}

static void frame_in(struct world *w, const uint8_t *bytes, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&w->heap.memory, (uint32_t)n);

	memcpy(frame->data, bytes, n);
	frame->len = (uint32_t)n;
	berth_host_frame_in(w->host, 1, frame, w->now);
}

/* Where a message goes: what it names, all hosts, or what the next bytes say. */
static struct ip take_destination(struct input *in, const struct ip *all, const struct ip *named)
{
	switch (take(in) & 3) {
	case 0:
		return *all;
	case 1:
		return *named;
	default:
		return take_group(in);
	}
}

static void igmp_message(struct world *w)
{
	struct ip4_header h = {.protocol = IP_PROTOCOL_IGMP, .source = {192, 168, 1, 5}, .ttl = 1};
	struct eth_header eth = {.destination = {1, 0, 0x5e}, .source = {2, [5] = 5}, .type = ETH_TYPE_IP4};
	uint8_t bytes[ETH_HEADER + IGMP_IP4_HEADER + MESSAGE_MAX], message[MESSAGE_MAX] = {0}, *p;
	uint8_t flags = take(&w->in);
	size_t n = take_bytes(&w->in, message, take(&w->in));
	struct ip all = ip_of_ip4(0xe0000001), named = ip_of_ip4(get_be32(message + 4)), to;

	to = take_destination(&w->in, &all, &named);
	if (!ip_is_ip4(&to))
		to = all;
	ip_to_bytes(&to, h.destination);
	h.ttl = flags & 1 ? 2 : 1;
	if (flags & 2)
		put_be32(h.source, 0);
	if (n >= 4) {
		put_be16(message + 2, 0);
		put_be16(message + 2, checksum_finish(checksum_add(0, message, n)));
	}
	p = eth_emit(&eth, bytes);
	h.total_len = (uint16_t)((flags & 4 ? IP4_HEADER : IGMP_IP4_HEADER) + n);
	p = flags & 4 ? ip4_emit(&h, p) : igmp_ip4_emit(&h, p);
	memcpy(p, message, n);
	frame_in(w, bytes, (size_t)(p - bytes) + n);
}

static void mld_message(struct world *w)
{
	struct ip6_header h = {.source = {0xfe, 0x80, [15] = 5}, .hop_limit = 1};
	struct eth_header eth = {.destination = {0x33, 0x33}, .source = {2, [5] = 5}, .type = ETH_TYPE_IP6};
	uint8_t bytes[ETH_HEADER + IP6_HEADER + IP6_ROUTER_ALERT + ICMP_HEADER + MESSAGE_MAX];
	uint8_t body[MESSAGE_MAX] = {0}, flags = take(&w->in), *p;
	struct icmp_message icmp = {.type = take(&w->in), .body = body};
	struct ip all = {.high = UINT64_C(0xff02) << 48, .low = 1}, named, to;

	icmp.rest = (uint32_t)take(&w->in) << 24 | (uint32_t)take(&w->in) << 16 | take(&w->in);
	icmp.len_body = take_bytes(&w->in, body, take(&w->in));
	named = ip_of_bytes(body, BERTH_IP6, 0);
	to = take_destination(&w->in, &all, &named);
	if (ip_is_ip4(&to))
		to = all;
	ip_to_bytes(&to, h.destination);
	h.hop_limit = flags & 1 ? 2 : 1;
	h.source[0] = flags & 2 ? 0xfd : 0xfe;
	h.next_header = flags & 4 ? IP_PROTOCOL_ICMP6 : IP6_NEXT_HOP_BY_HOP;
	h.payload_len = (uint16_t)((flags & 4 ? 0 : IP6_ROUTER_ALERT) + ICMP_HEADER + icmp.len_body);
	p = ip6_emit(&h, eth_emit(&eth, bytes));
	if (!(flags & 4))
		p = ip6_emit_router_alert(IP_PROTOCOL_ICMP6, p);
	p = icmp6_emit(&icmp, h.source, h.destination, p);
	frame_in(w, bytes, (size_t)(p - bytes));
}

/* An address comes, changes its state, or goes. */
static void address(struct world *w)
{
	uint8_t which = take(&w->in), what = take(&w->in);
	struct host_address **a = &w->addresses[which % ADDRESSES];
	enum host_address_state state = (enum host_address_state)(ADDRESS_TENTATIVE + what % 4);
	struct ip ip = {.high = UINT64_C(0xfd00) << 48 | which, .low = which % 4 + 1};

	if (which % ADDRESSES == 0)
		ip = (struct ip){.high = UINT64_C(0xfe80) << 48, .low = 1, .scope = 1};
	if (!*a) {
		*a = host_address_make(w->host, 1, &ip, 64, ORIGIN_HAND, state);
	} else if (what & 0x80) {
		host_address_drop(w->host, *a);
		*a = NULL;
	} else {
		host_address_set_state(w->host, *a, state);
	}
}

static void pass(struct world *w)
{
	uint8_t exponent = take(&w->in) % 24;
	berth_time until = w->now + (take(&w->in) + UINT64_C(1)) * (MS << exponent) / 16;

	/* No more than a few rounds: who wakes up again and again for nothing does not get there. */
	for (unsigned rounds = 0; rounds < 50; rounds++) {
		berth_time next = berth_host_deadline(w->host);

		if (next > until)
			break;
		w->now = next > w->now ? next : w->now;
		berth_host_expire(w->host, w->now);
	}
	w->now = until;
	berth_host_expire(w->host, w->now);
}

static void step(struct world *w)
{
	struct ip group;

	switch (take(&w->in) % 6) {
	case 0:
		group = take_group(&w->in);
		group_join(w->host, 1, &group);
		break;
	case 1:
		group = take_group(&w->in);
		group_leave(w->host, 1, &group);
		break;
	case 2:
		igmp_message(w);
		break;
	case 3:
		mld_message(w);
		break;
	case 4:
		address(w);
		break;
	default:
		pass(w);
		break;
	}
}

/* The timer goes off no later than anything that is due. */
static void check_times(const struct host_groups *groups, const struct group_reports *reports)
{
	CHECK(reports->due_at <= reports->answer_at && reports->due_at <= reports->change_at);
	CHECK((reports->due_at != BERTH_NEVER) <= wheel_armed(&reports->timer.timer));
	for (uint32_t i = 0; i < groups->n; i++) {
		const struct host_group *g = &groups->items[i];

		if (ip_family(&g->ip) != reports->family)
			continue;
		CHECK(reports->due_at <= g->answer_at);
		CHECK(g->n_changes == 0 || reports->change_at != BERTH_NEVER);
		CHECK(!g->is_new || g->n_changes == 1);
		CHECK(g->n_changes <= 7);
	}
}

static void check_groups(const struct world *w)
{
	const struct host_groups *groups = w->host->interfaces[1].groups;
	uint32_t n_programs = 0;

	if (!groups)
		return;
	for (uint32_t i = 0; i < groups->n; i++) {
		const struct host_group *g = &groups->items[i];

		CHECK(group_find(groups, &g->ip) == g);
		CHECK(group_is_wanted(g) || g->n_changes > 0);
		n_programs += g->n_users > 0;
	}
	CHECK(n_programs == groups->n_programs && n_programs <= HOST_GROUPS_MAX);
	check_times(groups, &groups->igmp);
	check_times(groups, &groups->mld);
}

/* What one record makes the host send: the reports of all its groups, of both families, and not many times. */
static void drain(struct world *w)
{
	struct berth_frame_out out[8];
	unsigned n, n_all = 0;

	do {
		n = berth_host_frames_out(w->host, w->now, out, 8);
		n_all += n;
	} while (n == 8);
	CHECK(n_all <= 512);
}

static void begin(struct world *w, const uint8_t *data, size_t n)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
	struct berth_address own = berth_ip4(192, 168, 1, 7);
	struct berth_interface_config interface;
	struct berth_host_config config;

	*w = (struct world){.now = 1000 * MS, .in = {data, n}};
	heap_init(&w->heap);
	berth_host_config_default(&config);
	config.memory = &w->heap.memory;
	CHECK(berth_host_new(&config, &w->host) == 0);
	berth_interface_config_default(&interface);
	memcpy(interface.name, "eth0", 5);
	memcpy(interface.mac, mac, 6);
	CHECK(berth_host_interface_add(w->host, &interface) == 1);
	CHECK(berth_host_address_add(w->host, 1, &own, 24) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w;

	begin(&w, data, n);
	for (unsigned steps = 0; w.in.n > 0 && steps < 2000; steps++) {
		step(&w);
		check_groups(&w);
		drain(&w);
		CHECK(w.heap.n_bytes < 200000);
	}
	berth_host_free(w.host);
	CHECK(w.heap.n_blocks == 0);
	return 0;
}
