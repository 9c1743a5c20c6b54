/* Domain names as text: what can be one, and those with a meaning of their own. */
#include "resolver.h"

#include <string.h>
#include <strings.h>

#define NAME_MAX 253 /* 255 bytes with a length before each label and the root's (RFC 1035 section 2.3.4) */
#define LABEL_MAX 63

/* Blanks and control characters are in no name, and c-ares takes a backslash for a sign of its own. Other bytes are the
 * server's business: underscores (RFC 2181 section 11), names in UTF-8. */
static bool is_name_byte(char c)
{
	return (unsigned char)c > ' ' && c != '\\' && c != 0x7f;
}

static bool is_label(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_name_byte(text[i]))
			return false;
	}
	return n >= 1 && n <= LABEL_MAX;
}

int name_check(const char *text, char out[NAME_BYTES], bool *absolute)
{
	size_t n = strnlen(text, NAME_MAX + 2), n_labels = 0, n_label = 0;
	bool dot = n > 1 && text[n - 1] == '.';

	n -= dot;
	if (n < 1 || n > NAME_MAX)
		return BERTH_EINVAL;
	for (size_t at = 0; at <= n; at += n_label + 1, n_labels++) {
		n_label = strcspn(text + at, ".");
		if (n_label > n - at)
			n_label = n - at;
		if (!is_label(text + at, n_label))
			return BERTH_EINVAL;
	}
	/* No top-level domain is a number (RFC 1123 section 2.1): this was to be an address. */
	if (strspn(text + n - n_label, "0123456789") >= n_label)
		return BERTH_EINVAL;
	memcpy(out, text, n);
	out[n] = 0;
	*absolute = dot || n_labels > 1;
	return 0;
}

bool name_join(const char *name, const char *domain, char out[NAME_BYTES])
{
	size_t n_name = strlen(name), n_domain = strlen(domain);

	if (n_name + 1 + n_domain > NAME_MAX)
		return false;
	memcpy(out, name, n_name);
	out[n_name] = '.';
	memcpy(out + n_name + 1, domain, n_domain + 1);
	return true;
}

/* The name, or what ends in a dot and it. */
static bool is_below(const char *name, const char *domain)
{
	size_t n_name = strlen(name), n_domain = strlen(domain);

	return n_name >= n_domain && strcasecmp(name + n_name - n_domain, domain) == 0 &&
	       (n_name == n_domain || name[n_name - n_domain - 1] == '.');
}

static void settle(struct part *part, int n, struct berth_address address)
{
	part->settled = true;
	part->n = n;
	part->addresses[0] = address;
}

bool name_special(const char *name, struct part *parts)
{
	struct berth_address ip4 = berth_ip4(127, 0, 0, 1), ip6 = {.bytes[15] = 1, .family = BERTH_IP6};
	int n = 1;

	/* RFC 6761 sections 6.3 and 6.4, RFC 7686 section 2. */
	if (is_below(name, "invalid") || is_below(name, "onion"))
		n = BERTH_ENOENT;
	else if (!is_below(name, "localhost"))
		return false;
	settle(&parts[PART_IP6], n, ip6);
	settle(&parts[PART_IP4], n, ip4);
	return true;
}
