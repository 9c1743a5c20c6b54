/* Reassembly of IPv4 fragments, RFC 791 section 3.2 and 815, within bounds that no peer can stretch.
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

#include "icmp.h"
#include "in.h"
#include "ranges.h"

#define BYTES_ALL (1u << 20)
#define BYTES_PEER (256u << 10)
#define HOLES_MAX 32
/* RFC 1122 section 3.3.2 has 60 to 120 s, from the days of slow lines; at today's rates an IP ID comes round much
 * sooner (RFC 4963). */
#define LIFE (30 * HOST_SECOND)
#define CAPACITY_FIRST 4096u

struct reassembly {
	struct list_node age;
	berth_time until;
	uint32_t source, destination;
	uint16_t id;
	uint8_t protocol, interface, tos;
	bool broadcast;
	bool dead;      /* dropped; what still comes of it is too */
	bool has_first; /* fragment 0 is there, with its header */
	uint8_t len_header;
	uint32_t len;    /* of the payload; UINT32_MAX until the last fragment has come */
	uint32_t charge; /* bytes of this struct and its buffer */
	struct ranges there;
	struct berth_frame *buffer;     /* payload from data + IP4_HEADER on; NULL when dead */
	uint8_t header[IP4_HEADER_MAX]; /* of fragment 0 */
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

static void drop_data(struct berth_host *host, struct reassembly *r)
{
	r->buffer = berth_frame_unref(r->buffer);
	ranges_deinit(&r->there, host->memory);
	account(host, r, sizeof(*r));
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

/* RFC 792: time exceeded in reassembly, if there is a fragment 0 to quote (RFC 1122 section 3.3.2). */
static void tell_time_exceeded(struct berth_host *host, const struct reassembly *r)
{
	uint8_t quote[IP4_HEADER_MAX + 8];
	struct ip_packet about = {
		.bytes = quote,
		.source = r->source,
		.destination = r->destination,
		.interface = r->interface,
		.broadcast = r->broadcast,
	};
	uint32_t n = r->len_header;

	memcpy(quote, r->header, n);
	memcpy(quote + n, r->buffer->data + IP4_HEADER, 8);
	about.header.protocol = r->protocol;
	about.header.len_header = r->len_header;
	about.header.total_len = (uint16_t)(n + 8);
	about.len_payload = 8;
	icmp_error(host, &about, ICMP4_TIME_EXCEEDED, 1);
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	struct list_node *node;

	(void)timer;
	while ((node = list_first(&host->reassemblies.by_age)) && of_age(node)->until <= host->now) {
		struct reassembly *r = of_age(node);

		if (!r->dead) {
			host->counters.ip.reassembly_timeouts++;
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

/* The bounds keep the list at a few hundred entries, so it is walked. */
static struct reassembly *find(struct berth_host *host, const struct ip_packet *f)
{
	struct list *list = &host->reassemblies.by_age;

	for (struct list_node *node = list->ring.next; node != &list->ring; node = node->next) {
		struct reassembly *r = of_age(node);

		if (r->id == f->header.id && r->source == f->source && r->destination == f->destination &&
		    r->protocol == f->header.protocol)
			return r;
	}
	return NULL;
}

static struct reassembly *make(struct berth_host *host, const struct ip_packet *f)
{
	struct reassembly *r = host->memory->alloc(host->memory->context, sizeof(*r));

	if (!r) {
		host->counters.ip.no_memory++;
		return NULL;
	}
	*r = (struct reassembly){
		.until = host->now + LIFE,
		.source = f->source,
		.destination = f->destination,
		.id = f->header.id,
		.protocol = f->header.protocol,
		.interface = f->interface,
		.tos = f->header.tos,
		.broadcast = f->broadcast,
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

/* The oldest of a peer's packets (0: of anybody's) but `keep`; and what they all hold. */
static struct reassembly *oldest_of(struct berth_host *host, uint32_t source, const struct reassembly *keep,
				    uint32_t *bytes)
{
	struct list *list = &host->reassemblies.by_age;
	struct reassembly *oldest = NULL;

	*bytes = 0;
	for (struct list_node *node = list->ring.next; node != &list->ring; node = node->next) {
		struct reassembly *r = of_age(node);

		if (source && r->source != source)
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

	while ((oldest = oldest_of(host, r->source, r, &bytes)) && bytes + more > BYTES_PEER) {
		host->counters.ip.reassembly_evicted++;
		forget(host, oldest);
	}
	while (host->reassemblies.bytes + more > BYTES_ALL && (oldest = oldest_of(host, 0, r, &bytes))) {
		host->counters.ip.reassembly_evicted++;
		forget(host, oldest);
	}
	arm(host);
}

/* Room for a payload of `end` bytes. */
static bool grow(struct berth_host *host, struct reassembly *r, uint32_t end)
{
	uint32_t capacity = r->buffer ? r->buffer->capacity : CAPACITY_FIRST;
	struct berth_frame *buffer;

	while (capacity < IP4_HEADER + end)
		capacity *= 2;
	if (r->buffer && r->buffer->capacity == capacity)
		return true;
	make_room(host, r, capacity);
	buffer = berth_frame_new(host->memory, capacity);
	if (!buffer) {
		host->counters.ip.no_memory++;
		return false;
	}
	if (r->buffer)
		memcpy(buffer->data + IP4_HEADER, r->buffer->data + IP4_HEADER, r->buffer->capacity - IP4_HEADER);
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
	       memcmp(r->buffer->data + IP4_HEADER + left, data, right - left) == 0;
}

/* The length that this fragment gives the packet, or leaves it, fits all that has come. */
static bool length_agrees(const struct reassembly *r, uint32_t right, bool last)
{
	uint32_t far = r->there.n ? (uint32_t)r->there.item[r->there.n - 1].right : 0;

	if (!last)
		return r->len == UINT32_MAX || right < r->len;
	return r->len == UINT32_MAX ? far <= right : r->len == right;
}

/* Takes the fragment's bytes in. false: the packet is dead, or there was no memory. */
static bool take(struct berth_host *host, struct reassembly *r, const struct ip_packet *f)
{
	const uint8_t *data = f->frame->data + f->off_payload;
	uint32_t left = f->header.off_fragment, right = left + f->len_payload;
	int error;

	if (!length_agrees(r, right, !f->header.more_fragments)) {
		give_up(host, r, &host->counters.ip.reassembly_mismatches);
		return false;
	}
	if (overlaps(r, left, right)) {
		if (is_duplicate(r, left, right, data))
			host->counters.ip.reassembly_duplicates++;
		else
			give_up(host, r, &host->counters.ip.reassembly_overlaps);
		return false;
	}
	if (!grow(host, r, right))
		return false;
	error = ranges_add(&r->there, left, right, HOLES_MAX, host->memory);
	if (error == BERTH_ENOBUFS)
		give_up(host, r, &host->counters.ip.reassembly_holes);
	else if (error)
		host->counters.ip.no_memory++;
	if (error)
		return false;
	memcpy(r->buffer->data + IP4_HEADER + left, data, f->len_payload);
	if (!f->header.more_fragments)
		r->len = right;
	if (left == 0) {
		r->has_first = true;
		r->len_header = f->header.len_header;
		memcpy(r->header, f->bytes, r->len_header);
	}
	return true;
}

/* The whole packet as a frame, header in front. */
static struct berth_frame *finish(struct berth_host *host, struct reassembly *r)
{
	struct berth_frame *frame = berth_frame_ref(r->buffer);
	struct ip4_header header = {
		.total_len = (uint16_t)(IP4_HEADER + r->len),
		.id = r->id,
		.tos = r->tos,
		.ttl = r->header[8],
		.protocol = r->protocol,
	};

	ip_to_bytes(r->source, header.source);
	ip_to_bytes(r->destination, header.destination);
	ip4_emit(&header, frame->data);
	frame->len = IP4_HEADER + r->len;
	forget(host, r);
	arm(host);
	return frame;
}

struct berth_frame *reassemble(struct berth_host *host, const struct ip_packet *fragment)
{
	struct reassembly *r = find(host, fragment);

	if (!r)
		r = make(host, fragment);
	if (!r)
		return NULL;
	if (r->dead) {
		host->counters.ip.reassembly_dead++;
		return NULL;
	}
	/* RFC 3168 section 5.3: congestion that one fragment met, the packet met. */
	if ((fragment->header.tos & 3) == 3)
		r->tos |= 3;
	if (!take(host, r, fragment))
		return NULL;
	if (r->there.n != 1 || r->there.item[0].left != 0 || r->there.item[0].right != r->len)
		return NULL;
	return finish(host, r);
}
