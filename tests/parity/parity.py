"""Plays the originals and our environments side by side and prints what differs: `make parity`.

Records the originals at the given size, into a folder of the user's cache that is used again while the
recorder stays the same, replays every recording on ours (the same tests that `cargo test` runs on the
small golden files), and prints a line a case. Needs only the standard library. Ends with 1 if any row
differs or any recording was not compared.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import install

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]


def main():
    """Records, replays, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=["short", "full"], default="full")
    parser.add_argument("--fresh", action="store_true", help="record anew, whatever the cache has")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="what to record; see record.py; all if none")
    args = parser.parse_args()
    started = time.time()
    folder = recorded(args.size, args.subjects, args.fresh)
    results = replayed(folder)
    if args.size == "full" and (not args.subjects or "pong" in args.subjects):
        results.append(fixed_start())
    agree = print_table(folder, results)
    print(f"{time.time() - started:.0f} s in all")
    sys.exit(0 if agree else 1)


def recorded(size: str, subjects: list[str], fresh: bool) -> Path:
    """The folder with the originals' recordings of this size."""
    python = install.ensure()
    sources = [HERE / "record.py", HERE / "recording.py", HERE / "requirements.txt", *sorted(HERE.glob("peers/*.py"))]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources) + " ".join(subjects).encode())
    folder = install.cache_folder() / f"parity-recordings-{size}-{key.hexdigest()[:12]}"
    if folder.exists() and not fresh:
        print(f"using the recordings in {folder}", flush=True)
        return folder
    for outdated in folder.parent.glob(f"parity-recordings-{size}-*"):
        shutil.rmtree(outdated)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix="parity-recording-"))
    try:
        command = [python, HERE / "record.py", "--size", size, "--into", scratch, *subjects]
        subprocess.run(command, check=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def replayed(folder: Path) -> list[dict]:
    """Each case's result as the golden tests report it."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.jsonl")
        environment = {**os.environ, "PARITY_RECORDINGS": folder, "PARITY_REPORT": report}
        command = ["cargo", "test", "--quiet", "--no-fail-fast", "-p", "envs", "-p", "preprocess"]
        for tests in (["--test", "golden_*"], ["--lib", "--", "of_any_memory"]):
            run = subprocess.run([*command, *tests], cwd=CHECKOUT, env=environment, capture_output=True, text=True)
            if not report.exists():
                sys.exit(f"parity.py: the replay did not run\n{run.stdout}{run.stderr}")
        return [json.loads(line) for line in report.read_text().splitlines()]


def fixed_start() -> dict:
    """Whether Pong's start from a saved state equals a real reset, after the ROM was loaded with 1,000 seeds."""
    command = ["cargo", "test", "--quiet", "-p", "envs", "--lib", "--", "--ignored", "a_thousand_seeds"]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    ran, equal = "1 passed" in run.stdout, run.returncode == 0
    first = None if ran and equal else f"{run.stdout}{run.stderr}".strip()
    return {"case": "pong/fixed-start", "steps": 1000, "mismatches": int(first is not None), "first": first, "known": None}


def print_table(folder: Path, results: list[dict]) -> bool:
    """A line a case; True if every recording was compared and agrees."""
    cases = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.rec")}
    left_out = {case for case in cases if not any((result["case"] + "/").startswith(case + "/") for result in results)}
    width = max(len(name) for name in [*cases, *(result["case"] for result in results)])
    print(f"\n{'case':{width}}  {'steps':>10}  {'mismatches':>10}  first difference")
    for result in sorted(results, key=lambda result: result["case"]):
        first = (f"known: {result['known']}; " if result["known"] else "") + (result["first"] or "-")
        print(f"{result['case']:{width}}  {result['steps']:>10,}  {result['mismatches']:>10,}  {first[:160]}")
    for case in sorted(left_out):
        print(f"{case:{width}}  not compared")
    equal = sum(result["mismatches"] == 0 for result in results)
    known = sum(result["mismatches"] > 0 and result["known"] is not None for result in results)
    wrong = len(results) - equal - known
    steps, mismatches = (sum(result[name] for result in results) for name in ("steps", "mismatches"))
    print(f"{'all':{width}}  {steps:>10,}  {mismatches:>10,}")
    print(f"\n{equal} cases equal, {wrong} different, {known} different as known, {len(left_out)} not compared")
    return not wrong and not left_out


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"parity.py: {error}")
