/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, for perf, trace-cmd and bpftrace: ids, counts and flags, no
 * addresses of kernel memory and no names.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM zcdev

#if !defined(_ZC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ZC_TRACE_H

#include <linux/tracepoint.h>

#include "pipeline.h"
#include "pool.h"
#include "progress.h"

DECLARE_EVENT_CLASS(zcdev_pool,
		    TP_PROTO(const struct zc_pool *pool),
		    TP_ARGS(pool),
		    TP_STRUCT__entry(__field(u32, pool)
				     __field(u32, count)
				     __field(u32, buf_size)
				     __field(u64, held)),
		    TP_fast_assign(__entry->pool = pool->entry.id;
				   __entry->count = pool->count;
				   __entry->buf_size = pool->buf_size;
				   __entry->held = (u64)pool->charged << PAGE_SHIFT;),
		    TP_printk("pool=%u count=%u buf_size=%u held=%llu", __entry->pool,
			      __entry->count, __entry->buf_size, __entry->held));

DEFINE_EVENT(zcdev_pool, zcdev_pool_create,
	     TP_PROTO(const struct zc_pool *pool),
	     TP_ARGS(pool));

DEFINE_EVENT(zcdev_pool, zcdev_pool_drain,
	     TP_PROTO(const struct zc_pool *pool),
	     TP_ARGS(pool));

DEFINE_EVENT(zcdev_pool, zcdev_pool_destroy,
	     TP_PROTO(const struct zc_pool *pool),
	     TP_ARGS(pool));

TRACE_EVENT(zcdev_transfer_begin,
	    TP_PROTO(const struct zc_progress *progress),
	    TP_ARGS(progress),
	    TP_STRUCT__entry(__field(u32, transfer)
			     __field(u32, flags)
			     __field(u32, source_kind)
			     __field(u32, sink_kind)
			     __field(u32, sinks)
			     __field(u64, len)),
	    TP_fast_assign(__entry->transfer = progress->entry.id;
			   __entry->flags = progress->flags;
			   __entry->source_kind = progress->source->kind;
			   __entry->sink_kind = progress->sink[0].kind;
			   __entry->sinks = progress->sinks;
			   __entry->len = progress->len;),
	    TP_printk("transfer=%u flags=%#x source_kind=%u sink_kind=%u sinks=%u len=%llu",
		      __entry->transfer, __entry->flags, __entry->source_kind,
		      __entry->sink_kind, __entry->sinks, __entry->len));

TRACE_EVENT(zcdev_transfer_end,
	    TP_PROTO(const struct zc_progress *progress, u64 bytes, int error),
	    TP_ARGS(progress, bytes, error),
	    TP_STRUCT__entry(__field(u32, transfer)
			     __field(u32, pool)
			     __field(u64, bytes)
			     __field(int, error)),
	    TP_fast_assign(__entry->transfer = progress->entry.id;
			   __entry->pool = progress->pool ? progress->pool->entry.id : 0;
			   __entry->bytes = bytes;
			   __entry->error = error;),
	    TP_printk("transfer=%u pool=%u bytes=%llu error=%d", __entry->transfer,
		      __entry->pool, __entry->bytes, __entry->error));

TRACE_EVENT(zcdev_fallback,
	    TP_PROTO(const struct zc_progress *progress, const struct zc_end *end,
		     u32 reasons),
	    TP_ARGS(progress, end, reasons),
	    TP_STRUCT__entry(__field(u32, transfer)
			     __field(u32, kind)
			     __field(bool, source)
			     __field(u32, reasons)),
	    TP_fast_assign(__entry->transfer = progress->entry.id;
			   __entry->kind = end->kind;
			   __entry->source = end->source;
			   __entry->reasons = reasons;),
	    TP_printk("transfer=%u role=%s kind=%u reasons=%#x", __entry->transfer,
		      __entry->source ? "source" : "sink", __entry->kind,
		      __entry->reasons));

/* A chunk that the source has filled. */
TRACE_EVENT(zcdev_fill,
	    TP_PROTO(const struct zc_chunk *chunk),
	    TP_ARGS(chunk),
	    TP_STRUCT__entry(__field(u32, transfer)
			     __field(u64, offset)
			     __field(u32, want)
			     __field(u32, len)),
	    TP_fast_assign(__entry->transfer = zc_progress_id(chunk->pipeline->progress);
			   __entry->offset = chunk->offset;
			   __entry->want = chunk->want;
			   __entry->len = chunk->len;),
	    TP_printk("transfer=%u offset=%llu want=%u len=%u", __entry->transfer,
		      __entry->offset, __entry->want, __entry->len));

/* A part of a chunk that a sink has accepted. */
TRACE_EVENT(zcdev_drain,
	    TP_PROTO(const struct zc_chunk *chunk, u32 sink,
		     const struct zc_drain *drain, u32 bytes),
	    TP_ARGS(chunk, sink, drain, bytes),
	    TP_STRUCT__entry(__field(u32, transfer)
			     __field(u32, sink)
			     __field(u64, offset)
			     __field(u32, bytes)
			     __field(u32, paths)),
	    TP_fast_assign(__entry->transfer = zc_progress_id(chunk->pipeline->progress);
			   __entry->sink = sink;
			   __entry->offset = chunk->offset + drain->done;
			   __entry->bytes = bytes;
			   __entry->paths = drain->req.part.paths;),
	    TP_printk("transfer=%u sink=%u offset=%llu bytes=%u paths=%#x",
		      __entry->transfer, __entry->sink, __entry->offset,
		      __entry->bytes, __entry->paths));

/* All buffers are in use: sleeps until one may be back. */
TRACE_EVENT(zcdev_reuse_wait,
	    TP_PROTO(const struct zc_pipeline *p, u64 ns),
	    TP_ARGS(p, ns),
	    TP_STRUCT__entry(__field(u32, transfer)
			     __field(u32, pool)
			     __field(u64, ns)),
	    TP_fast_assign(__entry->transfer = zc_progress_id(p->progress);
			   __entry->pool = p->pool ? p->pool->entry.id : 0;
			   __entry->ns = ns;),
	    TP_printk("transfer=%u pool=%u ns=%llu", __entry->transfer,
		      __entry->pool, __entry->ns));

#endif /* _ZC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
