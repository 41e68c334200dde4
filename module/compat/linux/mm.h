/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_MM_H
#define _ZC_COMPAT_LINUX_MM_H

#include <linux/version.h>
#include_next <linux/mm.h>

/* vm_flags became read-only in 6.3; goes with 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void zc_compat_vm_flags_set(struct vm_area_struct *vma,
					  unsigned long flags)
{
	vma->vm_flags |= flags;
}

#define vm_flags_set	zc_compat_vm_flags_set
#endif

/*
 * folio_mapcount() is not exported before 6.12 for large folios; summing what
 * each PTE added is the same for folios that are never mapped by PMD. Goes
 * with 6.11.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
static inline int zc_compat_folio_mapcount(struct folio *folio)
{
	long i, nr = folio_nr_pages(folio);
	int sum = 0;

	for (i = 0; i < nr; i++)
		sum += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return sum;
}

#define folio_mapcount	zc_compat_folio_mapcount
#endif

#endif /* _ZC_COMPAT_LINUX_MM_H */
