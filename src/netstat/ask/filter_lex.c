/* The filter's tokens.
 *
 * A word ends before a space, a quotation mark, a parenthesis, a comma, and before what operators are made of; '!' is a
 * part of a word ("[!a-z]*") unless '=' follows it. Between quotation marks everything but the mark itself is text. */
#include "ask/filter_tree.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool ends_word(const char *p)
{
	return *p == 0 || is_space(*p) || strchr("()\"',<>=&|", *p) || (p[0] == '!' && p[1] == '=');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool filter_word(const struct filter_token *token, char *out, size_t n)
{
	if (token->length >= n)
		return false;
	for (size_t i = 0; i < token->length; i++)
		out[i] = token->at[i] == '_' ? '-' : lower(token->at[i]);
	out[token->length] = 0;
	return true;
}

static enum filter_token_kind kind_of_word(const struct filter_token *token)
{
	char word[4];

	if (!filter_word(token, word, sizeof(word)))
		return TOKEN_WORD;
	if (strcmp(word, "and") == 0)
		return TOKEN_AND;
	if (strcmp(word, "or") == 0)
		return TOKEN_OR;
	return strcmp(word, "not") == 0 ? TOKEN_NOT : TOKEN_WORD;
}

static struct filter_token lex_word(const char *p)
{
	struct filter_token token = {.at = p};

	while (!ends_word(p))
		p++;
	token.length = (size_t)(p - token.at);
	token.kind = kind_of_word(&token);
	return token;
}

/* *end is behind the other quotation mark. */
static struct filter_token lex_quoted(const char *p, const char **end)
{
	const char *other = strchr(p + 1, *p);

	if (!other) {
		*end = p + strlen(p);
		return (struct filter_token){TOKEN_UNCLOSED, p, (size_t)(*end - p)};
	}
	*end = other + 1;
	return (struct filter_token){TOKEN_QUOTED, p + 1, (size_t)(other - p - 1)};
}

static struct filter_token lex_sign(const char *p)
{
	bool doubled = *p && p[1] == *p;

	switch (*p) {
	case 0:
		return (struct filter_token){TOKEN_END, p, 0};
	case '(':
		return (struct filter_token){TOKEN_OPEN, p, 1};
	case ')':
		return (struct filter_token){TOKEN_CLOSE, p, 1};
	case ',':
		return (struct filter_token){TOKEN_COMMA, p, 1};
	case '&':
		return (struct filter_token){TOKEN_AND, p, doubled ? 2 : 1};
	case '|':
		return (struct filter_token){TOKEN_OR, p, doubled ? 2 : 1};
	case '!':
		return (struct filter_token){p[1] == '=' ? TOKEN_OPERATOR : TOKEN_NOT, p, p[1] == '=' ? 2 : 1};
	default: /* '=', '<', '>' */
		return (struct filter_token){TOKEN_OPERATOR, p, p[1] == '=' ? 2 : 1};
	}
}

struct filter_token filter_lex(const char *text, size_t *offset)
{
	const char *p = text + *offset, *end = NULL;
	struct filter_token token;

	while (is_space(*p))
		p++;
	if (*p == '"' || *p == '\'') {
		token = lex_quoted(p, &end);
	} else {
		token = *p == '!' || ends_word(p) ? lex_sign(p) : lex_word(p);
		end = token.at + token.length;
	}
	*offset = (size_t)(end - text);
	return token;
}
