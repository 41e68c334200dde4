// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "file.h"

/* Fails with EISDIR, too: a directory can be opened for reading. */
static int take(struct end *end, int fd, enum explain what, struct fault *f)
{
	if (fd < 0)
		return explain(f, what, end->where->text, errno);
	end->fd = fd;
	if (fstat(fd, &end->st))
		return explain(f, what, end->where->text, errno);
	if (S_ISDIR(end->st.st_mode))
		return explain(f, what, end->where->text, EISDIR);
	return 0;
}

int file_open_source(struct end *end, struct fault *f)
{
	int fd = open(end->where->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return take(end, fd, EXPLAIN_OPEN_SOURCE, f);
}

/*
 * Opened without O_CREAT first, to know whether the file is new. EEXIST then
 * means that somebody else was quicker or that the path is a symbolic link to
 * nothing; either way there may be a new directory entry to sync.
 */
static int open_or_create(const char *path, bool *created)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags);

	*created = false;
	if (fd >= 0 || errno != ENOENT)
		return fd;
	*created = true;
	fd = open(path, flags | O_CREAT | O_EXCL, 0644);
	if (fd < 0 && errno == EEXIST)
		fd = open(path, flags | O_CREAT, 0644);
	return fd;
}

int file_open_sink(struct end *end, struct fault *f)
{
	int fd = open_or_create(end->where->path, &end->created);

	return take(end, fd, EXPLAIN_OPEN_SINK, f);
}

/* "/a/b" to "/a", "/b" to "/" */
static void cut_to_directory(char *absolute)
{
	char *slash = strrchr(absolute, '/');

	slash[slash == absolute] = 0;
}

static int sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	/* EINVAL: a file system that has nothing to sync there. */
	if (fsync(fd) && errno != EINVAL)
		ret = -errno;
	close(fd);
	return ret;
}

/* The entry may be where a symbolic link leads, so follow it first. */
static int sync_entry(const char *path)
{
	char *real = realpath(path, NULL);
	int ret;

	if (!real)
		return -errno;
	cut_to_directory(real);
	ret = sync_directory(real);
	free(real);
	return ret;
}

int file_sync(const struct end *end, struct fault *f)
{
	int ret;

	/* Only a new file has more to write than its data and its size. */
	ret = end->created ? fsync(end->fd) : fdatasync(end->fd);
	if (ret)
		return explain(f, EXPLAIN_SYNC, end->where->text, errno);
	if (end->created) {
		ret = sync_entry(end->where->path);
		if (ret)
			return explain(f, EXPLAIN_SYNC, end->where->text, -ret);
	}
	return 0;
}
