# SPDX-License-Identifier: GPL-2.0
"""Run the guest's half of a benchmark, and make sense of what it prints."""

import collections
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = TOP / "build"


def source(mib):
    """A directory with a file of that size in it, for the guest's disk."""
    files = BUILD / f"bench/disk-{mib}"
    files.mkdir(parents=True, exist_ok=True)
    src = files / "src"
    if not src.exists() or src.stat().st_size != mib << 20:
        with open(src, "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))
    return files


def lines(kernel, script, parameters, mib=0, plugin=None, work=None):
    """Boot with one CPU and yield what a script prints, line by line."""
    words = [f"zcdev_{key}={value}" for key, value in parameters.items() if value]
    cmd = [TOP / "selftests/qemu/run", "-k", kernel, "--cpus", "1", "--program", "/bench",
           "--work", work or f"qemu-bench-{kernel}",
           "--add", f"{HERE}/{script}=/bench",
           "--add", f"{BUILD}/bench/measure=/usr/bin/measure",
           "--add", f"{BUILD}/bench/movers=/usr/bin/movers",
           "--add", f"{BUILD}/bench/streams=/usr/bin/streams",
           "--append", " ".join(words + ["nokaslr"])]
    if mib:
        cmd += ["--disk-dir", source(mib)]
    if plugin:
        cmd += ["--plugin", plugin]
    last = collections.deque(maxlen=20)
    with subprocess.Popen(cmd, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            last.append(line)
            yield line.rstrip("\n")
    if run.returncode:
        sys.stderr.writelines(last)
        raise SystemExit(f"the guest failed on {kernel}")


class Phase:
    """All runs of one mover to one kind of sink."""

    def __init__(self, mover, kind):
        self.mover, self.kind = mover, kind
        self.seconds, self.insns, self.touched, self.verdict = [], [], [], None

    def result(self, size):
        """Medians, related to the bytes moved."""
        r = {"mover": self.mover, "to": self.kind, "seconds": statistics.median(self.seconds)}
        if self.insns:
            r["insns_per_kib"] = statistics.median(self.insns) * 1024 / size
            r["touched_per_byte"] = statistics.median(self.touched) / size
        if self.verdict:
            r["verdict"] = self.verdict
        return r


class Run:
    """One boot of guest.sh: its phases, and what else it found out."""

    def __init__(self, kernel, parameters, mib, plugin=(), work=None):
        self.phases, self.sums, self.symbols, self.size = {}, {}, None, mib << 20
        out = BUILD / (work or f"qemu-bench-{kernel}")
        out.mkdir(parents=True, exist_ok=True)
        self.profile = out / "profile"
        counts = out / "counts"
        args = None
        if "count" in plugin:
            args = f"{BUILD}/bench/count.so,out={counts}"
        if "profile" in plugin:
            args += f",profile={self.profile}"
        for line in lines(kernel, "guest.sh", parameters, mib, args, work):
            self.hear(line)
        for line in counts.read_text().splitlines() if args else []:
            counted = json.loads(line)
            phase = self.phases[counted["phase"]]
            phase.insns.append(counted["insns"])
            phase.touched.append(counted["loaded"] + counted["stored"])

    def hear(self, line):
        """One line of the guest's."""
        if self.symbols is not None:
            self.symbols.append(line)
            return
        word = line.split(maxsplit=2)
        what = word[0] if word else ""
        if what == "kallsyms":
            self.symbols = []
        elif what == "phase":
            self.phases[int(word[1])] = Phase(*word[2].split())
        elif what == "run":
            phase = self.phases[int(word[1])]
            received, seconds = word[2].split()
            if phase.kind == "tcp" and int(received) != self.size:
                raise SystemExit(f"{phase.mover} sent {received} bytes of {self.size}")
            phase.seconds.append(float(seconds))
        elif what == "verdict":
            self.phases[int(word[1])].verdict = json.loads(word[2])
        elif what == "sha256":
            self.sums[word[1]] = word[2]

    def results(self):
        """One dictionary for each mover and kind of sink."""
        return [phase.result(self.size) for phase in self.phases.values()]
