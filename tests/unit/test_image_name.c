/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_image_name.c - references in one form, and for each rule the same with a byte changed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/image_name.h"

#define HEX64  "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define HEX63  "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578"
#define HEX64G "308g25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define HEX64A "308A25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define HEX96  HEX64 "0123456789abcdef0123456789abcdef"
#define HEX128 HEX64 HEX64
#define TEN    "abcdefghij"
#define FIFTY  TEN TEN TEN TEN TEN
#define LONG   FIFTY FIFTY FIFTY FIFTY FIFTY "abcde" /* 255 */
#define TAG128 FIFTY FIFTY TEN TEN "01234567"

struct good {
	const char *raw, *name, *id;
};

static const struct good good[] = {
	/* docker's hub */
	{"nginx", "nginx:latest", ""},
	{"nginx:1.25", "nginx:1.25", ""},
	{"library/nginx", "nginx:latest", ""},
	{"docker.io/nginx", "nginx:latest", ""},
	{"docker.io/library/nginx", "nginx:latest", ""},
	{"docker.io/library/nginx:1.25", "nginx:1.25", ""},
	{"index.docker.io/library/nginx:1.25", "nginx:1.25", ""},
	{"index.docker.io/nginx", "nginx:latest", ""},
	{"docker.io/shop/api:1.4", "shop/api:1.4", ""},
	{"shop/api", "shop/api:latest", ""},
	{"shop/team/api", "shop/team/api:latest", ""},
	{"docker.io/library/a/b", "library/a/b:latest", ""},
	{"docker.io", "docker.io:latest", ""}, /* no slash: a repository of this name */
	{"localhost:5000", "localhost:5000", ""},
	/* what would be read as something else without its domain */
	{"docker.io/quay.io/nginx", "docker.io/quay.io/nginx:latest", ""},
	{"docker.io/localhost/nginx", "docker.io/localhost/nginx:latest", ""},
	{"docker.io/library/sha256:1", "docker.io/sha256:1", ""},
	/* other domains */
	{"localhost/bb:1.0", "localhost/bb:1.0", ""},
	{"localhost:5000/bb", "localhost:5000/bb:latest", ""},
	{"quay.io/library/nginx", "quay.io/library/nginx:latest", ""},
	{"docker.io:443/library/nginx", "docker.io:443/library/nginx:latest", ""},
	{"registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9", ""},
	{"k8s.gcr.io/a/b/c/pause", "k8s.gcr.io/a/b/c/pause:latest", ""},
	{"nginx:1/2", "nginx:1/2:latest", ""},
	{"registry:80/a", "registry:80/a:latest", ""},
	{"Registry/a", "Registry/a:latest", ""}, /* no path may begin so */
	{"10.0.0.1:5000/a:b", "10.0.0.1:5000/a:b", ""},
	{"[fd00::1]/a", "[fd00::1]/a:latest", ""},
	{"[FD00::1]:5000/a:b", "[FD00::1]:5000/a:b", ""},
	/* separators */
	{"a.b_c__d-e--f---g", "a.b_c__d-e--f---g:latest", ""},
	{"a1/b2:C_3.d-E", "a1/b2:C_3.d-E", ""},
	{"a:_x", "a:_x", ""},
	/* digests */
	{"nginx:1@sha256:" HEX64, "nginx:1", ""},
	{"nginx@sha256:" HEX64, "nginx@sha256:" HEX64, ""},
	{"docker.io/library/nginx@sha256:" HEX64, "nginx@sha256:" HEX64, ""},
	{"quay.io/a/b@sha384:" HEX96, "quay.io/a/b@sha384:" HEX96, ""},
	{"quay.io/a/b@sha512:" HEX128, "quay.io/a/b@sha512:" HEX128, ""},
	{"quay.io/a/b:1@sha512:" HEX128, "quay.io/a/b:1", ""},
	/* ids */
	{HEX64, "", "sha256:" HEX64},
	{"sha256:" HEX64, "", "sha256:" HEX64},
	{HEX64 ":1", HEX64 ":1", ""},
	{"deadbeefcaf", "deadbeefcaf:latest", ""}, /* one short of docker's short id */
	{"deadbeefcafg", "deadbeefcafg:latest", ""},
	{"deadbeefcafe:1", "deadbeefcafe:1", ""},
	{"x/deadbeefcafe", "x/deadbeefcafe:latest", ""},
	/* lengths */
	{LONG, LONG ":latest", ""},
	{"a:" TAG128, "a:" TAG128, ""},
};

/* Each a byte or a little more away from one above. */
static const char *const bad[] = {
	"",
	"/",
	":",
	"@",
	"nginX",
	"nginx:",
	"nginx:1 25",
	"nginx :1",
	"nginx:1:25",
	"nginx:-1",
	"nginx:.1",
	"nginx:1_/2",
	"nginx@",
	"nginx\n",
	"nginx:1\n",
	"nginx:1\x1b[31m",
	"ngi\xc3\xa4nx",
	"<none>",
	"<none>:<none>",
	"-nginx",
	"nginx-",
	"_nginx",
	"nginx_",
	".nginx",
	"nginx.",
	"a..b",
	"a___b",
	"a_.b",
	"a-.b",
	"a-_b",
	"library/Nginx",
	"docker.io/",
	"docker.io/library/",
	"docker.io/library/nginX:1.25",
	"docker.io//nginx",
	"/nginx",
	"nginx/",
	"shop/api/",
	"shop//api",
	"shop/api:1.4/",
	"shop_/api",
	"quay.io./nginx",
	"quay..io/nginx",
	".quay.io/nginx",
	"-quay.io/nginx",
	"quay-.io/nginx",
	"quay.-io/nginx",
	"quay_.io/nginx",
	"quay.io-/nginx",
	"registry:/a",
	"registry:8o/a",
	"registry:80:80/a",
	":80/a",
	"[fd00::1/a",
	"[fd00::g]/a",
	"[.]/a",
	"[]:1/a",
	"[fd00::1]5000/a",
	"[fd00::1]:/a",
	"Docker.io/Nginx",
	"nginx@sha256:" HEX63,
	"nginx@sha256:" HEX64 "0",
	"nginx@sha256:" HEX64G,
	"nginx@sha256:" HEX64A,
	"nginx@sha255:" HEX64,
	"nginx@sha256" HEX64,
	"nginx@sha384:" HEX64,
	"nginx@sha512:" HEX96,
	"nginx@sha256:" HEX64 "@sha256:" HEX64,
	"nginx:1@sha256:" HEX63,
	"nginx:@sha256:" HEX64,
	"@sha256:" HEX64,
	":1@sha256:" HEX64,
	HEX63,
	HEX64 "0",
	"deadbeefcafe",
	"sha256:" HEX63,
	"sha256:" HEX64 "0",
	"sha256:" HEX64G,
	"sha256:" HEX64A,
	"sha256:",
	"sha256:1",
	LONG "f",
	"a:" TAG128 "8",
};

static int run(const char *raw, char *name, size_t name_size, char *id, size_t id_size)
{
	memset(name, 0x5a, name_size);
	memset(id, 0x5a, id_size);
	return image_name_normalise(raw, name, name_size, id, id_size);
}

static void test_good(void **state)
{
	char name[512], id[IMAGE_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		int err = run(good[i].raw, name, sizeof(name), id, sizeof(id));

		if (err || strcmp(name, good[i].name) || strcmp(id, good[i].id))
			fail_msg("'%s': %d '%s' '%s'", good[i].raw, err, name, id);
	}
}

static void test_again(void **state)
{
	char name[512], id[IMAGE_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *once = good[i].name[0] ? good[i].name : good[i].id;

		assert_int_equal(run(once, name, sizeof(name), id, sizeof(id)), 0);
		assert_string_equal(name, good[i].name);
		assert_string_equal(id, good[i].id);
	}
}

static void test_bad(void **state)
{
	char name[512], id[IMAGE_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int err = run(bad[i], name, sizeof(name), id, sizeof(id));

		if (err != -EINVAL || name[0] || id[0])
			fail_msg("'%s': %d '%s' '%s'", bad[i], err, name, id);
	}
}

/* In every byte of every good reference, one that is in no reference. */
static void test_hostile_byte(void **state)
{
	static const char hostile[] = {' ',    '\n',   '\t',   '"',    '\\',
				       '\x1b', '\x7f', '\x80', '\xff', '*'};
	char raw[1024], name[512], id[IMAGE_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		for (size_t at = 0; good[i].raw[at]; at++) {
			for (size_t h = 0; h < ARRAY_SIZE(hostile); h++) {
				strcpy(raw, good[i].raw);
				raw[at] = hostile[h];
				if (run(raw, name, sizeof(name), id, sizeof(id)) != -EINVAL ||
				    name[0] || id[0])
					fail_msg("'%s': '%s' '%s'", raw, name, id);
			}
		}
	}
}

/* What does not fit is left out whole; what just fits is there. */
static void test_sizes(void **state)
{
	char name[512], id[IMAGE_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		size_t name_len = strlen(good[i].name), id_len = strlen(good[i].id);

		assert_int_equal(run(good[i].raw, name, name_len + 1, id, id_len + 1), 0);
		assert_string_equal(name, good[i].name);
		assert_string_equal(id, good[i].id);
		for (size_t size = 1; size <= name_len; size++) {
			assert_int_equal(run(good[i].raw, name, size, id, sizeof(id)), -EINVAL);
			assert_string_equal(name, "");
			assert_string_equal(id, "");
		}
		for (size_t size = 1; size <= id_len; size++) {
			assert_int_equal(run(good[i].raw, name, sizeof(name), id, size), -EINVAL);
			assert_string_equal(id, "");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),  cmocka_unit_test(test_again),
		cmocka_unit_test(test_bad),   cmocka_unit_test(test_hostile_byte),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
