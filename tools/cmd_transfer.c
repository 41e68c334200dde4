// SPDX-License-Identifier: GPL-2.0
/* zcdevctl transfer: open, move, sync, report. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "command.h"
#include "job.h"
#include "progress.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

/*
 * Without SA_RESTART the ioctl returns what it has; with SA_RESETHAND a second
 * Ctrl-C ends a process that hangs in fsync(). What nohup or a shell has set to
 * be ignored stays so.
 */
static void catch_signal(int number)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	struct sigaction before;

	sigaction(number, &action, &before);
	if (before.sa_handler == SIG_IGN)
		signal(number, SIG_IGN);
}

static bool shows_progress(const struct job *job)
{
	return !job->opts.no_progress && !job->opts.quiet && progress_wanted();
}

static int move_bytes(struct job *job, struct fault *f)
{
	struct progress progress;
	bool shown = shows_progress(job);
	int ret;

	if (shown) {
		progress_begin(&progress, job->expected);
		job->move.slice_unit = job->pool.buf_size;
		job->move.tick = progress_tick;
		job->move.context = &progress;
	}
	ret = move_run(&job->move);
	if (shown)
		progress_end(&progress);
	if (ret)
		return job_explain(job, f);
	if (job->opts.len != ZCDEV_TO_END && job->move.bytes < job->opts.len)
		return fault_set(f, STATUS_FAILED,
				 "%s ended after %" PRIu64 " of %" PRIu64 " bytes", job_name(job, 0),
				 job->move.bytes, job->opts.len);
	return 0;
}

static bool has_disk(const struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (end_is_file(&job->ends[i]))
			return true;
	}
	return false;
}

/* Bytes that a short source gave are as good as any: they are synced, too. */
static int finish_sinks(struct job *job, struct fault *f)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (end_hang_up(&job->ends[i], f))
			return -1;
	}
	if (!has_disk(job))
		return 0;
	if (job->opts.no_sync) {
		job->sync = REPORT_SYNC_SKIPPED;
		return 0;
	}
	job->sync = REPORT_SYNC_FAILED;
	for (i = 1; i <= job->opts.sink_count; i++) {
		if (end_sync(&job->ends[i], f))
			return -1;
	}
	job->sync = REPORT_SYNC_DONE;
	return 0;
}

/* Runs between the first byte and the last; the first failure is the one told. */
static int move_and_finish(struct job *job, struct fault *f)
{
	double start = move_now();
	struct fault later;
	int ret;

	ret = move_bytes(job, f);
	if (!job->move.error) {
		if (ret)
			finish_sinks(job, &later);
		else
			ret = finish_sinks(job, f);
	} else if (has_disk(job)) {
		job->sync = REPORT_SYNC_FAILED;
	}
	job->seconds = move_now() - start;
	return ret;
}

/* Standard output may be the sink. */
static FILE *report_stream(const struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (job->opts.ends[i].kind == ENDPOINT_STDIO)
			return stderr;
	}
	return stdout;
}

static void print_report(struct job *job, const struct fault *f)
{
	const char *names[MOVE_MAX_ENDS];
	struct report report = {
		.seconds = job->seconds,
		.asked = job->opts.len,
		.bytes = job->move.bytes,
		.error = f ? f->err : 0,
		.message = f ? f->text : NULL,
		.sync = job->sync,
		.names = names,
		.ends = job->move.ends,
		.sink_count = job->opts.sink_count,
	};
	unsigned int i;

	for (i = 0; i <= job->opts.sink_count; i++)
		names[i] = job_name(job, i);
	if (!job->opts.json) {
		report_human(report_stream(job), &report);
		return;
	}
	if (device_pool_info(&job->dev, &report.pool))
		report.pool.out_count = 0;
	report_json(report_stream(job), &report);
}

static int transfer(struct job *job, struct fault *f)
{
	if (job_open(job, f))
		return -1;
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	if (job_truncate(job, f))
		return -1;
	return move_and_finish(job, f);
}

/* The counts are worth most when something went wrong, but not if it never began. */
static bool wants_report(const struct job *job, bool failed)
{
	if (failed)
		return job->opts.json || job->move.bytes;
	return !job->opts.quiet;
}

static int run(int argc, char **argv)
{
	struct job job = { .move.stop = &stop };
	struct fault f;
	int ret;

	if (transfer_opts_parse(&job.opts, argc, argv, &f))
		return fault_print(&f);
	if (job.opts.help) {
		fputs(transfer_opts_help, stdout);
		return STATUS_DONE;
	}
	ret = transfer(&job, &f);
	job_close(&job);
	if (wants_report(&job, ret))
		print_report(&job, ret ? &f : NULL);
	return ret ? fault_print(&f) : STATUS_DONE;
}

const struct command cmd_transfer = {
	.name = "transfer",
	.summary = "move bytes between files and sockets without copying them",
	.help = transfer_opts_help,
	.run = run,
};
