// SPDX-License-Identifier: GPL-2.0
/*
 * Header and trailer of a transfer: bytes that the caller has in memory and
 * every sink gets before and after those of the source.
 */
#include "extra.h"

#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <zcdev.h>

static int sum_iovs(const struct zcdev_iov *iovs, u32 count, u32 *sum)
{
	u32 i;

	for (i = 0, *sum = 0; i < count; i++) {
		if (iovs[i].len > ZCDEV_IOV_MAX_BYTES - *sum)
			return -EINVAL;
		*sum += iovs[i].len;
	}
	return 0;
}

static int read_piece(struct zc_extra *extra, const struct zcdev_iov *iov)
{
	const void __user *from = u64_to_user_ptr(iov->addr);
	u64 left;
	u32 n;

	for (left = iov->len; left; left -= n) {
		n = min_t(u64, left, PAGE_SIZE - offset_in_page(extra->len));
		if (copy_from_user(page_address(zc_buf_page(&extra->buf,
							    extra->len)) +
				   offset_in_page(extra->len), from, n))
			return -EFAULT;
		extra->len += n;
		from += n;
	}
	return 0;
}

static struct zc_extra *extra_read(const struct zcdev_iov *iovs, u32 count,
				   u32 bytes)
{
	struct zc_extra *extra = kzalloc(sizeof(*extra), GFP_KERNEL_ACCOUNT);
	int ret = -ENOMEM;
	u32 i;

	if (extra)
		ret = zc_buf_alloc(&extra->buf,
				   roundup_pow_of_two(PAGE_ALIGN(bytes)),
				   NUMA_NO_NODE, 0, false);
	if (ret) {
		kfree(extra);
		return ERR_PTR(ret);
	}
	for (i = 0; i < count && !ret; i++)
		ret = read_piece(extra, &iovs[i]);
	if (ret) {
		zc_extra_free(extra);
		return ERR_PTR(ret);
	}
	return extra;
}

/**
 * zc_extra_new() - take a header or a trailer from the caller
 * @iovs: address of an array of struct zcdev_iov
 * @count: how many
 *
 * Context: process.
 * Return: the bytes, to be freed with zc_extra_free(); NULL if there are none;
 * or -EINVAL if it is too much, -EFAULT, -ENOMEM.
 */
struct zc_extra *zc_extra_new(u64 iovs, u32 count)
{
	struct zcdev_iov *copy;
	struct zc_extra *extra = NULL;
	u32 bytes;
	int ret;

	if (!count)
		return NULL;
	if (count > ZCDEV_IOV_MAX_COUNT)
		return ERR_PTR(-EINVAL);
	copy = kvmalloc_array(count, sizeof(*copy), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	ret = copy_from_user(copy, u64_to_user_ptr(iovs),
			     array_size(count, sizeof(*copy))) ? -EFAULT : 0;
	if (!ret)
		ret = sum_iovs(copy, count, &bytes);
	if (ret)
		extra = ERR_PTR(ret);
	else if (bytes)
		extra = extra_read(copy, count, bytes);
	kvfree(copy);
	return extra;
}

/**
 * zc_extra_free() - forget it
 * @extra: as zc_extra_new() returned it
 *
 * Context: process.
 */
void zc_extra_free(struct zc_extra *extra)
{
	if (IS_ERR_OR_NULL(extra))
		return;
	zc_buf_free(&extra->buf);
	kfree(extra);
}
