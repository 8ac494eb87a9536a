#!/usr/bin/env python3
"""How much a default recipe depends on its learning rate, lambda, batch size and network width.

    scripts/sensitivity.py --env CartPole-v1 [--seeds 10] [--out FOLDER] [-- TRAINING FLAGS]

Each of the four takes half and twice its value (lambda: 0.9 and 1) while the others keep theirs; every value trains on
the same seeds. Prints one table: the runs that were solved, and the interquartile mean with its 95 % interval of the raw
frames until then (an unsolved run counts as its whole budget). The runs stay in FOLDER, with one plot for each of the
four; called again, the script goes on where it stopped.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import intervals


def grid(args, folder, vary):
    """Train one grid and return its runs by the varied value."""
    seeds = ",".join(map(str, range(args.seeds)))
    command = [args.vpg, "grid", folder, "--seeds", seeds, "--jobs", args.jobs, *vary, "--", "--env", args.env, *args.flags]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    with (folder / "summary.csv").open() as file:
        return list(csv.DictReader(file))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--vpg", default="target/debug/vpg")
    parser.add_argument("--out", type=pathlib.Path, default=None, help="keep the run folders here")
    parser.add_argument("flags", nargs="*", help="of vpg, for all runs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(args, args.out or pathlib.Path(temporary))


def measure(args, out):
    """Train all values and print the table."""
    default = grid(args, out / "default", [])
    config = json.loads(next((out / "default").glob("**/config.json")).read_text())
    budget = config["budget"]["frames"]
    rate, steps, width = config["pi_lr"], config["steps_per_epoch"], config["hid"][0]
    print("| what changes | value | solved | raw frames until solved, millions |\n|---|---|---|---|")
    defaults = f"rate {rate:g}, lambda {config['lam']:g}, batch {steps}, width {width}"
    print(row("nothing", defaults, default, budget), flush=True)
    axes = {
        "pi-lr": [rate / 2, rate * 2],
        "lam": [0.9, 1.0],
        "steps-per-epoch": [steps // 2, steps * 2],
        "hid": [width // 2, width * 2],
    }
    for flag, values in axes.items():
        folders = [out / f"{flag}-{value:g}" for value in values]
        for value, folder in zip(values, folders, strict=True):
            print(row(f"`--{flag}`", f"{value:g}", grid(args, folder, ["--vary", f"{flag}={value:g}"]), budget), flush=True)
        plot = [args.vpg, "plot", out / "default", *folders, "--smooth", "5", "--out", out / f"{flag}.png"]
        subprocess.run(plot, check=True, stdout=subprocess.DEVNULL)


def row(name, value, runs, budget):
    """One line of the table."""
    frames = [float(run["solved_at_frames"] or budget) for run in runs]
    solved = sum(run["solved"] == "true" for run in runs)
    return f"| {name} | {value} | {solved} of {len(runs)} | {intervals.text(frames, 1e6)} |"


if __name__ == "__main__":
    main()
