"""Measures ours and the peers in turns and writes docs/benchmarks.md and docs/benchmarks.csv.

    make bench-peers
    make bench-peers ARGS="--seconds 5 --rounds 7"

Needs only the standard library: the peers in Python live in a virtual environment in the user's cache, those in Rust in
`rust/`, which is no part of the workspace. Each measurement is a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import machine
import report
from works import WORKS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "parity"))
import install  # noqa: E402  (the path above is what makes it importable)

# Above this share of busy cores before a measurement, its number says little: it waits so many seconds at most.
QUIET = 0.10
PATIENCE = 120


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (default: 1)")
    parser.add_argument("--rounds", type=int, default=3, help="of all systems in turns, at least 3 (default: 3)")
    parser.add_argument("--only", default="", help="only the works with this in their name")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the two files (default: docs)")
    parser.add_argument("--busy", action="store_true", help="measure although the machine is busy")
    arguments = parser.parse_args()
    if arguments.rounds < 3:
        parser.error("--rounds: expected at least 3")
    if arguments.only and arguments.out == ROOT / "docs":
        parser.error("--only: docs/ holds whole tables: name another folder with --out")
    return arguments


def build():
    """Builds ours and the Rust peers, ALE once for both. Where each program is."""
    rust = ["--manifest-path", HERE / "rust" / "Cargo.toml", "--target-dir", target()]
    targets = {
        "throughput": ["-p", "envs", "--example", "throughput"],
        "ours": ["-p", "preprocess", "--bench", "peers"],
        "rust": rust,
    }
    return {name: executable(arguments) for name, arguments in targets.items()}


def executable(target_arguments):
    """Builds a program with optimizations. Its path."""
    cargo = [os.environ.get("CARGO", "cargo"), "build", "--release", "--locked", *target_arguments]
    cargo.append("--message-format=json-render-diagnostics")
    answer = subprocess.run(cargo, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return next(path for line in reversed(answer.splitlines()) if (path := json.loads(line).get("executable")))


def target():
    """Cargo's folder of the workspace."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")


def command(programs, work, system, seconds, actions):
    """The process that measures this system."""
    program = programs[system.program]
    size = ["--num-envs", work.n, "--threads", work.threads, "--seconds", seconds]
    place = [work.task, work.n, work.threads, seconds]
    match system.program:
        case "throughput":
            return [program, "--env", work.task, *system.arguments, *size]
        case "ours":
            return [program, *system.arguments, "--seconds", seconds]
        case "rust":
            return [program, *system.arguments, *place, actions / "actions.bin"]
        case "python":
            return [program, HERE / "python_peers.py", *system.arguments, *place, actions / "actions.npy"]


def measure(*arguments):
    """Runs one measurement: its rate, and the version that it tells."""
    process = [str(argument) for argument in command(*arguments)]
    answer = subprocess.run(process, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    answer = json.loads(answer.splitlines()[-1])
    return answer.get("rate") or answer["raw_frames_per_second"], answer.get("version")


def wait_for_quiet(even_if_busy):
    """The share of the cores that others use; ends the program where that stays high."""
    start = time.monotonic()
    while (busy := machine.busy_share()) > QUIET and not even_if_busy:
        if time.monotonic() - start > PATIENCE:
            sys.exit(f"peers.py: others use {busy:.0%} of this machine: try again later, or measure with --busy")
    return busy


def measure_work(programs, work, arguments):
    """All systems of one work, in turns: each round in the order opposite to the one before."""
    rates = {system.name: [] for system in work.systems}
    versions = dict.fromkeys(rates, machine.our_version(ROOT))
    busiest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([programs["python"], HERE / "actions.py", str(work.n), work.actions, folder], check=True)
        for round_number in range(arguments.rounds):
            for system in work.systems[:: -1 if round_number % 2 else 1]:
                busiest = max(busiest, wait_for_quiet(arguments.busy))
                rate, version = measure(programs, work, system, arguments.seconds, Path(folder))
                rates[system.name].append(rate)
                versions[system.name] = version or versions[system.name]
                print(f"{work.name}, N = {work.n}, {system.name}: {rate:,.0f} {work.unit}", flush=True)
    ours = median(rates[work.systems[0].name])
    rows = [
        report.Row(
            work=work.name,
            n=work.n,
            threads=work.threads,
            system=name,
            version=versions[name],
            median=median(values),
            best=max(values),
            unit=work.unit,
            ratio_to_ours=ours / median(values),
        )
        for name, values in rates.items()
    ]
    return rows, busiest


def main():
    """Builds, measures, writes."""
    arguments = parse_arguments()
    programs = build() | {"python": install.ensure(HERE / "requirements.txt", "peers")}
    start, rows, busiest = time.monotonic(), [], 0.0
    for work in [work for work in WORKS if arguments.only in work.name]:
        measured, busy = measure_work(programs, work, arguments)
        rows += measured
        busiest = max(busiest, busy)
    notes = report.Notes(
        seconds=arguments.seconds,
        rounds=arguments.rounds,
        minutes=(time.monotonic() - start) / 60,
        machine=machine.describe(),
        busiest=busiest,
    )
    report.write(arguments.out, rows, notes)
    for work, n, _, ours, peer, at_least, measured, reached in report.bar_lines(rows):
        print(f"{work}, N = {n}, {ours} / {peer}: {measured}, at least {at_least}: {reached}")


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"peers.py: {error}")
