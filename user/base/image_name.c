/* SPDX-License-Identifier: Apache-2.0 */
/* image_name.c - the grammar of image references, read from left to right. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/image_name.h"

#define PATH_MAX_LEN 255 /* reference.RepositoryNameTotalLengthMax */
#define TAG_MAX_LEN  128
#define SHORT_ID_LEN 12 /* how much of an id docker shows, and takes for one */

#define HUB          "docker.io"
#define HUB_OLD      "index.docker.io"
#define OFFICIAL     "library/"

struct span {
	const char *s;
	size_t len;
};

struct reference {
	struct span domain; /* empty: docker's hub */
	struct span path, tag, digest;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool equals(struct span text, const char *other)
{
	return text.len == strlen(other) && !memcmp(text.s, other, text.len);
}

static bool all_hex(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_hex(text.s[i]))
			return false;
	return true;
}

static bool contains(struct span text, char c)
{
	return text.len && memchr(text.s, c, text.len);
}

/* The digests that go-digest knows: others are no valid reference there either. */
static bool is_digest(struct span text)
{
	static const struct {
		const char *prefix;
		size_t digits;
	} known[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t before = strlen(known[i].prefix);
		struct span digits;

		if (text.len != before + known[i].digits ||
		    memcmp(text.s, known[i].prefix, before) != 0)
			continue;
		digits.s = text.s + before;
		digits.len = known[i].digits;
		return all_hex(digits);
	}
	return false;
}

/* [\w][\w.-]{0,127} */
static bool is_tag(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];

		if (!is_alnum(c) && c != '_' && (i == 0 || (c != '.' && c != '-')))
			return false;
	}
	return text.len > 0 && text.len <= TAG_MAX_LEN;
}

/* Bytes at text[at] that part two words of a path: one '.', one or two '_', any '-'; 0: none. */
static size_t separator_len(struct span text, size_t at)
{
	size_t n = 0;

	while (at + n < text.len && text.s[at + n] == '-')
		n++;
	if (n)
		return n;
	if (text.s[at] == '.')
		return 1;
	if (text.s[at] != '_')
		return 0;
	return at + 1 < text.len && text.s[at + 1] == '_' ? 2 : 1;
}

/* Components of lower-case words, parted by slashes. */
static bool is_path(struct span text)
{
	size_t i = 0;

	if (!text.len || text.len > PATH_MAX_LEN)
		return false;
	for (;;) {
		size_t word = i, skip;

		while (i < text.len && is_lower(text.s[i]))
			i++;
		if (i == word)
			return false;
		if (i == text.len)
			return true;
		skip = text.s[i] == '/' ? 1 : separator_len(text, i);
		if (!skip)
			return false;
		i += skip;
	}
}

static bool is_host_name(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];
		bool edge =
			i == 0 || i + 1 == text.len || text.s[i - 1] == '.' || text.s[i + 1] == '.';

		if (!is_alnum(c) && (edge || (c != '-' && c != '.')))
			return false;
	}
	return text.len > 0;
}

/* A name, or an IPv6 address in brackets, and perhaps a port. */
static bool is_domain(struct span text)
{
	struct span host = text, port;

	if (text.len && text.s[0] == '[') {
		const char *end = memchr(text.s, ']', text.len);

		if (!end || end == text.s + 1)
			return false;
		for (const char *p = text.s + 1; p < end; p++)
			if (!is_hex(*p) && *p != ':' && !(*p >= 'A' && *p <= 'F'))
				return false;
		host.len = (size_t)(end - text.s) + 1;
	} else {
		const char *colon = memchr(text.s, ':', text.len);

		if (colon)
			host.len = (size_t)(colon - text.s);
		if (!is_host_name(host))
			return false;
	}
	if (host.len == text.len)
		return true;
	port.s = text.s + host.len + 1;
	port.len = text.len - host.len - 1;
	for (size_t i = 0; i < port.len; i++)
		if (!is_digit(port.s[i]))
			return false;
	return text.s[host.len] == ':' && port.len > 0;
}

/* Is what stands before the first slash a domain? splitDockerDomain() in normalize.go. */
static bool looks_like_domain(struct span text)
{
	if (equals(text, "localhost") || contains(text, '.') || contains(text, ':'))
		return true;
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] >= 'A' && text.s[i] <= 'Z')
			return true;
	return false;
}

/* Cut off what stands before the first slash, if it looks like a domain. */
static bool cut_domain(struct span *text, struct span *domain)
{
	const char *slash = memchr(text->s, '/', text->len);
	struct span front = {text->s, slash ? (size_t)(slash - text->s) : 0};

	if (!slash || !looks_like_domain(front))
		return false;
	*domain = front;
	text->s = slash + 1;
	text->len -= front.len + 1;
	return true;
}

/* Cut the text at the first c; what stands behind it, or an empty span whose s is NULL. */
static struct span cut_tail(struct span *text, char c)
{
	const char *at = text->len ? memchr(text->s, c, text->len) : NULL;
	struct span tail = {NULL, 0};

	if (at) {
		tail.s = at + 1;
		tail.len = text->len - (size_t)(at + 1 - text->s);
		text->len = (size_t)(at - text->s);
	}
	return tail;
}

static bool parse(struct span text, struct reference *ref)
{
	memset(ref, 0, sizeof(*ref));
	if (cut_domain(&text, &ref->domain)) {
		if (!is_domain(ref->domain))
			return false;
		if (equals(ref->domain, HUB) || equals(ref->domain, HUB_OLD))
			ref->domain.len = 0;
	}
	ref->digest = cut_tail(&text, '@');
	ref->tag = cut_tail(&text, ':');
	ref->path = text;
	return is_path(ref->path) && (!ref->tag.s || is_tag(ref->tag)) &&
	       (!ref->digest.s || is_digest(ref->digest));
}

/* An official image's path without "library/": familiarizeName() in normalize.go. */
static struct span familiar_path(struct span path)
{
	size_t official = strlen(OFFICIAL);
	struct span rest = {path.s + official, path.len - official};

	if (path.len <= official || memcmp(path.s, OFFICIAL, official) != 0 || contains(rest, '/'))
		return path;
	return rest;
}

static bool append(char *dst, size_t size, struct span text)
{
	size_t at = strlen(dst);

	if (text.len >= size - at)
		return false;
	if (text.len)
		memcpy(dst + at, text.s, text.len);
	dst[at + text.len] = '\0';
	return true;
}

static bool append_text(char *dst, size_t size, const char *text)
{
	return append(dst, size, (struct span){text, strlen(text)});
}

static bool write_name(const struct reference *ref, char *name, size_t size)
{
	struct span path = ref->path, rest, unused;

	if (ref->domain.len) {
		if (!append(name, size, ref->domain) || !append_text(name, size, "/"))
			return false;
	} else {
		path = rest = familiar_path(path);
		if ((cut_domain(&rest, &unused) || equals(path, "sha256")) &&
		    !append_text(name, size, HUB "/"))
			return false;
	}
	if (!append(name, size, path))
		return false;
	if (ref->digest.s && !ref->tag.s)
		return append_text(name, size, "@") && append(name, size, ref->digest);
	return append_text(name, size, ":") &&
	       (ref->tag.s ? append(name, size, ref->tag) : append_text(name, size, "latest"));
}

/*
 * Ids and what could be the start of one. 0: neither; 1: an id, its digits in *digits; -1: a part
 * of one.
 */
static int find_id(struct span text, struct span *digits)
{
	size_t before = strlen("sha256:");
	bool prefixed = text.len >= before && !memcmp(text.s, "sha256:", before);

	*digits = text;
	if (prefixed) {
		digits->s += before;
		digits->len -= before;
	} else if (text.len < SHORT_ID_LEN || !all_hex(text)) {
		return 0;
	}
	return digits->len == 64 && all_hex(*digits) ? 1 : -1;
}

int image_name_normalise(const char *raw, char *name, size_t name_size, char *id, size_t id_size)
{
	struct span text = {raw, strlen(raw)}, digits;
	struct reference ref;
	bool good;

	name[0] = id[0] = '\0';
	switch (find_id(text, &digits)) {
	case 0:
		good = parse(text, &ref) && write_name(&ref, name, name_size);
		break;
	case 1:
		good = append_text(id, id_size, "sha256:") && append(id, id_size, digits);
		break;
	default:
		good = false;
	}
	if (good)
		return 0;
	name[0] = id[0] = '\0';
	return -EINVAL;
}
