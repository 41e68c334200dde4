// SPDX-License-Identifier: GPL-2.0
/*
 * A pool in user space: an ordinary cached mapping with struct pages behind
 * it, so that get_user_pages() works and every interface takes it.
 *
 * Pages are inserted one by one (VM_MIXEDMAP), never as a huge PMD: on 6.1
 * zapping a special huge PMD leaks its reference. The vma holds the file and
 * the file holds the pool, so nothing here is counted for lifetime; maps and
 * map_gen only tell the reference check what to expect.
 */
#include "mmap.h"

#include <linux/mm.h>
#include <linux/mman.h>

#include "pool.h"

#define POPULATE_BATCH	32

static struct page *pool_page(const struct zc_pool *pool, pgoff_t pgoff)
{
	u64 offset = (u64)pgoff << PAGE_SHIFT;

	return zc_buf_page(&pool->bufs[offset / pool->buf_size],
			   offset % pool->buf_size);
}

/* Before any reference that the mapping makes possible. */
static void map_gen_inc(struct zc_pool *pool)
{
	atomic_inc(&pool->map_gen);
	smp_mb__after_atomic();	/* pairs with zc_pool_buf_referenced() */
}

static void vma_open(struct vm_area_struct *vma)
{
	struct zc_pool *pool = vma->vm_private_data;

	atomic_inc(&pool->maps);
	map_gen_inc(pool);
}

static void vma_close(struct vm_area_struct *vma)
{
	struct zc_pool *pool = vma->vm_private_data;

	atomic_dec(&pool->maps);
	map_gen_inc(pool);
}

/* Only after MADV_DONTNEED and the like: mmap() populates. */
static vm_fault_t vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct zc_pool *pool = vma->vm_private_data;
	int ret;

	if ((u64)vmf->pgoff << PAGE_SHIFT >= zc_pool_bytes(pool))
		return VM_FAULT_SIGBUS;
	map_gen_inc(pool);
	ret = vm_insert_page(vma, vmf->address & PAGE_MASK,
			     pool_page(pool, vmf->pgoff));
	/* A mark of userfaultfd stays there: who came back would find it again. */
	if (ret == -EBUSY && vmf->flags & FAULT_FLAG_ORIG_PTE_VALID &&
	    !pte_none(vmf->orig_pte))
		return VM_FAULT_SIGBUS;
	if (!ret || ret == -EBUSY)	/* or another thread was faster */
		return VM_FAULT_NOPAGE;
	return vmf_error(ret);
}

/* The pages are part of a file of fixed size: no part of them can grow. */
static const struct vm_operations_struct vma_ops = {
	.open	= vma_open,
	.close	= vma_close,
	.fault	= vma_fault,
};

static int vma_populate(struct vm_area_struct *vma, const struct zc_pool *pool)
{
	unsigned long addr = vma->vm_start, pgoff = vma->vm_pgoff;
	unsigned long left = vma_pages(vma);
	struct page *pages[POPULATE_BATCH];
	int ret = 0;

	while (left && !ret) {
		unsigned long i, nr = min_t(unsigned long, left, POPULATE_BATCH);
		unsigned long missing = nr;

		for (i = 0; i < nr; i++)
			pages[i] = pool_page(pool, pgoff + i);
		ret = vm_insert_pages(vma, addr, pages, &missing);
		/* Its word for no memory for the upper page tables. */
		if (ret == -EFAULT)
			ret = -ENOMEM;
		addr += nr << PAGE_SHIFT;
		pgoff += nr;
		left -= nr;
		cond_resched();
	}
	return ret;
}

static int check_range(struct vm_area_struct *vma,
		       const struct zc_pool *pool)
{
	u64 pages = zc_pool_bytes(pool) >> PAGE_SHIFT;

	if (vma->vm_pgoff > pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -ENXIO;
	return 0;
}

/**
 * zc_mmap() - map a range of the pool, and create it first if there is none
 * @file: the open file
 * @vma: as mmap(2) gives it
 *
 * Context: under mmap_lock for writing.
 * Return: 0; -EINVAL for a private mapping, -ENXIO beyond the end of the
 * pool, or what creating the pool returns.
 */
int zc_mmap(struct zc_file *file, struct vm_area_struct *vma)
{
	u64 len = (u64)vma_pages(vma) << PAGE_SHIFT;
	struct zc_pool *pool;
	int ret;

	/* VM_SHARED is dropped for a read-only file, VM_MAYSHARE is not. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	if (!zc_file_pool(file)) {
		if (vma->vm_pgoff)
			return -ENXIO;
		ret = zc_pool_create_default(file, len);
		if (ret)
			return ret;
	}
	pool = zc_file_pool(file);
	ret = check_range(vma, pool);
	if (ret)
		return ret;

	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND);
	vma->vm_private_data = pool;
	/* From here on somebody may look; a failed mmap() is not closed. */
	atomic_inc(&pool->maps);
	map_gen_inc(pool);
	ret = vma_populate(vma, pool);
	if (ret) {
		atomic_dec(&pool->maps);
		return ret;
	}
	vma->vm_ops = &vma_ops;
	return 0;
}
