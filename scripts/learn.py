#!/usr/bin/env python3
"""Train the default recipes on several seeds, check that they learn, and print one table.

    scripts/learn.py [--rows cartpole,pendulum,classic,pong,sticky-pong] [--seeds 3] [--first-seed 0] [--jobs 1] [--out FOLDER]

Every row has a return that the last 100 training episodes must reach, and the frames within which the median seed and every
seed must reach it: a seed's frames are the same on every machine, its seconds are only printed. Afterwards each policy plays
100 fresh episodes greedily. The exit code is 1 where a row misses. Frames are interquartile means with their 95 % intervals. With --out the runs stay, and each row gets a plot of its curves.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import intervals

# Environment, threshold (None: its recipe's), million frames for the median seed and for every seed, points by which the
# greedy policy may fall short of the threshold; below 0, by which it has to be above it. None of seeds 0 to 9 misses a row of the
# first three.
ROWS = {
    "cartpole": [("CartPole-v1", None, 0.3, 0.6, 0), ("CartPole-v0", None, 0.2, 0.4, 0)],
    "pendulum": [("InvertedPendulum-v4", None, 0.35, 0.6, 0), ("InvertedPendulum-v5", None, 0.35, 0.6, 0)],
    "classic": [
        ("Acrobot-v1", None, 0.12, 0.2, 0),
        ("MountainCar-v0", None, 0.9, 1.2, 10),
        ("MountainCarContinuous-v0", None, 0.45, 0.6, 0),
        ("Pendulum-v1", None, 0.9, 1.4, 75),
    ],
    "pong": [("Pong", None, 5, 10, -2)],
    "sticky-pong": [("ALE/Pong-v5", 15, 40, 40, 1)],
}


def train(vpg, env, threshold, seed, run):
    """Train one seed and return its summary and its greedy mean return."""
    at = [] if threshold is None else ["--solve-at", str(threshold)]
    subprocess.run([vpg, "--env", env, "--seed", str(seed), "--run-dir", run, *at], check=True, stderr=subprocess.DEVNULL)
    summary = json.loads((run / "summary.json").read_text())
    # 10,000 seeds away from those of the training environments.
    evaluation = [vpg, "eval", run, "--episodes", "100", "--deterministic", "--seed", str(seed + 10_000)]
    text = subprocess.run(evaluation, check=True, capture_output=True, text=True).stdout
    return summary, float(re.search(r"mean return (\S+),", text)[1])


def check(vpg, row, seeds, jobs, folder):
    """Train a row's seeds, print its line, and say whether it holds."""
    env, threshold, median_limit, limit, tolerance = row
    stem = env.replace("/", "-")
    runs = [folder / f"{stem}-{seed}" for seed in seeds]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda seed, run: train(vpg, env, threshold, seed, run), seeds, runs))
    subprocess.run([vpg, "plot", *runs, "--out", folder / f"{stem}.png"], check=True, stdout=subprocess.DEVNULL)
    seconds = [summary["solved_at_seconds"] or float("inf") for summary, _ in results]
    frames = [summary["solved_at_frames"] or float("inf") for summary, _ in results]
    greedy = [mean for _, mean in results]
    threshold = results[0][0]["solve_threshold"]
    in_time = statistics.median(frames) <= median_limit * 1e6 and max(frames) <= limit * 1e6
    holds = in_time and min(greedy) >= threshold - tolerance
    each = " ".join(f"{frame / 1e6:.2f}" for frame in frames)
    print(
        f"| {env} | {threshold:g} | {statistics.median(frames) / 1e6:.2f} (at most {median_limit}) | {each} (at most {limit}) "
        f"| {intervals.text(frames, 1e6)} | {statistics.median(seconds):.1f} | {min(greedy):.1f} to {max(greedy):.1f} "
        f"| {'yes' if holds else 'NO'} |",
        flush=True,
    )
    return holds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="cartpole,pendulum,classic", help="of " + ", ".join(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="seeds that train side by side")
    parser.add_argument("--vpg", default="target/debug/vpg")
    parser.add_argument("--out", type=pathlib.Path, help="keep the run folders here")
    args = parser.parse_args()
    unknown = set(args.rows.split(",")) - set(ROWS)
    if unknown:
        parser.error(f"unknown rows {', '.join(sorted(unknown))}: there are {', '.join(ROWS)}")
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.out or pathlib.Path(temporary)
        print("| environment | solved at | million frames, median | each seed | mean | seconds | greedy mean return | holds |")
        print("|---|---|---|---|---|---|---|---|")
        rows = [row for name in args.rows.split(",") for row in ROWS[name]]
        holds = [check(args.vpg, row, seeds, args.jobs, folder) for row in rows]
    sys.exit(0 if all(holds) else 1)


if __name__ == "__main__":
    main()
