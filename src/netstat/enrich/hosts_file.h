/* Names of hosts that the machine's own file /etc/hosts gives, and what is true of any such name and its address. */
#ifndef NETSTAT_HOSTS_FILE_H
#define NETSTAT_HOSTS_FILE_H

#include <berth/address.h>

struct hosts_file;
/* Reads the file `path` (NULL, or it cannot be read: nothing is in it). NULL: out of memory. */
struct hosts_file *hosts_file_new(const char *path);
struct hosts_file *hosts_file_free(struct hosts_file *hosts);

/* Reads text[n], which is in the form of /etc/hosts: "ADDRESS NAME [ALIAS...] [# COMMENT]" a line. The first line of an
 * address counts. A line that says something else, or whose name is none, is passed over. 0 or BERTH_ENOMEM. */
int hosts_file_read(struct hosts_file *hosts, const char *text, size_t n);

/* The name of an address, borrowed from `hosts` or static, or NULL. 127.0.0.1 and ::1 are "localhost" when the file
 * does not say otherwise. */
const char *hosts_file_name(const struct hosts_file *hosts, const struct berth_address *address);

/* Room for a name with its NUL: RFC 1035 section 2.3.4. */
#define HOSTS_FILE_NAME_MAX 256

/* text[n] may be shown as the name of a host: letters, digits, '-', '_' and '.' in at most 255 bytes, no empty label
 * and none that an option could be taken for, and not something that could be taken for an address, which a name never
 * ends like (RFC 1123 section 2.1). Names come from whoever owns the address. */
bool hosts_file_is_name(const char *text, size_t n);

#define HOSTS_FILE_KEY_MAX 16
/* What an address is looked up by: 4 or 16 bytes, written to `key`, and how many. An IPv4-mapped IPv6 address (RFC 4291
 * section 2.5.5.2) is the IPv4 address; an interface (scope) is left out, as no table of names has it. 0: no address,
 * or a wildcard, which have no name. */
size_t hosts_file_key(const struct berth_address *address, uint8_t key[HOSTS_FILE_KEY_MAX]);

#endif
