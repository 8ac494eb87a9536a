"""ale-py as a black box that tells a game's rules: rewards, lives and ends of any content of the memory.

ALE takes a game's rules by the file's name, and any content. So the oracle runs a cartridge of a few bytes under the game's
name, which ends a frame at once and leaves the memory alone: what is written into the memory is what the rules see. Only the
select switch changes it: each press adds one to every byte, so that every menu comes to the mode that it waits for.
"""

import tempfile
from pathlib import Path

import numpy as np
from ale_py import Action, ALEInterface, LoggerMode, roms

ALEInterface.setLoggerMode(LoggerMode.Error)
NOOP = Action(0)
BYTES = 128
SIZE = 2048
# fmt: off
CODE = bytes([
    0xA9, 0x02, 0x85, 0x00, 0x85, 0x02, 0x85, 0x02, 0xA9, 0x00, 0x85, 0x00,  # VSYNC on for two lines: the frame ends
    0xAD, 0x82, 0x02, 0x29, 0x02, 0xD0, 0x0F,                                # select released: on to the last line
    0xC0, 0x00, 0xF0, 0xE9,                                                  # held since the frame before: again
    0xA0, 0x00, 0xA2, 0x7F, 0xF6, 0x80, 0xCA, 0x10, 0xFB, 0x30, 0xDE,        # pressed: one more in every byte
    0xA0, 0x02, 0xD0, 0xDA,
])
# fmt: on


def cartridge(code: bytes) -> bytes:
    """A cartridge of 2 KiB that runs this code from its first byte on."""
    return code + bytes([0xEA]) * (SIZE - 4 - len(code)) + bytes([0x00, 0xF0]) * 2


def load(game: str, content: bytes | None = None) -> ALEInterface:
    """A console with the game, or with this cartridge under the game's name, after its first reset."""
    ale = ALEInterface()
    ale.setInt("random_seed", 1)
    ale.setFloat("repeat_action_probability", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        path = roms.get_rom_path(game)
        if content is not None:
            path = Path(folder, f"{game}.bin")
            path.write_bytes(content)
        ale.loadROM(path)
    ale.reset_game()
    return ale


class Oracle:
    """The rules of a game, asked from the state after a reset with `start` in the memory."""

    def __init__(self, game: str, start: np.ndarray):
        self.ale = load(game, cartridge(CODE))
        # The first mode that does not end at once: the cartridge's menu leaves its number where a game may count lives.
        for mode in self.ale.getAvailableModes():
            self.ale.setMode(mode)
            # Twice: the first reset may still be in the menu's way.
            for _ in range(2):
                self.write(start)
                self.ale.reset_game()
            if not self.ale.game_over():
                break
        self.first = self.ale.cloneState()
        self.first_ram = self.ale.getRAM().copy()

    def write(self, ram: np.ndarray) -> None:
        """Writes all bytes of the memory."""
        for at in range(BYTES):
            self.ale.setRAM(at, int(ram[at]))

    def ask(self, ram: np.ndarray, state=None) -> tuple[int, int, bool]:
        """Reward, lives and end of a frame after which this is in the memory, from a state or from the first one."""
        self.ale.restoreState(state or self.first)
        self.write(ram)
        reward = self.ale.act(NOOP)
        return int(reward), self.ale.lives(), self.ale.game_over()


def snapshots(game: str, frames: int = 4000, episodes: int = 4) -> tuple[list, list]:
    """Memories of the real game, played at random: some from each episode, and those of the frames that ended one."""
    ale = load(game)
    actions, rng = ale.getMinimalActionSet(), np.random.default_rng(0)
    played, ended = [ale.getRAM().copy()], []
    for _ in range(episodes):
        ale.reset_game()
        action = actions[0]
        for frame in range(frames):
            if frame % 12 == 0:
                action = actions[rng.integers(len(actions))]
            ale.act(action)
            if ale.game_over():
                ended.append(ale.getRAM().copy())
                break
            if frame % 97 == 0:
                played.append(ale.getRAM().copy())
    return played, ended
