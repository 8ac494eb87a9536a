"""What the four scripts share: their arguments, and the one line that each prints at its end."""

import argparse
import json
import time

import torch


def parse_args(**defaults):
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--torch-threads", type=int, default=1)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    args = parser.parse_args()
    torch.set_num_threads(args.torch_threads)
    return args


def timer():
    start = time.perf_counter()
    return lambda: time.perf_counter() - start


def report(steps, seconds, result):
    """Agent steps, the seconds they took, and the last result (a mean return or a running reward)."""
    print(json.dumps({"steps": steps, "seconds": seconds, "result": result}))
