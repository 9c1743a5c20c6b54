/* Whole frames: printed as they come, then with every checksum put right and printed again, so that a fuzzer need not
 * guess them; and the small formats out and back. */
#include <stdbool.h>
#include <string.h>

#include "arp.h"
#include "checksum.h"
#include "eth.h"
#include "fuzz.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"
#include "print.h"
#include "tcp_header.h"
#include "udp_header.h"

static void put_checksum(uint8_t *at, uint64_t sum)
{
	uint16_t checksum;

	memset(at, 0, 2);
	checksum = checksum_finish(sum);
	at[0] = (uint8_t)(checksum >> 8);
	at[1] = (uint8_t)checksum;
}

static void print(const uint8_t *frame, size_t n)
{
	char line[PRINT_LINE];

	line[PRINT_LINE - 1] = 'x';
	CHECK(print_frame(frame, n, true, line) == line);
	CHECK(memchr(line, '\0', PRINT_LINE) && *line);
	CHECK(print_frame(frame, n, false, line) == line);
	CHECK(memchr(line, '\0', PRINT_LINE) && *line);
}

/* Where the upper layer keeps its checksum, or 0 when it has none or its header is not whole. */
static size_t off_checksum(uint8_t protocol, size_t len)
{
	switch (protocol) {
	case IP_PROTOCOL_TCP:
		return len < TCP_HEADER ? 0 : TCP_OFF_CHECKSUM;
	case IP_PROTOCOL_UDP:
		return len < UDP_HEADER ? 0 : 6;
	case IP_PROTOCOL_ICMP4:
	case IP_PROTOCOL_ICMP6:
		return len < ICMP_HEADER ? 0 : 2;
	default:
		return 0;
	}
}

/* Puts the upper layer's checksum right. */
static void seal_upper(uint8_t *p, size_t len, uint8_t protocol, const uint8_t *source, const uint8_t *destination,
		       size_t n_address)
{
	size_t off = off_checksum(protocol, len);
	uint64_t sum = 0;

	if (!off)
		return;
	memset(p + off, 0, 2);
	if (protocol != IP_PROTOCOL_ICMP4)
		sum = checksum_pseudo(source, destination, n_address, protocol, (uint32_t)len);
	put_checksum(p + off, checksum_add(sum, p, len));
}

static void seal(uint8_t *frame, size_t n)
{
	struct ip6_payload payload;
	struct ip4_header h4;
	struct ip6_header h6;
	struct eth_header eth;
	uint8_t *p = frame + ETH_HEADER;

	if (!eth_parse(frame, n, &eth))
		return;
	n -= ETH_HEADER;
	if (eth.type == ETH_TYPE_IP4 && ip4_parse_quoted(p, n, &h4)) {
		memset(p + 10, 0, 2);
		put_checksum(p + 10, checksum_add(0, p, h4.len_header));
		if (ip4_parse(p, n, &h4) == IP4_OK)
			seal_upper(p + h4.len_header, (size_t)h4.total_len - h4.len_header, h4.protocol, h4.source,
				   h4.destination, 4);
	}
	if (eth.type == ETH_TYPE_IP6 && ip6_parse(p, n, &h6, &payload, NULL) == IP6_OK)
		seal_upper(p + payload.off, payload.len, payload.protocol, h6.source, h6.destination, 16);
}

static void check_eth_and_arp(const uint8_t *frame, size_t n)
{
	uint8_t bytes[ARP_LEN];
	struct eth_header eth;
	struct arp_packet arp;

	if (eth_parse(frame, n, &eth)) {
		CHECK(eth_emit(&eth, bytes) == bytes + ETH_HEADER);
		CHECK(memcmp(bytes, frame, ETH_HEADER) == 0);
	}
	if (n >= ETH_HEADER && arp_parse(frame + ETH_HEADER, n - ETH_HEADER, &arp)) {
		CHECK(arp_emit(&arp, bytes) == bytes + ARP_LEN);
		CHECK(memcmp(bytes, frame + ETH_HEADER, ARP_LEN) == 0);
	}
}

static void check_udp(const uint8_t *p, size_t n)
{
	uint8_t bytes[UDP_HEADER];
	struct udp_header h;

	if (!udp_header_parse(p, n, &h))
		return;
	CHECK(h.len >= UDP_HEADER && h.len <= n);
	CHECK(udp_header_emit(&h, bytes) == bytes + UDP_HEADER);
	CHECK(memcmp(bytes, p, UDP_HEADER) == 0);
}

/* The input as an ICMP message, its checksum put right. */
static void check_icmp(const uint8_t *p, size_t n)
{
	uint8_t *sealed = malloc(n), *again = malloc(n);
	struct icmp_message m;

	CHECK(sealed && again);
	memcpy(sealed, p, n);
	seal_upper(sealed, n, IP_PROTOCOL_ICMP4, NULL, NULL, 0);
	CHECK(icmp4_parse(sealed, n, &m) == ICMP_HEADER);
	CHECK(m.body == sealed + ICMP_HEADER && m.len_body == n - ICMP_HEADER);
	CHECK(icmp4_emit(&m, again) == again + n);
	CHECK(memcmp(sealed, again, n) == 0);
	free(sealed);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *sealed = malloc(n ? n : 1);

	CHECK(sealed);
	print(data, n);
	check_eth_and_arp(data, n);
	check_udp(data, n);
	if (n >= ICMP_HEADER)
		check_icmp(data, n);
	memcpy(sealed, data, n);
	seal(sealed, n);
	print(sealed, n);
	free(sealed);
	return 0;
}
