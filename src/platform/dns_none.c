/* Questions to DNS servers where berth is built without c-ares: none can be asked. */
#include "dns_question.h"

int dns_new(struct berth_host *host, void (*on_news)(void *user), void *user, struct dns **out)
{
	return BERTH_EPROTONOSUPPORT;
}

/* As there is none, the rest is never called, but for dns_free with NULL. */

struct dns *dns_free(struct dns *dns)
{
	return NULL;
}

int dns_configure(struct dns *dns, const struct dns_config *config)
{
	return BERTH_EPROTONOSUPPORT;
}

struct dns_question *dns_ask(struct dns *dns, const char *name, enum berth_family family, void *user)
{
	return NULL;
}

void dns_forget(struct dns_question *question)
{
}

bool dns_next(struct dns *dns, struct dns_answer *out)
{
	return false;
}

unsigned dns_count(const struct dns *dns)
{
	return 0;
}

berth_time dns_deadline(const struct dns *dns)
{
	return BERTH_NEVER;
}

void dns_run(struct dns *dns)
{
}

bool dns_has_socket(const struct dns *dns, const void *user)
{
	return false;
}
