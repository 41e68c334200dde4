// SPDX-License-Identifier: GPL-2.0
/*
 * Get back pages that nobody needs but the network stack has not freed.
 *
 * What a TCP receiver has read on another CPU than it was sent on is put on a
 * list of the sending CPU, which frees it the next time it receives anything:
 * for want of traffic that may be never, and each entry pins a whole buffer.
 * So each CPU gets a poll function that does nothing: to schedule it makes the
 * CPU look after its list.
 */
#include "softnet.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/smp.h>

struct softnet {
	struct napi_struct napi;
	call_single_data_t csd;
};

static DEFINE_PER_CPU(struct softnet, softnet);
static struct net_device *softnet_dev;

static int softnet_poll(struct napi_struct *napi, int budget)
{
	napi_complete_done(napi, 0);
	return 0;
}

/* On the CPU in question, in interrupt context. */
static void softnet_kick(void *arg)
{
	struct softnet *s = arg;

	napi_schedule_irqoff(&s->napi);
}

/**
 * zc_softnet_init() - get ready for zc_softnet_flush()
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int zc_softnet_init(void)
{
	int cpu;

	softnet_dev = alloc_netdev_dummy(0);
	if (!softnet_dev)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct softnet *s = per_cpu_ptr(&softnet, cpu);

		INIT_CSD(&s->csd, softnet_kick, s);
		netif_napi_add(softnet_dev, &s->napi, softnet_poll);
		napi_enable(&s->napi);
	}
	return 0;
}

static void softnet_nop(void *arg)
{
}

/**
 * zc_softnet_exit() - undo zc_softnet_init()
 *
 * Context: process; nobody calls zc_softnet_flush() any more.
 */
void zc_softnet_exit(void)
{
	int cpu;

	/*
	 * After this all calls are at least under way. One that comes late
	 * finds its poll function disabled, and is over before the memory of
	 * the module is freed, which takes a grace period.
	 */
	on_each_cpu(softnet_nop, NULL, 1);
	for_each_possible_cpu(cpu) {
		struct softnet *s = per_cpu_ptr(&softnet, cpu);

		napi_disable(&s->napi);
		netif_napi_del(&s->napi);
	}
	free_netdev_dummy(softnet_dev);
}

/*
 * One that is busy with the last call will look anyway, and one that goes
 * offline gives its list to others.
 */
static void softnet_call_all(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		smp_call_function_single_async(cpu,
					       per_cpu_ptr(&softnet.csd, cpu));
}

/**
 * zc_softnet_flush() - have all CPUs free what the network is done with
 *
 * Does not wait for them, and does it once in a jiffy only, whoever asks.
 * Isolated CPUs are not spared: they may have sent our pages.
 *
 * Context: process.
 */
void zc_softnet_flush(void)
{
	static unsigned long last = INITIAL_JIFFIES;
	static DEFINE_SPINLOCK(calling);

	/* Two who call one CPU at once would tie its list of calls into a ring. */
	if (!spin_trylock(&calling))
		return;
	if (time_after(jiffies, last)) {
		last = jiffies;
		softnet_call_all();
	}
	spin_unlock(&calling);
}
