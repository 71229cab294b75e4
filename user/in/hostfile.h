/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostfile.h - files that runtimes keep of their containers, under the root of a host ("/", or
 * where a DaemonSet has it mounted) and read with suspicion.
 *
 * A place has two parts. `base` is the administrator's ("/var/lib/docker"): its links are followed,
 * and stay within the root. `below` may be where a container or a user can write: there no link
 * and no ".." is followed, nothing but a regular file is opened, and it has to belong to who is
 * expected to have written it. Sizes are bounded. Where that is not root but a user, no mount is
 * entered below base, and base itself has to be on a local file system: a user can mount one of his
 * own, which answers when he likes.
 */
#ifndef MW_IN_HOSTFILE_H
#define MW_IN_HOSTFILE_H

#include <dirent.h>
#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

struct hostroot {
	int fd;      /* -1: not open */
	uid_t owner; /* of the root directory: who root is there */
};

/* path "" or "/": the running system's. 0 or -errno; hostroot_close() takes either. */
int hostroot_open(struct hostroot *root, const char *path);
void hostroot_close(struct hostroot *root);

/*
 * The file base/below as a descriptor to read from, or -errno: -EPERM when it is not the owner's,
 * -ELOOP when a link would have to be followed, -EXDEV when a mount would have to be entered,
 * -EINVAL when it is no regular file.
 */
int hostfile_open(const struct hostroot *root, const char *base, const char *below, uid_t owner);

/*
 * Its text, NUL-terminated, at most max bytes; the caller frees it. *len (or NULL) without the NUL.
 * NULL with errno set, EFBIG when it is longer.
 */
char *hostfile_text(const struct hostroot *root, const char *base, const char *below, uid_t owner,
		    size_t max, size_t *len);

/*
 * The same as JSON, to be given back by json_decref(). NULL with errno set: EBADMSG when it is no
 * strict JSON (duplicate keys, NUL in a string), as when it is just being written.
 */
json_t *hostfile_json(const struct hostroot *root, const char *base, const char *below, uid_t owner,
		      size_t max);

/*
 * Where the link base/below itself points to, NUL-terminated; it is not followed. 0 or -errno,
 * -EINVAL when it is no link, -ENAMETOOLONG when it does not fit.
 */
int hostfile_link(const struct hostroot *root, const char *base, const char *below, char *target,
		  size_t size);

/* A directory to list, closed by closedir(); NULL with errno set. The same rules hold. */
DIR *hostfile_dir(const struct hostroot *root, const char *base, const char *below, uid_t owner);

#endif
