/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_name.c - a name is cut into parts (db-password, dbPassword, DB_PASSWORD are "db" and
 * "password") and the parts are looked up in short lists of words.
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/secret_name.h"

#define NAME_MAX_LEN 96

static int is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A part of a name: "db", "Password" of dbPassword; digits at its end do not count. */
struct part {
	const char *text;
	size_t len;
};

static int part_is(struct part p, const char *word)
{
	return strlen(word) == p.len && strncasecmp(p.text, word, p.len) == 0;
}

static int part_in(struct part p, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (part_is(p, words[i]))
			return 1;
	}
	return 0;
}

static int part_ends(struct part p, const char *word)
{
	size_t len = strlen(word);

	return p.len >= len && strncasecmp(p.text + p.len - len, word, len) == 0;
}

/* The part that begins at s, and where the next one begins. */
static struct part next_part(const char **s, const char *end)
{
	const char *p = *s;
	struct part part;

	while (p < end && !is_alpha(*p))
		p++;
	part.text = p;
	while (p < end && is_alpha(*p)) {
		if (p > part.text && is_upper(*p) &&
		    (!is_upper(p[-1]) || (p + 1 < end && is_alpha(p[1]) && !is_upper(p[1]))))
			break; /* dbPassword, DBPassword */
		p++;
	}
	part.len = (size_t)(p - part.text);
	*s = p;
	return part;
}

/* Words that mean a secret wherever they stand, also glued to another: PGPASSWORD, authtoken. */
static int secret_anywhere(struct part p)
{
	static const char *const endings[] = {"password",   "passwords",  "passwd", "passphrase",
					      "secret",     "secrets",    "token",  "apikey",
					      "credential", "credentials"};

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		if (part_ends(p, endings[i]))
			return 1;
	}
	return 0;
}

/* Words that mean a secret only as the last part: --pass-through and --auth-type are none. */
static int secret_last(struct part p, int several)
{
	static const char *const harmless[] = {"bypass", "compass", "underpass", "trespass"};
	static const char *const whole[] = {
		"auth",       "masterauth", "basicauth", "proxyauth",     "accesskey", "secretkey",
		"privatekey", "accountkey", "sharedkey", "authorization", "cookie",    "setcookie"};

	if (part_ends(p, "pass"))
		return !part_in(p, harmless, ARRAY_SIZE(harmless));
	if (part_ends(p, "pwd")) /* PWD and OLDPWD are directories */
		return several || (!part_is(p, "pwd") && !part_is(p, "oldpwd"));
	return part_in(p, whole, ARRAY_SIZE(whole));
}

/* What a key is for, when it is a secret one. */
static int names_key(struct part before, struct part p)
{
	static const char *const kinds[] = {"api",     "access",  "private", "secret",
					    "account", "signing", "shared",  "encryption",
					    "auth",    "master",  "storage"};

	return part_is(p, "key") && part_in(before, kinds, ARRAY_SIZE(kinds));
}

/* What follows such a word when the value is about a secret and not the secret. */
static int about_secret(struct part p)
{
	static const char *const words[] = {
		"file",   "path",   "dir",     "type",    "ttl",      "timeout", "expiry",
		"length", "size",   "policy",  "method",  "mode",     "url",     "uri",
		"stdin",  "prompt", "count",   "limit",   "endpoint", "format",  "name",
		"names",  "header", "field",   "issuer",  "audience", "version", "expiration",
		"min",    "max",    "enabled", "required"};

	return part_in(p, words, ARRAY_SIZE(words));
}

int secret_name(const char *s, const char *end)
{
	struct part before = {s, 0}, p = {s, 0};
	int dashes, n = 0, found = 0, last = 0;

	if (end - s > NAME_MAX_LEN)
		s = end - NAME_MAX_LEN;
	dashes = *s == '-';
	for (;;) {
		before = p;
		p = next_part(&s, end);
		if (!p.len)
			break;
		n++;
		if (secret_anywhere(p) || names_key(before, p))
			found = 1;
		last = secret_last(p, n > 1 || dashes);
	}
	return last || (found && !about_secret(before));
}

int secret_name_switch(const char *s, const char *end)
{
	static const char *const words[] = {"no",     "use",     "with", "without",
					    "enable", "disable", "skip", "require",
					    "prompt", "ask",     "allow"};

	return part_in(next_part(&s, end), words, ARRAY_SIZE(words));
}
