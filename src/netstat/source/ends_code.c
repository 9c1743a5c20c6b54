/* Compiling ends for the kernel.
 *
 * An instruction goes on by `yes` bytes when it is fulfilled and by `no` bytes otherwise; who arrives exactly at the
 * end has passed, who jumps beyond it has not. So each box is a row of instructions that all have to be fulfilled: `no`
 * is the next box, or behind the last one the way out, and at a box's end stands a jump to the end of the code. The
 * lengths of the boxes are needed before their code, so each is written twice, first into nothing. */
#include "source/ends_code.h"

#include <linux/inet_diag.h>
#include <string.h>
#include <sys/socket.h>

enum { OP = sizeof(struct inet_diag_bc_op) };

struct code {
	unsigned char *at; /* NULL: only measured */
	size_t n;
	size_t otherwise; /* where an instruction of this box goes that is not fulfilled */
};

static void emit(struct code *code, uint8_t number, const void *operand, size_t n)
{
	struct inet_diag_bc_op op = {
		.code = number, .yes = (uint8_t)(OP + n), .no = (uint16_t)(code->otherwise - code->n)};

	if (code->at) {
		memcpy(code->at + code->n, &op, sizeof(op));
		memcpy(code->at + code->n + OP, operand, n);
	}
	code->n += OP + n;
}

/* A comparison's operand is another instruction, whose `no` is the port. */
static void emit_port(struct code *code, uint8_t number, uint16_t port)
{
	struct inet_diag_bc_op operand = {.no = port};

	emit(code, number, &operand, sizeof(operand));
}

static void emit_prefix(struct code *code, uint8_t number, const struct berth_address *address, uint8_t prefix)
{
	const struct inet_diag_hostcond head = {
		.family = address->family == BERTH_IP4 ? AF_INET : AF_INET6, .prefix_len = prefix, .port = -1, /* any */
	};
	size_t n = address->family == BERTH_IP4 ? 4 : 16;
	unsigned char operand[sizeof(head) + 16];

	if (address->family == BERTH_ANY_FAMILY)
		return;
	memcpy(operand, &head, sizeof(head));
	memcpy(operand + sizeof(head), address->bytes, n);
	emit(code, number, operand, sizeof(head) + n);
}

static void emit_box(struct code *code, const struct netstat_ends *box)
{
	if (box->local_first > 0)
		emit_port(code, INET_DIAG_BC_S_GE, box->local_first);
	if (box->local_last < UINT16_MAX)
		emit_port(code, INET_DIAG_BC_S_LE, box->local_last);
	if (box->foreign_first > 0)
		emit_port(code, INET_DIAG_BC_D_GE, box->foreign_first);
	if (box->foreign_last < UINT16_MAX)
		emit_port(code, INET_DIAG_BC_D_LE, box->foreign_last);
	emit_prefix(code, INET_DIAG_BC_S_COND, &box->local, box->local_prefix);
	emit_prefix(code, INET_DIAG_BC_D_COND, &box->foreign, box->foreign_prefix);
}

static size_t box_length(const struct netstat_ends *box)
{
	struct code code = {0};

	emit_box(&code, box);
	return code.n;
}

size_t ends_code(const struct netstat_request *request, void *out)
{
	struct code code = {.at = out};
	size_t total = 0;

	for (size_t i = 0; i < request->n_ends; i++)
		total += box_length(&request->ends[i]) + (i + 1 < request->n_ends ? OP : 0);
	for (size_t i = 0; i < request->n_ends; i++) {
		bool last = i + 1 == request->n_ends;
		code.otherwise = last ? total + OP : code.n + box_length(&request->ends[i]) + OP;
		emit_box(&code, &request->ends[i]);
		/* A jump is an instruction that is never fulfilled. */
		code.otherwise = total;
		if (!last)
			emit(&code, INET_DIAG_BC_JMP, "", 0);
	}
	return total;
}
