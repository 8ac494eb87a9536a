"""What scripts for ale-py look up in ``env.unwrapped.ale``: lives, memory, screens, frame numbers, states.

>>> from rustgym.ale import Action
>>> Action.UPFIRE.name, int(Action.UPFIRE)
('UPFIRE', 10)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rustgym import _native

__all__ = ["ALEInterface", "ALEState", "Action"]

Pixels = npt.NDArray[np.uint8]


class Action(IntEnum):
    """ALE's actions."""

    NOOP = 0
    FIRE = 1
    UP = 2
    RIGHT = 3
    LEFT = 4
    DOWN = 5
    UPRIGHT = 6
    UPLEFT = 7
    DOWNRIGHT = 8
    DOWNLEFT = 9
    UPFIRE = 10
    RIGHTFIRE = 11
    LEFTFIRE = 12
    DOWNFIRE = 13
    UPRIGHTFIRE = 14
    UPLEFTFIRE = 15
    DOWNRIGHTFIRE = 16
    DOWNLEFTFIRE = 17


@dataclass(frozen=True)
class ALEState:
    """A console's state: what :meth:`ALEInterface.cloneState` gives."""

    data: bytes
    include_rng: bool


class ALEInterface:
    """The console of a game, with the names of ale-py's ``ALEInterface``; frames are played by the environment alone.

    Screens and memory are those of the present state, also after :meth:`restoreState`.

    Args:
        native: The native half of the environment.
    """

    def __init__(self, native: _native.Env) -> None:
        self._native = native

    def lives(self) -> int:
        """The lives left; 0 in games without lives."""
        return self._native.game_numbers()[0]

    def getFrameNumber(self) -> int:
        """The frames since the ROM was loaded."""
        return self._native.game_numbers()[1]

    def getEpisodeFrameNumber(self) -> int:
        """The frames of the episode."""
        return self._native.game_numbers()[2]

    def game_over(self, with_truncation: bool = True) -> bool:
        """Whether the game has ended, or was cut off."""
        _, _, _, over, truncated = self._native.game_numbers()
        return over or (with_truncation and truncated)

    def game_truncated(self) -> bool:
        """Whether the frame limit was reached."""
        return self._native.game_numbers()[4]

    def getLegalActionSet(self) -> list[Action]:
        """All 18 actions."""
        return list(Action)

    def getMinimalActionSet(self) -> list[Action]:
        """The actions that do something in this game."""
        return [Action(code) for code in self._native.minimal_actions()]

    def getRAM(self, buffer: Pixels | None = None) -> Pixels | None:
        """The console's 128 bytes of memory; ``None`` where they go into a buffer."""
        return given(self._native.ram(), buffer)

    def getRAMSize(self) -> int:
        """The bytes of the console's memory."""
        return 128

    def getScreenDims(self) -> tuple[int, int]:
        """The screen's height and width."""
        height, width = self._native.screen(0).shape
        return height, width

    def getScreen(self, buffer: Pixels | None = None) -> Pixels | None:
        """The palette index of each pixel, (height, width); ``None`` where they go into a buffer."""
        return given(self._native.screen(0), buffer)

    def getScreenGrayscale(self, buffer: Pixels | None = None) -> Pixels | None:
        """The brightness of each pixel, (height, width); ``None`` where they go into a buffer."""
        return given(self._native.screen(1), buffer)

    def getScreenRGB(self, buffer: Pixels | None = None) -> Pixels | None:
        """The colours of each pixel, (height, width, 3); ``None`` where they go into a buffer."""
        return given(self._native.screen(3), buffer)

    def cloneState(self, include_rng: bool = False) -> ALEState:
        """The console's state, and the generator of sticky actions if it is asked for."""
        return ALEState(self._native.save_console(), include_rng)

    def restoreState(self, state: ALEState) -> None:
        """Goes back to a state.

        Raises:
            ValueError: Where it is not the state of such a game; nothing is changed then.
        """
        self._native.restore_console(state.data, state.include_rng)


def given(array: Pixels, buffer: Pixels | None) -> Pixels | None:
    """The array, or nothing where it goes into the buffer."""
    if buffer is None:
        return array
    if buffer.shape != array.shape or buffer.dtype != np.uint8:
        raise ValueError(
            f"buffer has the shape {buffer.shape} and type {buffer.dtype}: expected {array.shape} and uint8"
        )
    buffer[:] = array
    return None
