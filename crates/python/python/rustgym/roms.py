"""Where the ROM of a game is found."""

import importlib.util
import os
import re
from pathlib import Path

__all__ = ["find"]


def snake_case(name: str) -> str:
    """``SpaceInvaders`` as ``space_invaders``, ``UpNDown`` as ``up_n_down``: so ROM files are named."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


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
