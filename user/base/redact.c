/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.c - command lines without the secrets that people put into them.
 *
 * A heuristic: it errs on the side of hiding. An argument is read once from left to right, in
 * runs of the characters that names are made of; a run that names a secret (secret_name.h) hides
 * the value behind it. docs/events.md says what is recognised. A container chooses the input, so
 * the work stays linear in its length: every look ahead or back is bounded or ends what it reads.
 */
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/redact.h"
#include "base/secret_name.h"
#include "base/utf8.h"

#define USERINFO_MAX_LEN 512

static const char mask[] = "***";

/* The modes are numbers of core/event.h, which base does not know. */
enum { REDACT_SECRETS = 0, REDACT_NONE = 1, REDACT_ARGS = 2, REDACT_ALL = 3 };

/* What the next word is: a secret, or what an option of `client` takes. */
enum hide_next { HIDE_NOTHING, HIDE_VALUE, HIDE_CLIENT_VALUE };

/* Where we are: the whole input, the argument in it, and the line that grows. */
struct line {
	char *dst;
	size_t size, len;
	int cut;
	const char *begin, *end; /* the argument */
	const char *emitted;     /* what is before is in the line or hidden */
	const char *input_end;   /* not NULL: the input may be cut, here */
	const struct client *client;
	enum hide_next hide_next;
	int script; /* the argument belongs to sh -c */
	int header; /* the argument belongs to -H */
};

/* Programs whose one-letter option takes a secret. */
struct client {
	const char *name;
	size_t prefix; /* that many bytes of the name must match; 0: all */
	char option;
	int separate;    /* the value may be the next word */
	int after_colon; /* the value is user:secret */
};

static const struct client clients[] = {
	{"mysql", 5, 'p', 0, 0},     {"mariadb", 7, 'p', 0, 0},   {"sshpass", 0, 'p', 1, 0},
	{"redis-cli", 0, 'a', 1, 0}, {"mongo", 5, 'p', 1, 0},     {"ldap", 4, 'w', 1, 0},
	{"login", 0, 'p', 1, 0}, /* docker login -p */
	{"curl", 0, 'u', 1, 1},      {"smbclient", 0, 'U', 1, 1},
};

static int is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_name(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

static int is_blank(char c)
{
	return (unsigned char)c <= 0x20 || c == 0x7f;
}

static int is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* ---- output ---- */

static void put(struct line *l, const char *s, size_t n)
{
	if (l->cut)
		return;
	if (l->len + n >= l->size) {
		l->cut = 1;
		return;
	}
	memcpy(l->dst + l->len, s, n);
	l->len += n;
}

/* Show what lies between what was emitted and `to`: control characters as blanks, valid UTF-8. */
static void show(struct line *l, const char *to)
{
	const char *p = l->emitted;

	while (p < to && !l->cut) {
		size_t n = utf8_sequence((const unsigned char *)p, (size_t)(to - p));

		if (!n)
			put(l, "\xef\xbf\xbd", 3);
		else if (is_blank(*p) ||
			 (n == 2 && (unsigned char)*p == 0xc2 && (unsigned char)p[1] < 0xa0))
			put(l, " ", 1); /* C0, DEL, C1 */
		else
			put(l, p, n);
		p += n ? n : 1;
	}
	l->emitted = to;
}

/* Hide [from, to); nothing is said of a value that is empty. Returns `to`. */
static const char *hide(struct line *l, const char *from, const char *to)
{
	if (from < to) {
		show(l, from);
		put(l, mask, sizeof(mask) - 1);
		l->emitted = to;
	}
	return to;
}

/* ---- values ---- */

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* To the quote that closes, or to the end; a backslash takes the next byte along. */
static const char *find_quote(const char *p, const char *end, char quote)
{
	for (; p < end && *p != quote; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
	}
	return p;
}

/* The end of a word as a shell reads it: quotes and backslashes keep blanks inside. */
static const char *shell_word_end(const char *p, const char *end)
{
	while (p < end && !is_blank(*p)) {
		if (is_quote(*p)) {
			p = find_quote(p + 1, end, *p);
			if (p == end)
				break;
		} else if (*p == '\\' && p + 1 < end) {
			p++;
		}
		p++;
	}
	return p;
}

/* Where the value at v ends, whose name begins at `name`. */
static const char *value_end(const struct line *l, const char *name, const char *v)
{
	char before = name > l->begin ? name[-1] : '\0';

	if (before == '?' || before == '&') { /* of a URL: '&' ends it, a blank cannot be in it */
		while (v < l->end && !is_blank(*v) && *v != '&' && *v != '#' && !is_quote(*v))
			v++;
		return v;
	}
	if (is_quote(before)) /* "--password=a b" inside a script */
		return find_quote(v, l->end, before);
	if (!l->script && !memchr(l->begin, ' ', (size_t)(name - l->begin)))
		return l->end; /* the first word of an argument: the blanks are the value's own */
	return shell_word_end(v, l->end);
}

/* "password": "x" of JSON. */
static const char *json_value_end(const struct line *l, const char *v)
{
	if (v < l->end && is_quote(*v))
		return find_quote(v + 1, l->end, *v);
	while (v < l->end && !is_blank(*v) && *v != ',' && *v != '}' && *v != ']')
		v++;
	return v;
}

/* ---- things that are secret by their form ---- */

static const char *skip_token(const char *p, const char *end)
{
	while (p < end && (is_alpha(*p) || is_digit(*p) || *p == '_' || *p == '-'))
		p++;
	return p;
}

/* Does a token of a known issuer begin at p? Returns its end or NULL. */
static const char *known_token(const struct line *l, const char *p)
{
	static const struct {
		const char *prefix;
		size_t min; /* length of the whole */
	} forms[] = {
		{"AKIA", 20}, {"ASIA", 20},        {"ghp_", 20},   {"gho_", 20},  {"ghu_", 20},
		{"ghs_", 20}, {"github_pat_", 20}, {"glpat-", 20}, {"xoxb-", 20}, {"xoxp-", 20},
	};
	const char *stop = skip_token(p, l->end), *dot;
	size_t len = (size_t)(stop - p);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t n = strlen(forms[i].prefix);

		/* Cut off by the kernel's buffer, the front of a secret is still one. */
		if (len > n && memcmp(p, forms[i].prefix, n) == 0 &&
		    (len >= forms[i].min || stop == l->input_end))
			return stop;
	}
	if (len < 4 || memcmp(p, "eyJ", 3) != 0) /* a JWT: {" in base64, twice, and a signature */
		return NULL;
	if (stop == l->input_end)
		return stop;
	if (l->end - stop < 4 || memcmp(stop, ".eyJ", 4) != 0)
		return NULL;
	dot = skip_token(stop + 1, l->end);
	return dot < l->end && *dot == '.' ? skip_token(dot + 1, l->end) : dot;
}

static int all_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p == end;
}

/*
 * `host` is behind "://". Hides the password of user:password@host; a password may hold '@', and
 * '/' although it should not. Returns where to go on.
 */
static const char *hide_userinfo(struct line *l, const char *host)
{
	const char *word = host, *authority, *at, *colon;

	while (word < l->end && word - host < USERINFO_MAX_LEN && !is_blank(*word) &&
	       !is_quote(*word))
		word++;
	for (authority = host; authority < word; authority++) {
		if (*authority == '/' || *authority == '?' || *authority == '#')
			break;
	}
	at = memrchr(host, '@', (size_t)(authority - host));
	colon = memchr(host, ':', (size_t)((at ? at : authority) - host));
	if (!colon || *host == '[')
		return host;
	if (!at && !all_digits(colon + 1, authority)) {
		at = memrchr(host, '@', (size_t)(word - host));
		if (!at && authority == l->input_end)
			at = authority;
	}
	return at ? hide(l, colon + 1, at) : host;
}

/* ---- words ---- */

/* --[a-z-]+ or one letter: an option, not the value that was expected. */
static int looks_like_option(const char *p, const char *end)
{
	if (p < end && *p != '-')
		return 0;
	if (end - p <= 2)
		return 1;
	if (p[1] != '-' || !is_alpha(p[2]))
		return 0;
	for (p += 2; p < end && *p != '='; p++) {
		if (!(*p >= 'a' && *p <= 'z') && *p != '-')
			return 0;
	}
	return 1;
}

static const struct client *find_client(const char *p, const char *end)
{
	const char *slash = memrchr(p, '/', (size_t)(end - p));
	size_t len;

	if (slash)
		p = slash + 1;
	len = (size_t)(end - p);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		const struct client *c = &clients[i];

		if (c->prefix ? len >= c->prefix && memcmp(p, c->name, c->prefix) == 0
			      : len == strlen(c->name) && memcmp(p, c->name, len) == 0)
			return c;
	}
	return NULL;
}

/*
 * A value that a client's option takes: all of it, or what is behind the colon of user:secret.
 * Returns where to go on: at v when it is no such pair, so that it is read like any other word.
 */
static const char *hide_client_value(struct line *l, const char *v, const char *end)
{
	const char *c = v;

	if (!l->client->after_colon)
		return hide(l, v, end);
	while (c < end && *c != ':' && *c != '%' && *c != '=')
		c++;
	return c == end || *c == '=' ? v : hide(l, c + 1, end);
}

/* An option of the client that the line is about: -pSECRET, -p SECRET. Returns where to go on. */
static const char *client_option(struct line *l, const char *p)
{
	const char *end;

	if (!l->client || l->end - p < 2 || p[0] != '-' || p[1] != l->client->option)
		return p;
	p += 2;
	if (p == l->end || is_blank(*p)) {
		l->hide_next = l->client->separate ? HIDE_CLIENT_VALUE : HIDE_NOTHING;
		return p;
	}
	end = l->begin + 2 == p ? l->end : shell_word_end(p, l->end);
	return hide_client_value(l, p, end);
}

/* The word after an option that names a secret. Returns where to go on. */
static const char *next_value(struct line *l, const char *p, const char *end)
{
	enum hide_next what = l->hide_next;

	l->hide_next = HIDE_NOTHING;
	if (what == HIDE_CLIENT_VALUE)
		return hide_client_value(l, p, end);
	return looks_like_option(p, end) ? p : hide(l, p, end);
}

/* Is the colon behind a secret's name one of a header ("X-Api-Key: x") or of openssl's pass:x? */
static int colon_separates(const struct line *l, const char *name, const char *colon)
{
	size_t len = (size_t)(colon - name);

	if (colon + 1 == l->end || colon[1] == '/')
		return 0;
	return l->header || is_blank(colon[1]) || (len == 4 && memcmp(name, "pass", 4) == 0) ||
	       (len >= 13 && strncasecmp(colon - 13, "authorization", 13) == 0);
}

/* SQL: PASSWORD 'x', IDENTIFIED BY 'x'; a header's scheme: Bearer x. */
static const char *value_after_blank(struct line *l, const char *name, const char *p)
{
	const char *v = skip_blanks(p, l->end);
	size_t len = (size_t)(p - name);

	if (v == p || v == l->end)
		return p;
	if (len == 6 && strncasecmp(name, "bearer", len) == 0) {
		for (p = v; p < l->end && !is_blank(*p) && !is_quote(*p); p++)
			;
		return hide(l, v, p);
	}
	if (is_quote(*v) &&
	    (secret_name(name, p) || (len == 2 && strncasecmp(name, "by", len) == 0)))
		return hide(l, v + 1, find_quote(v + 1, l->end, *v));
	return p;
}

/* A run of name characters [name, p). Returns where to go on. */
static const char *scan_name(struct line *l, const char *name)
{
	const char *p = name, *token_end = known_token(l, name);
	int first = name == l->begin || is_blank(name[-1]), quoted = 0;
	char separator;

	if (token_end)
		return hide(l, name, token_end);
	while (p < l->end && is_name(*p))
		p++;
	if (name > l->begin && is_quote(name[-1])) {
		first = 1;
		quoted = p < l->end && *p == name[-1];
	}
	separator = p + quoted < l->end ? p[quoted] : ' ';
	if (separator != '=' && separator != ':' && !is_blank(separator))
		return p;
	if (is_blank(separator) && *name != '-')
		return value_after_blank(l, name, p);
	if (!secret_name(name, p))
		return p;
	if (is_blank(separator)) {
		if (first && !secret_name_switch(name, p))
			l->hide_next = HIDE_VALUE;
		return p + quoted;
	}
	if (quoted) {
		const char *v = skip_blanks(p + 2, l->end);

		return hide(l, v, json_value_end(l, v));
	}
	p++;
	if (separator == '=')
		return hide(l, p, value_end(l, name, p));
	if (!colon_separates(l, name, p - 1))
		return p;
	p = skip_blanks(p, l->end);
	if (name > l->begin && is_quote(name[-1]))
		return hide(l, p, find_quote(p, l->end, name[-1]));
	return hide(l, p, l->end);
}

static void scan_argument(struct line *l)
{
	const char *p = l->begin;

	if (l->hide_next)
		p = next_value(l, p, l->end);
	while (p < l->end) {
		const char *word = p;

		if (is_blank(*p)) {
			p++;
			continue;
		}
		if (p == l->begin || is_blank(p[-1])) {
			const struct client *client;

			if (l->hide_next) {
				p = next_value(l, p, shell_word_end(p, l->end));
				if (p > word)
					continue;
			}
			while (word < l->end && !is_blank(*word))
				word++;
			client = find_client(p, word);
			if (client)
				l->client = client;
			word = p;
			p = client_option(l, p);
			if (p > word)
				continue;
		}
		if (is_name(*p))
			p = scan_name(l, p);
		else if (l->end - p > 3 && memcmp(p, "://", 3) == 0)
			p = hide_userinfo(l, p + 3);
		else
			p++;
	}
}

/* What the argument that was just read says about the next one. */
static void look_behind(struct line *l)
{
	size_t len = (size_t)(l->end - l->begin);

	l->header = (len == 2 && memcmp(l->begin, "-H", 2) == 0) ||
		    (len == 8 && memcmp(l->begin, "--header", 8) == 0);
	l->script = len >= 2 && len <= 4 && l->begin[0] == '-' && l->end[-1] == 'c';
}

size_t redact_command_line(char *dst, size_t size, const char *args, size_t len, int mode, int *cut)
{
	struct line l = {.dst = dst, .size = size};
	const char *end, *p;

	if (len && args[len - 1] != '\0')
		l.input_end = args + len;
	while (len && args[len - 1] == '\0') /* left behind by setproctitle() */
		len--;
	end = args + len;
	for (p = args; p < end && !l.cut && mode != REDACT_ALL; p = l.end + 1) {
		l.begin = l.emitted = p;
		l.end = memchr(p, '\0', (size_t)(end - p));
		if (!l.end)
			l.end = end;
		if (p > args)
			put(&l, " ", 1);
		if (mode != REDACT_NONE)
			scan_argument(&l);
		show(&l, l.end);
		if (mode == REDACT_ARGS)
			break;
		look_behind(&l);
	}
	dst[l.len] = '\0';
	if (l.cut && cut)
		*cut = 1;
	return l.len;
}
