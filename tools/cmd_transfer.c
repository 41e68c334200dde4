// SPDX-License-Identifier: GPL-2.0
/* zcdevctl transfer: open, move, sync, report. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

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

static int run_move(struct job *job)
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
	return ret;
}

/*
 * A stream, or a file that turned out to be longer or does not say how long it is,
 * may have had more for a pool.
 */
static bool may_have_more(const struct job *job)
{
	return job->opts.len == ZCDEV_TO_END &&
	       (end_is_stream(&job->ends[0]) || job->move.bytes > job->expected ||
		!job->expected);
}

static int move_bytes(struct job *job)
{
	int ret = run_move(job);

	job->left = backlog_bytes(&job->move.backlog);
	job_explain(job);
	if (!ret && job->left)
		fault_set(&job->faults[0], STATUS_FAILED,
			  "%" PRIu64 " bytes were taken from %s but not delivered", job->left,
			  job_name(job, 0));
	else if (!ret && may_have_more(job))
		job_pool_full(job);
	else if (!ret && job->opts.len != ZCDEV_TO_END && job->move.bytes < job->opts.len)
		fault_set(&job->faults[0], STATUS_FAILED,
			  "%s ended after %" PRIu64 " of %" PRIu64 " bytes", job_name(job, 0),
			  job->move.bytes, job->opts.len);
	return ret;
}

static enum report_sync sync_sink(struct job *job, unsigned int i)
{
	if (job->opts.no_sync)
		return REPORT_SYNC_SKIPPED;
	if (!end_sync(&job->ends[i], &job->faults[i]))
		return REPORT_SYNC_DONE;
	job_sink_failed(job, i);
	return REPORT_SYNC_FAILED;
}

/* Whoever has got everything is finished with care, whatever befalls the others. */
static void finish_sinks(struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (!job->move.failed[i] && end_hang_up(&job->ends[i], &job->faults[i]))
			job_sink_failed(job, i);
	}
	for (i = 1; i <= job->opts.sink_count; i++) {
		if (!job->move.failed[i] && end_is_file(&job->ends[i]))
			job->sync[i] = sync_sink(job, i);
	}
}

/* What is not synced in the end is so for a reason that is told. */
static void expect_no_sync(struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (end_is_file(&job->ends[i]))
			job->sync[i] = REPORT_SYNC_FAILED;
	}
}

/* Runs between the first byte and the last. What a short source gave is synced. */
static void move_and_finish(struct job *job)
{
	double start = move_now();

	expect_no_sync(job);
	if (!move_bytes(job))
		finish_sinks(job);
	job->seconds = move_now() - start;
}

static bool is_stdout(const struct endpoint *sink)
{
	return sink->kind == ENDPOINT_STDIO ||
	       (sink->kind == ENDPOINT_FD && sink->fd == STDOUT_FILENO);
}

/* Standard output may be the sink. */
static FILE *report_stream(const struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (is_stdout(&job->opts.ends[i]))
			return stderr;
	}
	return stdout;
}

static void print_report(struct job *job)
{
	const char *names[MOVE_MAX_ENDS];
	struct report report = {
		.seconds = job->seconds,
		.asked = job->opts.len,
		.bytes = job->move.bytes,
		.left = job->left,
		.sync = job->sync,
		.failure = job_fault(job),
		.faults = job->faults,
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
	/* There may be no device, and so no pool. */
	if (!job->dev.ioctl || device_pool_info(&job->dev, &report.pool))
		report.pool.out_count = 0;
	report_json(report_stream(job), &report);
}

static void transfer(struct job *job)
{
	if (job_open(job))
		return;
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	if (job_truncate(job))
		return;
	move_and_finish(job);
}

static bool anything_moved(const struct job *job)
{
	unsigned int i;

	if (job->left)
		return true;
	for (i = 1; i <= job->opts.sink_count; i++) {
		if (job->move.ends[i].out_bytes)
			return true;
	}
	return false;
}

/* The counts are worth most when something went wrong, but not if it never began. */
static bool wants_report(const struct job *job)
{
	if (job_fault(job))
		return job->opts.json || anything_moved(job);
	return !job->opts.quiet;
}

/* The first of them decides how we exit. */
static int print_faults(const struct job *job)
{
	const struct fault *first = job_fault(job);
	unsigned int i;

	for (i = 0; i <= job->opts.sink_count; i++) {
		if (job->faults[i].status != STATUS_DONE)
			fault_print(&job->faults[i]);
	}
	return first ? first->status : STATUS_DONE;
}

static int run(int argc, char **argv)
{
	struct job job = { .move.stop = &stop };
	struct fault f;

	if (transfer_opts_parse(&job.opts, argc, argv, &f))
		return fault_print(&f);
	if (job.opts.help) {
		fputs(transfer_opts_help, stdout);
		return STATUS_DONE;
	}
	transfer(&job);
	job_close(&job);
	if (wants_report(&job))
		print_report(&job);
	return print_faults(&job);
}

const struct command cmd_transfer = {
	.name = "transfer",
	.summary = "move bytes between files and sockets without copying them",
	.help = transfer_opts_help,
	.run = run,
};
