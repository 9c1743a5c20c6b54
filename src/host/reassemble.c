/* Reassembly of fragments, RFC 791 section 3.2, 815 and 8200 section 4.5, within bounds that no peer can stretch.
 *
 * A packet being put together is one buffer that grows by doubling as fragments come (so a peer pays in bytes sent for
 * what it makes us hold, up to a factor) and a set of ranges that says which bytes are there. Bounds: 1 MiB in all,
 * which is 16 packets of the largest size and hundreds of the usual two or three fragments; a quarter of that for one
 * peer; 32 holes in a packet, more than any order of arrival on a real path needs. Whoever exceeds them loses its
 * oldest packet first (RFC 8900 section 3.7, FragmentSmack).
 *
 * Overlapping fragments have no honest use: the whole packet is dropped, and so is what still comes of it (RFC 5722
 * section 4, for IPv6; the reasons are the same for IPv4). A fragment that came twice with the same bytes is no
 * overlap: networks do duplicate. */
#include <string.h>

#include "in.h"
#include "ranges.h"

#define BYTES_ALL (1u << 20)
#define BYTES_PEER (256u << 10)
#define HOLES_MAX 32
/* RFC 1122 section 3.3.2 has 60 to 120 s, from the days of slow lines; at today's rates an IP ID comes round much
 * sooner (RFC 4963). */
#define LIFE (30 * HOST_SECOND)
#define CAPACITY_FIRST 4096u
/* Where the payload begins in a buffer: behind the longer of the two IP headers. */
#define ROOM IP6_HEADER
/* What is kept of fragment 0 to be quoted: the longest header of IPv4 with 8 bytes, or as much of IPv6. */
#define QUOTE_MAX (IP4_HEADER_MAX + 8)

struct reassembly {
	struct list_node age;
	berth_time until;
	struct ip source, destination;
	uint32_t id;
	uint8_t family, interface;
	uint8_t protocol; /* IPv6: of fragment 0 */
	uint8_t tos, ttl;
	bool to_many;
	bool dead;      /* dropped; what still comes of it is too */
	bool has_first; /* fragment 0 is there */
	uint8_t len_quote;
	uint32_t len;    /* of the payload; UINT32_MAX until the last fragment has come */
	uint32_t charge; /* bytes of this struct and its buffer; more when dead */
	struct ranges there;
	struct berth_frame *buffer; /* payload from data + ROOM on; NULL when dead */
	uint8_t quote[QUOTE_MAX];   /* what fragment 0 began with */
};

static struct reassembly *of_age(struct list_node *node)
{
	return CONTAINER_OF(node, struct reassembly, age);
}

static void account(struct berth_host *host, struct reassembly *r, uint32_t charge)
{
	host->reassemblies.bytes += charge - r->charge;
	r->charge = charge;
}

/* What is left counts as much as the least buffer: else thousands of dead packets would fit the bounds, and the list is
 * walked for every fragment. */
static void drop_data(struct berth_host *host, struct reassembly *r)
{
	r->buffer = berth_frame_unref(r->buffer);
	ranges_deinit(&r->there, host->memory);
	account(host, r, (uint32_t)sizeof(*r) + CAPACITY_FIRST);
}

static void forget(struct berth_host *host, struct reassembly *r)
{
	drop_data(host, r);
	account(host, r, 0);
	list_remove(&r->age);
	host->reassemblies.n--;
	host->memory->free(host->memory->context, r, sizeof(*r));
}

static void arm(struct berth_host *host)
{
	struct list_node *oldest = list_first(&host->reassemblies.by_age);

	if (oldest)
		host_arm(host, &host->reassemblies.timer, of_age(oldest)->until);
	else
		wheel_cancel(&host->wheel, &host->reassemblies.timer.timer);
}

/* RFC 792, 4443 section 3.3: time exceeded in reassembly, if there is a fragment 0 to quote (RFC 1122 section 3.3.2).
 */
static void tell_time_exceeded(struct berth_host *host, const struct reassembly *r)
{
	struct ip_packet about = {
		.frame = r->buffer,
		.off_payload = ROOM,
		.len_payload = 1,
		.bytes = r->quote,
		.len = r->len_quote,
		.source = r->source,
		.destination = r->destination,
		.protocol = r->protocol,
		.interface = r->interface,
		.family = r->family,
		.to_many = r->to_many,
	};

	icmp_error(host, &about, ICMP_REASSEMBLY_TIME);
}

/* Counters of the family that r is of. */
static struct ip_counters *counters_of(struct berth_host *host, const struct reassembly *r)
{
	return host_counters_of(host, r->family);
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	struct list_node *node;

	(void)timer;
	while ((node = list_first(&host->reassemblies.by_age)) && of_age(node)->until <= host->now) {
		struct reassembly *r = of_age(node);

		if (!r->dead) {
			counters_of(host, r)->reassembly_timeouts++;
			if (r->has_first)
				tell_time_exceeded(host, r);
		}
		forget(host, r);
	}
	arm(host);
}

void reassemble_init(struct berth_host *host)
{
	list_init(&host->reassemblies.by_age);
	host->reassemblies.timer.due = due;
}

void reassemble_deinit(struct berth_host *host)
{
	struct list_node *node;

	while ((node = list_first(&host->reassemblies.by_age)))
		forget(host, of_age(node));
	wheel_cancel(&host->wheel, &host->reassemblies.timer.timer);
}

/* IPv4 counts IDs for each protocol apart (RFC 791 section 3.2); in IPv6 only fragment 0 need have the right one. */
static bool is_piece_of(const struct ip_packet *p, const struct ip_fragment *f, const struct reassembly *r)
{
	return r->id == f->id && ip_equal(&r->source, &p->source) && ip_equal(&r->destination, &p->destination) &&
	       (r->family == BERTH_IP6 || r->protocol == p->protocol);
}

/* The bounds keep the list at a few hundred entries, so it is walked. */
static struct reassembly *find(struct berth_host *host, const struct ip_packet *p, const struct ip_fragment *f)
{
	struct list *list = &host->reassemblies.by_age;

	for (struct list_node *node = list->ring.next; node != &list->ring; node = node->next) {
		if (is_piece_of(p, f, of_age(node)))
			return of_age(node);
	}
	return NULL;
}

static struct reassembly *make(struct berth_host *host, const struct ip_packet *p, const struct ip_fragment *f)
{
	struct reassembly *r = host->memory->alloc(host->memory->context, sizeof(*r));

	if (!r) {
		host_ip_counters(host, &p->destination)->no_memory++;
		return NULL;
	}
	*r = (struct reassembly){
		.until = host->now + LIFE,
		.source = p->source,
		.destination = p->destination,
		.id = f->id,
		.family = p->family,
		.interface = p->interface,
		.protocol = p->protocol,
		.tos = p->tos,
		.to_many = p->to_many,
		.len = UINT32_MAX,
	};
	ranges_init(&r->there);
	account(host, r, sizeof(*r));
	list_push_back(&host->reassemblies.by_age, &r->age);
	host->reassemblies.n++;
	arm(host);
	return r;
}

static void give_up(struct berth_host *host, struct reassembly *r, uint64_t *counter)
{
	(*counter)++;
	r->dead = true;
	drop_data(host, r);
}

/* The oldest of a peer's packets (NULL: of anybody's) but `keep`; and what they all hold. */
static struct reassembly *oldest_of(struct berth_host *host, const struct ip *source, const struct reassembly *keep,
				    uint32_t *bytes)
{
	struct list *list = &host->reassemblies.by_age;
	struct reassembly *oldest = NULL;

	*bytes = 0;
	for (struct list_node *node = list->ring.next; node != &list->ring; node = node->next) {
		struct reassembly *r = of_age(node);

		if (source && !ip_equal(&r->source, source))
			continue;
		*bytes += r->charge;
		if (!oldest && r != keep)
			oldest = r;
	}
	return oldest;
}

/* Drops the oldest until `more` bytes for r fit the bounds. */
static void make_room(struct berth_host *host, struct reassembly *r, uint32_t more)
{
	struct reassembly *oldest;
	uint32_t bytes;

	while ((oldest = oldest_of(host, &r->source, r, &bytes)) && bytes + more > BYTES_PEER) {
		counters_of(host, oldest)->reassembly_evicted++;
		forget(host, oldest);
	}
	while (host->reassemblies.bytes + more > BYTES_ALL && (oldest = oldest_of(host, NULL, r, &bytes))) {
		counters_of(host, oldest)->reassembly_evicted++;
		forget(host, oldest);
	}
	arm(host);
}

/* Room for a payload of `end` bytes. */
static bool grow(struct berth_host *host, struct reassembly *r, uint32_t end)
{
	uint32_t capacity = r->buffer ? r->buffer->capacity : CAPACITY_FIRST;
	struct berth_frame *buffer;

	while (capacity < ROOM + end)
		capacity *= 2;
	if (r->buffer && r->buffer->capacity == capacity)
		return true;
	make_room(host, r, capacity);
	buffer = berth_frame_new(host->memory, capacity);
	if (!buffer) {
		counters_of(host, r)->no_memory++;
		return false;
	}
	if (r->buffer)
		memcpy(buffer->data + ROOM, r->buffer->data + ROOM, r->buffer->capacity - ROOM);
	berth_frame_unref(r->buffer);
	r->buffer = buffer;
	account(host, r, (uint32_t)sizeof(*r) + (uint32_t)sizeof(*buffer) + capacity);
	return true;
}

/* Some of [left, right) is there already. */
static bool overlaps(const struct reassembly *r, uint32_t left, uint32_t right)
{
	uint32_t i = ranges_find(&r->there, left);

	return i < r->there.n && r->there.item[i].left < right;
}

/* All of it is there, byte for byte. */
static bool is_duplicate(const struct reassembly *r, uint32_t left, uint32_t right, const uint8_t *data)
{
	uint32_t i = ranges_find(&r->there, left);

	return i < r->there.n && r->there.item[i].left <= left && r->there.item[i].right >= right &&
	       memcmp(r->buffer->data + ROOM + left, data, right - left) == 0;
}

/* The length that this fragment gives the packet, or leaves it, fits all that has come. */
static bool length_agrees(const struct reassembly *r, uint32_t right, bool last)
{
	uint32_t far = r->there.n ? (uint32_t)r->there.item[r->there.n - 1].right : 0;

	if (!last)
		return r->len == UINT32_MAX || right < r->len;
	return r->len == UINT32_MAX ? far <= right : r->len == right;
}

static void keep_first(struct reassembly *r, const struct ip_packet *p)
{
	r->has_first = true;
	r->protocol = p->protocol;
	r->ttl = p->ttl;
	r->len_quote = (uint8_t)(p->len < QUOTE_MAX ? p->len : QUOTE_MAX);
	memcpy(r->quote, p->bytes, r->len_quote);
}

/* Takes the fragment's bytes in. false: the packet is dead, or there was no memory. */
static bool take(struct berth_host *host, struct reassembly *r, const struct ip_packet *p, const struct ip_fragment *f)
{
	const uint8_t *data = p->frame->data + p->off_payload;
	uint32_t left = f->off, right = left + p->len_payload;
	int error;

	if (!length_agrees(r, right, !f->more)) {
		give_up(host, r, &counters_of(host, r)->reassembly_mismatches);
		return false;
	}
	if (overlaps(r, left, right)) {
		if (is_duplicate(r, left, right, data))
			counters_of(host, r)->reassembly_duplicates++;
		else
			give_up(host, r, &counters_of(host, r)->reassembly_overlaps);
		return false;
	}
	if (!grow(host, r, right))
		return false;
	error = ranges_add(&r->there, left, right, HOLES_MAX, host->memory);
	if (error == BERTH_ENOBUFS)
		give_up(host, r, &counters_of(host, r)->reassembly_holes);
	else if (error)
		counters_of(host, r)->no_memory++;
	if (error)
		return false;
	memcpy(r->buffer->data + ROOM + left, data, p->len_payload);
	if (!f->more)
		r->len = right;
	if (left == 0)
		keep_first(r, p);
	return true;
}

static uint8_t *emit_header(const struct reassembly *r, uint8_t *to)
{
	struct ip4_header ip4 = {
		.total_len = (uint16_t)(IP4_HEADER + r->len),
		.id = (uint16_t)r->id,
		.tos = r->tos,
		.ttl = r->ttl,
		.protocol = r->protocol,
	};
	struct ip6_header ip6 = {
		.payload_len = (uint16_t)r->len,
		.traffic_class = r->tos,
		.next_header = r->protocol,
		.hop_limit = r->ttl,
	};

	if (r->family == BERTH_IP4) {
		put_be32(ip4.source, ip_to_ip4(&r->source));
		put_be32(ip4.destination, ip_to_ip4(&r->destination));
		return ip4_emit(&ip4, to);
	}
	ip_to_bytes(&r->source, ip6.source);
	ip_to_bytes(&r->destination, ip6.destination);
	return ip6_emit(&ip6, to);
}

/* The whole packet as a frame, header in front. */
static struct berth_frame *finish(struct berth_host *host, struct reassembly *r)
{
	struct berth_frame *frame = berth_frame_ref(r->buffer);
	uint32_t len_header = r->family == BERTH_IP4 ? IP4_HEADER : IP6_HEADER;

	frame->data += ROOM - len_header;
	frame->len = len_header + r->len;
	emit_header(r, frame->data);
	forget(host, r);
	arm(host);
	return frame;
}

struct berth_frame *reassemble(struct berth_host *host, const struct ip_packet *packet,
			       const struct ip_fragment *fragment)
{
	struct reassembly *r = find(host, packet, fragment);

	if (!r)
		r = make(host, packet, fragment);
	if (!r)
		return NULL;
	if (r->dead) {
		counters_of(host, r)->reassembly_dead++;
		return NULL;
	}
	/* RFC 3168 section 5.3: congestion that one fragment met, the packet met. */
	if ((packet->tos & 3) == 3)
		r->tos |= 3;
	if (!take(host, r, packet, fragment))
		return NULL;
	if (r->there.n != 1 || r->there.item[0].left != 0 || r->there.item[0].right != r->len)
		return NULL;
	return finish(host, r);
}
