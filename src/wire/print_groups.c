/* One line of text for a frame: what IGMP and MLD say. */
#include "igmp.h"
#include "mld.h"
#include "print_line.h"

static const char *record_text(uint8_t type)
{
	static const char *const texts[] = {"",           "is-include", "is-exclude", "to-include",
					    "to-exclude", "allow",      "block"};

	return type < sizeof(texts) / sizeof(texts[0]) ? texts[type] : "";
}

static void print_group(struct print_line *line, const struct ip *group)
{
	struct berth_address address = ip_to_address(group);
	char text[BERTH_ADDRESS_TEXT];

	print_add(line, " %s", berth_address_format(&address, text, sizeof(text)));
}

static void print_query(struct print_line *line, const char *protocol, const struct membership_query *query)
{
	print_add(line, "%sv%u query", protocol, query->version);
	if (!ip_is_any(&query->group))
		print_group(line, &query->group);
	if (query->n_sources)
		print_add(line, " of %u sources", query->n_sources);
	print_add(line, " within %u ms", (unsigned)query->ms_response);
}

static void print_records(struct print_line *line, struct membership_records records)
{
	struct membership_record record;
	const char *before = "";

	while (line->room > 1 && membership_record_next(&records, &record)) {
		const char *what = record_text(record.type);

		print_add(line, "%s", before);
		before = ",";
		if (*what)
			print_add(line, " %s", what);
		else
			print_add(line, " type %u", record.type);
		print_group(line, &record.group);
		if (record.n_sources)
			print_add(line, " of %u sources", record.n_sources);
	}
}

void print_igmp(struct print_line *line, const struct print_packet *p)
{
	struct igmp_message m;

	print_addresses(line, p);
	if (!igmp_parse(p->payload, p->len, &m)) {
		print_add(line, "IGMP, %zu bytes: cut short, or with a bad checksum, length or group", p->len);
		return;
	}
	switch (m.type) {
	case IGMP_QUERY:
		print_query(line, "IGMP", &m.query);
		break;
	case IGMP1_REPORT:
	case IGMP2_REPORT:
		print_add(line, "IGMPv%u report", m.type == IGMP1_REPORT ? 1u : 2u);
		print_group(line, &m.group);
		break;
	case IGMP2_LEAVE:
		print_add(line, "IGMPv2 leave");
		print_group(line, &m.group);
		break;
	case IGMP3_REPORT:
		print_add(line, "IGMPv3 report");
		print_records(line, m.records);
		break;
	default:
		print_add(line, "IGMP type %u", m.type);
		break;
	}
}

bool print_mld(struct print_line *line, const struct icmp_message *icmp)
{
	struct mld_message m;

	if (icmp->type != ICMP6_MLD2_REPORT && (icmp->type < ICMP6_MLD_QUERY || icmp->type > ICMP6_MLD1_DONE))
		return false;
	if (!mld_parse(icmp, &m)) {
		print_add(line, "MLD type %u: cut short, or with a bad length or group", icmp->type);
	} else if (m.type == ICMP6_MLD_QUERY) {
		print_query(line, "MLD", &m.query);
	} else if (m.type == ICMP6_MLD2_REPORT) {
		print_add(line, "MLDv2 report");
		print_records(line, m.records);
	} else {
		print_add(line, m.type == ICMP6_MLD1_REPORT ? "MLDv1 report" : "MLDv1 done");
		print_group(line, &m.group);
	}
	return true;
}
