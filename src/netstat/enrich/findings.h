/* Findings: what about a conversation is not explained. Each is one condition over a row that has what EXPLAIN_NEEDS
 * says; docs/netstat-findings.md has them all with their reasons. */
#ifndef NETSTAT_FINDINGS_H
#define NETSTAT_FINDINGS_H

#include "enrich/habits.h"
#include "finding.h"

/* The set of findings of a row, bits by enum finding. `habits` has counted all rows. */
uint64_t findings_of(const struct netstat_row *row, const struct habits *habits, const struct services *services);

/* The owner that a finding about programs is about: the first one to which it applies; NULL: it is not about a program.
 */
const struct netstat_process *findings_process(const struct netstat_row *row, enum finding finding);

#endif
