"""The golden files' format: one line of JSON, then plain little-endian columns.

The JSON line is `{"case": ..., "made_with": {...}, ..., "columns": [[name, type, shape], ...]}`; after
its newline each column follows in that order, row-major, with no padding. Every float is its exact
bits. README.md describes the columns of each kind of recording.
"""

import json
import zlib
from importlib.metadata import version
from pathlib import Path

import numpy as np

TYPES = {"u8", "i8", "u32", "u64", "i64", "f32", "f64"}
PEERS = ("gymnasium", "numpy", "mujoco", "ale-py", "opencv-python-headless")

# What a row of a rollout is.
STEP, SEEDED_RESET, RESET = 0, 1, 2


def crc(array) -> int:
    """The CRC-32 of an array's bytes in C order."""
    return zlib.crc32(np.ascontiguousarray(array))


def dtype(name: str) -> np.dtype:
    """The little-endian NumPy type that a column type's name stands for."""
    assert name in TYPES, name
    return np.dtype(f"<{name[0]}{int(name[1:]) // 8}")


def save(folder: Path, case: str, columns: dict, **header) -> None:
    """Writes `columns` (name -> (type, values)) and the header's extra fields to `folder`/`case`.rec."""
    arrays = {name: np.asarray(values, dtype(kind)) for name, (kind, values) in columns.items()}
    header = {
        "case": case,
        "made_with": {peer: version(peer) for peer in PEERS},
        **header,
        "columns": [[name, columns[name][0], array.shape] for name, array in arrays.items()],
    }
    path = Path(folder, f"{case}.rec")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".part"), "wb") as file:
        file.write(json.dumps(header).encode() + b"\n")
        for array in arrays.values():
            file.write(array.tobytes())
    path.with_suffix(".part").rename(path)


class Rollout:
    """Plays a Gymnasium environment and writes down every answer, one row a call.

    `observation` is the column type of a flat observation, or None to keep only its CRC-32.
    `extras` maps further columns to (type, function of (environment, info)).
    """

    def __init__(self, env, action, observation, extras=None, reset_options=None):
        self.env, self.reset_options = env, reset_options
        self.types = {"kind": "u8", "action": action}
        self.types["obs" if observation else "obs_crc32"] = observation or "u32"
        self.types |= {"reward": "f64", "terminated": "u8", "truncated": "u8"}
        self.extras = extras or {}
        self.types |= {name: kind for name, (kind, _) in self.extras.items()}
        self.rows = {name: [] for name in self.types}
        self.seeds = []
        self.blank = 0

    def reset(self, seed=None):
        """Resets; with a seed the row is a seeded reset."""
        obs, info = self.env.reset(seed=seed, options=self.reset_options)
        if seed is not None:
            self.seeds.append(str(seed))
        self._write(RESET if seed is None else SEEDED_RESET, self.blank, obs, 0.0, False, False, info)
        return obs

    def step(self, action):
        """Steps once; `action` goes to the environment as it is."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        self._write(STEP, np.asarray(action).reshape(-1)[0], obs, reward, terminated, truncated, info)
        return obs, reward, terminated, truncated

    def _write(self, kind, action, obs, reward, terminated, truncated, info):
        rows = self.rows
        rows["kind"].append(kind)
        rows["action"].append(action)
        if "obs" in rows:
            rows["obs"].append(np.array(obs))
        else:
            rows["obs_crc32"].append(crc(obs))
        rows["reward"].append(float(reward))
        rows["terminated"].append(terminated)
        rows["truncated"].append(truncated)
        for name, (_, read) in self.extras.items():
            rows[name].append(read(self.env, info))

    @property
    def steps(self) -> int:
        """How many rows there are so far."""
        return len(self.rows["kind"])

    def save(self, folder, case, env, **header):
        """Saves the rollout as one of our environment `env`; the header says how the peer was made."""
        columns = {name: (kind, self.rows[name]) for name, kind in self.types.items()}
        if self.reset_options:
            header["reset_options"] = self.reset_options
        save(folder, case, columns, env=env, seeds=self.seeds, **header)
