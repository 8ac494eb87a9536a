#!/usr/bin/env python3
"""How training scales over processes: measured up to --ranks, calculated for more.

    scripts/scaling.py [--env CartPole] [--epochs 100] [--ranks 2]

An epoch of n processes is calculated as T(n) = T(1) / n + calls * t(n): all work is shared out, and the calls of an epoch
each take the time of an all-reduce of their mean size. That time is measured for --ranks processes, for one number and for
a gradient, and taken to grow as log2(n) for the former (latency) and as 2 (n - 1) / n for the rest (the ring of
R. Thakur, R. Rabenseifner and W. Gropp, 2005). It knows nothing of networks: on several machines measure there.
"""

import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import tempfile

ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def mpirun(ranks, *command):
    """Run a command in so many processes; give what it says."""
    command = ["mpirun", "--oversubscribe", "-n", str(ranks), *map(str, command)]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{result.stderr}")
    return result.stdout + result.stderr


def train(args, ranks, folder):
    """Seconds of an epoch without saving, and what was exchanged in it: MiB and calls."""
    run = pathlib.Path(folder) / str(ranks)
    budget = ["--epochs", args.epochs, "--save-freq", 10**9, "--threads", 1]
    text = mpirun(ranks, args.vpg, "--mpi", "--env", args.env, *budget, "--profile", "--run-dir", run)
    work = sum(float(seconds) for seconds in re.findall(r"(?:step|act|learn) ([\d.]+) s", text))
    mib, calls = re.search(r"exchanged ([\d.]+) MiB in (\d+) calls", text).groups()
    assert json.loads((run / "summary.json").read_text())["env_steps"] > 0
    return work / args.epochs, float(mib) / args.epochs, int(calls) / args.epochs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="CartPole")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--ranks", type=int, default=2, help="as many as there are cores at hand")
    parser.add_argument("--vpg", default="target/debug/vpg")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        alone, _, _ = train(args, 1, folder)
        together, mib, calls = train(args, args.ranks, folder)
    numbers = max(2, round(mib * 2**20 / calls / 4))
    lines = mpirun(args.ranks, pathlib.Path(args.vpg).parent / "examples/all_reduce", numbers).splitlines()
    latency, whole = (float(line.split()[1]) * 1e-6 for line in lines[:2])
    ring = lambda ranks: 2 * (ranks - 1) / ranks
    per_ring = max(0.0, whole - latency) / ring(args.ranks)

    print(f"{args.env}: {calls:.0f} calls and {mib:.3f} MiB an epoch and process; an all-reduce of {args.ranks} processes")
    print(f"takes {latency * 1e6:.0f} us for one number, {whole * 1e6:.0f} us for the mean size of {numbers}\n")
    print("| processes | milliseconds an epoch | times as fast | |\n|---|---|---|---|")
    print(f"| 1 | {alone * 1e3:.1f} | 1.0 | measured |")
    print(f"| {args.ranks} | {together * 1e3:.1f} | {alone / together:.1f} | measured |")
    for ranks in (args.ranks, 4, 8, 16, 32, 64):
        call = latency * math.log2(ranks) / math.log2(args.ranks) + per_ring * ring(ranks)
        epoch = alone / ranks + calls * call
        print(f"| {ranks} | {epoch * 1e3:.1f} | {alone / epoch:.1f} | calculated |")


if __name__ == "__main__":
    main()
