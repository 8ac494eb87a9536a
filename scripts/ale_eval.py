#!/usr/bin/env python3
"""Play policies that vpg trained on Pong in ale-py, with NumPy alone: nothing of this repository takes part.

    pip install ale-py==0.12.1 numpy==2.4.6
    scripts/ale_eval.py RUN ... [--sticky 0.25] [--episodes 100]

RUN is a run's folder; its latest checkpoint takes the likeliest action. Without --sticky a game is decided by the number of
frames without action before it, 1 to 30, and each of these is played once: thirty games are all there are. With --sticky
so many episodes are played, which chance makes different. A game ends after 108,000 frames at the latest.
"""

import argparse
import json
import pathlib
import struct

import ale_py
import numpy as np

BACKGROUND = (34, 228)  # palette indices: the field's colour, and that of an episode's first two frames
FRAME_SKIP, MOST_FRAMES, STARTS = 4, 108_000, 30
# vpg counts Pong's own six actions; ale-py numbers those of all games.
ACTIONS = (0, 1, 3, 4, 11, 12)


def tensors(path):
    """The arrays of a safetensors file by name."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)

    def array(entry):
        begin, end = entry["data_offsets"]
        return np.frombuffer(content[8 + length + begin : 8 + length + end], "<f4").reshape(entry["shape"])

    return {name: array(entry) for name, entry in header.items()}


class Policy:
    """A multi-layer perceptron on frame differences."""

    def __init__(self, run):
        config = json.loads((run / "config.json").read_text())
        self.actions = config["actions"] or range(len(ACTIONS))
        self.with_frame = config["pixels"]["difference"]["with_frame"]
        layers = tensors(run / "checkpoints" / "latest.safetensors")
        numbers = sorted({int(name.split(".")[1]) for name in layers if name.startswith("pi.")})
        self.layers = [(layers[f"pi.{n}.weight"], layers[f"pi.{n}.bias"]) for n in numbers]
        self.first_columns = np.ascontiguousarray(self.layers[0][0].T)

    def action(self, mask, earlier):
        """The likeliest one, as ale-py numbers it."""
        difference = (mask.astype(np.float32) - earlier).ravel()
        cells = np.concatenate([mask.ravel(), difference]) if self.with_frame else difference
        lit = np.flatnonzero(cells)
        outputs = cells[lit].astype(np.float32) @ self.first_columns[lit] + self.layers[0][1]
        for weight, bias in self.layers[1:]:
            outputs = weight @ np.maximum(outputs, 0) + bias
        return ACTIONS[self.actions[int(outputs.argmax())]]


def mask_of(ale):
    """Which cells of the field are not background, 80x80."""
    return ~np.isin(ale.getScreen()[34:194:2, ::2], BACKGROUND)


def play(ale, policy, noops):
    """One game's return and its number of steps."""
    ale.reset_game()
    for _ in range(noops):
        ale.act(0)
    mask = mask_of(ale)
    earlier, total, steps = mask, 0, 0  # no difference at first
    while not ale.game_over() and ale.getEpisodeFrameNumber() < MOST_FRAMES:
        action = policy.action(mask, earlier)
        for _ in range(FRAME_SKIP):
            total += ale.act(action)
            if ale.game_over():
                break
        mask, earlier, steps = mask_of(ale), mask, steps + 1
    return total, steps


def emulator(sticky, seed):
    """ale-py with Pong."""
    ale = ale_py.ALEInterface()
    ale.setFloat("repeat_action_probability", sticky)
    ale.setInt("random_seed", seed)
    ale.loadROM(ale_py.roms.get_rom_path("pong"))
    return ale


def main():
    """Prints a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--sticky", type=float, default=0.0, help="the chance that a frame repeats the action before")
    parser.add_argument("--episodes", type=int, default=100, help="how many, with --sticky")
    args = parser.parse_args()
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    means = []
    for run in args.runs:
        policy, ale = Policy(run), emulator(args.sticky, 1)
        starts = [0] * args.episodes if args.sticky else range(1, STARTS + 1)
        games = [play(ale, policy, noops) for noops in starts]
        returns, lengths = np.array(games).T
        means.append(returns.mean())
        print(
            f"{run}: {len(games)} games, {len(set(games))} different; return {returns.mean():.2f} ± {returns.std():.2f}, "
            f"least {returns.min()}; {lengths.mean():.0f} steps",
            flush=True,
        )
    print(f"{len(means)} policies: mean {np.mean(means):.2f}, least {min(means):.2f}")


if __name__ == "__main__":
    main()
