/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_number.c - numbers and times of the JSON writer, by integer arithmetic alone: printf() asks
 * the locale, and compilers may fuse a multiplication and an addition on one architecture and not
 * on another, while goldens and replays must match byte for byte.
 */
#include <string.h>
#include "core/event.h"
#include "out/json_write.h"

void jw_u64(struct json_write *w, const char *key, uint64_t v)
{
	if (v == U64_UNKNOWN)
		return;
	jw_before(w, key);
	if (v == U64_UNLIMITED)
		buf_str(w->b, "null");
	else
		buf_u64(w->b, v);
}

void jw_s64(struct json_write *w, const char *key, int64_t v)
{
	if (v == S64_UNKNOWN)
		return;
	jw_before(w, key);
	buf_s64(w->b, v);
}

void jw_hex(struct json_write *w, const char *key, uint64_t v)
{
	unsigned int shift = 60;

	if (v == U64_UNKNOWN)
		return;
	jw_before(w, key);
	buf_bytes(w->b, "\"0x", 3);
	while (shift && !(v >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		buf_char(w->b, "0123456789abcdef"[v >> shift & 15]);
		if (!shift)
			break;
	}
	buf_char(w->b, '"');
}

/* `width` digits of v, zeros in front. */
static void put_digits(char *dst, uint64_t v, unsigned int width)
{
	while (width--) {
		dst[width] = '0' + (char)(v % 10);
		v /= 10;
	}
}

/* whole + part / 10^decimals, trailing zeros dropped, one kept. */
static void put_fixed(struct buf *b, bool negative, uint64_t whole, uint64_t part,
		      unsigned int decimals)
{
	char digits[8];

	if (negative && (whole || part))
		buf_char(b, '-');
	buf_u64(b, whole);
	buf_char(b, '.');
	put_digits(digits, part, decimals);
	while (decimals > 1 && digits[decimals - 1] == '0')
		decimals--;
	buf_bytes(b, digits, decimals);
}

/*
 * |v| * scale, rounded half up, from the bits of an IEEE 754 double. The mantissa has 53 bits, the
 * scale 20, and what is left of the 128 takes the exponents of all magnitudes below 2^63.
 */
static bool scale_double(double v, uint64_t scale, unsigned __int128 *out)
{
	uint64_t bits, mantissa;
	int exponent;
	unsigned __int128 x;

	memcpy(&bits, &v, sizeof(bits));
	exponent = (int)(bits >> 52 & 0x7ff);
	mantissa = bits & ((1ull << 52) - 1);
	if (exponent)
		mantissa |= 1ull << 52;
	else
		exponent = 1; /* subnormal */
	exponent -= 1075;
	if (exponent > 63 - 53)
		return false; /* 2^63 and more, infinity, NAN */
	x = (unsigned __int128)mantissa * scale;
	if (exponent >= 0) {
		*out = x << exponent;
	} else if (exponent < -100) {
		*out = 0;
	} else {
		x += (unsigned __int128)1 << (-exponent - 1);
		*out = x >> -exponent;
	}
	return true;
}

void jw_double(struct json_write *w, const char *key, double v, unsigned int decimals)
{
	unsigned __int128 scaled;
	uint64_t scale = 1;

	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	if (!scale_double(v, scale, &scaled))
		return;
	jw_before(w, key);
	put_fixed(w->b, v < 0, (uint64_t)(scaled / scale), (uint64_t)(scaled % scale), decimals);
}

void jw_seconds(struct json_write *w, const char *key, uint64_t ns)
{
	uint64_t us;

	if (ns == U64_UNKNOWN)
		return;
	us = ns / 1000 + (ns % 1000 >= 500);
	jw_before(w, key);
	put_fixed(w->b, false, us / 1000000, us % 1000000, 6);
}

static bool is_leap(unsigned int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970-01-01 to a Gregorian date; 64 bits of nanoseconds end in 2554. */
static void civil_date(uint64_t days, unsigned int *year, unsigned int *month, unsigned int *day)
{
	static const uint8_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned int y = 1970, m = 0;

	while (days >= 365u + is_leap(y))
		days -= 365u + is_leap(y++);
	while (days >= month_days[m] + (unsigned int)(m == 1 && is_leap(y))) {
		days -= month_days[m] + (unsigned int)(m == 1 && is_leap(y));
		m++;
	}
	*year = y;
	*month = m + 1;
	*day = (unsigned int)days + 1;
}

void jw_time(struct json_write *w, const char *key, uint64_t real_ns)
{
	char text[] = "0000-00-00T00:00:00.000000000Z";
	uint64_t seconds = real_ns / 1000000000, of_day = seconds % 86400;
	unsigned int year, month, day;

	if (real_ns == U64_UNKNOWN || real_ns == 0)
		return;
	civil_date(seconds / 86400, &year, &month, &day);
	put_digits(text, year, 4);
	put_digits(text + 5, month, 2);
	put_digits(text + 8, day, 2);
	put_digits(text + 11, of_day / 3600, 2);
	put_digits(text + 14, of_day / 60 % 60, 2);
	put_digits(text + 17, of_day % 60, 2);
	put_digits(text + 20, real_ns % 1000000000, 9);
	jw_before(w, key);
	buf_char(w->b, '"');
	buf_bytes(w->b, text, sizeof(text) - 1);
	buf_char(w->b, '"');
}
