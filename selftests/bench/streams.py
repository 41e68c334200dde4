#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Count what moving streams and pool ranges costs, ours beside today's.

Instructions per KiB and CPU-touched bytes per byte, medians of five, all from
one boot with one CPU; senders and receivers on the same machine count. Each line
that has a bound says whether it is kept; the exit status says it of all.
"""

import argparse
import collections
import json
import statistics
import sys

import guest

MIB = 64                # the file; SIZE in streams.c
SMALL = 1.10            # the default, against the better of copy and reference
KERNEL_BOUNDS = {       # instructions, touched bytes: at most so much of theirs
    ("tofile", "recv+write"): (0.28, 0.33),
    ("pipefile", "read+write"): (0.22, 0.30),
    ("memory", "send"): (0.40, None),
    ("proxy", "recv+send"): (0.80, 0.65),
}
FAN = 1.15              # four sinks, against one and three times pool to TCP
CHUNK = 4 << 20         # of the default pool


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("-k", "--kernel", default="6.12")
    p.add_argument("--only", help="these scenarios, separated by commas")
    return p.parse_args()


class Costs:
    """Instructions per KiB and touched bytes per byte, by scenario and mover."""

    def __init__(self, kernel, only):
        out = guest.BUILD / f"qemu-streams-{kernel}"
        out.mkdir(parents=True, exist_ok=True)
        counts = out / "counts"
        phases, self.disk = {}, {}
        plugin = f"{guest.BUILD}/bench/count.so,out={counts}"
        for line in guest.lines(kernel, "streams.sh", {"only": only}, MIB, plugin,
                                f"qemu-streams-{kernel}"):
            word = line.split()
            if word[:1] == ["phase"]:
                phases[int(word[1])] = (word[2], word[3], int(word[4]))
            elif word[:1] == ["disk"]:
                self.disk[word[1]] = int(word[2])
        runs = collections.defaultdict(list)
        for line in counts.read_text().splitlines():
            counted = json.loads(line)
            if counted["phase"] in phases:
                runs[counted["phase"]].append(counted)
        self.cost = {}
        for phase, found in runs.items():
            scenario, mover, size = phases[phase]
            insns = statistics.median(r["insns"] for r in found)
            touched = statistics.median(r["loaded"] + r["stored"] for r in found)
            self.cost[scenario, mover] = (insns * 1024 / size, touched / size)


class Report:
    """Lines with a verdict."""

    def __init__(self):
        self.bad = 0

    def line(self, text, ratio=None, bound=None):
        verdict = ""
        if bound is not None:
            good = ratio <= bound
            self.bad += not good
            verdict = f"  {ratio:6.3f} of at most {bound:.2f}  {'ok' if good else 'NOT KEPT'}"
        print(f"{text:<52}{verdict}", flush=True)

    def pair(self, costs, scenario, theirs, bounds):
        them, us = costs.cost[scenario, theirs], costs.cost[scenario, "zcdev"]
        self.line(f"{scenario}: {theirs} {them[0]:.0f} insn/KiB, {them[1]:.2f} touched")
        for i, what in enumerate(("insn/KiB", "touched")):
            ratio = us[i] / them[i]
            self.line(f"  zcdev {us[i]:.{0 if i == 0 else 2}f} {what}", ratio, bounds[i])

    def fan(self, costs):
        one, four, pool = (costs.cost["fan", m][0] for m in ("one", "four", "pool"))
        self.line(f"fan: to one {one:.0f}, to four {four:.0f}, pool to tcp {pool:.0f} insn/KiB",
                  four / (one + 3 * pool), FAN)
        size = MIB << 20
        self.line(f"  read from the disk {costs.disk['fan']} bytes",
                  costs.disk["fan"] / size, 1 + CHUNK / size)

    def small(self, costs, scenario):
        copy, ref, ours = (costs.cost[scenario, m][0] for m in ("copy", "reference", "default"))
        self.line(f"{scenario}: copy {copy:.0f}, reference {ref:.0f}, default {ours:.0f}",
                  ours / min(copy, ref), SMALL)


def main():
    args = arguments()
    costs, report = Costs(args.kernel, args.only), Report()
    for (scenario, theirs), bounds in KERNEL_BOUNDS.items():
        if (scenario, theirs) in costs.cost:
            report.pair(costs, scenario, theirs, bounds)
    if ("fan", "four") in costs.cost:
        report.fan(costs)
    for scenario, mover in costs.cost:
        if scenario.startswith("small-") and mover == "default":
            report.small(costs, scenario)
    return report.bad != 0


if __name__ == "__main__":
    sys.exit(main())
