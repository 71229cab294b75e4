/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_name.h - an image's name in one form, whichever runtime wrote it down.
 *
 * docker keeps what the user typed ("nginx"), containerd and podman the whole reference
 * ("docker.io/library/nginx:latest"), a kubelet sometimes only the image's id. The grammar is that
 * of distribution's reference package (regexp.go, normalize.go).
 */
#ifndef MW_BASE_IMAGE_NAME_H
#define MW_BASE_IMAGE_NAME_H

#include <stddef.h>

#define IMAGE_ID_SIZE 72 /* "sha256:", 64 digits and the NUL */

/*
 * Bring a reference, [domain/]path[:tag][@digest], into its short form:
 *
 * - docker.io/ and index.docker.io/ go, and the library/ of an official image. Only where what is
 *   left would begin like another domain or an id does docker.io/ stay.
 * - Without tag and digest the tag is ":latest". With both the digest goes: it names one build of
 *   what the tag names. With a digest alone the name is path@digest. (A reference's digest is that
 *   of a manifest, never the image's id, so it does not come out as id.)
 * - A bare id, "sha256:" and 64 hexadecimal digits or those alone, is no name: name is "" and id
 *   "sha256:<digits>". In every other case id is "".
 *
 * What comes out as a name comes out of a second pass unchanged.
 *
 * 0, or -EINVAL with both texts "" for what is no reference, for what does not fit (nothing is
 * cut), and for what cannot be told from the start of an id: twelve or more hexadecimal digits
 * alone, or "sha256:" and not 64. raw is any NUL-terminated bytes; both sizes are at least 1.
 */
int image_name_normalise(const char *raw, char *name, size_t name_size, char *id, size_t id_size);

#endif
