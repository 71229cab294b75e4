/* SPDX-License-Identifier: Apache-2.0 */
/* record_finding.c - finding: a risk that is seen, or goes away. */
#include "out/record_parts.h"

static const char *finding_name(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_MEMORY_PRESSURE:
		return "memory_pressure";
	case FINDING_OOM_KILLS_BEFORE_START:
		return "oom_kills_before_start";
	case FINDING_OOM_KILLS_MISSED:
		return "oom_kills_missed";
	}
	return "";
}

static void put_reasons(struct json_write *w, uint32_t reasons)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} words[] = {
		{PRESSURE_LIMIT, "limit"},
		{PRESSURE_HIGH, "high"},
		{PRESSURE_STALL, "stall"},
		{PRESSURE_THRASH, "thrash"},
	};

	if (!reasons)
		return;
	jw_array(w, "reasons");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (reasons & words[i].bit)
			jw_string(w, NULL, words[i].word, JSON_NAME);
	jw_end(w);
}

static void put_pressure_found(struct json_write *w, const struct rec_finding *rec)
{
	jw_object(w, "measured");
	jw_u64(w, "usage", rec->usage);
	jw_u64(w, "limit", rec->limit);
	jw_u64(w, "high", rec->high);
	jw_double(w, "usage_ratio", rec->usage_ratio, 4);
	jw_u64(w, "unreclaimable", rec->unreclaimable);
	jw_double(w, "unreclaimable_ratio", rec->unreclaimable_ratio, 4);
	jw_double(w, "max_events_per_second", rec->max_rate, 2);
	jw_double(w, "high_events_per_second", rec->high_rate, 2);
	jw_double(w, "pressure_full_avg10", rec->pressure_full_avg10, 2);
	jw_double(w, "refaulted_bytes_per_second", rec->refault_rate, 1);
	jw_end(w);
	jw_object(w, "threshold");
	jw_double(w, "unreclaimable_ratio", rec->threshold_unreclaimable_ratio, 4);
	jw_double(w, "pressure_full_avg10", rec->threshold_pressure, 2);
	jw_end(w);
}

static void put_kills_found(struct json_write *w, const struct rec_finding *rec)
{
	jw_object(w, "measured");
	if (rec->kind == FINDING_OOM_KILLS_BEFORE_START) {
		jw_u64(w, "oom_kills", rec->kills.kernel);
	} else {
		jw_u64(w, "kernel", rec->kills.kernel);
		jw_u64(w, "records", rec->kills.records);
		jw_u64(w, "counted_twice", rec->kills.twice);
		jw_u64(w, "missing", rec->kills.missing);
	}
	jw_end(w);
	/* Any at all is one too many. */
	jw_u64(w, "threshold", U64_UNLIMITED);
}

void put_finding(struct json_write *w, const struct rec_finding *rec)
{
	jw_string(w, "finding", finding_name(rec->kind), JSON_NAME);
	jw_string(w, "state", rec->cleared ? "cleared" : "raised", JSON_NAME);
	jw_time(w, "since", rec->since_real);
	jw_object(w, "cgroup");
	jw_string(w, "path", rec->cgroup, JSON_TEXT);
	jw_u64(w, "id", rec->cgroup_id);
	jw_string(w, "level", level_name(rec->level), JSON_NAME);
	jw_end(w);
	put_reasons(w, rec->reasons);
	if (rec->kind == FINDING_MEMORY_PRESSURE)
		put_pressure_found(w, rec);
	else
		put_kills_found(w, rec);
	jw_string(w, "advice", rec->advice, JSON_TEXT);
	put_history(w, rec->history);
}
