"""The examples run."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *arguments, timeout=280):
    program = [sys.executable, "-W", "ignore", str(EXAMPLES / name), *arguments]
    told = subprocess.run(program, capture_output=True, text=True, timeout=timeout)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_a_gymnasium_script_with_one_line_changed():
    assert "return: 500.0" in run("gymnasium_script.py")


def test_ppo_of_stable_baselines3_gets_better():
    # Random play lasts about 22 steps; the whole 60,000 steps take a minute.
    told = run("sb3_cartpole.py", "4096")
    assert float(told.split("episodes: ")[1].split()[0]) > 60


def test_ppo_in_one_file_trains_on_pong():
    # Two updates: random play returns about -20.4, and the whole way to 0 takes minutes.
    program = [sys.executable, "-W", "ignore", str(EXAMPLES / "ppo_pong.py"), "--max-frames", "16384"]
    told = subprocess.run(program, capture_output=True, text=True, timeout=280)
    assert "within 16384 frames" in told.stdout, told.stdout + told.stderr


@pytest.mark.slow
def test_ppo_of_stable_baselines3_solves_cartpole():
    told = run("sb3_cartpole.py", timeout=1200)
    assert float(told.split("episodes: ")[1].split()[0]) >= 475


@pytest.mark.slow
def test_ppo_in_one_file_learns_pong_from_differences():
    assert "reached 0" in run("ppo_pong.py", timeout=3600)
