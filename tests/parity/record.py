"""Records what the originals answer into golden files. Run it with the Python that install.py prints.

    python record.py [--size small|short|full] [--into FOLDER] [SUBJECT ...]
"""

import argparse
import importlib
import os
import tempfile
import time
import warnings
from multiprocessing import Process
from pathlib import Path

# The longest first, so that nothing long is left to run alone.
SUBJECTS = {
    "games": "peers.atari:record_games",
    "modes": "peers.atari:record_modes",
    "rules": "peers.rules:record",
    "pong": "peers.atari:record_pong",
    "pendulum": "peers.pendulum:record",
    "cartpole": "peers.cartpole:record",
    "classic": "peers.classic:record",
    "console": "peers.console:record",
    "registry": "peers.atari:record_registry",
    "rng": "peers.rng:record",
    "spaces": "peers.spaces:record",
    "vector": "peers.vector:record",
    "one-generator": "peers.vector:record_one_generator",
    "pipeline": "peers.pixels:record_pipeline",
    "pictures": "peers.classic:record_pictures",
    "phi": "peers.pixels:record_phi",
    "frames": "peers.pixels:record_frames",
}
HERE = Path(__file__).resolve().parent


def record(subject, folder, size):
    """Records one subject, away from the checkout: MuJoCo writes a log into the working directory."""
    import gymnasium

    warnings.filterwarnings("ignore")  # importing gymnasium turned its own back on
    gymnasium.logger.min_level = gymnasium.logger.ERROR
    start = time.time()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        module, function = SUBJECTS[subject].split(":")
        getattr(importlib.import_module(module), function)(folder, size)
        os.chdir(HERE)
    print(f"recorded {subject} in {time.time() - start:.0f} s", flush=True)


def main():
    """Records each subject in a process of its own, as many at once as there are cores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"any of {', '.join(SUBJECTS)}; all if none")
    parser.add_argument("--size", choices=["small", "short", "full"], default="small")
    parser.add_argument("--into", type=Path, default=HERE / "golden", help="default: the committed golden files")
    args = parser.parse_args()
    if unknown := set(args.subjects) - set(SUBJECTS):
        parser.error(f"unknown subject {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    waiting = [Process(target=record, args=(name, args.into.resolve(), args.size)) for name in args.subjects or SUBJECTS]
    everyone, running = list(waiting), []
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            running.append(waiting.pop(0))
            running[-1].start()
        running[0].join(0.2)
        running = [process for process in running if process.is_alive()]
    if any(process.exitcode for process in everyone):
        raise SystemExit("record.py: a subject could not be recorded")


if __name__ == "__main__":
    main()
