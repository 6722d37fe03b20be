#!/usr/bin/env python3
"""Reads the same large capture files with Whorl, ndpiReader, p0f and tshark, in turn, each on one core.

Reported are packets a second by the clock and by processor time (user and system; what a busy machine does not distort
as much), and the largest resident memory. The best of the rounds counts.
"""
import argparse
import datetime
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BENCH = os.path.join(ROOT, "bench", "Whorl.Bench", "bin", "Release", "net10.0", "Whorl.Bench.dll")
JA3 = ["-T", "fields", "-e", "tls.handshake.ja3", "-e", "tls.handshake.ja3s"]


def programs(whorl, log):
    every = {
        "whorl": shlex.split(whorl) + ["{}"],
        "ndpiReader": ["ndpiReader", "-q", "-i", "{}"],
        "p0f": ["p0f", "-r", "{}", "-o", log],
        "tshark": ["tshark", "-n", "-r", "{}"] + JA3,
    }
    return {name: command for name, command in every.items() if name == "whorl" or shutil.which(command[0])}


def run(command, path, core, limit):
    """Seconds by the clock, processor seconds, and peak memory in MB; None where it took too long."""
    command = [part.replace("{}", path) for part in command]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    child = subprocess.Popen(["taskset", "-c", str(core)] + command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = start + limit
    while True:
        pid, _, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = 0
            break
        if time.monotonic() > deadline:
            child.kill()
            os.wait4(child.pid, 0)
            child.returncode = -9
            return None
        time.sleep(0.02)
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whorl", default=f"dotnet {BENCH} capture", help="command that reads the file named behind it")
    parser.add_argument("--data", default=os.path.join(ROOT, "..", "shared", "data", "fingerprints"))
    parser.add_argument("--folder", help="where the files are kept; a temporary folder unless told")
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--hellos", type=int, default=287_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=os.cpu_count() - 1)
    parser.add_argument("--without", default="", help="programs to leave out, with commas")
    parser.add_argument("--limit", type=int, default=300, help="seconds after which a run is given up")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="capture-bench-")
    listing = os.path.join(folder, "files.json")
    if not os.path.exists(listing):
        made = subprocess.run(
            [sys.executable, os.path.join(HERE, "files.py"), options.data, folder, str(options.megabytes), str(options.hellos)],
            check=True, capture_output=True, text=True).stdout
        with open(listing, "w") as file:
            file.write(made)
    with open(listing) as file:
        files = json.load(file)
    log = os.path.join(folder, "p0f.log")
    chosen = {n: c for n, c in programs(options.whorl, log).items() if n not in options.without.split(",")}
    best = {}
    for _ in range(options.rounds):
        for name, command in chosen.items():
            for kind in files:
                if os.path.exists(log):
                    os.remove(log)
                got = run(command, files[kind]["path"], options.core, options.limit)
                if got:
                    old = best.get((kind, name), got)
                    best[kind, name] = tuple(min(a, b) for a, b in zip(old, got))
    date = datetime.date.today().isoformat()
    lines = [f"# Capture files: Whorl beside its peers, {date}", ""]
    lines.append(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} during the runs; one core each, best of {options.rounds}. Command for Whorl: `{os.path.basename(shlex.split(options.whorl)[-2])} {shlex.split(options.whorl)[-1]}`.")
    for kind, about in files.items():
        lines += ["", f"## {kind}: {about['packets']:,} packets, {about['bytes'] / 1e6:.0f} MB" + (f", {about['hellos']:,} hellos" if "hellos" in about else ""), ""]
        lines += ["| program | M packets/s (clock) | M packets/s (processor) | MB/s | peak MB |", "|---|---|---|---|---|"]
        for name in chosen:
            if (kind, name) in best:
                clock, cpu, memory = best[kind, name]
                lines.append(f"| {name} | {about['packets'] / clock / 1e6:.3f} | {about['packets'] / cpu / 1e6:.3f} | {about['bytes'] / clock / 1e6:.0f} | {memory:.0f} |")
            else:
                lines.append(f"| {name} | given up after {options.limit} s | | | |")
    target = os.path.join(ROOT, "bench", "results", f"capture-{date}.md")
    with open(target, "w") as file:
        file.write("\n".join(lines) + "\n")
    print("\n".join(lines))
    if not options.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
