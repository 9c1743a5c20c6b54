/* From a text to a filter's tree, by recursive descent.
 *
 *     filter     = or ;
 *     or         = and { ( "or" | "||" | "|" ) and } ;
 *     and        = not { [ "and" | "&&" | "&" ] not } ;
 *     not        = ( "not" | "!" ) not | "(" or ")" | term ;
 *     term       = FIELD [ operator ] value { "," value } | "berth" | BARE ;
 *     operator   = "=" | "==" | "eq" | "!=" | "ne" | "neq" | "<" | "lt" | "<=" | "le" | "leq"
 *                | ">" | "gt" | ">=" | "ge" | "geq" ;
 *     value      = WORD | "'" TEXT "'" | '"' TEXT '"' ;
 *
 * FIELD is a name in filter_field.c's table, which says what its values are; BARE a word there that means a field and
 * a value, such as `established`. Names, operators and the words of sets have no case, and '_' in them is '-'. Values
 * with commas between them are alternatives, and so are states side by side (`state established state syn-sent`), as
 * in ss: as conditions they would exclude each other. "!=" says no to all of its values. A value cannot be `and`, `or`
 * or `not` unless it stands in quotation marks. */
#include "ask/filter_name.h"

#include <berth/error.h>
#include <berth/ports.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHOWN = 48,
	WORD_TEXT = 64, /* room for any word that means something */
	ROOM_FIRST = 16,
};

#define SOME_CONDITIONS "such are state, dport, src, program"

struct parser {
	const char *text;
	size_t offset;
	struct filter_token token; /* the next one */
	struct filter *filter;
	struct filter_error *error;
	unsigned depth;
	int status; /* of what went wrong first */
};

static uint16_t parse_or(struct parser *parser);

static void advance(struct parser *parser)
{
	parser->token = filter_lex(parser->text, &parser->offset);
}

/* Says what is wrong, and with which token. Returns no node. */
__attribute__((format(printf, 3, 4))) static uint16_t fail(struct parser *parser, const struct filter_token *token,
							   const char *format, ...)
{
	va_list arguments;

	if (parser->status < 0)
		return 0;
	parser->status = BERTH_EINVAL;
	parser->error->at = (size_t)(token->at - parser->text);
	parser->error->length = token->length;
	va_start(arguments, format);
	vsnprintf(parser->error->text, sizeof(parser->error->text), format, arguments);
	va_end(arguments);
	return 0;
}

/* ---- nodes ---- */

static uint16_t node_add(struct parser *parser, const struct filter_node *node)
{
	struct filter *filter = parser->filter;

	if (filter->n_nodes == FILTER_NODES_MAX)
		return fail(parser, &parser->token, "the filter has too many conditions");
	if (filter->n_nodes == filter->room) {
		size_t room = 2 * filter->room;
		struct filter_node *nodes = reallocarray(filter->nodes, room, sizeof(*nodes));
		if (!nodes) {
			parser->status = BERTH_ENOMEM;
			return 0;
		}
		filter->nodes = nodes;
		filter->room = room;
	}
	filter->nodes[filter->n_nodes] = *node;
	return (uint16_t)filter->n_nodes++;
}

static uint16_t node_over(struct parser *parser, enum filter_kind kind, uint16_t first)
{
	return first ? node_add(parser, &(struct filter_node){.kind = (uint8_t)kind, .first = first}) : 0;
}

/* Nodes that are joined by `and` or `or`: one alone stays as it is. */
struct joined {
	enum filter_kind kind;
	uint16_t node, last; /* what they make, and the last of them */
};

static bool join(struct parser *parser, struct joined *joined, uint16_t node)
{
	if (!node)
		return false;
	if (!joined->node) {
		joined->node = joined->last = node;
		return true;
	}
	if (joined->node == joined->last && !(joined->node = node_over(parser, joined->kind, joined->last)))
		return false;
	parser->filter->nodes[joined->last].next = node;
	joined->last = node;
	return true;
}

/* ---- terms ---- */

static bool is_value(const struct filter_token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* A word that begins a condition. */
static bool is_condition(const struct filter_token *token)
{
	char word[WORD_TEXT];
	uint64_t bits;
	bool negated;

	return token->kind == TOKEN_WORD && filter_word(token, word, sizeof(word)) &&
	       (filter_field_by_word(word) || filter_field_by_bare_word(word, &bits, &negated));
}

/* The operator that stands next, "=" when there is none. Those that are words would be values of a pattern. */
static enum filter_operator parse_operator(struct parser *parser, const struct filter_field *field)
{
	static const struct {
		const char *text;
		enum filter_operator operator;
	} operators[] = {
		{"=", OPERATOR_EQUAL},      {"==", OPERATOR_EQUAL},    {"eq", OPERATOR_EQUAL},
		{"!=", OPERATOR_UNEQUAL},   {"ne", OPERATOR_UNEQUAL},  {"neq", OPERATOR_UNEQUAL},
		{"<", OPERATOR_LESS},       {"lt", OPERATOR_LESS},     {"<=", OPERATOR_AT_MOST},
		{"le", OPERATOR_AT_MOST},   {"leq", OPERATOR_AT_MOST}, {">", OPERATOR_GREATER},
		{"gt", OPERATOR_GREATER},   {">=", OPERATOR_AT_LEAST}, {"ge", OPERATOR_AT_LEAST},
		{"geq", OPERATOR_AT_LEAST},
	};
	bool words = field->value != VALUE_PATTERN;
	char text[4];

	if ((parser->token.kind != TOKEN_OPERATOR && !(words && parser->token.kind == TOKEN_WORD)) ||
	    !filter_word(&parser->token, text, sizeof(text)))
		return OPERATOR_EQUAL;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (strcmp(operators[i].text, text) == 0) {
			advance(parser);
			return operators[i].operator;
		}
	return OPERATOR_EQUAL;
}

static uint16_t expected_value(struct parser *parser, const struct filter_field *field)
{
	char shown[SHOWN];
	const struct filter_token *token = &parser->token;

	if (token->kind == TOKEN_END)
		return fail(parser, token, "'%s' wants %s", field->names[0], field->what);
	if (token->kind == TOKEN_UNCLOSED)
		return fail(parser, token, "the quotation mark is not closed");
	filter_show(token, shown, sizeof(shown));
	if (token->kind == TOKEN_AND || token->kind == TOKEN_OR || token->kind == TOKEN_NOT)
		return fail(parser, token, "'%s' wants %s before '%s'", field->names[0], field->what, shown);
	return fail(parser, token, "'%s' wants %s, not '%s'", field->names[0], field->what, shown);
}

/* One value: the bits of sets go into one leaf, the last joined; others become leaves of their own. */
static bool parse_value(struct parser *parser, const struct filter_field *field, enum filter_operator operator,
			struct joined * joined)
{
	struct filter_values values;
	int status;

	if (!is_value(&parser->token))
		return expected_value(parser, field) != 0;
	status = filter_value_read(field, operator, & parser->token, &parser->filter->keep, &values);
	if (status == BERTH_EINVAL)
		return fail(parser, &parser->token, "%s", values.error) != 0;
	if (status < 0) {
		parser->status = status;
		return false;
	}
	if (field->value == VALUE_SET && joined->node) {
		parser->filter->nodes[joined->node].set |= values.leaves[0].set;
		values.n = 0;
	}
	for (size_t i = 0; i < values.n; i++)
		if (!join(parser, joined, node_add(parser, &values.leaves[i])))
			return false;
	advance(parser);
	return true;
}

static uint16_t parse_values(struct parser *parser, const struct filter_field *field, enum filter_operator operator)
{
	struct joined joined = {.kind = FILTER_OR};
	const struct filter_token first = parser->token;

	if (!parse_value(parser, field, operator, & joined))
		return 0;
	while (parser->token.kind == TOKEN_COMMA) {
		if (operator> OPERATOR_UNEQUAL)
			return fail(parser, &first, "an order compares with one value, not with a list");
		advance(parser);
		if (!parse_value(parser, field, operator, & joined))
			return 0;
	}
	return (operator== OPERATOR_UNEQUAL) != field->negated ? node_over(parser, FILTER_NOT, joined.node)
							       : joined.node;
}

/* `berth`, alone: a host of any name. */
static uint16_t any_value(struct parser *parser, const struct filter_field *field)
{
	return node_add(parser, &(struct filter_node){.kind = FILTER_LEAF,
						      .field = field,
						      .test = field->test,
						      .pattern = {.text = "*", .wild = true}});
}

static uint16_t parse_field(struct parser *parser, const struct filter_field *field)
{
	struct filter_token sign;
	enum filter_operator operator;
	bool ordered = field->value == VALUE_PORT || field->value == VALUE_NUMBER || field->value == VALUE_TIME;

	advance(parser);
	if (field->optional && parser->token.kind != TOKEN_OPERATOR &&
	    (!is_value(&parser->token) || is_condition(&parser->token)))
		return any_value(parser, field);
	sign = parser->token;
	operator= parse_operator(parser, field);
	if (operator> OPERATOR_UNEQUAL && !ordered)
		return fail(parser, &sign, "'%s' has no order: '=' and '!=' are for it", field->names[0]);
	return parse_values(parser, field, operator);
}

static uint16_t bare_term(struct parser *parser, const struct filter_field *field, uint64_t bits, bool negated)
{
	uint16_t leaf = node_add(
		parser, &(struct filter_node){.kind = FILTER_LEAF, .field = field, .test = field->test, .set = bits});

	advance(parser);
	return negated ? node_over(parser, FILTER_NOT, leaf) : leaf;
}

/* A word that begins no condition: what it may have been meant to be. */
static uint16_t unknown_word(struct parser *parser, const char *word)
{
	const struct filter_token *token = &parser->token;
	struct berth_service service;
	struct berth_address address;
	unsigned prefix;
	const char *near = filter_nearest_word(word);
	char shown[SHOWN];

	filter_show(token, shown, sizeof(shown));
	if (strcmp(word, "autobound") == 0)
		return fail(parser, token, "ss's 'autobound' is not among berth's conditions");
	if (near)
		return fail(parser, token, "'%s' is no condition; did you mean '%s'?", shown, near);
	if (strspn(word, "0123456789:-") == strlen(word) && strpbrk(word, "0123456789"))
		return fail(parser, token, "'%s' stands alone; did you mean 'port %s'?", shown, shown);
	if (berth_prefix_parse(word, &address, &prefix) == 0)
		return fail(parser, token, "'%s' stands alone; did you mean 'host %s'?", shown, shown);
	if (berth_service_by_name(word, BERTH_TRANSPORT_ALL, &service))
		return fail(parser, token, "'%s' stands alone; did you mean 'service %s'?", shown, shown);
	return fail(parser, token, "'%s' is no condition; " SOME_CONDITIONS, shown);
}

static uint16_t parse_term(struct parser *parser)
{
	char word[WORD_TEXT] = "";
	const struct filter_field *field;
	uint64_t bits;
	bool negated;

	if (!filter_word(&parser->token, word, sizeof(word)))
		return unknown_word(parser, "");
	field = filter_field_by_word(word);
	if (field)
		return parse_field(parser, field);
	field = filter_field_by_bare_word(word, &bits, &negated);
	return field ? bare_term(parser, field, bits, negated) : unknown_word(parser, word);
}

/* ---- not, and, or ---- */

/* What stands where a condition should. */
static uint16_t expected_condition(struct parser *parser)
{
	char shown[SHOWN];
	const struct filter_token *token = &parser->token;

	filter_show(token, shown, sizeof(shown));
	if (token->kind == TOKEN_END)
		return fail(parser, token, "a condition is missing; " SOME_CONDITIONS);
	if (token->kind == TOKEN_UNCLOSED)
		return fail(parser, token, "the quotation mark is not closed");
	if (token->kind == TOKEN_QUOTED)
		return fail(parser, token, "'%s' stands alone; before it, what it is, such as program, is missing",
			    shown);
	return fail(parser, token, "a condition is missing before '%s'; " SOME_CONDITIONS, shown);
}

static uint16_t parse_parenthesis(struct parser *parser)
{
	const struct filter_token open = parser->token;
	char shown[SHOWN];
	uint16_t node;

	advance(parser);
	node = parse_or(parser);
	if (!node)
		return 0;
	if (parser->token.kind == TOKEN_END)
		return fail(parser, &open, "the '(' is not closed");
	if (parser->token.kind != TOKEN_CLOSE)
		return fail(parser, &parser->token, "')' is missing before '%s'",
			    filter_show(&parser->token, shown, sizeof(shown)));
	advance(parser);
	return node;
}

static uint16_t parse_not(struct parser *parser)
{
	enum filter_token_kind kind = parser->token.kind;
	uint16_t node;

	if (kind == TOKEN_WORD)
		return parse_term(parser);
	if (kind != TOKEN_NOT && kind != TOKEN_OPEN)
		return expected_condition(parser);
	if (parser->depth == FILTER_DEPTH_MAX)
		return fail(parser, &parser->token, "more than %d parentheses and nots within each other",
			    FILTER_DEPTH_MAX);
	parser->depth++;
	if (kind == TOKEN_OPEN) {
		node = parse_parenthesis(parser);
	} else {
		advance(parser);
		node = node_over(parser, FILTER_NOT, parse_not(parser));
	}
	parser->depth--;
	return node;
}

/* A condition begins here; a quoted text is meant as one, and is wrong. */
static bool begins_condition(const struct filter_token *token)
{
	return is_value(token) || token->kind == TOKEN_OPEN || token->kind == TOKEN_NOT;
}

/* Two sets of states as one. false: they are something else. */
static bool unite_states(struct filter_node *a, const struct filter_node *b)
{
	if (a->kind != FILTER_LEAF || b->kind != FILTER_LEAF || a->field->narrows != NARROWS_STATES ||
	    b->field->narrows != NARROWS_STATES)
		return false;
	a->set |= b->set;
	return true;
}

static uint16_t parse_and(struct parser *parser)
{
	struct joined joined = {.kind = FILTER_AND};
	uint16_t node = parse_not(parser);

	while (join(parser, &joined, node)) {
		bool side_by_side;

		do {
			side_by_side = parser->token.kind != TOKEN_AND;
			if (!side_by_side)
				advance(parser);
			else if (!begins_condition(&parser->token))
				return joined.node;
			node = parse_not(parser);
		} while (side_by_side && node &&
			 unite_states(&parser->filter->nodes[joined.last], &parser->filter->nodes[node]));
	}
	return 0;
}

static uint16_t parse_or(struct parser *parser)
{
	struct joined joined = {.kind = FILTER_OR};

	while (join(parser, &joined, parse_and(parser))) {
		if (parser->token.kind != TOKEN_OR)
			return joined.node;
		advance(parser);
	}
	return 0;
}

/* ---- filters ---- */

/* What is left when a filter could have ended. */
static uint16_t expected_end(struct parser *parser)
{
	const struct filter_token *token = &parser->token;
	char shown[SHOWN];

	filter_show(token, shown, sizeof(shown));
	if (token->kind == TOKEN_CLOSE)
		return fail(parser, token, "this ')' closes nothing");
	if (token->kind == TOKEN_UNCLOSED)
		return fail(parser, token, "the quotation mark is not closed");
	return fail(parser, token, "'%s' does not belong here; 'and', 'or' or the end of the filter does", shown);
}

static struct filter *filter_new(void)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return NULL;
	filter->room = ROOM_FIRST;
	filter->n_nodes = 1;
	filter->nodes = calloc(filter->room, sizeof(*filter->nodes));
	return filter->nodes ? filter : filter_free(filter);
}

int filter_parse(const char *text, struct filter **out, struct filter_error *error)
{
	struct parser parser = {.text = text, .error = error, .filter = filter_new()};

	*error = (struct filter_error){0};
	if (!parser.filter)
		return BERTH_ENOMEM;
	if (strlen(text) > FILTER_TEXT_MAX) {
		fail(&parser, &(struct filter_token){TOKEN_END, text + FILTER_TEXT_MAX, 0},
		     "the filter is longer than %d bytes", FILTER_TEXT_MAX);
	} else {
		advance(&parser);
		parser.filter->root = parse_or(&parser);
		if (parser.filter->root && parser.token.kind != TOKEN_END)
			expected_end(&parser);
	}
	if (parser.status < 0) {
		filter_free(parser.filter);
		return parser.status;
	}
	*out = parser.filter;
	return 0;
}

struct filter *filter_free(struct filter *filter)
{
	if (filter) {
		free(filter->nodes);
		keep_free(&filter->keep);
		free(filter);
	}
	return NULL;
}
