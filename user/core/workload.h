/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload.h - whose pod it is, as far as the pod's name tells.
 *
 * Nothing on a node says who owns a pod; only the API server knows. But controllers name their pods
 * by fixed rules (workload.c cites them), and what these rules leave open stays open here. The
 * answer is derived, and a record has to say so: who creates a pod by hand may give it any name,
 * and other controllers name as Kubernetes' own do (an Argo Rollout's pod looks like a
 * Deployment's).
 */
#ifndef MW_CORE_WORKLOAD_H
#define MW_CORE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

struct workload {
	/*
	 * Static: "Deployment" "StatefulSet" "CronJob"; NULL when the name belongs to a DaemonSet,
	 * a Job, a ReplicaSet without a Deployment or a ReplicationController, which all name
	 * alike.
	 */
	const char *kind;
	size_t name_len; /* the workload's name is this many bytes of the pod's, from its start */
	/*
	 * Not 0: if the pod's containers have JOB_COMPLETION_INDEX in their environment, it is a
	 * pod of an Indexed Job (kind "Job") whose name is this many bytes; if not, kind and
	 * name_len stand as they are. Without a look at the environment neither is known.
	 */
	size_t indexed_job_len;
};

/*
 * Derive the owner from a pod's name (NUL-terminated, any bytes). is_static: its uid has 32
 * hexadecimal digits and no dashes, as the kubelet gives it to pods from files; those have no
 * owner.
 *
 * False with *out zeroed when nothing follows: static pods, names that no controller gives, and
 * names that were cut. Kubernetes cuts at 58 bytes before it adds five of its own, so of a pod
 * whose name has 63 only a Deployment's or a CronJob's name is known to be whole, and only where
 * the hash or the time behind it is whole too. A StatefulSet's pods are never cut.
 */
bool workload_of_pod(const char *pod, bool is_static, struct workload *out);

#endif
