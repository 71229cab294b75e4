/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - strict text to number. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define NSEC_PER_SEC 1000000000ull

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit duration_units[] = {
	{"", NSEC_PER_SEC},          {"us", 1000},
	{"ms", 1000 * 1000},         {"s", NSEC_PER_SEC},
	{"m", 60 * NSEC_PER_SEC},    {"h", 3600 * NSEC_PER_SEC},
	{"d", 86400 * NSEC_PER_SEC},
};

static const struct unit byte_units[] = {
	{"", 1},
	{"K", 1ull << 10},
	{"KiB", 1ull << 10},
	{"M", 1ull << 20},
	{"MiB", 1ull << 20},
	{"G", 1ull << 30},
	{"GiB", 1ull << 30},
};

static uint64_t find_unit(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(units[i].name, name) == 0)
			return units[i].factor;
	}
	return 0;
}

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

int parse_u64_n(const char *text, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v))
			return -ERANGE;
	}
	*out = v;
	return 0;
}

int parse_u64(const char *text, uint64_t *out)
{
	return parse_u64_n(text, strlen(text), out);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_hex64(const char *text, size_t len, uint64_t *out)
{
	uint64_t v = 0;
	int overflow = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -EINVAL;
		overflow |= v >> 60 != 0;
		v = v << 4 | (uint64_t)digit;
	}
	if (overflow)
		return -ERANGE;
	*out = v;
	return 0;
}

/* The part behind the point, of `len` digits, in billionths. More digits than nine say nothing. */
static int parse_fraction(const char *text, size_t len, uint64_t *out)
{
	uint64_t v;
	int err;

	if (len > 9)
		return -EINVAL;
	err = parse_u64_n(text, len, &v);
	if (err)
		return err;
	for (; len < 9; len++)
		v *= 10;
	*out = v;
	return 0;
}

int parse_duration(const char *text, uint64_t *ns)
{
	size_t digits = count_digits(text);
	uint64_t whole, factor, fraction = 0;
	int err = parse_u64_n(text, digits, &whole);

	if (err)
		return err;
	text += digits;
	if (*text == '.') {
		text++;
		digits = count_digits(text);
		err = parse_fraction(text, digits, &fraction);
		if (err)
			return err;
		text += digits;
	}
	factor = find_unit(duration_units, ARRAY_SIZE(duration_units), text);
	if (!factor)
		return -EINVAL;
	/* Half the range, so that a time plus a duration does not wrap. */
	if (__builtin_mul_overflow(whole, factor, &whole) || whole > INT64_MAX)
		return -ERANGE;
	/* fraction < 1e9 and factor <= 86400e9: the product needs more than 64 bits. */
	whole += (uint64_t)((unsigned __int128)fraction * factor / NSEC_PER_SEC);
	if (whole > INT64_MAX)
		return -ERANGE;
	*ns = whole;
	return 0;
}

int parse_bytes(const char *text, uint64_t *bytes)
{
	size_t digits = count_digits(text);
	uint64_t v, factor;
	int err = parse_u64_n(text, digits, &v);

	if (err)
		return err;
	factor = find_unit(byte_units, ARRAY_SIZE(byte_units), text + digits);
	if (!factor)
		return -EINVAL;
	if (__builtin_mul_overflow(v, factor, &v))
		return -ERANGE;
	*bytes = v;
	return 0;
}

int parse_bool(const char *text, int *out)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0) {
			*out = 1;
			return 0;
		}
		if (strcmp(text, no[i]) == 0) {
			*out = 0;
			return 0;
		}
	}
	return -EINVAL;
}
