"""Prints how ale-py starts a game in each mode, of which a game's `Menu` is written.

    modes.py GAME BYTE

A cartridge that writes down the switches frame by frame runs under the game's name, and adds one to BYTE, which find.py tells,
at each press of select. Then, of the real game: what the memory holds after the start, where it differs from the first mode's.
"""

import sys

import numpy as np

from oracle import BYTES, cartridge, load

RAM = 0x80
PLACE, BEFORE, LAST = 126, 127, 120
SWITCHES = ["both", "select", "reset", "none"]


def code(at: int) -> bytes:
    """The program: a byte for each change of the switches, with them in bits 7 and 6 and the frames that they stay in the others."""
    # fmt: off
    return bytes([
        0xA9, 0x02, 0x85, 0x00, 0x85, 0x02, 0x85, 0x02, 0xA9, 0x00, 0x85, 0x00,  # VSYNC on for two lines: the frame ends
        0xAD, 0x82, 0x02, 0x29, 0x03, 0xC5, RAM + BEFORE, 0xF0, 0x18,            # as the frame before? then count it
        0x85, RAM + BEFORE, 0xC9, 0x01, 0xD0, 0x02, 0xE6, RAM + at,              # select
        0xA6, RAM + PLACE, 0xE0, RAM + LAST, 0xB0, 0x02, 0xE6, RAM + PLACE,      # the next byte
        0xA6, RAM + PLACE, 0x18, 0x6A, 0x6A, 0x6A, 0x95, 0x00,
        0xA6, RAM + PLACE, 0xF6, 0x00, 0x4C, 0x00, 0xF0,
    ])  # fmt: on


def after_reset(ale, mode: int, ram: np.ndarray) -> np.ndarray:
    """The memory after a start in this mode, which was this before."""
    ale.setMode(mode)
    for at in range(BYTES):
        ale.setRAM(at, int(ram[at]))
    ale.reset_game()
    return ale.getRAM()


def main(game: str, at: int) -> None:
    """Prints one game's starts."""
    writing, real = load(game, cartridge(code(at))), load(game)
    first = at + 1 if at < LAST // 2 else 0
    empty = np.zeros(BYTES, np.uint8)
    ready = empty.copy()
    ready[[PLACE, BEFORE]] = RAM + first - 1, 0xFF
    default = after_reset(real, real.getAvailableModes()[0], empty)
    for mode in real.getAvailableModes():
        written = after_reset(writing, mode, ready)
        end = min(int(written[PLACE]) - RAM + 1, LAST)
        switches = ", ".join(f"{SWITCHES[byte >> 6]} {byte & 63}" for byte in written[first:end])
        memory = after_reset(real, mode, empty)
        changed = ", ".join(f"{i}: {memory[i]}" for i in range(BYTES) if memory[i] != default[i])
        print(f"{game} mode {mode}: {switches}; {real.getEpisodeFrameNumber()} frames counted; {changed}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
