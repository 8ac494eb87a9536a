"""Where the ROM of a game is found."""

import importlib.util
import os
import re
from pathlib import Path

__all__ = ["find"]


def snake_case(name: str) -> str:
    """As ROM files are named.

    >>> [snake_case(name) for name in ("SpaceInvaders", "UpNDown", "TicTacToe3D", "Atlantis2")]
    ['space_invaders', 'up_n_down', 'tic_tac_toe_3d', 'atlantis2']
    """
    return re.sub(r"(?<=[a-z])(?=\d?[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def game_of(env_id: str) -> str:
    """The game's name in an id such as ``ALE/SpaceInvaders-v5`` or ``PongNoFrameskip-v4``."""
    name = env_id.removeprefix("ALE/").split("-")[0]
    return snake_case(name.removesuffix("NoFrameskip").removesuffix("Deterministic"))


def find(env_id: str) -> str | None:
    """The ROM file of the id's game: in the folder that the environment variable ``ATARI_ROMS`` names, or in ale-py's.

    Only files are looked for: ale-py is not imported.
    """
    folders = [Path(folder) for folder in [os.environ.get("ATARI_ROMS")] if folder]
    ale_py = importlib.util.find_spec("ale_py")
    if ale_py is not None and ale_py.submodule_search_locations:
        folders.append(Path(ale_py.submodule_search_locations[0]) / "roms")
    candidates = (folder / f"{game_of(env_id)}.bin" for folder in folders)
    return next((str(path) for path in candidates if path.is_file()), None)
