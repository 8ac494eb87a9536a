"""Prints what ale-py tells of a game's rules, of which `crates/envs/src/atari/games/<game>.rs` is written.

    find.py GAME ...

Each game in a process of its own is wise: a menu may wait for ever. For each byte of the memory that changes reward, lives or
end: the whole table of its 256 values, folded. Then what keeps an end an end: bytes that must be as they are. Then the menu:
the byte that select is pressed for, and the switches of a start, frame by frame.
"""

import sys

import numpy as np

from oracle import BYTES, CODE, Oracle, cartridge, load, snapshots

PROBES = (0x00, 0x01, 0x99, 0xFF)


def folded(values: list) -> str:
    """A table of 256 values as runs: constant ones, and ones with a constant step."""
    runs, begin = [], 0
    while begin < 256:
        step = values[begin + 1] - values[begin] if begin < 255 else 0
        end = begin
        while end < 255 and values[end + 1] - values[end] == step:
            end += 1
        runs.append(f"{begin:02x}-{end:02x}: {values[begin]} by {step}")
        begin = end + 1
    return ", ".join(runs)


def bytes_that_matter(oracle: Oracle, contexts: list) -> None:
    """Every byte that changes an answer, and its table in the first context where it does."""
    names = ("reward", "lives", "over")
    seen = set()
    for context in contexts:
        known = oracle.ask(context)
        for at in range(BYTES):
            for value in (*PROBES, int(context[at]) ^ 0x18):
                ram = context.copy()
                ram[at] = value
                answer = oracle.ask(ram)
                for name, before, after in zip(names, known, answer):
                    if before != after and (name, at) not in seen:
                        seen.add((name, at))
                        print(f"  {name:6} byte {at:3}  {folded(table(oracle, context, at, names.index(name)))}")


def table(oracle: Oracle, context: np.ndarray, at: int, which: int) -> list:
    """An answer for each value of one byte."""
    values = []
    for value in range(256):
        ram = context.copy()
        ram[at] = value
        values.append(int(oracle.ask(ram)[which]))
    return values


def conditions_of_ends(oracle: Oracle, ended: list) -> None:
    """The bytes without which an end that came in play is none."""
    for ram in ended[:2]:
        if not oracle.ask(ram)[2]:
            print("  an end that the memory alone does not tell")
            continue
        for at in range(BYTES):
            over = table(oracle, ram, at, 2)
            if not all(over):
                print(f"  end    byte {at:3} is {ram[at]:02x}; over for {folded(over)}")


def menu(game: str) -> None:
    """For each mode: how often select is pressed from zeros on, and which bytes change that."""
    ale = load(game, cartridge(CODE))

    def start(ram: np.ndarray) -> tuple[int, np.ndarray]:
        for at in range(BYTES):
            ale.setRAM(at, int(ram[at]))
        ale.reset_game()
        return ale.getEpisodeFrameNumber(), ale.getRAM().copy()

    for mode in ale.getAvailableModes():
        ale.setMode(mode)
        start(np.zeros(BYTES, np.uint8))
        frames, zeros = start(np.zeros(BYTES, np.uint8))
        print(f"  mode {mode}: {frames} frames counted, byte values at the end {int(zeros[0])}", end="")
        for at in range(BYTES):
            ram = np.zeros(BYTES, np.uint8)
            ram[at] = 100
            other, after = start(ram)
            if other != frames or (after - ram != zeros).any():
                print(f"; byte {at} from 100 on: {other} frames, then {int(after[at])}", end="")
        print()


def main(game: str) -> None:
    """Prints one game's answers."""
    ale = load(game)
    print(game)
    print("  actions", [action.value for action in ale.getMinimalActionSet()], "modes", list(ale.getAvailableModes()))
    print("  difficulties", list(ale.getAvailableDifficulties()), "screen", ale.getScreenDims())
    played, ended = snapshots(game)
    oracle = Oracle(game, played[0])
    noise = np.random.default_rng(0).integers(0, 256, BYTES, dtype=np.uint8)
    bytes_that_matter(oracle, [*played[::20][:6], *ended[:2], np.zeros(BYTES, np.uint8), noise])
    conditions_of_ends(oracle, ended)
    menu(game)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        main(name)
