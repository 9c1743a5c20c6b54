/* Dumps by rtnetlink: what routing tables, interfaces, their addresses and neighbours are read through. */
#ifndef NETSTAT_RTNETLINK_H
#define NETSTAT_RTNETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/* Asks for all objects of a kind (RTM_GETROUTE, RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH) of a family (AF_UNSPEC: all) in
 * the network namespace that the calling thread is in, and hands on each message: on_message returns 0 to go on, or an
 * error, which ends the dump and is returned. *interrupted is set when the kernel says that something changed
 * meanwhile, so that objects may be missing or there twice. 0; BERTH_EPERM, BERTH_EIO, BERTH_ENOMEM. */
typedef int rtnetlink_message(void *user, const struct nlmsghdr *message);
int rtnetlink_dump(uint16_t type, uint8_t family, rtnetlink_message *on_message, void *user, bool *interrupted);

/* Sorts a message's attributes by type: attributes[type] for types up to most, which has most + 1 places. What is not
 * whole ends the list. `n_header` is the size of the struct before them, a multiple of 4. false: the message is shorter
 * than that. */
bool rtnetlink_attributes(const struct nlmsghdr *message, size_t n_header, const struct nlattr **attributes,
			  unsigned most);
/* The same for bytes[n] that are nothing but attributes, and for what is nested in one. */
void rtnetlink_attribute_list(const void *bytes, size_t n, const struct nlattr **attributes, unsigned most);

/* The attribute's value: 0 when it is not there or too short. */
uint32_t rtnetlink_u32(const struct nlattr *attribute);
uint8_t rtnetlink_u8(const struct nlattr *attribute);
/* Copies a text of at most n - 1 bytes, control characters as '?', and ends it; "" when there is none. */
void rtnetlink_text(const struct nlattr *attribute, char *out, size_t n);

#endif
