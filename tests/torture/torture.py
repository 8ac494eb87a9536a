#!/usr/bin/env python3
"""Break trainings in every way that happens, resume them, and print one table: fault, cases tried, survived.

    tests/torture/torture.py [--quick] [--only kill,signals] [--minutes 20] [--seed 0] [--vpg target/debug/vpg]

A case survives where vpg ends with a clear error (exit code 1, or 130 after a signal) and the run, resumed when the fault
is over, ends with the policies, the log and the summary (times aside) of the run that nothing happened to. A panic, a
policy that is gone, or a damaged file that is believed does not survive. --quick is what `make test` runs.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# Saves at every epoch, so that most moments are inside a write.
CARTPOLE = "--env CartPole --epochs 40 --num-envs 4 --steps-per-epoch 256 --save-freq 1 --hid 8".split()
PONG = "--env ALE/Pong-v5 --backend ale --epochs 6 --num-envs 2 --steps-per-epoch 128 --save-freq 1 --hid 4".split()
PATIENCE = 120
"""Seconds after which a command counts as hanging."""


class Failed(Exception):
    """A case that did not survive."""


class Skipped(Exception):
    """A fault that cannot be made on this machine."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(part) for part in what))


def outcome(run):
    """Policies, log and summary without times."""
    policies = {path.name: path.read_bytes() for path in (run / "checkpoints").glob("*.safetensors")}
    log = [line.rpartition("\t")[0] for line in (run / "progress.txt").read_text().splitlines()]
    summary = json.loads((run / "summary.json").read_text())
    for name in ("wall_seconds", "solved_at_seconds"):
        del summary[name]
    return policies, log, summary


class Torture:
    def __init__(self, vpg, folder, quick, random_seed):
        self.vpg, self.folder, self.quick = vpg, folder, quick
        self.random = random.Random(random_seed)
        self.references = {}
        self.count = 0

    def new_run(self):
        self.count += 1
        return self.folder / f"run-{self.count}"

    def start(self, *args, **kwargs):
        kwargs = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **kwargs}
        return subprocess.Popen([self.vpg, *map(str, args)], **kwargs)

    def finish(self, child, *codes):
        """Wait for the end; give what was said on stderr."""
        try:
            _, text = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Failed("it hangs") from None
        text = (text or b"").decode(errors="replace")
        check("panicked" not in text, text)
        check(child.returncode in codes, f"exit code {child.returncode}, not {codes}:", text)
        check(child.returncode != 1 or "error: " in text, "no clear error:", text)
        return text

    def reference(self, args):
        """What the run comes to when nothing happens, and the seconds it takes."""
        key = tuple(args)
        if key not in self.references:
            run, began = self.new_run(), time.monotonic()
            self.finish(self.start(*args, "--run-dir", run), 0)
            self.references[key] = outcome(run), time.monotonic() - began
        return self.references[key]

    def resume(self, args, run):
        """Go on, or begin anew where not even the config was written; the end has to be that of the whole run."""
        began = (run / "config.json").exists()
        self.finish(self.start("--resume", run) if began else self.start(*args, "--run-dir", run), 0)
        expected, _ = self.reference(args)
        for ours, theirs, name in zip(outcome(run), expected, ("policies", "progress.txt", "summary.json")):
            check(ours == theirs, f"after resuming {run} its {name} differ")

    def wait_for(self, path, child):
        while not path.exists() and child.poll() is None:
            time.sleep(0.002)

    # ---------------------------------------------------------------------------------------------

    def kill(self):
        """SIGKILL at random moments, several times in a run; every third time as soon as a file is being written."""
        cases = inside = 0
        plan = [(CARTPOLE, 6)] * 2 if self.quick else [(CARTPOLE, 10)] * 8 + [(PONG, 10)] * 2
        for args, kills in plan:
            _, seconds = self.reference(args)
            run, policies = self.new_run(), set()
            for kill in range(kills):
                began = (run / "config.json").exists()
                child = self.start("--resume", run) if began else self.start(*args, "--run-dir", run)
                self.clear_temporary(run)
                if kill % 3 == 2:
                    while not any(run.rglob("*.tmp")) and child.poll() is None:
                        pass
                else:
                    time.sleep(self.random.uniform(0.0, seconds))
                child.kill()
                child.communicate()
                inside += any(run.rglob("*.tmp"))
                there = {path.name for path in run.glob("checkpoints/policy-*.safetensors")}
                check(policies <= there, "policies are gone:", policies - there)
                policies = there
                cases += 1
            self.resume(args, run)
        return cases, f"{inside} inside a write"

    def clear_temporary(self, run):
        """Remove what earlier kills left half written: the next one is recognised by it."""
        for path in run.rglob("*.tmp"):
            path.unlink(missing_ok=True)

    def signals(self):
        """SIGINT, SIGTERM and SIGHUP save and end with 130."""
        names = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * (1 if self.quick else 5)
        for number in names:
            run = self.new_run()
            child = self.start(*CARTPOLE, "--run-dir", run)
            self.wait_for(run / "progress.txt", child)
            time.sleep(self.random.uniform(0.0, 0.3))
            child.send_signal(number)
            self.finish(child, 130, 0)
            check((run / "summary.json").exists(), "no summary after", number)
            self.resume(CARTPOLE, run)
        return len(names), ""

    def full_disk(self):
        """A disk of a few hundred kilobytes that is given room again."""
        cases = 3 if self.quick else 20
        mount = self.folder / "disk"
        mount.mkdir(exist_ok=True)
        for _ in range(cases):
            self.mount(mount, self.random.randrange(40, 500))
            try:
                run = mount / "run"
                text = self.finish(self.start(*CARTPOLE, "--run-dir", run), 1, 0)
                check(not text or "No space left" in text or "solved" in text, text)
                subprocess.run(["mount", "-o", "remount,size=100m", mount], check=True)
                self.resume(CARTPOLE, run)
            finally:
                subprocess.run(["umount", mount], check=True)
        return cases, ""

    def mount(self, path, kilobytes):
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", path]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            raise Skipped("needs root, to mount a small disk")

    def file_limit(self):
        """A limit on the size of files, which any user can set."""
        cases = 3 if self.quick else 30
        for _ in range(cases):
            run, size = self.new_run(), int(10 ** self.random.uniform(0, 4.5))

            def limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

            self.finish(self.start(*CARTPOLE, "--run-dir", run, preexec_fn=limit, restore_signals=False), 1, 0)
            self.resume(CARTPOLE, run)
        return cases, ""

    def permission(self):
        """The folder becomes read-only while the run writes to it."""
        cases = 2 if self.quick else 10
        prefix = []
        if os.geteuid() == 0:  # root writes everywhere unless it gives that up
            prefix = ["setpriv", "--bounding-set=-dac_override"]
            if shutil.which("setpriv") is None:
                raise Skipped("needs setpriv for root to give up writing everywhere")
        for case in range(cases):
            run = self.new_run()
            command = [*prefix, self.vpg, *CARTPOLE, "--run-dir", str(run)]
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            self.wait_for(run / "progress.txt", child)
            time.sleep(self.random.uniform(0.0, 0.2))
            closed = run if case % 2 == 0 else run / "checkpoints"
            closed.chmod(0o555)
            text = self.finish(child, 1, 0)
            closed.chmod(0o755)
            check(child.returncode == 0 or "Permission denied" in text, text)
            self.resume(CARTPOLE, run)
        return cases, ""

    def damage(self):
        """A flipped or cut file is noticed by every command, or does not matter."""
        cases = 8 if self.quick else 150
        expected, _ = self.reference(CARTPOLE)
        whole = self.new_run()
        self.finish(self.start(*CARTPOLE, "--run-dir", whole), 0)
        evaluation = self.evaluate(whole)
        for _ in range(cases):
            run = self.new_run()
            shutil.copytree(whole, run)
            path = self.random.choice(sorted(path for path in run.rglob("*") if path.is_file()))
            content = bytearray(path.read_bytes())
            at = self.random.randrange(len(content))
            if self.random.random() < 0.5:
                content[at] ^= 1 << self.random.randrange(8)
            else:
                del content[at:]
            path.write_bytes(content)
            try:
                said = self.evaluate(run)
                check(said in (None, evaluation), "another evaluation:", said)
                child = self.start("--resume", run)
                text = self.finish(child, 0, 1)
                ours = outcome(run) if child.returncode == 0 else None
                # Policies of earlier epochs are not the resumed run's to mend; `eval` refuses them.
                check(ours is None or ours[1:] == expected[1:], "another outcome:", text)
            except Failed as failure:
                raise Failed(f"{path.relative_to(run)} changed at {at}: {failure}") from None
            shutil.rmtree(run)
        return cases, ""

    def evaluate(self, run):
        """What `vpg eval` prints; nothing where it refuses."""
        child = self.start("eval", run, "--episodes", "2", stdout=subprocess.PIPE)
        out, text = child.communicate(timeout=PATIENCE)
        check(b"panicked" not in text and child.returncode in (0, 1), text)
        return out if child.returncode == 0 else None

    def closed_output(self):
        """Nobody reads any more: `vpg envs | head -1`, and a training whose terminal is gone."""
        run = self.new_run()
        self.finish(self.start(*CARTPOLE, "--run-dir", run), 0)
        commands = [["envs"], ["doctor"], ["--help"], ["eval", run, "--episodes", "3"]]
        for command in commands:
            child = self.start(*command, stdout=subprocess.PIPE)
            child.stdout.close()
            text = child.stderr.read().decode()
            check(child.wait(PATIENCE) == 0 and text == "", command, child.returncode, text)
        run = self.new_run()
        child = self.start(*CARTPOLE, "--run-dir", run)
        child.stderr.close()
        check(child.wait(PATIENCE) == 0, "training without a reader of stderr ended with", child.returncode)
        self.resume(CARTPOLE, run)
        return len(commands) + 1, ""

    # ---------------------------------------------------------------------------------------------

    def soak(self, minutes):
        """Train for long: after twenty epochs, saves included, neither memory nor file descriptors grow."""
        run = self.new_run()
        args = ["--env", "Pong", "--frames", "1000000000", "--save-freq", "10", "--run-dir", run]
        child = self.start(*args, stderr=subprocess.DEVNULL)
        while child.poll() is None and self.epochs(run) < 20:
            time.sleep(1)
        samples, end = [], time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            check(child.poll() is None, "the training ended with", child.returncode)
            memory = int(pathlib.Path(f"/proc/{child.pid}/statm").read_text().split()[1])
            samples.append((memory, len(os.listdir(f"/proc/{child.pid}/fd"))))
            time.sleep(1)
        child.send_signal(signal.SIGTERM)
        check(child.wait(PATIENCE) == 130, "exit code", child.returncode)
        part = len(samples) // 5
        first, last = ([statistics.median(column) for column in zip(*some)] for some in (samples[:part], samples[-part:]))
        growth = 100 * (last[0] / first[0] - 1)
        check(growth < 1, f"memory grew by {growth:.2f} %, to {last[0] / 256:.0f} MiB")
        check(last[1] <= first[1], f"file descriptors grew from {first[1]} to {last[1]}")
        return 1, f"{minutes:g} minutes, {self.epochs(run)} epochs, memory {growth:+.2f} %, {last[1]:.0f} file descriptors"

    def epochs(self, run):
        """How many there are in the log."""
        log = run / "progress.txt"
        return max(0, log.read_text().count("\n") - 1) if log.exists() else 0

    def in_process(self):
        """The readers' property tests, ten thousand cases each."""
        command = ["cargo", "test", "-p", "vpg", "--test", "bad_input"]
        result = subprocess.run(command, env={**os.environ, "PROPTEST_CASES": "10000"}, capture_output=True, text=True)
        check(result.returncode == 0, result.stdout[-3000:], result.stderr[-1000:])
        tests = result.stdout.count("... ok")
        return 10_000 * tests, f"{tests} properties"

    def instances(self):
        """Two thousand ALE instances made, played and dropped in eight threads."""
        command = ["cargo", "test", "-p", "envs", "--test", "atari", "--", "--ignored", "two_thousand"]
        result = subprocess.run(command, capture_output=True, text=True)
        check(result.returncode == 0 and "1 passed" in result.stdout, result.stdout[-3000:], result.stderr[-1000:])
        return 2000, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer cases, and nothing that takes minutes")
    parser.add_argument("--only", help="these faults, separated by commas")
    parser.add_argument("--minutes", type=float, default=20, help="of the soak")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments and places")
    parser.add_argument("--vpg", default="target/debug/vpg", type=pathlib.Path)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        torture = Torture(args.vpg.resolve(), pathlib.Path(folder), args.quick, args.seed)
        faults = {
            "kill": ("kill -9", torture.kill),
            "signals": ("SIGINT, SIGTERM, SIGHUP", torture.signals),
            "full-disk": ("full disk", torture.full_disk),
            "file-limit": ("limit on file sizes", torture.file_limit),
            "permission": ("write permission removed", torture.permission),
            "damage": ("bytes flipped or files cut, through the program", torture.damage),
            "closed-output": ("closed stdout and stderr", torture.closed_output),
        }
        if not args.quick:
            faults |= {
                "in-process": ("bytes flipped, files cut, any input, in process", torture.in_process),
                "instances": ("ALE instances in 8 threads", torture.instances),
                "soak": ("long training", lambda: torture.soak(args.minutes)),
            }
        chosen = args.only.split(",") if args.only else list(faults)
        if unknown := set(chosen) - set(faults):
            parser.error(f"unknown faults {', '.join(sorted(unknown))}: there are {', '.join(faults)}")
        sys.exit(0 if all([run_fault(*faults[name]) for name in chosen]) else 1)


def run_fault(name, fault):
    """Print the fault's line of the table; say whether it was survived."""
    if not run_fault.begun:
        print("| fault | cases tried | survived | |\n|---|---|---|---|", flush=True)
        run_fault.begun = True
    began = time.monotonic()
    try:
        cases, note = fault()
        survived, holds = cases, True
    except Skipped as reason:
        cases, survived, note, holds = 0, "skipped", f"{reason}", True
    except Failed as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        cases, survived, note, holds = "", "NO", "see above", False
    print(f"| {name} | {cases} | {survived} | {note}{', ' if note else ''}{time.monotonic() - began:.0f} s |", flush=True)
    return holds


run_fault.begun = False

if __name__ == "__main__":
    main()
