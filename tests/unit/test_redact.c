/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_redact.c - what is hidden, what is not, and that no size or mode shows more than it should.
 * In the cases '|' stands for the NUL between two arguments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/redact.h"
#include "core/event.h"

struct redact_case {
	const char *args, *want;
};

static size_t pack(char *dst, const char *args)
{
	size_t len = strlen(args) + 1;

	memcpy(dst, args, len);
	for (size_t i = 0; i < len; i++) {
		if (dst[i] == '|')
			dst[i] = '\0';
	}
	return len;
}

static void check(const struct redact_case *cases, size_t n)
{
	char packed[512], line[512];

	for (size_t i = 0; i < n; i++) {
		size_t len = pack(packed, cases[i].args);
		int cut = 0;

		len = redact_command_line(line, sizeof(line), packed, len, REDACT_SECRETS, &cut);
		if (strcmp(line, cases[i].want) != 0 || len != strlen(line) || cut)
			fail_msg("%s\n  gave: %s\n  want: %s", cases[i].args, line, cases[i].want);
	}
}

static void test_options(void **state)
{
	static const struct redact_case cases[] = {
		{"app|--password=x|--host|db", "app --password=*** --host db"},
		{"app|--password|x|y", "app --password *** y"},
		{"app|-password|x|y", "app -password *** y"},
		{"app|--password=a b|y", "app --password=*** y"},
		{"app|--password|a b|y", "app --password *** y"},
		{"app|--password=|y", "app --password= y"},
		{"app|--password", "app --password"},
		{"app|--password|--host|db", "app --password --host db"},
		{"app|--password|--host=db", "app --password --host=db"},
		{"app|--password|-v|y", "app --password -v y"},
		{"app|--password|-secret|y", "app --password *** y"},
		{"app|--password|--s3cr3t|y", "app --password *** y"},
		{"app|--passwd=x|--PASSWORD=x|--db-password=x",
		 "app --passwd=*** --PASSWORD=*** --db-password=***"},
		{"app|--dbPassword=x|--DBPassword=x|--db_password2=x",
		 "app --dbPassword=*** --DBPassword=*** --db_password2=***"},
		{"app|--pass|x|--secret|x|--token|x", "app --pass *** --secret *** --token ***"},
		{"app|--apikey=x|--api-key=x|--api_key=x|--apiKey=x",
		 "app --apikey=*** --api-key=*** --api_key=*** --apiKey=***"},
		{"app|--access-key=x|--private-key=x|--secret-key=x|--credential=x|--auth=x",
		 "app --access-key=*** --private-key=*** --secret-key=*** --credential=*** "
		 "--auth=***"},
		{"app|--basic-auth|u:p|--proxy-auth=u:p", "app --basic-auth *** --proxy-auth=***"},
		{"java|-Dspring.datasource.password=x|-Djavax.net.ssl.keyStorePassword=x y|Main",
		 "java -Dspring.datasource.password=*** -Djavax.net.ssl.keyStorePassword=*** Main"},
		{"keytool|-storepass|x|-keypass|y|-alias|z",
		 "keytool -storepass *** -keypass *** -alias z"},
		{"redis-server|--requirepass|x|--masterauth|y",
		 "redis-server --requirepass *** --masterauth ***"},
		{"beam.smp|-setcookie|X|-noshell", "beam.smp -setcookie *** -noshell"},
		{"docker|build|--build-arg=NPM_TOKEN=x y|.",
		 "docker build --build-arg=NPM_TOKEN=*** ."},
		{"docker|run|-eDB_PASSWORD=x|-e|DB_PASSWORD=x|img",
		 "docker run -eDB_PASSWORD=*** -e DB_PASSWORD=*** img"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

/* Words that only look like it. */
static void test_left_alone(void **state)
{
	static const char *const args[] = {
		"git|log|--author=me|--author|me",
		"cp|--pass-through|yes|--passthrough=yes",
		"ssh|-o|--passive=1|--bypass=2|--compass=3",
		"x|--auth-type=basic|--auth-mode|y|--authority=z|--authorization-mode=RBAC",
		"x|--password-file=/run/secrets/db|--token-file|/run/t|--secret-name=n",
		"x|--max-tokens=4096|--tokenizer|t|--tokens|5|--broken=1",
		"x|--no-password|y|--with-token|y|--ask-pass|y|--use-auth|y",
		"x|--key=server.key|--ssl-key|server.key|--keys=3|--monkey=1|--keyboard=us",
		"x|--secretary|y|--passport-id=1|--tokenize=0",
		"env|PWD=/home/x|OLDPWD=/|SSH_AUTH_SOCK=/tmp/s|XAUTHORITY=/x|sh",
		"git|clone|https://git@github.com/x/y.git|ssh://git@host:22/x",
		"curl|https://host:8080/a@b|http://[::1]:80/x@y|https://host/?q=1&r=2",
		"docker|run|-p|80:80|registry:5000/auth:1.4|-v|db-secret:/run/secrets",
		"mysql|-h|db|-p|other",
		"mkdir|-p|secret",
		"gunicorn: worker [app]",
		"postgres: app shop 10.0.0.7(41234) idle",
		"nginx: master process /usr/sbin/nginx -g daemon off;",
		"eyJhbGci|AKIA123|ghp_short|bearer",
		"/usr/bin/passwd|root",
		"x|password",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		char want[256];
		struct redact_case c = {args[i], want};

		strcpy(want, args[i]);
		for (char *p = want; *p; p++) {
			if (*p == '|')
				*p = ' ';
		}
		check(&c, 1);
	}
}

static void test_environment(void **state)
{
	static const struct redact_case cases[] = {
		{"env|PASSWORD=x|DB_PASSWORD=x y|psql", "env PASSWORD=*** DB_PASSWORD=*** psql"},
		{"PGPASSWORD=x|MYSQL_PWD=x|SSHPASS=x|sh",
		 "PGPASSWORD=*** MYSQL_PWD=*** SSHPASS=*** sh"},
		{"AWS_SECRET_ACCESS_KEY=x|GITHUB_TOKEN=x|sh",
		 "AWS_SECRET_ACCESS_KEY=*** GITHUB_TOKEN=*** sh"},
		{"PASSWORD_PROD=x|TOKEN_2=x|PASSWORD_FILE=/x",
		 "PASSWORD_PROD=*** TOKEN_2=*** PASSWORD_FILE=/x"},
		{"psql|host=db password=x user=u", "psql host=db password=*** user=u"},
		{"psql|host=db password='x y' user=u", "psql host=db password=*** user=u"},
		{"x|AccountName=a;AccountKey=Zm9v==;", "x AccountName=a;AccountKey=***"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void test_urls(void **state)
{
	static const struct redact_case cases[] = {
		{"x|postgres://u:p@h/db", "x postgres://u:***@h/db"},
		{"x|postgres://u:p@ss@h:5432/db?a=b@c", "x postgres://u:***@h:5432/db?a=b@c"},
		{"x|http://u:p/q@h/x", "x http://u:***@h/x"},
		{"x|redis://:p@h:6379/0", "x redis://:***@h:6379/0"},
		{"x|--url=amqp://u:p@h|y", "x --url=amqp://u:***@h y"},
		{"x|see 'http://u:p@h' and http://v:q@h",
		 "x see 'http://u:***@h' and http://v:***@h"},
		{"x|https://h/?token=abc&x=1#f", "x https://h/?token=***&x=1#f"},
		{"x|jdbc:mysql://h/d?user=u&password=p", "x jdbc:mysql://h/d?user=u&password=***"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void test_scripts(void **state)
{
	static const struct redact_case cases[] = {
		{"sh|-c|PGPASSWORD=x psql -h db", "sh -c PGPASSWORD=*** psql -h db"},
		{"sh|-c|exec app --password='a b' -v", "sh -c exec app --password=*** -v"},
		{"sh|-c|app --password \"a b\" -v", "sh -c app --password *** -v"},
		{"sh|-c|app \"--password=a b\" -v", "sh -c app \"--password=***\" -v"},
		{"sh|-c|mysql -uroot -psecret db; ls", "sh -c mysql -uroot -p*** db; ls"},
		{"sh|-c|curl -H \"Authorization: Bearer x\" http://h",
		 "sh -c curl -H \"Authorization: ***\" http://h"},
		{"sh|-c|curl -d '{\"password\": \"a b\",\"u\":1}' h",
		 "sh -c curl -d '{\"password\": ***\",\"u\":1}' h"},
		{"psql|-c|ALTER USER u PASSWORD 'x y' VALID",
		 "psql -c ALTER USER u PASSWORD '***' VALID"},
		{"mysql|-e|CREATE USER u IDENTIFIED BY 'x'",
		 "mysql -e CREATE USER u IDENTIFIED BY '***'"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void test_headers(void **state)
{
	static const struct redact_case cases[] = {
		{"curl|-H|Authorization: Bearer abc|h", "curl -H Authorization: *** h"},
		{"curl|-H|authorization:Basic abc|h", "curl -H authorization:*** h"},
		{"curl|--header|X-Api-Key:abc|h", "curl --header X-Api-Key:*** h"},
		{"curl|-H|PRIVATE-TOKEN: abc|h", "curl -H PRIVATE-TOKEN: *** h"},
		{"curl|-H|Cookie: session=abc|h", "curl -H Cookie: *** h"},
		{"curl|-H|Accept: text/html|h", "curl -H Accept: text/html h"},
		{"x|say Bearer abcdef now", "x say Bearer *** now"},
		{"x|{\"password\":\"a b\",\"user\":\"u\"}",
		 "x {\"password\":***\",\"user\":\"u\"}"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void test_tokens(void **state)
{
	static const struct redact_case cases[] = {
		{"x|AKIAABCDEFGHIJKLMNOP|y", "x *** y"},
		{"x|id=AKIAABCDEFGHIJKLMNOP", "x id=***"},
		{"x|ghp_0123456789abcdefABCDEF0123456789abcd", "x ***"},
		{"x|eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln-_|y", "x *** y"},
		{"x|--jwt=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "x --jwt=***"},
		{"x|glpat-0123456789abcdefghij", "x ***"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

/* One letter is a secret only for programs that are known for it. */
static void test_clients(void **state)
{
	static const struct redact_case cases[] = {
		{"mysql|-uroot|-psecret|-h|db", "mysql -uroot -p*** -h db"},
		{"/usr/bin/mysqldump|-ps e", "/usr/bin/mysqldump -p***"},
		{"timeout|5|mariadb-admin|-psecret", "timeout 5 mariadb-admin -p***"},
		{"sshpass|-p|secret|ssh|h", "sshpass -p *** ssh h"},
		{"sshpass|-psecret|ssh|h", "sshpass -p*** ssh h"},
		{"redis-cli|-a|secret|ping", "redis-cli -a *** ping"},
		{"mongosh|-u|u|-p|secret", "mongosh -u u -p ***"},
		{"ldapsearch|-w|secret|-x", "ldapsearch -w *** -x"},
		{"docker|login|-u|u|-p|secret|reg", "docker login -u u -p *** reg"},
		{"curl|-u|user:secret|h", "curl -u user:*** h"},
		{"curl|-uuser:secret|h", "curl -uuser:*** h"},
		{"curl|-u|user|h", "curl -u user h"},
		{"curl|-u|--password=x|h", "curl -u --password=*** h"},
		{"smbclient|-U|user%secret|//h/s", "smbclient -U user%*** //h/s"},
		{"openssl|enc|-pass|pass:secret", "openssl enc -pass ***"},
		{"openssl|rsa|-passin|pass:secret", "openssl rsa -passin pass:***"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void test_form(void **state)
{
	static const struct redact_case cases[] = {
		{"", ""},
		{"a||b", "a  b"},
		{"a||||", "a"},
		{"sh|-c|one\ntwo\tthree\x7f\x01", "sh -c one two three  "},
		{"a|\xc2\x9b"
		 "31m\xc3\xa4\xff",
		 "a  31m\xc3\xa4\xef\xbf\xbd"},
	};
	char line[64];
	int cut = 7;

	(void)state;
	check(cases, ARRAY_SIZE(cases));
	assert_int_equal(redact_command_line(line, sizeof(line), NULL, 0, REDACT_SECRETS, &cut), 0);
	assert_string_equal(line, "");
	/* the kernel's buffer cut it: no NUL at the end, and the rest of the secret is gone */
	redact_command_line(line, sizeof(line), "x\0AKIAABCD", 10, REDACT_SECRETS, &cut);
	assert_string_equal(line, "x ***");
	redact_command_line(line, sizeof(line), "x\0http://u:se", 13, REDACT_SECRETS, &cut);
	assert_string_equal(line, "x http://u:***");
	redact_command_line(line, sizeof(line), "x\0eyJhbGciOi", 12, REDACT_SECRETS, &cut);
	assert_string_equal(line, "x ***");
	assert_int_equal(cut, 7);
}

static void test_modes(void **state)
{
	static const char args[] = "app PASSWORD=x\0--token=y\0z";
	char line[64];
	int cut = 0;

	(void)state;
	redact_command_line(line, sizeof(line), args, sizeof(args), REDACT_SECRETS, &cut);
	assert_string_equal(line, "app PASSWORD=*** --token=*** z");
	redact_command_line(line, sizeof(line), args, sizeof(args), REDACT_NONE, &cut);
	assert_string_equal(line, "app PASSWORD=x --token=y z");
	redact_command_line(line, sizeof(line), args, sizeof(args), REDACT_ARGS, &cut);
	assert_string_equal(line, "app PASSWORD=***");
	assert_int_equal(
		redact_command_line(line, sizeof(line), args, sizeof(args), REDACT_ALL, &cut), 0);
	assert_string_equal(line, "");
	assert_int_equal(cut, 0);
}

/* In whatever room: a prefix, ended by NUL, never a byte more, and never a byte of the secret. */
static void test_room(void **state)
{
	static const char args[] = "app\0--password=SECRET\0x\xff\0http://u:SECRET@h\0-v";
	static const char whole[] = "app --password=*** x\xef\xbf\xbd http://u:***@h -v";

	(void)state;
	for (size_t size = 1; size <= sizeof(whole) + 1; size++) {
		_cleanup_free_ char *line = malloc(size);
		int cut = 0;
		size_t len =
			redact_command_line(line, size, args, sizeof(args), REDACT_SECRETS, &cut);

		assert_true(len < size);
		assert_int_equal(strlen(line), len);
		assert_memory_equal(line, whole, len);
		assert_int_equal(cut, len < sizeof(whole) - 1);
		redact_command_line(line, size, args, sizeof(args), REDACT_SECRETS, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),     cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_urls),
		cmocka_unit_test(test_scripts),     cmocka_unit_test(test_headers),
		cmocka_unit_test(test_tokens),      cmocka_unit_test(test_clients),
		cmocka_unit_test(test_form),        cmocka_unit_test(test_modes),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
