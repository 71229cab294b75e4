/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload.c - the rules by which Kubernetes' controllers name pods, read backwards.
 *
 * - Any controller but a StatefulSet's: <owner>-<5 random bytes>. GetPodFromTemplate() in
 *   pkg/controller sets generateName to getPodsPrefix(), "<owner>-"; SimpleNameGenerator's
 *   GenerateName() in apiserver's storage/names cuts that at MaxGeneratedNameLength = 58 and adds
 *   utilrand.String(5), from 27 letters and digits without vowels.
 * - A Deployment's ReplicaSet: <deployment>-<hash>. getNewReplicaSet() in pkg/controller/deployment
 *   puts controller.ComputeHash() behind the name: a 32-bit FNV hash in decimal, each digit through
 *   rand.SafeEncodeString(), which turns 0..9 into 4 5 6 7 8 9 b c d f.
 * - A StatefulSet: <set>-<ordinal>, getPodName() in pkg/controller/statefulset.
 * - A CronJob's Job: <cronjob>-<time>, getJobName() in pkg/controller/cronjob: minutes since 1970
 *   (getTimeHashInMinutes(), from 1.21 on) or seconds (getTimeHash(), before).
 * - An Indexed Job: <job>-<index>-<5 random bytes>, podGenerateNameWithIndex() in
 *   pkg/controller/job, which cuts the Job's name and not the index. A DaemonSet "gpu-1" or a Job
 *   "migrate-12" looks the same; addCompletionIndexEnvVariables() there tells them apart.
 * - A static pod: <pod>-<node>, generatePodName() in pkg/kubelet/config. The node may be named
 *   like anything.
 */
#include <stdint.h>
#include <string.h>

#include "base/parse.h"
#include "core/workload.h"

#define POD_NAME_MAX  253 /* validation.DNS1123SubdomainMaxLength */
#define GENERATED_MAX 63  /* longer names are nobody's but who wrote them */
#define RANDOM_LEN    5
#define HASH_LEN_MAX  10
/*
 * 99.8 % of all hashes have eight digits or more. A shorter word may well be part of a name
 * ("build-74865"); then what comes out is the ReplicaSet.
 */
#define HASH_LEN_MIN 8
/* Ordinals and indexes beyond are rarer than years and numbers of builds in names. */
#define ORDINAL_DIGITS 4
#define INDEX_DIGITS   5
/*
 * 2020 to 2049 in minutes. No date of the form YYYYMMDD is among them, and no hash: that has no
 * digit below 4.
 */
#define MINUTES_MIN 26297280
#define MINUTES_MAX 42075360
/* The same years in seconds. */
#define SECONDS_MIN (MINUTES_MIN * 60ull)
#define SECONDS_MAX (MINUTES_MAX * 60ull)

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* DNS labels parted by dots: what a name of Kubernetes' may be. */
static bool is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i + 1 == len || s[i - 1] == '.' || s[i + 1] == '.';

		if (!is_alnum(s[i]) && (edge || (s[i] != '-' && s[i] != '.')))
			return false;
	}
	return len > 0 && len <= POD_NAME_MAX;
}

/* A name of `len` bytes is <front>-<word>: how long the front is; 0 when it is no such name. */
static size_t front_len(const char *s, size_t len)
{
	size_t at = len;

	while (at > 0 && s[at - 1] != '-')
		at--;
	return at > 1 && at < len && is_name(s, at - 1) ? at - 1 : 0;
}

static bool is_random(const char *s, size_t len)
{
	return len == RANDOM_LEN && strspn(s, "bcdfghjklmnpqrstvwxz2456789") >= len;
}

static bool is_hash(const char *s, size_t len)
{
	static const char digits[] = "456789bcdf";
	uint64_t value = 0;

	if (len < HASH_LEN_MIN || len > HASH_LEN_MAX || s[0] == digits[0])
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, s[i]);

		if (!digit)
			return false;
		value = value * 10 + (uint64_t)(digit - digits);
	}
	return value <= UINT32_MAX;
}

static bool is_number(const char *s, size_t len, size_t max_digits)
{
	uint64_t value;

	return len <= max_digits && (len == 1 || s[0] != '0') && !parse_u64_n(s, len, &value);
}

static bool is_time(const char *s, size_t len)
{
	uint64_t value;

	if (parse_u64_n(s, len, &value))
		return false;
	return (len == 8 && value >= MINUTES_MIN && value < MINUTES_MAX) ||
	       (len == 10 && value >= SECONDS_MIN && value < SECONDS_MAX);
}

/* Is it <name>-<word> with a word of this kind? *name_len is set only then. */
static bool name_before(const char *owner, size_t len, bool (*is_word)(const char *, size_t),
			size_t *name_len)
{
	size_t front = front_len(owner, len);

	if (!front || !is_word(owner + front + 1, len - front - 1))
		return false;
	*name_len = front;
	return true;
}

/* The owner of a pod that a template made: the pod's name without its random end. */
static bool of_owner(const char *owner, size_t len, bool maybe_cut, struct workload *out)
{
	size_t front = front_len(owner, len);
	bool indexed = front && is_number(owner + front + 1, len - front - 1, INDEX_DIGITS);

	if (name_before(owner, len, is_hash, &out->name_len)) {
		out->kind = "Deployment";
		return true;
	}
	/* A CronJob's Job may be indexed as well. */
	if (name_before(owner, len, is_time, &out->name_len) ||
	    (indexed && name_before(owner, front, is_time, &out->name_len))) {
		out->kind = "CronJob";
		return true;
	}
	if (maybe_cut)
		return false;
	out->name_len = len;
	out->indexed_job_len = indexed ? front : 0;
	return true;
}

bool workload_of_pod(const char *pod, bool is_static, struct workload *out)
{
	size_t len = strnlen(pod, POD_NAME_MAX + 1), front;
	const char *word;

	memset(out, 0, sizeof(*out));
	if (is_static || !is_name(pod, len))
		return false;
	front = front_len(pod, len);
	word = pod + front + 1;
	if (!front)
		return false;
	if (is_random(word, len - front - 1))
		return len <= GENERATED_MAX && of_owner(pod, front, len == GENERATED_MAX, out);
	if (!is_number(word, len - front - 1, ORDINAL_DIGITS))
		return false;
	out->kind = "StatefulSet";
	out->name_len = front;
	return true;
}
