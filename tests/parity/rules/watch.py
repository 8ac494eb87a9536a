"""Prints what ale-py presses at a game's start, also where that never ends. Menus that `modes.py` cannot leave are written of it.

    watch.py GAME [BYTE ...]

A cartridge writes down switches and joysticks frame by frame in memory of its own, which the console's memory does not show. It is
read from the memory of the process. In the console's memory it adds one to each BYTE in every frame: a start that waits for
that goes on.
"""

import os
import re
import signal
import sys
import time

from oracle import load

MARK = bytes([0xC3, 0x5A, 0x99, 0x17, 0xE4, 0x3B, 0x72, 0xAD])
# In the cartridge's memory: the mark, the last entry's place, and from FIRST on entries of three bytes: the joysticks, the buttons
# and switches, the frames.
PLACE, FIRST, LAST, SCRATCH = 8, 9, 117, 0x7F
ENTRY, BANK, ROOM = 3, 4096, 128
SECONDS = 3
NAMES = [(0, 0x80, "right"), (0, 0x40, "left"), (0, 0x20, "down"), (0, 0x10, "up"), (1, 0x80, "fire"), (1, 1, "reset"), (1, 2, "select")]


def store(values: bytes, to: int) -> bytes:
    """Code that writes these values into the cartridge's memory."""
    return b"".join(bytes([0xA9, value, 0x8D, to + i, 0xF0]) for i, value in enumerate(values))


def program(counted: list[int]) -> bytes:
    """The cartridge's 8 KiB: F8 with memory, by its blank first bytes."""
    # fmt: off
    begin = bytes([0x78, 0xD8]) + store(MARK + bytes([FIRST, 0, 0, 0]), 0)
    compare = bytes([
        0xA9, 2, 0x85, 0, 0x85, 2, 0x85, 2, 0xA9, 0, 0x85, 0,                       # the frame ends
        0xA5, 0x3C, 0x29, 0x80, 0x8D, SCRATCH, 0xF0,                                # the button
        0xAD, 0x82, 0x02, 0x29, 3, 0x0D, 0x80 + SCRATCH, 0xF0, 0x8D, SCRATCH, 0xF0,  # and the switches
        0xAE, 0x80 + PLACE, 0xF0, 0xDD, 0x81, 0xF0, 0xD0, 20,                       # as in the last entry?
        0xAD, 0x80, 0x02, 0xDD, 0x80, 0xF0, 0xD0, 12,                               # the joysticks, too?
        0xBD, 0x82, 0xF0, 0x18, 0x69, 1, 0x9D, 2, 0xF0, 0x4C, 0, 0,                 # then count the frame
        0xE0, LAST, 0xB0, 3, 0xE8, 0xE8, 0xE8, 0x8E, PLACE, 0xF0,                   # else the next entry
        0xAD, 0x80, 0x02, 0x9D, 0, 0xF0, 0xAD, 0x80 + SCRATCH, 0xF0, 0x9D, 1, 0xF0, 0xA9, 1, 0x9D, 2, 0xF0,
    ])
    # fmt: on
    after = (0xF100 + len(begin) + len(compare)).to_bytes(2, "little")
    compare = compare.replace(bytes([0x4C, 0, 0]), bytes([0x4C]) + after)
    again = (0xF100 + len(begin)).to_bytes(2, "little")
    code = begin + compare + b"".join(bytes([0xE6, 0x80 + at]) for at in counted) + bytes([0x4C]) + again
    bank = bytearray(256) + code.ljust(BANK - 256, b"\xea")
    bank[0xF00:0xF03] = bytes([0xAD, 0xF8, 0xFF])
    bank[0xFFC:] = bytes([0x00, 0xF1]) * 2
    return bytes(bank) * 2


def written(pid: int) -> list[bytes]:
    """The cartridge's memory, wherever the process has it."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for begin, end in re.findall(r"^(\w+)-(\w+) rw", maps.read(), re.MULTILINE):
            memory.seek(int(begin, 16))
            try:
                content = memory.read(int(end, 16) - int(begin, 16))
            except OSError:
                continue
            found += [content[at.start() :][:ROOM] for at in re.finditer(re.escape(MARK), content)]
    return [block for block in found if len(block) == ROOM and block[PLACE] > FIRST]


def told(block: bytes) -> str:
    """The entries in words."""
    entries = [block[at : at + ENTRY] for at in range(FIRST + ENTRY, block[PLACE] + 1, ENTRY)]
    words = [("+".join(name for byte, bit, name in NAMES if not entry[byte] & bit) or "none", entry[2]) for entry in entries]
    return ", ".join(f"{pressed} {frames}" for pressed, frames in words)


def main(game: str, counted: list[int]) -> None:
    """Starts the game in a process of its own, and looks into it when it is ready, or late."""
    if (pid := os.fork()) == 0:
        load(game, program(counted))
        time.sleep(10 * SECONDS)
        os._exit(0)
    time.sleep(SECONDS)
    for start in sorted({told(block) for block in written(pid)}):
        print(start)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main(sys.argv[1], [int(at) for at in sys.argv[2:]])
