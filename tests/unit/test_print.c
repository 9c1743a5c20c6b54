/* The line of text for a frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "checksum.h"
#include "dhcp_message.h"
#include "eth.h"
#include "icmp.h"
#include "igmp.h"
#include "ip4.h"
#include "ip6.h"
#include "print.h"
#include "tcp_header.h"
#include "udp_header.h"
#include "wire_packets.h"

static const char *print_exactly(const uint8_t *bytes, size_t n, bool ethernet, char *line)
{
	uint8_t *p = exact_copy(bytes, n);

	memset(line, 0x7f, PRINT_LINE);
	assert_ptr_equal(print_frame(p, n, ethernet, line), line);
	assert_non_null(memchr(line, '\0', PRINT_LINE));
	free(p);
	return line;
}

static void test_real_frames(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t n;
		const char *line;
	} cases[] = {
		{packet_arp_request, sizeof(packet_arp_request), "arp who-has 192.168.1.7 tell 192.168.1.5"},
		{packet_syn4, sizeof(packet_syn4),
		 "192.168.1.5:1099 > 192.168.1.7:80 TCP S seq 1998065421 win 64240 "
		 "<mss 1460,sackOK,ts 1381916411 0,wscale 10>"},
		{packet_syn4_no_timestamps, sizeof(packet_syn4_no_timestamps),
		 "192.168.1.5:1100 > 192.168.1.7:80 TCP S seq 74485272 win 64240 <mss 1460,sackOK,wscale 10>"},
		{packet_udp4, sizeof(packet_udp4), "192.168.1.5:5353 > 192.168.1.7:7 UDP len 11"},
		{packet_ping4, sizeof(packet_ping4),
		 "192.168.1.5 > 192.168.1.7 ICMP echo request id 13575 seq 1 len 16"},
		{packet_syn6, sizeof(packet_syn6),
		 "[fd00::5]:1099 > [fd00::7]:80 TCP S seq 4224242551 win 64800 <mss 1440,sackOK,wscale 10>"},
		{packet_solicit6, sizeof(packet_solicit6),
		 "fd00::5 > ff02::1:ff00:7 ICMPv6 neighbour solicit fd00::7 mac 02:00:00:00:00:05"},
		{packet_router6, sizeof(packet_router6),
		 "fe80::ff:fe00:1 > ff02::1 ICMPv6 router advert high other for 12s hop limit 63 "
		 "prefix 2001:db8:1::/64 on-link auto valid 86400s preferred 14400s route 2001:db8:2::/48 low for 600s "
		 "dns 2001:db8::53 2001:db8::54 for 1200s search example.test sub.example.org for 1200s mtu 1400 "
		 "mac 02:00:00:00:00:01"},
		{packet_report6, sizeof(packet_report6),
		 ":: > ff02::16 MLDv2 report to-exclude ff02::1:ff00:5, router alert"},
	};
	char line[PRINT_LINE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(print_exactly(cases[i].bytes, cases[i].n, true, line), cases[i].line);
		if (i > 0)
			assert_string_equal(
				print_exactly(cases[i].bytes + ETH_HEADER, cases[i].n - ETH_HEADER, false, line),
				cases[i].line);
	}
}

/* Puts an IPv4 header before n bytes that stand at p + 20; the packet's length. */
static size_t wrap(uint8_t *p, uint8_t protocol, size_t n)
{
	const struct ip4_header h = {.source = {10, 0, 0, 1},
				     .destination = {10, 0, 0, 2},
				     .total_len = (uint16_t)(IP4_HEADER + n),
				     .ttl = 64,
				     .protocol = protocol};

	ip4_emit(&h, p);
	return IP4_HEADER + n;
}

static void test_tcp_data(void **state)
{
	const struct tcp_header h = {.source_port = 80,
				     .destination_port = 1099,
				     .seq = 4294967295,
				     .ack = 7,
				     .window = 1,
				     .urgent = 3,
				     .flags = 0xff & ~(TCP_SYN | TCP_RST),
				     .has_timestamp = true,
				     .ts_val = 1,
				     .ts_ecr = 2,
				     .n_sacks = 2,
				     .sacks = {{1, 2}, {3, 4294967295}}};
	uint8_t p[200] = {0};
	size_t len = (size_t)(tcp_header_emit(&h, p + IP4_HEADER) - p) - IP4_HEADER + 5;
	size_t n = wrap(p, IP_PROTOCOL_TCP, len);
	uint16_t sum = checksum_finish(
		checksum_add(checksum_pseudo(p + 12, p + 16, 4, IP_PROTOCOL_TCP, (uint32_t)len), p + IP4_HEADER, len));
	char line[PRINT_LINE];

	p[IP4_HEADER + TCP_OFF_CHECKSUM] = (uint8_t)(sum >> 8);
	p[IP4_HEADER + TCP_OFF_CHECKSUM + 1] = (uint8_t)sum;
	assert_string_equal(print_exactly(p, n, false, line),
			    "10.0.0.1:80 > 10.0.0.2:1099 TCP FPAUEC seq 4294967295 ack 7 win 1 urg 3 "
			    "<ts 1 2,sack 1:2,sack 3:4294967295> len 5");
	p[n - 1] ^= 1;
	assert_non_null(strstr(print_exactly(p, n, false, line), " len 5, bad checksum"));
}

static void test_icmp_errors(void **state)
{
	static const struct {
		uint8_t type, code;
		uint32_t rest;
		const char *line;
	} cases[] = {
		{3, 3, 0, "10.0.0.1 > 10.0.0.2 ICMP port unreachable for 192.168.1.5:5353 > 192.168.1.7:7 UDP"},
		{3, 4, 1400, "10.0.0.1 > 10.0.0.2 ICMP too big mtu 1400 for 192.168.1.5:5353 > 192.168.1.7:7 UDP"},
		{3, 13, 0, "10.0.0.1 > 10.0.0.2 ICMP unreachable code 13 for 192.168.1.5:5353 > 192.168.1.7:7 UDP"},
		{11, 0, 0, "10.0.0.1 > 10.0.0.2 ICMP time exceeded code 0 for 192.168.1.5:5353 > 192.168.1.7:7 UDP"},
		{17, 0, 0, "10.0.0.1 > 10.0.0.2 ICMP type 17 code 0"},
	};
	uint8_t p[200];
	char line[PRINT_LINE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct icmp_message m = {.type = cases[i].type,
					 .code = cases[i].code,
					 .rest = cases[i].rest,
					 .body = packet_udp4 + ETH_HEADER,
					 .len_body = 28};
		size_t n = wrap(p, IP_PROTOCOL_ICMP4, (size_t)(icmp4_emit(&m, p + IP4_HEADER) - p) - IP4_HEADER);

		assert_string_equal(print_exactly(p, n, false, line), cases[i].line);
	}
}

static void test_malformed(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool ethernet;
		const char *line;
	} cases[] = {
		{"", 0, false, "empty"},
		{"", 0, true, "Ethernet, 0 bytes: header cut short"},
		{"\x50", 1, false, "1 bytes: IP version 5"},
		{"\x45", 1, false, "IPv4, 1 bytes: header cut short"},
		{"\x60", 1, false, "IPv6, 1 bytes: header cut short"},
		{"\x44\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, false, "IPv4, 20 bytes: header length under 20"},
		{"\x45\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, false, "IPv4, 20 bytes: total length does not fit"},
		{"\x45\0\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, false, "IPv4, 20 bytes: bad header checksum"},
		{"\x45\0\0\x14\0\0\0\0\x40\x2f\x7a\xbc\0\0\0\0\0\0\0\0", 20, false,
		 "0.0.0.0 > 0.0.0.0 protocol 47 len 0"},
		{"\x45\0\0\x14\0\0\0\0\x40\x06\x7a\xe5\0\0\0\0\0\0\0\0", 20, false,
		 "0.0.0.0 > 0.0.0.0 TCP, 0 bytes: header cut short"},
		{"\x45\0\0\x14\0\0\0\0\x40\x11\x7a\xda\0\0\0\0\0\0\0\0", 20, false,
		 "0.0.0.0 > 0.0.0.0 UDP, 0 bytes: header cut short"},
		{"\x45\0\0\x14\0\0\0\0\x40\x01\x7a\xea\0\0\0\0\0\0\0\0", 20, false,
		 "0.0.0.0 > 0.0.0.0 ICMP, 0 bytes: header cut short"},
		{"\x45\0\0\x15\0\x07\0\x02\x40\x11\x7a\xd0\0\0\0\0\0\0\0\0\0", 21, false,
		 "0.0.0.0 > 0.0.0.0 UDP fragment id 7 at 16 len 1"},
		{"\1\1\1\1\1\1\2\2\2\2\2\2\x88\xcc\0", 15, true,
		 "02:02:02:02:02:02 > 01:01:01:01:01:01 Ethernet type 0x88cc len 1"},
		{"\1\1\1\1\1\1\2\2\2\2\2\2\x08\x06\0", 15, true, "arp, 1 bytes: cut short"},
	};
	char line[PRINT_LINE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(print_exactly((const uint8_t *)cases[i].bytes, cases[i].n, cases[i].ethernet, line),
				    cases[i].line);
}

static void test_arp_reply(void **state)
{
	uint8_t p[sizeof(packet_arp_request)];
	char line[PRINT_LINE];

	memcpy(p, packet_arp_request, sizeof(p));
	p[ETH_HEADER + 7] = 2;
	assert_string_equal(print_exactly(p, sizeof(p), true, line), "arp reply 192.168.1.5 is-at 02:00:00:00:00:05");
	p[ETH_HEADER + 7] = 3;
	assert_string_equal(print_exactly(p, sizeof(p), true, line),
			    "arp, 28 bytes: not a request or reply for IPv4 over Ethernet");
}

/* IPv4 verdicts that need a header with a right checksum, and what is said behind the upper layer's text. */
static void test_ip4_oddities(void **state)
{
	static const struct {
		const char *options;
		uint16_t fragment;
		const char *line;
	} cases[] = {
		{"\x07\x09\x04\x00\x00\x00\x00\x00", 0, "IPv4, 28 bytes: option with a bad length"},
		{"\x83\x07\x04\x00\x00\x00\x00\x00", 0, "10.0.0.1 > 10.0.0.2 protocol 99 len 0, source routed"},
		{"\x01\x01\x01\x01\x01\x01\x01\x01", 0x2000, "IPv4, 28 bytes: fragment that cannot be"},
	};
	char line[PRINT_LINE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t p[28];
		size_t n = wrap(p, 99, 8);
		uint16_t sum;

		p[0] = 0x47;
		p[6] = (uint8_t)(cases[i].fragment >> 8);
		memset(p + 10, 0, 2);
		memcpy(p + IP4_HEADER, cases[i].options, 8);
		sum = checksum_finish(checksum_add(0, p, n));
		p[10] = (uint8_t)(sum >> 8);
		p[11] = (uint8_t)sum;
		assert_string_equal(print_exactly(p, n, false, line), cases[i].line);
	}
}

/* What IGMP says, by the message behind an IPv4 header, with checksums put right, and what MLD says. */
static void test_groups(void **state)
{
	static const struct {
		const char *message;
		size_t n;
		const char *line;
	} igmp[] = {
		{"\x11\0\0\0\0\0\0\0", 8, "IGMPv1 query within 10000 ms"},
		{"\x11\x64\0\0\xef\1\2\3", 8, "IGMPv2 query 239.1.2.3 within 10000 ms"},
		{"\x11\1\0\0\xef\1\2\3\2\x7d\0\1\x0a\0\0\1", 16, "IGMPv3 query 239.1.2.3 of 1 sources within 100 ms"},
		{"\x12\0\0\0\xef\1\2\3", 8, "IGMPv1 report 239.1.2.3"},
		{"\x16\0\0\0\xef\1\2\3", 8, "IGMPv2 report 239.1.2.3"},
		{"\x17\0\0\0\xef\1\2\3", 8, "IGMPv2 leave 239.1.2.3"},
		{"\x22\0\0\0\0\0\0\2\4\0\0\0\xef\1\2\3\x63\0\0\1\xe0\0\0\5\x0a\0\0\1", 28,
		 "IGMPv3 report to-exclude 239.1.2.3, type 99 224.0.0.5 of 1 sources"},
		{"\x20\0\0\0\0\0\0\0", 8, "IGMP type 32"},
		{"\x11\0\0\0\0\0\0", 7, "IGMP, 7 bytes: cut short, or with a bad checksum, length or group"},
	};
	static const struct {
		uint8_t type;
		uint32_t rest;
		const char *body;
		size_t n;
		const char *line;
	} mld[] = {
		{130, 1000u << 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "MLDv1 query within 1000 ms"},
		{130, 0, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\0", 20, "MLDv2 query ff02::7 within 0 ms"},
		{131, 0, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 16, "MLDv1 report ff02::7"},
		{132, 0, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 16, "MLDv1 done ff02::7"},
		{143, 1, "", 0, "MLD type 143: cut short, or with a bad length or group"},
	};
	char line[PRINT_LINE], want[PRINT_LINE];
	uint8_t p[128], message[64];

	for (size_t i = 0; i < sizeof(igmp) / sizeof(igmp[0]); i++) {
		size_t n = wrap(p, IP_PROTOCOL_IGMP, igmp[i].n);

		memcpy(p + IP4_HEADER, igmp[i].message, igmp[i].n);
		put_be16(p + IP4_HEADER + 2, checksum_finish(checksum_add(0, p + IP4_HEADER, igmp[i].n)));
		snprintf(want, sizeof(want), "10.0.0.1 > 10.0.0.2 %s", igmp[i].line);
		assert_string_equal(print_exactly(p, n, false, line), want);
	}
	for (size_t i = 0; i < sizeof(mld) / sizeof(mld[0]); i++) {
		struct ip6_header h = {.next_header = IP_PROTOCOL_ICMP6,
				       .payload_len = (uint16_t)(ICMP_HEADER + mld[i].n)};
		struct icmp_message m = {.type = mld[i].type, .rest = mld[i].rest, .len_body = mld[i].n};

		m.body = memcpy(message, mld[i].body, mld[i].n);
		icmp6_emit(&m, h.source, h.destination, ip6_emit(&h, p));
		snprintf(want, sizeof(want), ":: > :: %s", mld[i].line);
		assert_string_equal(print_exactly(p, IP6_HEADER + ICMP_HEADER + mld[i].n, false, line), want);
	}
}

/* IPv6 packets of zero addresses: what follows the fixed header, and its kind. */
static void test_ip6_oddities(void **state)
{
	static const struct {
		uint8_t next;
		size_t n;
		const char *bytes;
		const char *line;
	} cases[] = {
		{59, 0, "", ":: > :: protocol 59 len 0"},
		{60, 8, "\x3b\x01\x01\x04\0\0\0\0", "IPv6, 48 bytes: payload or extension header does not fit"},
		{60, 16, "\x00\x00\x01\x04\0\0\0\0\x3b\x00\x01\x04\0\0\0\0",
		 "IPv6, 56 bytes: hop-by-hop header that is not first"},
		{60, 8, "\x3b\x00\x01\x05\0\0\0\0",
		 "IPv6, 48 bytes: option that forbids going on, with a bad length, or too much padding"},
		{44, 8, "\x11\x00\x00\x09\0\0\0\7", "IPv6, 48 bytes: fragment that cannot be"},
		{44, 16, "\x11\x00\x00\x09\0\0\0\7\0\0\0\0\0\0\0\0",
		 ":: > :: UDP fragment id 7 at 8 len 8, more follow"},
		{44, 8, "\x11\x00\x00\x01\0\0\0\7", "IPv6, 48 bytes: first fragment without all headers"},
		{43, 8, "\x3b\x00\x00\x01\0\0\0\0", "IPv6, 48 bytes: routing header of type 0 or with segments left"},
		{43, 8, "\x3b\x00\x04\x00\0\0\0\0", ":: > :: protocol 59 len 0, routing header type 4"},
		{6, 20, "\0\0\0\0\0\0\0\0\0\0\0\0\x60\0\0\0\0\0\0\0",
		 ":: > :: TCP, 20 bytes: header length does not fit"},
		{17, 8, "\0\1\0\2\0\7\0\0", ":: > :: UDP, 8 bytes: length does not fit"},
		{17, 8, "\0\1\0\2\0\x08\x12\x34", "[::]:1 > [::]:2 UDP len 0, bad checksum"},
		{17, 8, "\0\1\0\2\0\x08\0\0", "[::]:1 > [::]:2 UDP len 0, bad checksum"},
		{44, 8, "\x3b\x00\x00\x00\0\0\0\7", ":: > :: protocol 59 len 0, in one fragment"},
		{58, 4, "\0\0\0\0", ":: > :: ICMPv6, 4 bytes: header cut short"},
		{58, 8, "\x80\0\x7f\xba\0\1\0\2", ":: > :: ICMPv6 echo request id 1 seq 2 len 0"},
		{58, 8, "\x02\0\xf8\xbd\0\0\5\0", ":: > :: ICMPv6 too big mtu 1280 for what cannot be read"},
		{58, 8, "\x87\0\x78\xbd\0\0\0\0",
		 ":: > :: ICMPv6 neighbour solicit: cut short, or with a bad option, code or target"},
		{58, 8, "\x87\0\0\0\0\0\0\0", ":: > :: ICMPv6, 8 bytes: bad checksum"},
	};
	char line[PRINT_LINE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip6_header h = {.next_header = cases[i].next, .payload_len = (uint16_t)cases[i].n};
		uint8_t p[100];

		memcpy(ip6_emit(&h, p), cases[i].bytes, cases[i].n);
		assert_string_equal(print_exactly(p, IP6_HEADER + cases[i].n, false, line), cases[i].line);
	}
}

/* The longest addresses, numbers and options there are: the line holds them, and ends as it should. */
static void test_longest_line(void **state)
{
	struct tcp_header tcp = {.source_port = 65535,
				 .destination_port = 65535,
				 .seq = UINT32_MAX,
				 .ack = UINT32_MAX,
				 .window = 65535,
				 .urgent = 65535,
				 .flags = 0xff,
				 .n_sacks = 4};
	struct ip6_header h = {.next_header = 43};
	uint8_t p[200] = {0}, *at;
	char line[PRINT_LINE];

	memset(h.source, 0xfd, 16);
	memset(h.destination, 0xfd, 16);
	for (unsigned i = 0; i < 4; i++)
		tcp.sacks[i] = (struct tcp_sack_block){UINT32_MAX, UINT32_MAX};
	h.payload_len = (uint16_t)(8 + tcp_header_len(&tcp) + 9);
	at = ip6_emit(&h, p);
	at[0] = IP_PROTOCOL_TCP;
	at[2] = 253;
	tcp_header_emit(&tcp, at + 8);
	print_exactly(p, IP6_HEADER + (size_t)h.payload_len, false, line);
	assert_true(strlen(line) < PRINT_LINE - 1);
	assert_non_null(strstr(line, "sack 4294967295:4294967295> len 9, bad checksum, routing header type 253"));
}

/* Every real frame cut at every byte and with every bit changed still gives a line. */
static void test_spoilt_frames(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t n;
	} frames[] = {
		{packet_arp_request, sizeof(packet_arp_request)},
		{packet_syn4, sizeof(packet_syn4)},
		{packet_udp4, sizeof(packet_udp4)},
		{packet_ping4, sizeof(packet_ping4)},
		{packet_syn6, sizeof(packet_syn6)},
		{packet_solicit6, sizeof(packet_solicit6)},
		{packet_report6, sizeof(packet_report6)},
	};
	char line[PRINT_LINE];

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		uint8_t spoilt[128];

		for (size_t n = 0; n <= frames[i].n; n++)
			assert_true(strlen(print_exactly(frames[i].bytes, n, true, line)) > 0);
		memcpy(spoilt, frames[i].bytes, frames[i].n);
		for (size_t bit = 0; bit < 8 * frames[i].n; bit++) {
			spoilt[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(strlen(print_exactly(spoilt, frames[i].n, true, line)) > 0);
			spoilt[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* ICMPv6 errors: what is wrong, and with which packet. */
static void test_quoted6(void **state)
{
	static const struct {
		uint8_t type, code;
		uint32_t rest;
		size_t n_quoted; /* of packet_syn6, which is cut off there */
		const char *line;
	} cases[] = {
		{1, 4, 0, 72, "port unreachable for [fd00::5]:1099 > [fd00::7]:80 TCP"},
		{1, 0, 0, 44, "no route for [fd00::5]:1099 > [fd00::7]:80 TCP"},
		{1, 3, 0, 43, "address unreachable for fd00::5 > fd00::7 TCP"},
		{1, 9, 0, 40, "unreachable code 9 for what cannot be read"},
		{2, 0, 1280, 72, "too big mtu 1280 for [fd00::5]:1099 > [fd00::7]:80 TCP"},
		{3, 1, 0, 72, "time exceeded code 1 for [fd00::5]:1099 > [fd00::7]:80 TCP"},
		{4, 2, 40, 72, "parameter problem code 2 at 40 for [fd00::5]:1099 > [fd00::7]:80 TCP"},
		{4, 0, 6, 39, "parameter problem code 0 at 6 for what cannot be read"},
		{100, 1, 0, 72, "type 100 code 1"},
	};
	static const struct ip6_header ends = {.next_header = 58};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct icmp_message m = {cases[i].type, cases[i].code, cases[i].rest, packet_syn6 + ETH_HEADER,
					 cases[i].n_quoted};
		struct ip6_header h = ends;
		uint8_t p[200];
		char line[PRINT_LINE], expected[PRINT_LINE];

		h.payload_len = (uint16_t)(ICMP_HEADER + m.len_body);
		icmp6_emit(&m, h.source, h.destination, ip6_emit(&h, p));
		snprintf(expected, sizeof(expected), ":: > :: ICMPv6 %s", cases[i].line);
		assert_string_equal(print_exactly(p, IP6_HEADER + (size_t)h.payload_len, false, line), expected);
	}
}

static void test_dhcp(void **state)
{
	static const struct dhcp_message messages[] = {
		{.op = DHCP_TO_SERVER,
		 .type = DHCP_REQUEST,
		 .xid = 0x1234abcd,
		 .has_requested = true,
		 .requested = 0xc0a80109,
		 .has_server_id = true,
		 .server_id = 0xc0a80101,
		 .host_name = "quay"},
		{.op = DHCP_TO_CLIENT,
		 .type = DHCP_ACK,
		 .xid = 7,
		 .yours = 0xc0a80109,
		 .routers = {{0xc0a80101}, 1},
		 .dns = {{0xc0a80101, 0x01010101}, 2},
		 .has_lease = true,
		 .s_lease = 600},
		{.op = DHCP_TO_CLIENT,
		 .type = DHCP_OFFER,
		 .relay = 0x0a000001,
		 .has_lease = true,
		 .s_lease = DHCP_FOREVER},
	};
	static const char *const lines[] = {
		" DHCPREQUEST xid 1234abcd wants 192.168.1.9 server 192.168.1.1 name quay",
		" DHCPACK xid 00000007 yours 192.168.1.9 router 192.168.1.1 dns 192.168.1.1 dns 1.1.1.1 lease 600s",
		" DHCPOFFER xid 00000000 relay 10.0.0.1 lease forever",
	};

	for (size_t i = 0; i < 3; i++) {
		uint8_t message[1000], p[1100];
		size_t n = dhcp_len(&messages[i]), len;
		struct udp_header udp = {.source_port = 68, .destination_port = 67, .len = (uint16_t)(8 + n)};
		char line[PRINT_LINE], expected[PRINT_LINE];

		assert_true(n <= sizeof(message));
		dhcp_emit(&messages[i], message);
		len = wrap(p, IP_PROTOCOL_UDP, 8 + n);
		memcpy(udp_header_emit(&udp, p + IP4_HEADER), message, n);
		snprintf(expected, sizeof(expected), "10.0.0.1:68 > 10.0.0.2:67 UDP len %zu%s", n, lines[i]);
		assert_string_equal(print_exactly(p, len, false, line), expected);
		p[IP4_HEADER + 8 + 236] ^= 1; /* the cookie */
		print_exactly(p, len, false, line);
		assert_non_null(strstr(line, ", no DHCP message"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_frames),  cmocka_unit_test(test_tcp_data),
		cmocka_unit_test(test_icmp_errors),  cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_arp_reply),    cmocka_unit_test(test_ip4_oddities),
		cmocka_unit_test(test_groups),       cmocka_unit_test(test_quoted6),
		cmocka_unit_test(test_dhcp),         cmocka_unit_test(test_ip6_oddities),
		cmocka_unit_test(test_longest_line), cmocka_unit_test(test_spoilt_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
