"""What the numbers were measured on."""

import os
import platform
import subprocess
import time
from pathlib import Path


def busy_share(seconds=0.3):
    """The share of all cores' time that something used while this process slept."""

    def times():
        fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    total, idle = times()
    time.sleep(seconds)
    later_total, later_idle = times()
    return 1 - (later_idle - idle) / max(later_total - total, 1)


def kernels():
    """The kernels of the frame difference that this processor has, the slowest first."""
    flags = set(Path("/proc/cpuinfo").read_text().split())
    needed = {"plain": set(), "avx2": {"avx2"}, "avx512": {"avx512_vbmi", "avx512bw", "avx512vl"}}
    return [name for name, flag in needed.items() if flag <= flags]


def describe():
    """Processor, cores, system and compilers, in a line."""
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return (
        f"{model.split(': ')[1]}, {os.cpu_count()} cores; Linux {platform.release()}, {' '.join(platform.libc_ver())}; "
        f"rustc {rustc}, Python {platform.python_version()}"
    )


def our_version(root):
    """The commit, with a mark where files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"], cwd=root, capture_output=True, text=True
    )
    return described.stdout.strip() or "unknown"
