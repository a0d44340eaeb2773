"""causeway-bench-import as the measurements see it: a step in, what it took out."""
import os
import subprocess
import sys
import time

from causeway_bench import Process, Sampler, mib, program


class Step:
    """What one step took."""

    def __init__(self, cpu, wall, memory=0, written=0, counts=(), stages=""):
        self.cpu, self.wall, self.memory, self.written = cpu, wall, memory, written
        self.counts, self.stages = counts, stages


class Importer:
    """causeway-bench-import on a new store."""

    def __init__(self, build, path, inbox, *settings):
        self.state = os.path.join(path, "state")
        self.process = subprocess.Popen(
            [program(build, "causeway-bench-import"), self.state, inbox, *settings],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("causeway-bench-import does not start")
        self.figures = Process(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def step(self, what):
        with Sampler(self.figures) as sampler:
            cpu, written, began = self.figures.cpu(), self.figures.handed(), time.monotonic()
            self.process.stdin.write(what + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline().strip()
            wall = time.monotonic() - began
            cpu, written = self.figures.cpu() - cpu, self.figures.handed() - written
        words = line.split(" ")
        if words[0] != "succeeded" if what in ("fetch", "reload") else not line.replace(" ", "").isdigit():
            sys.exit(f"{what}: {line}")
        if what != "fetch":
            return Step(cpu, wall, sampler.peak, written, words)
        return Step(cpu, wall, sampler.peak, written, [int(word) for word in words[1:6]], words[6])

    def size(self):
        store = os.path.join(self.state, "store")
        return sum(
            os.stat(os.path.join(root, name)).st_blocks * 512 for root, _, names in os.walk(store) for name in names)


def say(what, step, note=""):
    print(
        f"{what:<44}{step.cpu:>8.2f} {step.wall:>8.2f} {mib(step.memory) if step.memory else '-':>12} "
        f"{mib(step.written):>12}  {note}", flush=True)
    if step.stages:
        stages = [stage.split("=") for stage in step.stages.split(",")]
        print("    " + ", ".join(f"{name} {int(micros) / 1e6:.2f}" for name, micros in stages), flush=True)


def judge(what, found, most):
    print(f"  {'met   ' if found <= most else 'MISSED'} {what}: {found:.3f}, at most {most}", flush=True)


def expect(step, **counts):
    names = ("read", "new", "updated", "unchanged", "quarantined")
    found = dict(zip(names, step.counts))
    for name, count in counts.items():
        if found.get(name) != count:
            sys.exit(f"the run counts {found}, not {name} = {count}")
