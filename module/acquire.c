// SPDX-License-Identifier: GPL-2.0
/*
 * ZCDEV_BUF_ACQUIRE and ZCDEV_BUF_RELEASE: buffers for the program, many at
 * once.
 *
 * Both go through staging: what is being acquired is not the program's until it
 * knows, what is being released is nobody's until all of it is. So either is
 * undone without looking at what others did meanwhile.
 */
#include "acquire.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <zcdev.h>

#include "pool.h"

/**
 * struct zc_batch - buffers by their indices
 * @pool: whose they are
 * @count: how many
 * @indices: which; all less than the count of the pool
 */
struct zc_batch {
	struct zc_pool *pool;
	u32 count;
	u32 *indices;
};

static int batch_init(struct zc_batch *batch, struct zc_pool *pool, u32 max)
{
	batch->pool = pool;
	batch->count = 0;
	batch->indices = kvmalloc_array(max, sizeof(u32), ZC_GFP_WISH);
	return batch->indices ? 0 : -ENOMEM;
}

/* Does @fn to the first @count. */
static void batch_each(const struct zc_batch *batch, u32 count,
		       void (*fn)(struct zc_pool *pool, struct zc_buf *buf))
{
	u32 i;

	for (i = 0; i < count; i++) {
		fn(batch->pool, &batch->pool->bufs[batch->indices[i]]);
		cond_resched();
	}
}

/* What there is, up to @max. */
static void batch_claim(struct zc_batch *batch, u32 max)
{
	struct zc_buf *buf;

	while (batch->count < max) {
		buf = zc_pool_claim(batch->pool);
		if (!buf)
			return;
		batch->indices[batch->count++] = buf - batch->pool->bufs;
	}
}

/*
 * Who gives a buffer back cuts the pauses short. It may miss one that is about
 * to begin, and that ends by itself.
 */
static int batch_claim_wait(struct zc_batch *batch, u32 max, u64 timeout_ns)
{
	DECLARE_WAITQUEUE(waiter, current);
	struct zc_pause pause;
	int ret = 0;

	zc_pause_begin(&pause, timeout_ns);
	add_wait_queue(batch->pool->waiters, &waiter);
	for (;;) {
		batch_claim(batch, max);
		if (batch->count)
			break;
		ret = zc_pause_sleep(&pause);
		if (ret)
			break;
	}
	remove_wait_queue(batch->pool->waiters, &waiter);
	return ret;
}

static int batch_tell(const struct zc_batch *batch,
		      const struct zcdev_buf_acquire *arg,
		      struct zcdev_buf_acquire __user *uarg)
{
	if (copy_to_user(u64_to_user_ptr(arg->indices), batch->indices,
			 array_size(batch->count, sizeof(u32))) ||
	    put_user(batch->count, &uarg->out_count))
		return -EFAULT;
	return 0;
}

/**
 * zc_acquire_ioctl() - take free buffers for the program
 * @file: the open file
 * @arg: what is asked for
 * @uarg: where the results go
 *
 * Context: process; interruptible.
 * Return: 0 or an errno as in the uapi header.
 */
int zc_acquire_ioctl(struct zc_file *file, const struct zcdev_buf_acquire *arg,
		     struct zcdev_buf_acquire __user *uarg)
{
	struct zc_pool *pool = zc_file_pool(file);
	struct zc_batch batch;
	u32 max;
	int ret;

	if (arg->flags || !arg->count)
		return -EINVAL;
	if (!pool)
		return -ENXIO;
	max = min(arg->count, pool->count);
	ret = batch_init(&batch, pool, max);
	if (ret)
		return ret;
	ret = batch_claim_wait(&batch, max, arg->timeout_ns);
	if (!ret)
		ret = batch_tell(&batch, arg, uarg);
	batch_each(&batch, batch.count,
		   ret ? zc_pool_unclaim : zc_pool_acquire_claimed);
	kvfree(batch.indices);
	return ret;
}

static int batch_read(struct zc_batch *batch,
		      const struct zcdev_buf_release *arg)
{
	u32 i;

	if (copy_from_user(batch->indices, u64_to_user_ptr(arg->indices),
			   array_size(arg->count, sizeof(u32))))
		return -EFAULT;
	batch->count = arg->count;
	for (i = 0; i < batch->count; i++)
		if (batch->indices[i] >= batch->pool->count)
			return -EINVAL;
	return 0;
}

/* All or none: one that is named twice is not acquired the second time. */
static int batch_reclaim(const struct zc_batch *batch)
{
	struct zc_pool *pool = batch->pool;
	u32 i;

	for (i = 0; i < batch->count; i++) {
		if (!zc_pool_reclaim(pool, &pool->bufs[batch->indices[i]])) {
			batch_each(batch, i, zc_pool_acquire_claimed);
			return -EINVAL;
		}
		cond_resched();
	}
	return 0;
}

/**
 * zc_release_ioctl() - take acquired buffers back from the program
 * @file: the open file
 * @arg: which
 *
 * Context: process.
 * Return: 0 or an errno as in the uapi header.
 */
int zc_release_ioctl(struct zc_file *file, const struct zcdev_buf_release *arg)
{
	struct zc_pool *pool = zc_file_pool(file);
	struct zc_batch batch;
	int ret;

	if (arg->flags || arg->reserved || !arg->count)
		return -EINVAL;
	if (!pool)
		return -ENXIO;
	if (arg->count > pool->count)
		return -EINVAL;
	ret = batch_init(&batch, pool, arg->count);
	if (ret)
		return ret;
	ret = batch_read(&batch, arg);
	if (!ret)
		ret = batch_reclaim(&batch);
	if (!ret)
		batch_each(&batch, batch.count, zc_pool_unclaim);
	kvfree(batch.indices);
	return ret;
}
