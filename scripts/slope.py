#!/usr/bin/env python3
"""Train the preset pong-blog on several seeds and check that its reward curve rises.

    scripts/slope.py [--epochs 60] [--seeds 3] [--out FOLDER]

A line is fitted to each seed's mean reward per epoch by least squares. The slope's 95 % interval over the seeds is that
of Student's t; the exit code is 1 where it does not lie above 0.
"""

import argparse
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

# Student's t at 97.5 % for 1, 2, ... degrees of freedom.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]


def slope(values):
    """The least-squares slope of the values over 1, 2, 3, ..., and its standard error."""
    n = len(values)
    middle, mean = (n + 1) / 2, statistics.fmean(values)
    squares = sum((x - middle) ** 2 for x in range(1, n + 1))
    rise = sum((x - middle) * (y - mean) for x, y in enumerate(values, 1)) / squares
    rest = sum((y - mean - rise * (x - middle)) ** 2 for x, y in enumerate(values, 1))
    return rise, math.sqrt(rest / (n - 2) / squares)


def interval(slopes):
    """Mean and half-width of the 95 % interval."""
    half = T[len(slopes) - 2] * statistics.stdev(slopes) / math.sqrt(len(slopes))
    return statistics.fmean(slopes), half


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3, choices=range(2, len(T) + 2))
    parser.add_argument("--vpg", default="target/debug/vpg")
    parser.add_argument("--out", type=pathlib.Path, help="keep the run folders here")
    parser.add_argument("flags", nargs="*", help="more flags for vpg, after --")
    args = parser.parse_args()
    if args.epochs < 3:
        parser.error("a slope needs 3 epochs")
    slopes = []
    print("| seed | first 10 epochs | last 10 epochs | slope in points an epoch |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for seed in range(args.seeds):
            run = (args.out or pathlib.Path(temporary)) / f"pong-blog-{seed}"
            command = [args.vpg, "--preset", "pong-blog", "--seed", str(seed), "--epochs", str(args.epochs)]
            # Its progress and its errors stay visible.
            subprocess.run([*command, "--run-dir", run, *args.flags], check=True, stdout=subprocess.DEVNULL)
            rewards = [float(line) for line in (run / "rewards.txt").read_text().split()]
            rise, error = slope(rewards)
            slopes.append(rise)
            first, last = statistics.fmean(rewards[:10]), statistics.fmean(rewards[-10:])
            print(f"| {seed} | {first:.2f} | {last:.2f} | {rise:.4f} (standard error {error:.4f}) |", flush=True)
    mean, half = interval(slopes)
    print(f"\nslope over {args.seeds} seeds: {mean:.4f} points an epoch, 95 % interval {mean - half:.4f} to {mean + half:.4f}")
    sys.exit(0 if mean - half > 0 else 1)


if __name__ == "__main__":
    main()
