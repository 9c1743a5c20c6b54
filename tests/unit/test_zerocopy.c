/* SO_ZEROCOPY and MSG_ZEROCOPY: every send that took something is told of, once, as copied. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "error_queue.h"
#include "two_hosts.h"

_Static_assert(BERTH_SO_ZEROCOPY == SO_ZEROCOPY && BERTH_MSG_ZEROCOPY == MSG_ZEROCOPY, "Linux's numbers");

struct pair {
	struct cable cable;
	int client, server;
};

static void set(struct pair *p, unsigned host, int s, int level, int option)
{
	int on = 1;

	assert_int_equal(berth_setsockopt(p->cable.host[host], s, level, option, &on, sizeof(on)), 0);
}

/* A connection whose two ends have SO_ZEROCOPY, the accepted one from its listener. */
static void begin(struct pair *p, void **state)
{
	struct berth_socket_address at;
	int listener;

	p->cable = (struct cable){.family = family_of(state)};
	cable_init(&p->cable);
	at = cable_at(&p->cable, 7, 80);
	listener = berth_socket(p->cable.host[1], family_of(state), BERTH_STREAM);
	set(p, 1, listener, BERTH_SOL_SOCKET, BERTH_SO_ZEROCOPY);
	assert_int_equal(berth_bind(p->cable.host[1], listener, &at), 0);
	assert_int_equal(berth_listen(p->cable.host[1], listener, 1), 0);
	p->client = berth_socket(p->cable.host[0], family_of(state), BERTH_STREAM);
	set(p, 0, p->client, BERTH_SOL_SOCKET, BERTH_SO_ZEROCOPY);
	assert_int_equal(berth_connect(p->cable.host[0], p->client, &at), BERTH_EINPROGRESS);
	cable_settle(&p->cable);
	p->server = berth_accept(p->cable.host[1], listener, NULL);
	assert_true(p->server >= 0);
}

static long send_zc(struct pair *p, size_t n)
{
	static const uint8_t bytes[1000];

	return berth_send(p->cable.host[0], p->client, bytes, n, BERTH_MSG_ZEROCOPY);
}

static long told(struct pair *p, unsigned host, int s, struct berth_message *m)
{
	*m = (struct berth_message){0};
	return berth_recvmsg(p->cable.host[host], s, m, BERTH_MSG_ERRQUEUE);
}

static void assert_told(struct pair *p, uint32_t first, uint32_t last)
{
	struct berth_message m;

	assert_int_equal(berth_ready(p->cable.host[0], p->client) & (int)BERTH_FAILED, BERTH_FAILED);
	assert_int_equal(told(p, 0, p->client, &m), 0);
	assert_int_equal(m.flags, BERTH_MSG_ERRQUEUE);
	assert_int_equal(m.control.present, BERTH_CONTROL_ERROR);
	assert_int_equal(m.control.error.number, 0);
	assert_int_equal(m.control.error.origin, BERTH_ERROR_ZEROCOPY);
	assert_int_equal(m.control.error.code, BERTH_ZEROCOPY_COPIED);
	assert_int_equal(m.control.error.info, first);
	assert_int_equal(m.control.error.data, last);
}

static void assert_quiet(struct pair *p, unsigned host, int s)
{
	struct berth_message m;

	assert_int_equal(told(p, host, s, &m), BERTH_EAGAIN);
	assert_int_equal(berth_ready(p->cable.host[host], s) & (int)BERTH_FAILED, 0);
}

static void each_send_is_told(void **state)
{
	struct pair p;

	begin(&p, state);
	assert_quiet(&p, 0, p.client);
	assert_int_equal(send_zc(&p, 1000), 1000);
	assert_told(&p, 0, 0);
	assert_quiet(&p, 0, p.client);
	assert_int_equal(send_zc(&p, 1), 1);
	assert_told(&p, 1, 1);
	cable_deinit(&p.cable);
}

static void sends_in_a_row_are_told_as_one(void **state)
{
	struct pair p;

	begin(&p, state);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(send_zc(&p, 10), 10);
		cable_settle(&p.cable);
	}
	assert_told(&p, 0, 99);
	assert_quiet(&p, 0, p.client);
	cable_deinit(&p.cable);
}

/* Nothing is taken, or not asked for: nothing is counted. */
static void other_sends_are_not(void **state)
{
	struct pair p;
	int off = 0;

	begin(&p, state);
	assert_int_equal(send_zc(&p, 0), 0);
	assert_int_equal(berth_send(p.cable.host[0], p.client, "x", 1, 0), 1);
	while (send_zc(&p, 1000) > 0)
		;
	assert_int_equal(send_zc(&p, 1000), BERTH_EAGAIN);
	assert_true(p.cable.host[0] != NULL);
	{
		struct berth_message m;

		assert_int_equal(told(&p, 0, p.client, &m), 0);
		assert_int_equal(m.control.error.info, 0);
	}
	cable_settle(&p.cable);
	berth_setsockopt(p.cable.host[0], p.client, BERTH_SOL_SOCKET, BERTH_SO_ZEROCOPY, &off, sizeof(off));
	send_zc(&p, 10);
	assert_quiet(&p, 0, p.client);
	cable_deinit(&p.cable);
}

static void an_accepted_connection_has_it_too(void **state)
{
	struct berth_message m;
	struct pair p;

	begin(&p, state);
	assert_int_equal(berth_send(p.cable.host[1], p.server, "x", 1, BERTH_MSG_ZEROCOPY), 1);
	assert_int_equal(told(&p, 1, p.server, &m), 0);
	assert_int_equal(m.control.error.data, 0);
	cable_deinit(&p.cable);
}

/* A queue full of errors takes no more: what it does not take is told when there is room. */
static void a_full_queue_loses_none(void **state)
{
	struct error_entry other = {.error = {.number = 1, .origin = BERTH_ERROR_ICMP}};
	struct berth_message m;
	struct pair p;
	struct endpoint *e;

	begin(&p, state);
	e = p.cable.host[0]->descriptors.items[p.client].endpoint;
	for (unsigned i = 0; i < ERROR_QUEUE_MAX; i++)
		assert_true(error_queue_push(&e->errors, &other, p.cable.memory));
	assert_int_equal(send_zc(&p, 10), 10);
	assert_int_equal(send_zc(&p, 10), 10);
	for (unsigned i = 0; i < ERROR_QUEUE_MAX; i++) {
		assert_int_equal(told(&p, 0, p.client, &m), 0);
		assert_int_equal(m.control.error.origin, BERTH_ERROR_ICMP);
	}
	assert_told(&p, 0, 1);
	assert_quiet(&p, 0, p.client);
	cable_deinit(&p.cable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(each_send_is_told),       IN_BOTH_FAMILIES(sends_in_a_row_are_told_as_one),
		IN_BOTH_FAMILIES(other_sends_are_not),     IN_BOTH_FAMILIES(an_accepted_connection_has_it_too),
		IN_BOTH_FAMILIES(a_full_queue_loses_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
