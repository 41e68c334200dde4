/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_MMAP_H
#define _ZC_MMAP_H

struct vm_area_struct;
struct zc_file;

int zc_mmap(struct zc_file *file, struct vm_area_struct *vma);

#endif /* _ZC_MMAP_H */
