"""The examples run to their results."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *arguments, timeout=280):
    program = [sys.executable, "-W", "ignore", str(EXAMPLES / name), *arguments]
    told = subprocess.run(program, capture_output=True, text=True, timeout=timeout)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_a_gymnasium_script_with_one_line_changed():
    assert "return: 500.0" in run("gymnasium_script.py")


def test_ppo_of_stable_baselines3_solves_cart_pole():
    assert "mean return of 20 episodes" in run("sb3_cartpole.py")


def test_ppo_in_one_file_begins_to_learn_pong():
    # Random play returns about -20.4; the whole way to 0 takes minutes.
    assert "reached -19.5" in run("ppo_pong.py", "--target", "-19.5", "--max-frames", "1500000")
