/* Looking names up at a DNS server on another host, in real time. */
#include "names_bed.h"

#include "dns.h"

#include <stdio.h>

static const struct zone_line zone[] = {
	{"four.test", DNS_A, "192.0.2.4", 0},
	{"six.test", DNS_AAAA, "2001:db8::6", 0},
	{"both.test", DNS_A, "192.0.2.1", 0},
	{"both.test", DNS_A, "192.0.2.2", 0},
	{"both.test", DNS_AAAA, "2001:db8::1", 0},
	{"near.test", DNS_A, "10.0.0.9", 0},
	{"near.test", DNS_AAAA, "2001:db8::9", 0},
	{"far6.test", DNS_A, "10.0.0.9", 0},
	{"far6.test", DNS_AAAA, "2001:db8:1::9", 0},
	{"alias.test", DNS_CNAME, "again.test", 0},
	{"again.test", DNS_CNAME, "four.test", 0},
	{"dangling.test", DNS_CNAME, "nowhere.test", 0},
	{"_under_score.test", DNS_A, "192.0.2.5", 0},
	{"m\xc3\xbcller.test", DNS_A, "192.0.2.6", 0},
	{"truncated.test", ZONE_TRUNCATED, "", 0},
	{"truncated.test", DNS_A, "192.0.2.7", 0},
	{"truncated.test", DNS_AAAA, "2001:db8::7", 0},
	{"silent.test", ZONE_SILENT, "", 0},
	{"silent6.test", ZONE_SILENT, "", DNS_AAAA},
	{"silent6.test", DNS_A, "192.0.2.8", 0},
	{"formerr.test", ZONE_RCODE, "1", 0},
	{"servfail.test", ZONE_RCODE, "2", 0},
	{"notimp.test", ZONE_RCODE, "4", 0},
	{"refused.test", ZONE_RCODE, "5", 0},
	{"servfail6.test", ZONE_RCODE, "2", DNS_AAAA},
	{"noedns.test", ZONE_NO_EDNS, "", 0},
	{"noedns.test", DNS_A, "192.0.2.9", 0},
	{"noedns.test", DNS_AAAA, "2001:db8::9", 0},
	{"slow.test", ZONE_SLOW, "20", 0},
	{"slow.test", DNS_A, "192.0.2.10", 0},
	{"forged.test", ZONE_FORGED, "", 0},
	{"forged.test", DNS_A, "192.0.2.11", 0},
	{"host.first.test", DNS_A, "192.0.2.21", 0},
	{"host.second.test", DNS_A, "192.0.2.22", 0},
	{"only.second.test", DNS_A, "192.0.2.23", 0},
	{"nodata.first.test", DNS_AAAA, "2001:db8::24", 0},
	{"nodata.second.test", DNS_A, "192.0.2.24", 0},
	{"lame.first.test", ZONE_RCODE, "2", 0},
	{"lame.second.test", DNS_A, "192.0.2.25", 0},
	{"broken.first.test", ZONE_RCODE, "2", 0},
	{"mute.first.test", ZONE_SILENT, "", 0},
	{"mute.second.test", DNS_A, "192.0.2.26", 0},
	{"bare", DNS_A, "192.0.2.27", 0},
	{"host.second.test.first.test", DNS_A, "192.0.2.28", 0},
};

/* ---- names ---- */

static void test_names(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_resolves(&bed, "four.test", BERTH_ANY_FAMILY, "192.0.2.4");
	assert_resolves(&bed, "six.test", BERTH_ANY_FAMILY, "2001:db8::6");
	assert_resolves(&bed, "both.test", BERTH_IP4, "192.0.2.1 192.0.2.2");
	assert_resolves(&bed, "both.test", BERTH_IP6, "2001:db8::1");
	assert_resolves(&bed, "BOTH.test.", BERTH_IP6, "2001:db8::1");
	assert_resolves(&bed, "alias.test", BERTH_IP4, "192.0.2.4");
	assert_resolves(&bed, "_under_score.test", BERTH_IP4, "192.0.2.5");
	bed_deinit(&bed);
}

/* Of other bytes than ASCII c-ares 1.18 makes nothing; newer ones do not ask for them. */
static void test_name_in_utf8(void **state)
{
	struct names_bed bed;
	struct answer answer;

	BED(zone);
	answer = bed_resolve(&bed, "m\xc3\xbcller.test", BERTH_IP4);
	assert_string_equal(answer_text(&answer), answer.n < 0 ? "EINVAL" : "192.0.2.6");
	bed_deinit(&bed);
}

static void test_both_families(void **state)
{
	struct names_bed bed;
	struct answer answer;

	BED(zone);
	answer = bed_resolve(&bed, "both.test", BERTH_ANY_FAMILY);
	assert_int_equal(answer.n, 3);
	assert_int_equal(bed.n_udp, 2);
	/* RFC 6724 section 6: what can be reached first, and then IPv6. */
	assert_resolves(&bed, "near.test", BERTH_ANY_FAMILY, "2001:db8::9 10.0.0.9");
	assert_resolves(&bed, "far6.test", BERTH_ANY_FAMILY, "10.0.0.9 2001:db8:1::9");
	bed_deinit(&bed);
}

static void test_no_such_name(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_resolves(&bed, "nowhere.test", BERTH_ANY_FAMILY, "ENOENT");
	assert_resolves(&bed, "four.test", BERTH_IP6, "ENODATA");
	assert_resolves(&bed, "dangling.test", BERTH_IP4, "ENODATA");
	assert_string_equal(berth_resolve_error_text(BERTH_ENOENT), "no such name");
	bed_deinit(&bed);
}

/* Addresses, and names of RFC 6761, are known without a question. */
static void test_no_question(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_resolves(&bed, "192.0.2.1", BERTH_ANY_FAMILY, "192.0.2.1");
	assert_resolves(&bed, "2001:db8::1", BERTH_IP6, "2001:db8::1");
	assert_resolves(&bed, "fe80::1%3", BERTH_ANY_FAMILY, "fe80::1%3");
	assert_resolves(&bed, "localhost", BERTH_IP4, "127.0.0.1");
	assert_resolves(&bed, "LocalHost.", BERTH_IP6, "::1");
	assert_resolves(&bed, "a.localhost", BERTH_IP4, "127.0.0.1");
	assert_resolves(&bed, "a.invalid", BERTH_ANY_FAMILY, "ENOENT");
	assert_resolves(&bed, "a.onion", BERTH_ANY_FAMILY, "ENOENT");
	assert_int_equal(bed_resolve(&bed, "localhost", BERTH_ANY_FAMILY).n, 2);
	assert_int_equal(bed.n_udp, 0);
	assert_resolves(&bed, "notlocalhost", BERTH_IP4, "ENOENT");
	assert_int_equal(bed.n_udp, 1);
	bed_deinit(&bed);
}

static void test_no_names(void **state)
{
	static const char *const texts[] = {
		"",      ".",     "..",  ".a",        "a..",       "a..b",  "a b", "a\tb",
		"a\\.b", "a\x7f", "a\n", "1.2.3.4.5", "256.1.1.1", "12345", "a.1", "127.1",
	};
	struct names_bed bed;
	struct answer answer = {0};
	char label[65] = {0}, longest[256] = "", longer[256];

	BED(zone);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(berth_resolve(bed.resolver, texts[i], 0, answer_take, &answer, NULL), BERTH_EINVAL);
	assert_int_equal(berth_resolve(bed.resolver, "192.0.2.1", BERTH_IP6, answer_take, &answer, NULL),
			 BERTH_EAFNOSUPPORT);
	assert_int_equal(berth_resolve(bed.resolver, "::1", BERTH_IP4, answer_take, &answer, NULL), BERTH_EAFNOSUPPORT);
	memset(label, 'x', 64);
	assert_int_equal(berth_resolve(bed.resolver, label, 0, answer_take, &answer, NULL), BERTH_EINVAL);
	label[63] = 0;
	for (unsigned i = 0; i < 3; i++)
		strcat(strcat(longest, label), ".");
	label[61] = 0;
	strcat(longest, label);
	snprintf(longer, sizeof(longer), "%sx", longest);
	assert_int_equal(berth_resolve(bed.resolver, longer, 0, answer_take, &answer, NULL), BERTH_EINVAL);
	assert_resolves(&bed, longest, BERTH_IP4, "ENOENT");
	strcat(longest, ".");
	assert_resolves(&bed, longest, BERTH_IP4, "ENOENT");
	bed_deinit(&bed);
}

/* ---- search domains ---- */

static void test_search(void **state)
{
	static const char *const domains[] = {"first.test", "second.test."};
	static const char *const bad[] = {"first.test", "a b"};
	struct names_bed bed;

	BED(zone);
	assert_int_equal(berth_resolver_search(bed.resolver, domains, 2), 0);
	assert_int_equal(berth_resolver_search(bed.resolver, bad, 2), BERTH_EINVAL);
	assert_int_equal(berth_resolver_search(bed.resolver, domains, 9), BERTH_ENOSPC);
	assert_resolves(&bed, "host", BERTH_ANY_FAMILY, "192.0.2.21");
	assert_resolves(&bed, "only", BERTH_ANY_FAMILY, "192.0.2.23");
	assert_resolves(&bed, "nodata", BERTH_IP4, "192.0.2.24");
	assert_resolves(&bed, "lame", BERTH_ANY_FAMILY, "192.0.2.25");
	assert_resolves(&bed, "bare", BERTH_ANY_FAMILY, "192.0.2.27");
	assert_resolves(&bed, "nowhere", BERTH_ANY_FAMILY, "ENOENT");
	assert_resolves(&bed, "broken", BERTH_ANY_FAMILY, "EIO");   /* the others know no such name */
	assert_resolves(&bed, "host.", BERTH_ANY_FAMILY, "ENOENT"); /* as it is */
	/* A name with a dot is not searched for (RFC 1535). */
	assert_resolves(&bed, "host.second.test", BERTH_ANY_FAMILY, "192.0.2.22");
	assert_resolves(&bed, "only.first", BERTH_ANY_FAMILY, "ENOENT");
	assert_int_equal(berth_resolver_search(bed.resolver, NULL, 0), 0);
	assert_resolves(&bed, "host", BERTH_ANY_FAMILY, "ENOENT");
	bed_deinit(&bed);
}

/* Where nobody answers, nobody is asked for more names. */
static void test_search_ends_in_silence(void **state)
{
	static const char *const domains[] = {"first.test", "second.test"};
	struct names_bed bed;

	BED(zone);
	assert_int_equal(berth_resolver_patience(bed.resolver, 10, 1), 0);
	assert_int_equal(berth_resolver_search(bed.resolver, domains, 2), 0);
	assert_resolves(&bed, "mute", BERTH_IP4, "ETIMEDOUT");
	assert_int_equal(bed.n_udp, 1);
	bed_deinit(&bed);
}

/* ---- servers ---- */

static void test_truncated_answers_come_over_tcp(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_resolves(&bed, "truncated.test", BERTH_IP4, "192.0.2.7");
	assert_int_equal(bed.n_tcp, 1);
	assert_int_equal(bed_resolve(&bed, "truncated.test", BERTH_ANY_FAMILY).n, 2);
	assert_int_equal(bed.n_tcp, 3);
	bed_deinit(&bed);
}

static void test_what_servers_cannot(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_resolves(&bed, "servfail.test", BERTH_ANY_FAMILY, "EIO");
	assert_resolves(&bed, "refused.test", BERTH_ANY_FAMILY, "EACCES");
	assert_resolves(&bed, "notimp.test", BERTH_ANY_FAMILY, "EPROTO");
	assert_resolves(&bed, "servfail6.test", BERTH_ANY_FAMILY, "EIO");
	assert_resolves(&bed, "servfail6.test", BERTH_IP4, "ENODATA");
	assert_resolves(&bed, "formerr.test", BERTH_ANY_FAMILY, "EPROTO");
	bed_deinit(&bed);
}

/* RFC 6891 section 7: asked again without, both questions. */
static void test_server_without_edns(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_int_equal(bed_resolve(&bed, "noedns.test", BERTH_ANY_FAMILY).n, 2);
	bed_deinit(&bed);
}

static void test_silence(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_int_equal(berth_resolver_patience(bed.resolver, 10, 3), 0);
	assert_resolves(&bed, "silent.test", BERTH_IP4, "ETIMEDOUT");
	assert_int_equal(bed.n_udp, 3);
	assert_resolves(&bed, "silent6.test", BERTH_ANY_FAMILY, "192.0.2.8");
	bed_deinit(&bed);
}

static void test_no_servers(void **state)
{
	struct names_bed bed;
	struct berth_socket_address servers[] = {bed_address("10.0.0.2:54"), bed_address("192.0.2.77:53")};
	struct berth_socket_address bad[] = {bed_address("10.0.0.2:53"), {.port = 53}, bed_address("10.0.0.2:53")};

	bad[2].port = 0;
	BED(zone);
	assert_int_equal(berth_resolver_servers(bed.resolver, bad, 2), BERTH_EINVAL);
	assert_int_equal(berth_resolver_servers(bed.resolver, bad + 2, 1), BERTH_EINVAL);
	assert_int_equal(berth_resolver_servers(bed.resolver, bad, 9), BERTH_ENOSPC);
	assert_resolves(&bed, "four.test", BERTH_IP4, "192.0.2.4");
	assert_int_equal(berth_resolver_servers(bed.resolver, NULL, 0), 0);
	assert_resolves(&bed, "four.test", BERTH_IP4, "EDESTADDRREQ");
	assert_resolves(&bed, "192.0.2.4", BERTH_IP4, "192.0.2.4");
	/* Nobody at the port, and no way to the host. */
	assert_int_equal(berth_resolver_servers(bed.resolver, servers, 1), 0);
	assert_resolves(&bed, "four.test", BERTH_IP4, "ECONNREFUSED");
	assert_int_equal(berth_resolver_servers(bed.resolver, servers + 1, 1), 0);
	assert_resolves(&bed, "four.test", BERTH_IP4, "ECONNREFUSED");
	bed_deinit(&bed);
}

static void test_the_next_server(void **state)
{
	struct names_bed bed;
	/* Refuses, is not to be reached, is silent (no such station), and answers. */
	struct berth_socket_address servers[] = {bed_address("10.0.0.2:54"), bed_address("192.0.2.77:53"),
						 bed_address("10.0.0.99:53"), bed_address("10.0.0.2:53")};

	BED(zone);
	assert_int_equal(berth_resolver_patience(bed.resolver, 20, 2), 0);
	assert_int_equal(berth_resolver_servers(bed.resolver, servers, 4), 0);
	assert_resolves(&bed, "four.test", BERTH_ANY_FAMILY, "192.0.2.4");
	bed_deinit(&bed);
}

/* What is under way goes to the servers that are set then. */
static void test_servers_change(void **state)
{
	struct names_bed bed;
	struct berth_socket_address server = bed_address("10.0.0.99:53"), other = bed_address("10.0.0.2:53");
	struct answer answer = {0};

	BED(zone);
	assert_int_equal(berth_resolver_servers(bed.resolver, &server, 1), 0);
	assert_int_equal(berth_resolve(bed.resolver, "both.test", 0, answer_take, &answer, NULL), 0);
	bed_run_for(&bed, 5 * MS);
	assert_int_equal(bed.n_udp, 0);
	assert_int_equal(berth_resolver_servers(bed.resolver, &other, 1), 0);
	bed_run(&bed, &answer.done);
	assert_int_equal(answer.n, 3);
	bed_deinit(&bed);
}

/* Over IPv6, and at a link-local address, which only the host knows how to reach. */
static void test_servers_of_ip6(void **state)
{
	static const char *const texts[] = {"[2001:db8::2]:53", "[fe80::2%1]:53"};

	for (unsigned i = 0; i < 2; i++) {
		struct names_bed bed;
		struct berth_socket_address server = bed_address(texts[i]);

		BED(zone);
		if (i)
			bed_serve_link_local(&bed);
		assert_int_equal(berth_resolver_servers(bed.resolver, &server, 1), 0);
		assert_resolves(&bed, "four.test", BERTH_IP4, "192.0.2.4");
		assert_resolves(&bed, "truncated.test", BERTH_IP6, "2001:db8::7");
		assert_int_equal(bed.n_tcp, 1);
		bed_deinit(&bed);
	}
}

static void set_domain(struct names_bed *bed, const char *domain, berth_time until)
{
	assert_int_equal(host_search_set(bed->client, ORIGIN_DHCP, 1, domain, until), until != 0);
}

/* Those that the host has been given or has learned, as they are when a name is asked for. */
static void test_servers_and_domains_of_the_host(void **state)
{
	struct names_bed bed;
	struct berth_address server = bed_address("[2001:db8::2]:53").address;

	BED(zone);
	assert_int_equal(berth_resolver_servers(bed.resolver, NULL, 0), 0);
	assert_resolves(&bed, "four.test", BERTH_IP4, "EDESTADDRREQ");
	assert_int_equal(berth_host_dns_add(bed.client, &server), 0);
	assert_resolves(&bed, "four.test", BERTH_IP4, "192.0.2.4");
	set_domain(&bed, "first.test", BERTH_NEVER);
	assert_resolves(&bed, "host", BERTH_IP4, "192.0.2.21");
	set_domain(&bed, "first.test", 0);
	set_domain(&bed, "second.test", BERTH_NEVER);
	assert_resolves(&bed, "host", BERTH_IP4, "192.0.2.22");
	/* Those of the program come before them. */
	assert_int_equal(berth_resolver_search(bed.resolver, (const char *const[]){""}, 0), 0);
	assert_resolves(&bed, "host", BERTH_IP4, "ENOENT");
	assert_int_equal(berth_resolver_servers(bed.resolver, &(struct berth_socket_address){.port = 53}, 0), 0);
	assert_resolves(&bed, "four.test", BERTH_IP4, "EDESTADDRREQ");
	bed_deinit(&bed);
}

/* ---- many ---- */

static void test_many_lookups(void **state)
{
	enum { N = 300 };
	struct names_bed bed;
	struct answer *answers = calloc(N, sizeof(*answers));

	BED(zone);
	assert_resolves(&bed, "four.test", BERTH_IP4,
			"192.0.2.4"); /* a host keeps few packets until it knows a station */
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(berth_resolve(bed.resolver, "slow.test", 0, answer_take, &answers[i], NULL), 0);
	while (bed.n_replies < 2)
		assert_int_equal(berth_loop_once(bed.loop, BERTH_NEVER), 0);
	assert_int_equal(bed.n_udp, 1 + 64); /* two each */
	for (unsigned i = 0; i < N; i++) {
		bed_run(&bed, &answers[i].done);
		assert_string_equal(answer_text(&answers[i]), "192.0.2.10");
	}
	assert_in_range(bed.n_udp, 2 * N, 4 * N); /* some are repeated on a slow machine */
	free(answers);
	bed_deinit(&bed);
}

static void count_both(void *user, int n, const struct berth_address *addresses)
{
	assert_int_equal(n, 3);
	++*(unsigned *)user;
}

/* So many that numbers of questions that are under way at the same time are the same now and then. */
static void test_same_numbers(void **state)
{
	enum { N = 10000 };
	struct names_bed bed;
	unsigned n = 0;

	BED(zone);
	assert_resolves(&bed, "four.test", BERTH_IP4, "192.0.2.4");
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(berth_resolve(bed.resolver, "both.test", 0, count_both, &n, NULL), 0);
	while (n < N)
		assert_int_equal(berth_loop_once(bed.loop, BERTH_NEVER), 0);
	bed_deinit(&bed);
}

static unsigned n_distinct(const uint16_t *numbers, unsigned n)
{
	unsigned n_different = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		while (numbers[k] != numbers[i])
			k++;
		n_different += k == i;
	}
	return n_different;
}

/* Of 64 numbers out of 65,536, and ports out of 16,384, chosen at random, seldom two are the same: fewer than 56
 * different ones happen less than once in 10^15 runs. Steps of one would be seen as such. */
static void test_numbers_and_ports_are_random(void **state)
{
	struct names_bed bed;
	unsigned n_steps = 0;

	BED(zone);
	for (unsigned i = 0; i < 64; i++)
		assert_resolves(&bed, "four.test", BERTH_IP4, "192.0.2.4");
	assert_int_equal(bed.n_udp, 64);
	assert_in_range(n_distinct(bed.ids, 64), 56, 64);
	assert_in_range(n_distinct(bed.ports, 64), 56, 64);
	for (unsigned i = 1; i < 64; i++) {
		assert_in_range(bed.ports[i], 49152, 65535);
		n_steps +=
			(uint16_t)(bed.ids[i] - bed.ids[i - 1]) < 8 || (uint16_t)(bed.ports[i] - bed.ports[i - 1]) < 8;
	}
	assert_in_range(n_steps, 0, 8);
	bed_deinit(&bed);
}

/* ---- cancelling ---- */

static void never_called(void *user, int n, const struct berth_address *addresses)
{
	fail_msg("a lookup that was cancelled has called back");
}

static void test_cancel(void **state)
{
	struct names_bed bed;
	struct berth_lookup *lookups[40];

	BED(zone);
	assert_null(berth_lookup_cancel(NULL));
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(berth_resolve(bed.resolver, i % 2 ? "slow.test" : "localhost", 0, never_called, NULL,
					       &lookups[i]),
				 0);
	for (unsigned i = 0; i < 10; i++)
		assert_null(berth_lookup_cancel(lookups[i])); /* at once */
	for (unsigned i = 11; i < 40; i += 2)
		assert_null(berth_lookup_cancel(lookups[i]));
	assert_int_equal(berth_resolve(bed.resolver, "slow.test", 0, never_called, NULL, &lookups[0]), 0);
	for (unsigned i = 10; i < 40; i += 2)
		assert_null(berth_lookup_cancel(lookups[i]));
	assert_int_equal(berth_loop_once(bed.loop, 0), 0);
	assert_null(berth_lookup_cancel(lookups[0])); /* under way */
	assert_resolves(&bed, "slow.test", BERTH_IP4, "192.0.2.10");
	bed_run_for(&bed, 30 * MS);
	bed_deinit(&bed);
}

struct chain {
	struct names_bed *bed;
	struct berth_lookup *other;
	bool frees, done;
};

static void cancel_other(void *user, int n, const struct berth_address *addresses)
{
	struct chain *chain = user;

	if (chain->frees)
		chain->bed->resolver = berth_resolver_free(chain->bed->resolver);
	else
		chain->other = berth_lookup_cancel(chain->other);
	chain->done = true;
}

/* A lookup's end cancels another that is over too, or ends everything. */
static void test_cancel_within_callback(void **state)
{
	for (unsigned frees = 0; frees < 2; frees++) {
		struct names_bed bed;
		struct chain chain = {.bed = &bed, .frees = frees};

		BED(zone);
		assert_int_equal(berth_resolve(bed.resolver, "localhost", 0, cancel_other, &chain, NULL), 0);
		assert_int_equal(berth_resolve(bed.resolver, "127.0.0.1", 0, never_called, NULL, &chain.other), 0);
		if (frees)
			assert_int_equal(berth_resolve(bed.resolver, "slow.test", 0, never_called, NULL, NULL), 0);
		bed_run(&bed, &chain.done);
		bed_run_for(&bed, 30 * MS);
		bed_deinit(&bed);
	}
}

static void test_free_under_way(void **state)
{
	struct names_bed bed;

	BED(zone);
	assert_int_equal(berth_resolve(bed.resolver, "truncated.test", 0, never_called, NULL, NULL), 0);
	assert_int_equal(berth_resolve(bed.resolver, "silent.test", 0, never_called, NULL, NULL), 0);
	while (!bed.n_tcp)
		assert_int_equal(berth_loop_once(bed.loop, BERTH_NEVER), 0);
	bed.resolver = berth_resolver_free(bed.resolver);
	bed_run_for(&bed, 5 * MS);
	assert_null(berth_resolver_free(NULL));
	bed_deinit(&bed);
}

/* ---- the loop's events ---- */

struct dispatcher {
	struct berth_resolver *resolver;
	unsigned n_resolver, n_other;
};

static void own_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct dispatcher *dispatcher = user;

	if (berth_resolver_event(dispatcher->resolver, event)) {
		dispatcher->n_resolver++;
		return;
	}
	/* Not a struct berth_loop_socket. */
	assert_ptr_equal(event->user, dispatcher);
	dispatcher->n_other++;
}

/* A program that takes the host's events itself hands on the resolver's. */
static void test_events_of_a_program(void **state)
{
	struct names_bed bed;
	struct dispatcher dispatcher = {0};
	struct berth_socket_address to = bed_address("10.0.0.1:9");
	int fd;

	BED(zone);
	dispatcher.resolver = bed.resolver;
	berth_loop_detach(bed.loop, bed.client);
	assert_int_equal(berth_loop_attach(bed.loop, bed.client, 1, bed.links[0], own_event, &dispatcher), 0);
	fd = berth_socket(bed.client, BERTH_IP4, BERTH_DATAGRAM);
	assert_int_equal(berth_bind(bed.client, fd, &to), 0);
	berth_set_user(bed.client, fd, &dispatcher);
	assert_int_equal(berth_sendto(bed.client, fd, "x", 1, 0, &to), 1);
	assert_int_equal(bed_resolve(&bed, "truncated.test", BERTH_ANY_FAMILY).n, 2);
	assert_int_not_equal(dispatcher.n_resolver, 0);
	assert_int_equal(dispatcher.n_other, 1);
	bed_deinit(&bed);
}

/* ---- forged answers ---- */

static const uint8_t evil[4] = {203, 0, 113, 66};

typedef void forge_answers(struct names_bed *bed, const struct dns_packet *question);

/* A server that does not tell the truth, and is asked over IPv4 or IPv6. */
static void ask_forger(struct names_bed *bed, unsigned i, forge_answers *forge, uint32_t ms, unsigned n_tries)
{
	static const char *const texts[] = {"10.0.0.2:53", "[2001:db8::2]:53"};
	struct berth_socket_address server = bed_address(texts[i]);

	bed_init(bed, zone, sizeof(zone) / sizeof(zone[0]));
	bed->forge = forge;
	assert_int_equal(berth_resolver_servers(bed->resolver, &server, 1), 0);
	assert_int_equal(berth_resolver_patience(bed->resolver, ms, n_tries), 0);
}

/* Asks for forged.test, and takes nothing but the address in the zone for an answer. */
static void check_forged(forge_answers *forge)
{
	for (unsigned i = 0; i < 2; i++) {
		struct names_bed bed;

		ask_forger(&bed, i, forge, 500, 2);
		assert_resolves(&bed, "forged.test", BERTH_IP4, "192.0.2.11");
		bed_deinit(&bed);
	}
}

static void begin_evil(struct names_bed *bed, const struct dns_packet *question)
{
	dns_begin(&bed->reply, question, 0, 1);
	dns_put_record(&bed->reply, DNS_A, evil, 4);
}

static void reply_well(struct names_bed *bed, const struct dns_packet *question)
{
	dns_begin(&bed->reply, question, 0, 1);
	dns_put_record(&bed->reply, DNS_A, (uint8_t[]){192, 0, 2, 11}, 4);
	bed_reply(bed, &bed->reply);
}

static void forge_ids(struct names_bed *bed, const struct dns_packet *question)
{
	for (unsigned bit = 0; bit < 16; bit++) {
		begin_evil(bed, question);
		bed->reply.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bed_reply(bed, &bed->reply);
	}
	reply_well(bed, question);
}

static void forge_questions(struct names_bed *bed, const struct dns_packet *question)
{
	begin_evil(bed, question);
	bed->reply.bytes[DNS_HEADER + 1] ^= 1; /* the name */
	bed_reply(bed, &bed->reply);
	for (size_t i = 1; i <= 4; i++) { /* type and class */
		begin_evil(bed, question);
		bed->reply.bytes[bed->reply.n - 16 - i] ^= 4;
		bed_reply(bed, &bed->reply);
	}
	begin_evil(bed, question);
	bed->reply.bytes[5] = 0; /* none */
	bed_reply(bed, &bed->reply);
	begin_evil(bed, question);
	bed->reply.bytes[5] = 2; /* two */
	bed_reply(bed, &bed->reply);
	begin_evil(bed, question);
	bed->reply.bytes[2] &= 0x7f; /* a question */
	bed_reply(bed, &bed->reply);
	reply_well(bed, question);
}

/* From another port of the server, from another address, and to other ports of the client. */
static void forge_ports(struct names_bed *bed, const struct dns_packet *question)
{
	static const char *const texts[2][2] = {{"10.0.0.2:5353", "10.0.0.3:53"},
						{"[2001:db8::2]:5353", "[2001:db8::3]:53"}};
	int family = bed->asker.address.family;

	for (unsigned i = 0; i < 2; i++) {
		struct berth_socket_address from = bed_address(texts[family == BERTH_IP6][i]);
		int fd = berth_socket(bed->server, family, BERTH_DATAGRAM);

		if (i)
			assert_int_equal(
				berth_host_address_add(bed->server, 1, &from.address, family == BERTH_IP6 ? 64 : 24),
				0);

		assert_int_equal(berth_bind(bed->server, fd, &from), 0);
		begin_evil(bed, question);
		assert_int_equal(berth_sendto(bed->server, fd, bed->reply.bytes, bed->reply.n, 0, &bed->asker),
				 bed->reply.n);
		berth_close(bed->server, fd);
	}
	for (int i = -3; i <= 3; i++) {
		struct berth_socket_address to = bed->asker;

		to.port = (uint16_t)(to.port + i);
		begin_evil(bed, question);
		if (i)
			berth_sendto(bed->server, berth_socket(bed->server, family, BERTH_DATAGRAM), bed->reply.bytes,
				     bed->reply.n, 0, &to);
	}
	reply_well(bed, question);
}

/* attacks.md 22 (CVE-2018-16598): number, port and question must match. */
static void test_wrong_number(void **state)
{
	check_forged(forge_ids);
}

static void test_wrong_question(void **state)
{
	check_forged(forge_questions);
}

static void test_wrong_port(void **state)
{
	check_forged(forge_ports);
}

/* Datagrams shorter than a header end nothing. */
static void forge_short(struct names_bed *bed, const struct dns_packet *question)
{
	for (size_t n = 0; n < DNS_HEADER; n++) {
		begin_evil(bed, question);
		bed->reply.n = n;
		bed_reply(bed, &bed->reply);
	}
	reply_well(bed, question);
}

static void test_short_datagrams(void **state)
{
	check_forged(forge_short);
}

/* An answer that was asked for and makes no sense is the server's fault, and an error. */
static void check_broken(forge_answers *forge)
{
	for (unsigned i = 0; i < 2; i++) {
		struct names_bed bed;
		struct answer answer;

		ask_forger(&bed, i, forge, 50, 1);
		answer = bed_resolve(&bed, "forged.test", BERTH_IP4);
		assert_true(answer.n == BERTH_EPROTO || answer.n == BERTH_ETIMEDOUT);
		bed.forge = reply_well;
		assert_resolves(&bed, "forged.test", BERTH_IP4, "192.0.2.11");
		bed_deinit(&bed);
	}
}

static void forge_pointer_to_itself(struct names_bed *bed, const struct dns_packet *question)
{
	begin_evil(bed, question);
	size_t at = bed->reply.n - 16;
	bed->reply.bytes[at] = (uint8_t)(0xc0 | at >> 8);
	bed->reply.bytes[at + 1] = (uint8_t)at;
	bed_reply(bed, &bed->reply);
}

static void forge_pointer_forward(struct names_bed *bed, const struct dns_packet *question)
{
	begin_evil(bed, question);
	size_t at = bed->reply.n - 16;
	bed->reply.bytes[at] = (uint8_t)(0xc0 | (at + 12) >> 8);
	bed->reply.bytes[at + 1] = (uint8_t)(at + 12);
	memset(bed->reply.bytes + at + 12, 0, 4);
	bed_reply(bed, &bed->reply);
}

static void forge_question_pointer(struct names_bed *bed, const struct dns_packet *question)
{
	begin_evil(bed, question);
	memcpy(bed->reply.bytes + DNS_HEADER, (uint8_t[]){0xc0, DNS_HEADER}, 2);
	bed_reply(bed, &bed->reply);
}

/* attacks.md 21 (NAME:WRECK, RFC 9267), with a whole answer. */
static void test_compression_loops(void **state)
{
	check_broken(forge_pointer_to_itself);
	check_broken(forge_pointer_forward);
	check_broken(forge_question_pointer);
}

static void forge_data_length(struct names_bed *bed, const struct dns_packet *question)
{
	begin_evil(bed, question);
	bed->reply.bytes[bed->reply.n - 5] = 200;
	bed_reply(bed, &bed->reply);
}

static void forge_count(struct names_bed *bed, const struct dns_packet *question)
{
	begin_evil(bed, question);
	memset(bed->reply.bytes + 6, 0xff, 2);
	bed_reply(bed, &bed->reply);
}

/* attacks.md 20 (CVE-2020-25928), with a whole answer. */
static void test_length_lies(void **state)
{
	check_broken(forge_data_length);
	check_broken(forge_count);
}

static void forge_truncated_tcp(struct names_bed *bed, const struct dns_packet *question)
{
	uint8_t length[2] = {0xff, 0xff};

	if (!bed->asker_stream) {
		dns_begin(&bed->reply, question, 0x200, 0);
		bed_reply(bed, &bed->reply);
		return;
	}
	/* A length that the bytes never reach, of none, and of less than a header. */
	begin_evil(bed, question);
	if (bed->n_tcp % 3 == 1) {
		bed_stream_send(bed, length, 2);
		bed_stream_send(bed, bed->reply.bytes, bed->reply.n);
		return;
	}
	bed->reply.n = bed->n_tcp % 3 == 2 ? 0 : 7;
	bed_reply(bed, &bed->reply);
}

static void test_broken_tcp(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		struct names_bed bed;
		struct answer answer;

		BED(zone);
		bed.n_tcp = i;
		bed.forge = forge_truncated_tcp;
		assert_int_equal(berth_resolver_patience(bed.resolver, 50, 1), 0);
		answer = bed_resolve(&bed, "forged.test", BERTH_IP4);
		assert_true(answer.n < 0);
		bed.forge = reply_well;
		assert_resolves(&bed, "forged.test", BERTH_IP4, "192.0.2.11");
		bed_deinit(&bed);
	}
}

/* As many records as a message holds: over TCP, and 16 of a family are kept. */
static void forge_thousands(struct names_bed *bed, const struct dns_packet *question)
{
	bool six = question->bytes[DNS_HEADER + 13 + 1] == DNS_AAAA;

	dns_begin(&bed->reply, question, bed->asker_stream ? 0 : 0x200, bed->asker_stream ? (six ? 2300 : 4000) : 0);
	for (unsigned i = 0; bed->asker_stream && i < (six ? 2300 : 4000); i++)
		dns_put_record(&bed->reply, six ? DNS_AAAA : DNS_A,
			       (uint8_t[16]){192, 0, (uint8_t)(i >> 8), (uint8_t)i}, six ? 16 : 4);
	bed_reply(bed, &bed->reply);
}

/* Thousands of records whose names are thousands of pointers: c-ares, which would follow them all, does not see them.
 */
static void forge_chains(struct names_bed *bed, const struct dns_packet *question)
{
	struct dns_packet *reply = &bed->reply;
	uint8_t chain[16000];
	unsigned to = DNS_HEADER, n = 1;

	dns_begin(reply, question, bed->asker_stream ? 0 : 0x200, 0);
	for (size_t i = 0; i < sizeof(chain); i += 2) {
		chain[i] = (uint8_t)(0xc0 | to >> 8);
		chain[i + 1] = (uint8_t)to;
		to = (unsigned)(reply->n + 12 + i);
	}
	dns_put_record(reply, 99, chain, sizeof(chain));
	for (; reply->n < 65000; n++) {
		dns_put_record(reply, DNS_A, evil, 4);
		memcpy(reply->bytes + reply->n - 16, (uint8_t[]){(uint8_t)(0xc0 | to >> 8), (uint8_t)to}, 2);
	}
	memcpy(reply->bytes + 6, (uint8_t[]){(uint8_t)(n >> 8), (uint8_t)n}, 2);
	if (!bed->asker_stream)
		reply->n = DNS_HEADER + sizeof("forged.test") + 1 + 4;
	bed_reply(bed, reply);
}

static void test_chains_of_pointers(void **state)
{
	check_broken(forge_chains);
}

static void test_thousands_of_records(void **state)
{
	struct names_bed bed;
	struct answer answer;

	BED(zone);
	bed.forge = forge_thousands;
	answer = bed_resolve(&bed, "forged.test", BERTH_ANY_FAMILY);
	assert_int_equal(answer.n, BERTH_RESOLVE_MAX);
	assert_int_equal(bed_resolve(&bed, "forged.test", BERTH_IP4).n, BERTH_RESOLVE_MAX / 2);
	bed_deinit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_in_utf8),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_no_such_name),
		cmocka_unit_test(test_no_question),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_ends_in_silence),
		cmocka_unit_test(test_truncated_answers_come_over_tcp),
		cmocka_unit_test(test_what_servers_cannot),
		cmocka_unit_test(test_server_without_edns),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_no_servers),
		cmocka_unit_test(test_the_next_server),
		cmocka_unit_test(test_servers_change),
		cmocka_unit_test(test_servers_of_ip6),
		cmocka_unit_test(test_servers_and_domains_of_the_host),
		cmocka_unit_test(test_many_lookups),
		cmocka_unit_test(test_same_numbers),
		cmocka_unit_test(test_numbers_and_ports_are_random),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_within_callback),
		cmocka_unit_test(test_free_under_way),
		cmocka_unit_test(test_events_of_a_program),
		cmocka_unit_test(test_wrong_number),
		cmocka_unit_test(test_wrong_question),
		cmocka_unit_test(test_wrong_port),
		cmocka_unit_test(test_short_datagrams),
		cmocka_unit_test(test_compression_loops),
		cmocka_unit_test(test_length_lies),
		cmocka_unit_test(test_broken_tcp),
		cmocka_unit_test(test_chains_of_pointers),
		cmocka_unit_test(test_thousands_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
