/* Connecting to names by happy eyeballs, RFC 8305, in real time: what is asserted of it is an order, or that something
 * did not happen too early. */
#include "names_bed.h"

#include <stdio.h>

#define PORT 80

/* 10.0.0.2 and 2001:db8::2 are the server, which serves at a port and refuses others. 10.0.0.9x and 2001:db8::9x are
 * nobody: nothing comes back. 192.0.2.x and 2001:db8:1::x are where no route leads. */
static const struct zone_line zone[] = {
	{"server.test", DNS_A, "10.0.0.2", 0},       {"server.test", DNS_AAAA, "2001:db8::2", 0},
	{"four.test", DNS_A, "10.0.0.2", 0},         {"six.test", DNS_AAAA, "2001:db8::2", 0},
	{"hole6.test", DNS_A, "10.0.0.2", 0},        {"hole6.test", DNS_AAAA, "2001:db8::91", 0},
	{"hole6.test", DNS_AAAA, "2001:db8::92", 0}, {"hole4.test", DNS_A, "10.0.0.91", 0},
	{"hole4.test", DNS_A, "10.0.0.92", 0},       {"hole4.test", DNS_A, "10.0.0.2", 0},
	{"hole.test", DNS_A, "10.0.0.91", 0},        {"hole.test", DNS_AAAA, "2001:db8::91", 0},
	{"far6.test", DNS_A, "10.0.0.2", 0},         {"far6.test", DNS_AAAA, "2001:db8:1::1", 0},
	{"far.test", DNS_A, "192.0.2.1", 0},         {"far.test", DNS_AAAA, "2001:db8:1::1", 0},
	{"mixed.test", DNS_A, "10.0.0.2", 0},        {"mixed.test", DNS_AAAA, "2001:db8:1::1", 0},
	{"slow6.test", ZONE_SLOW, "30", DNS_AAAA},   {"slow6.test", DNS_A, "10.0.0.2", 0},
	{"slow6.test", DNS_AAAA, "2001:db8::2", 0},  {"silent6.test", ZONE_SILENT, "", DNS_AAAA},
	{"silent6.test", DNS_A, "10.0.0.2", 0},      {"slow4.test", ZONE_SLOW, "30", DNS_A},
	{"slow4.test", DNS_A, "10.0.0.2", 0},        {"slow4.test", DNS_AAAA, "2001:db8::91", 0},
	{"many.test", ZONE_FORGED, "", 0},           {"silent.test", ZONE_SILENT, "", 0},
};

struct dialing {
	struct names_bed *bed;
	bool done;
	int descriptor;
	struct berth_socket_address foreign;
	berth_time began, ended;
	unsigned n_prepared;
	int prepare_error; /* for IPv6 */
	bool frees;
};

static void on_done(void *user, int descriptor, const struct berth_socket_address *foreign)
{
	struct dialing *d = user;

	assert_false(d->done);
	d->done = true;
	d->descriptor = descriptor;
	d->foreign = *foreign;
	d->ended = berth_clock_now();
	if (d->frees)
		d->bed->resolver = berth_resolver_free(d->bed->resolver);
}

static void never_called(void *user, int descriptor, const struct berth_socket_address *foreign)
{
	fail_msg("a dialer that was cancelled has called back");
}

static int prepare(void *user, struct berth_host *host, int descriptor)
{
	struct dialing *d = user;
	int family;
	size_t n = sizeof(family);

	d->n_prepared++;
	assert_int_equal(berth_getsockopt(host, descriptor, BERTH_SOL_SOCKET, BERTH_SO_DOMAIN, &family, &n), 0);
	return family == BERTH_IP6 ? d->prepare_error : 0;
}

static struct berth_dial_config config_of(enum berth_family family, uint32_t ms_family, uint32_t ms_attempt)
{
	struct berth_dial_config config;

	berth_dial_config_default(&config);
	assert_int_equal(config.ms_family, 50);
	assert_int_equal(config.ms_attempt, 250);
	config.family = (uint8_t)family;
	config.ms_family = ms_family;
	config.ms_attempt = ms_attempt;
	config.prepare = prepare;
	return config;
}

static void start(struct dialing *d, struct names_bed *bed, const char *name, uint16_t port,
		  const struct berth_dial_config *config)
{
	d->bed = bed;
	d->began = berth_clock_now();
	assert_int_equal(berth_dial(bed->resolver, name, port, config, on_done, d, NULL), 0);
	assert_false(d->done);
}

static struct dialing dial(struct names_bed *bed, const char *name, uint16_t port,
			   const struct berth_dial_config *config)
{
	struct dialing d = {.done = false};

	start(&d, bed, name, port, config);
	bed_run(bed, &d.done);
	return d;
}

/* The server listens at PORT, for both families. */
static void listen_at(struct names_bed *bed)
{
	static const char *const texts[] = {"10.0.0.2:80", "[2001:db8::2]:80"};

	for (unsigned i = 0; i < 2; i++) {
		struct berth_socket_address local = bed_address(texts[i]);
		int fd = berth_socket(bed->server, local.address.family, BERTH_STREAM);

		assert_int_equal(berth_bind(bed->server, fd, &local), 0);
		assert_int_equal(berth_listen(bed->server, fd, 64), 0);
	}
}

#define DIAL_BED()                                                                                                     \
	BED(zone);                                                                                                     \
	listen_at(&bed)

/* The socket is connected, and nobody's but the caller's. */
static void assert_connected(struct dialing *d, const char *foreign)
{
	struct berth_socket_address peer;
	char text[BERTH_ADDRESS_TEXT];

	assert_true(d->descriptor >= 0);
	assert_int_equal(berth_getpeername(d->bed->client, d->descriptor, &peer), 0);
	assert_string_equal(berth_socket_address_format(&peer, text, sizeof(text)), foreign);
	assert_string_equal(berth_socket_address_format(&d->foreign, text, sizeof(text)), foreign);
	assert_int_equal(berth_send(d->bed->client, d->descriptor, "x", 1, 0), 1);
	assert_true(berth_ready(d->bed->client, d->descriptor) & BERTH_WRITABLE);
	bed_run_for(d->bed, 2 * MS); /* events come to nobody */
	berth_close(d->bed->client, d->descriptor);
}

static void assert_failed(struct dialing *d, int error, const char *foreign)
{
	char text[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_error_name(d->descriptor), berth_error_name(error));
	assert_string_equal(berth_socket_address_format(&d->foreign, text, sizeof(text)), foreign);
}

/* Sockets of the client that are open. */
static unsigned n_open(const struct names_bed *bed)
{
	unsigned n = 0;

	for (int fd = 0; fd < 128; fd++)
		n += berth_ready(bed->client, fd) != BERTH_EBADF;
	return n;
}

/* ---- who is tried ---- */

static void test_each_family(void **state)
{
	struct names_bed bed;
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "six.test", PORT, NULL);
	assert_connected(&d, "[2001:db8::2]:80");
	d = dial(&bed, "four.test", PORT, NULL);
	assert_connected(&d, "10.0.0.2:80");
	assert_int_equal(n_open(&bed), 0);
	bed_deinit(&bed);
}

static void test_ip6_first(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config;
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "server.test", PORT, NULL);
	assert_connected(&d, "[2001:db8::2]:80");
	config = config_of(BERTH_IP4, 50, 250);
	d = dial(&bed, "server.test", PORT, &config);
	assert_connected(&d, "10.0.0.2:80");
	assert_int_equal(d.n_prepared, 1);
	bed_deinit(&bed);
}

static void test_addresses_and_localhost(void **state)
{
	struct names_bed bed;
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "10.0.0.2", PORT, NULL);
	assert_connected(&d, "10.0.0.2:80");
	d = dial(&bed, "2001:db8::2", PORT, NULL);
	assert_connected(&d, "[2001:db8::2]:80");
	d = dial(&bed, "localhost", PORT, NULL); /* the client itself, which serves nothing */
	assert_int_equal(d.descriptor, BERTH_ECONNREFUSED);
	assert_true(berth_address_is_loopback(&d.foreign.address));
	assert_int_equal(bed.n_udp, 0);
	bed_deinit(&bed);
}

/* ---- holes ---- */

/* Section 5: the other family has its turn when the first has been alone long enough. */
static void test_hole_of_ip6(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 40);
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "hole6.test", PORT, &config);
	assert_int_equal(d.n_prepared, 2); /* in turn: not the other hole */
	assert_true(d.ended - d.began >= 40 * MS);
	assert_connected(&d, "10.0.0.2:80");
	assert_int_equal(n_open(&bed), 0); /* the others are closed */
	bed_deinit(&bed);
}

static void test_holes_of_ip4(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 20);
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "hole4.test", PORT, &config);
	assert_int_equal(d.n_prepared, 3);
	assert_true(d.ended - d.began >= 2 * 20 * MS);
	assert_connected(&d, "10.0.0.2:80");
	bed_deinit(&bed);
}

/* What cannot begin at all, and what is refused, makes room at once. */
static void test_failure_makes_room(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 60000);
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "far6.test", PORT, &config); /* else it would wait a minute */
	assert_connected(&d, "10.0.0.2:80");
	d = dial(&bed, "server.test", 81, &config); /* both refused */
	assert_int_equal(d.n_prepared, 2);
	assert_failed(&d, BERTH_ECONNREFUSED, "10.0.0.2:81");
	bed_deinit(&bed);
}

/* ---- the wait for IPv6: section 3 ---- */

static void test_ip6_answers_late(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 10000, 250);
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "slow6.test", PORT, &config); /* within its time */
	assert_true(d.ended - d.began >= 30 * MS);
	assert_connected(&d, "[2001:db8::2]:80");
	d = dial(&bed, "four.test", PORT, &config); /* there is none: no wait */
	assert_connected(&d, "10.0.0.2:80");
	bed_deinit(&bed);
}

static void test_ip6_never_answers(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 40, 250);
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "silent6.test", PORT, &config);
	assert_true(d.ended - d.began >= 40 * MS);
	assert_connected(&d, "10.0.0.2:80");
	bed_deinit(&bed);
}

/* An attempt is under way when IPv4 becomes known, and keeps its time. */
static void test_ip4_answers_late(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 60);
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "slow4.test", PORT, &config);
	assert_int_equal(d.n_prepared, 2);
	assert_true(d.ended - d.began >= 60 * MS);
	assert_connected(&d, "10.0.0.2:80");
	bed_deinit(&bed);
}

/* ---- errors ---- */

static void test_errors_of_the_name(void **state)
{
	struct names_bed bed;
	struct dialing d;

	DIAL_BED();
	d = dial(&bed, "nowhere.test", PORT, NULL);
	assert_failed(&d, BERTH_ENOENT, "*:0");
	assert_int_equal(berth_dial(bed.resolver, "a b", PORT, NULL, on_done, &d, NULL), BERTH_EINVAL);
	assert_int_equal(berth_dial(bed.resolver, "four.test", 0, NULL, on_done, &d, NULL), BERTH_EINVAL);
	assert_int_equal(
		berth_dial(bed.resolver, "four.test", PORT, &(struct berth_dial_config){.size = 1}, on_done, &d, NULL),
		BERTH_EINVAL);
	bed_deinit(&bed);
}

static void test_errors_of_attempts(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 10);
	struct dialing d = {.prepare_error = BERTH_EADDRINUSE};

	DIAL_BED();
	d = dial(&bed, "far.test", PORT, &config);
	assert_int_equal(d.descriptor, BERTH_ENETUNREACH);
	d = dial(&bed, "mixed.test", 81, &config); /* a refusal says more than that there is no way */
	assert_failed(&d, BERTH_ECONNREFUSED, "10.0.0.2:81");
	memset(&d, 0, sizeof(d));
	d.prepare_error = BERTH_EADDRINUSE;
	start(&d, &bed, "six.test", PORT, &config);
	bed_run(&bed, &d.done);
	assert_failed(&d, BERTH_EADDRINUSE, "[2001:db8::2]:80");
	memset(&d, 0, sizeof(d));
	d.prepare_error = BERTH_EADDRINUSE;
	start(&d, &bed, "server.test", PORT, &config);
	bed_run(&bed, &d.done);
	assert_connected(&d, "10.0.0.2:80");
	bed_deinit(&bed);
}

/* ---- bounds ---- */

static void forge_many(struct names_bed *bed, const struct dns_packet *question)
{
	bool six = question->bytes[DNS_HEADER + 11 + 1] == DNS_AAAA;

	dns_begin(&bed->reply, question, 0, 40);
	for (uint8_t i = 0; i < 40; i++)
		dns_put_record(&bed->reply, six ? DNS_AAAA : DNS_A,
			       six ? (uint8_t[16]){0x20, 1, 0x0d, 0xb8, [15] = 2} : (uint8_t[16]){10, 0, 0, 2},
			       six ? 16 : 4);
	bed_reply(bed, &bed->reply);
}

static void test_many_addresses(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 10);
	struct dialing d;

	DIAL_BED();
	bed.forge = forge_many;
	d = dial(&bed, "many.test", 81, &config);
	assert_int_equal(d.descriptor, BERTH_ECONNREFUSED);
	assert_int_equal(d.n_prepared, BERTH_RESOLVE_MAX);
	assert_int_equal(n_open(&bed), 0);
	bed_deinit(&bed);
}

static void test_many_dialers(void **state)
{
	struct names_bed bed;
	struct dialing d[50];

	DIAL_BED();
	memset(d, 0, sizeof(d));
	for (unsigned i = 0; i < 50; i++)
		start(&d[i], &bed, "server.test", PORT, NULL);
	for (unsigned i = 0; i < 50; i++) {
		bed_run(&bed, &d[i].done);
		assert_true(d[i].descriptor >= 0);
	}
	bed_deinit(&bed);
}

/* ---- cancelling ---- */

static void test_cancel(void **state)
{
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 10);
	struct dialing d = {.done = false};
	struct berth_dialer *dialers[3];

	DIAL_BED();
	assert_null(berth_dialer_cancel(NULL));
	assert_int_equal(berth_dial(bed.resolver, "server.test", PORT, &config, never_called, &d, &dialers[0]), 0);
	assert_null(berth_dialer_cancel(dialers[0])); /* at once */
	assert_int_equal(berth_dial(bed.resolver, "silent.test", PORT, &config, never_called, &d, &dialers[1]), 0);
	assert_int_equal(berth_dial(bed.resolver, "hole.test", PORT, &config, never_called, &d, &dialers[2]), 0);
	while (d.n_prepared < 2)
		assert_int_equal(berth_loop_once(bed.loop, BERTH_NEVER), 0);
	assert_null(berth_dialer_cancel(dialers[1])); /* while it looks the name up */
	assert_null(berth_dialer_cancel(dialers[2])); /* while it connects */
	bed_run_for(&bed, 20 * MS);
	d = dial(&bed, "server.test", PORT, NULL);
	assert_connected(&d, "[2001:db8::2]:80");
	bed_deinit(&bed);
}

/* Freed with dialers at every stage, and by a dialer's own end. */
static void test_free_at_every_stage(void **state)
{
	static const char *const names[] = {"10.0.0.2", "server.test", "nowhere.test", "far.test"};
	struct names_bed bed;
	struct berth_dial_config config = config_of(BERTH_ANY_FAMILY, 50, 10);
	struct dialing d = {.done = false};

	DIAL_BED();
	assert_int_equal(berth_dial(bed.resolver, "silent.test", PORT, &config, never_called, &d, NULL), 0);
	assert_int_equal(berth_dial(bed.resolver, "hole.test", PORT, &config, never_called, &d, NULL), 0);
	while (d.n_prepared < 2)
		assert_int_equal(berth_loop_once(bed.loop, BERTH_NEVER), 0);
	bed_deinit(&bed);
	for (unsigned i = 0; i < 4; i++) {
		DIAL_BED();
		memset(&d, 0, sizeof(d));
		d.frees = true;
		assert_int_equal(berth_dial(bed.resolver, "hole.test", PORT, NULL, never_called, NULL, NULL), 0);
		start(&d, &bed, names[i], PORT, NULL);
		bed_run(&bed, &d.done);
		assert_null(bed.resolver);
		bed_run_for(&bed, 20 * MS);
		bed_deinit(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_family),
		cmocka_unit_test(test_ip6_first),
		cmocka_unit_test(test_addresses_and_localhost),
		cmocka_unit_test(test_hole_of_ip6),
		cmocka_unit_test(test_holes_of_ip4),
		cmocka_unit_test(test_failure_makes_room),
		cmocka_unit_test(test_ip6_answers_late),
		cmocka_unit_test(test_ip6_never_answers),
		cmocka_unit_test(test_ip4_answers_late),
		cmocka_unit_test(test_errors_of_the_name),
		cmocka_unit_test(test_errors_of_attempts),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_many_dialers),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_free_at_every_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
