/* Which source address, and which destination first: RFC 6724 as pure functions.
 *
 * All rules but one compare things that an address has by itself, so that each address gets a rank, a number in which
 * an earlier rule has the higher bits, and the best address is the one with the highest. No state, no memory: who asks
 * brings the addresses and, if the default is not what it wants, the policy table. */
#ifndef BASE_SELECT_H
#define BASE_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"

/* One row of a policy table, RFC 6724 section 2.1. */
struct select_policy {
	struct ip prefix;
	uint8_t len; /* of the prefix, of 128 bits */
	uint8_t precedence, label;
};

/* A policy table: the longest prefix that an address has says what holds for it; precedence 0 and label 0 without one.
 */
struct select_policies {
	const struct select_policy *rows;
	size_t n;
};

/* RFC 6724 section 2.1. */
extern const struct select_policies select_policies_default;

/* Scopes, RFC 4291 section 2.7: of a unicast address by RFC 6724 sections 3.1 and 3.2, of a multicast one its own. */
#define SELECT_SCOPE_LINK 2
#define SELECT_SCOPE_SITE 5
#define SELECT_SCOPE_GLOBAL 14
/* 1 to 15. A loopback address counts as link-local, as does 169.254.0.0/16; private IPv4 addresses and unique local
 * ones are global, and so are all groups of IPv4, whose senders need not be of any scope. A scope that is reserved (0)
 * counts as 1. */
unsigned select_scope(const struct ip *ip);

#define SELECT_NO_INTERFACE UINT32_MAX

/* An address that packets could come from. */
struct select_source {
	struct ip ip;
	uint32_t interface; /* that has it */
	uint8_t prefix;     /* how many of its 128 bits name its network (IPv4: IP4_PREFIX more than usual) */
	bool deprecated;    /* RFC 4862 section 5.5.4 */
	bool care_of; /* a care-of address that is no home address (RFC 6275); a host that stays where it is has none */
	bool temporary;   /* RFC 8981 */
	uint8_t label;    /* select_label has it, by the same table as the target's */
	bool by_next_hop; /* in a prefix that the next hop advertises (rule 5.5); false when that is not known */
};

uint8_t select_label(const struct select_policies *policies, const struct ip *ip);

/* What packets shall go to, and what follows from it. */
struct select_target {
	struct ip ip;
	uint32_t interface; /* by which they leave; SELECT_NO_INTERFACE: not known */
	uint8_t scope, label, precedence;
};

/* Fills *out. */
void select_target(const struct select_policies *policies, const struct ip *destination, uint32_t interface,
		   struct select_target *out);

/* How well the source suits, RFC 6724 section 5: of several take that with the highest rank, the first of equals. 0: it
 * does not at all: it is of the other family, no unicast address, or (section 4) on another interface than the one by
 * which packets to a link-local or multicast destination leave. */
uint32_t select_source_rank(const struct select_target *target, const struct select_source *source);

/* The best of n, or NULL: none suits. */
const struct select_source *select_source(const struct select_target *target, const struct select_source *sources,
					  size_t n);

/* A destination that a name stands for. The caller fills `ip`, `source` and `tunnelled`; `index` is its own. */
struct select_destination {
	struct ip ip;
	struct select_source source; /* what packets to it would come from; without address: it cannot be reached */
	bool tunnelled;              /* by way of a transition mechanism that wraps packets (rule 7) */
	uint32_t index;
	uint32_t rank; /* select_sort's */
};

/* Sorts by RFC 6724 section 6, the best first; equals stay in their order. For as many addresses as names have: the
 * time is that of n * n comparisons. */
void select_sort(const struct select_policies *policies, struct select_destination *destinations, size_t n);

#endif
