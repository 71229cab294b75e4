/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - messages to the person who runs the program, on standard error, one line each.
 * Records never go here. Levels below the one set are not formatted at all.
 */
#ifndef MW_BASE_LOG_H
#define MW_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Set the level; INFO at start. */
void log_set_level(enum log_level level);
enum log_level log_level(void);

/* "error", "warning", "info", "debug": 0 and *level set, or -EINVAL and *level untouched. */
int log_level_parse(const char *text, enum log_level *level);

/* Write "memwitness: <level>: <text>\n"; control bytes in the text are shown as '?'. Keeps errno.
 */
__attribute__((format(printf, 2, 3))) void log_at(enum log_level level, const char *format, ...);

#define log_error(...)   log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
