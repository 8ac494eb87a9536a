"""Runs the four write-ups' recipes in PyTorch and Gymnasium and in vpg, in turns, and prints one table.

    make bench-training
    make bench-training ARGS="--rounds 5 --only cartpole"

Each recipe runs with its write-up's hyperparameters on both sides. The write-ups are the scripts beside this file; vpg's
sides are its presets. Round r uses seed r on both sides. Every process has one thread. Needs only the standard library:
PyTorch and Gymnasium live in a virtual environment in the user's cache.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "parity"))
import install  # noqa: E402  (the path above is what makes it importable)


@dataclass(frozen=True)
class Recipe:
    """A write-up's recipe on both sides, where it ends, and how many times as fast as the script vpg should be."""

    name: str
    preset: str
    end: str
    bar: float | None
    epochs: int | None = None
    goal: float | None = None


RECIPES = [
    Recipe("cartpole_reinforce", "cartpole-reinforce", "running reward above 195", bar=8),
    Recipe("pendulum_lightning", "pendulum-lightning", "an epoch's mean return of 1000", bar=20, epochs=100, goal=1000),
    Recipe("spinning_up", "spinning-up", "50 epochs", bar=None, epochs=50),
    Recipe("pong_blog", "pong-blog", "3 epochs", bar=5, epochs=3),
]


@dataclass(frozen=True)
class Run:
    """Agent steps, the seconds they took, and the last result."""

    steps: int
    seconds: float
    result: float


def run_script(python, recipe, seed):
    """The write-up's side."""
    epochs = [] if recipe.epochs is None else ["--epochs", str(recipe.epochs)]
    command = [python, HERE / f"{recipe.name}.py", "--seed", str(seed), *epochs]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return Run(**json.loads(answer.splitlines()[-1]))


def run_vpg(vpg, recipe, seed):
    """Our side. Seconds count from the start of the process to the end of the epoch that reached the goal.

    The scripts write nothing; vpg logs every epoch and keeps what it can be resumed from after every tenth.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        epochs = [] if recipe.epochs is None else ["--epochs", str(recipe.epochs)]
        command = [vpg, "--preset", recipe.preset, "--seed", str(seed), "--threads", "1", "--run-dir", run, *epochs]
        command += ["--state-freq", "10"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(run / "progress.txt", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    reached = [row for row in rows if recipe.goal is not None and float(row["AverageEpRet"]) >= recipe.goal]
    last = (reached or rows)[0 if reached else -1]
    return Run(int(last["TotalEnvInteracts"]), float(last["Time"]), float(last["AverageEpRet"]))


def line(recipe, theirs, ours):
    """A recipe's row of the table, and whether its bar holds."""
    rates = [median(run.steps / run.seconds for run in runs) for runs in (theirs, ours)]
    seconds = [median(run.seconds for run in runs) for runs in (theirs, ours)]
    ratio = rates[1] / rates[0]
    holds = recipe.bar is None or ratio >= recipe.bar
    bar = "-" if recipe.bar is None else f"{recipe.bar:g}x: {'yes' if holds else 'NO'}"
    cells = [
        recipe.name,
        f"{rates[0]:,.0f}",
        f"{rates[1]:,.0f}",
        f"{ratio:.1f}x",
        bar,
        recipe.end,
        " ".join(f"{run.seconds:.1f}" for run in theirs),
        " ".join(f"{run.seconds:.2f}" for run in ours),
        f"{seconds[0] / seconds[1]:.1f}x",
    ]
    return f"| {' | '.join(cells)} |", holds


def main():
    """Builds, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of both sides in turns, each with a seed of its own")
    parser.add_argument("--only", default="", help="only the recipes with this in their name")
    parser.add_argument("--vpg", type=Path, default=ROOT / "target" / "release" / "vpg")
    arguments = parser.parse_args()
    python = install.ensure(ROOT / "tests" / "interchange" / "requirements.txt", "interchange")
    print("| recipe | script, steps/s | vpg, steps/s | ratio | bar | until | script, s | vpg, s | ratio of medians |")
    print("|---|---|---|---|---|---|---|---|---|")
    holds = True
    for recipe in RECIPES:
        if arguments.only in recipe.name:
            rounds = range(arguments.rounds)
            pairs = [(run_script(python, recipe, seed), run_vpg(arguments.vpg, recipe, seed)) for seed in rounds]
            text, row_holds = line(recipe, *zip(*pairs))
            print(text, flush=True)
            holds &= row_holds
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
