"""Atari games by their own emulator: every id of Pong and its options, and each other game as ALE/<Game>-v5."""

from itertools import product

import ale_py
import gymnasium as gym
import numpy as np

from recording import Rollout, crc, save

gym.register_envs(ale_py)
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)

EXTRAS = {
    name: ("u32", lambda _, info, name=name: info[name]) for name in ("lives", "frame_number", "episode_frame_number")
} | {"ram_crc32": ("u32", lambda env, _: crc(env.unwrapped.ale.getRAM()))}

# Our id, the original's id, and the option that turns one into the other: ale-py has no Deterministic ids any more.
PONG = [
    ("Pong-v0", "Pong-v0", {}),
    ("Pong-v4", "Pong-v4", {}),
    ("PongNoFrameskip-v0", "PongNoFrameskip-v0", {}),
    ("PongNoFrameskip-v4", "PongNoFrameskip-v4", {}),
    ("PongDeterministic-v0", "Pong-v0", {"frameskip": 4}),
    ("PongDeterministic-v4", "Pong-v4", {"frameskip": 4}),
    ("ALE/Pong-v5", "ALE/Pong-v5", {}),
]

OPTIONS = [
    ("ram", {"obs_type": "ram"}),
    ("grayscale", {"obs_type": "grayscale"}),
    ("all-actions", {"full_action_space": True}),
    ("frame-limit", {"max_num_frames_per_episode": 500}),
]

# Every other game that ale-py registers, Pong aside: ALE's name and the id.
GAMES = sorted(
    (spec.kwargs["game"], name)
    for name, spec in gym.registry.items()
    if name.startswith("ALE/") and spec.kwargs["game"] != "pong"
)


def record_pong(folder, size):
    """Every id of Pong, then ALE/Pong-v5 with each option."""
    frames, with_option = {"small": (6000, 1600), "short": (20_000, 10_000), "full": (1_000_000, 100_000)}[size]
    for ours, theirs, kwargs in PONG:
        _play(folder, f"pong/{ours.replace('/', '-')}", ours, theirs, kwargs, frames)
    for name, kwargs in OPTIONS:
        _play(folder, f"pong/{name}", "ALE/Pong-v5", "ALE/Pong-v5", kwargs, with_option)
    _starts(folder, "pong/starts", "ALE/Pong-v5", {"small": 20, "short": 100, "full": 1000}[size])
    if size == "full":
        _rally(folder, "pong/108000-frames", "PongNoFrameskip-v4", 108_000)


def _play(folder, case, ours, theirs, kwargs, frames, longest=None, starts=0):
    """A rollout of one environment, saved: play, then so many starts."""
    rollout = Rollout(gym.make(theirs, disable_env_checker=True, **kwargs), "u8", None, EXTRAS)
    played = _play_episodes(rollout, frames, longest)
    for start in range(starts):
        # After other numbers of frames each.
        rollout.reset(start if start % 10 == 0 else None)
        for step in range(start % 7):
            rollout.step(step % int(rollout.env.action_space.n))
    rollout.save(folder, case, ours, kwargs=kwargs, made_as=theirs, frames=played)


def _play_episodes(rollout, frames, longest):
    """Random actions, each held for a while, over several episodes: seeded and not, some stepped past their end.

    No episode is played longer than `longest` frames, if given; there are at most 60 then, since some modes end at once.
    """
    choose = np.random.default_rng(5)
    actions, episode, played = int(rollout.env.action_space.n), 0, 0
    while played < frames and (longest is None or episode < 60):
        # Two seeded resets to each one that is not: only a seed loads the ROM anew and starts the sticky stream again.
        rollout.reset(episode if episode % 3 != 2 else None)
        action, left, after_end, before = 0, 0, 0, rollout.rows["frame_number"][-1]
        left_at = frames if longest is None else min(played + longest, frames)
        while after_end < 1 + episode % 2 * 3 and played < left_at:
            if left == 0:
                action, left = int(choose.integers(actions)), int(choose.integers(1, 12))
            left -= 1
            _, _, terminated, truncated = rollout.step(action)
            after_end += terminated or truncated or after_end > 0
            now = rollout.rows["frame_number"][-1]
            played, before = played + max(now - before, 1), now
        episode += 1
    return played


def _starts(folder, case, name, seeds):
    """The start from each of many seeds, for which ale-py loads the ROM anew, and the first steps."""
    rollout = Rollout(gym.make(name, disable_env_checker=True), "u8", None, EXTRAS)
    for seed in range(1000, 1000 + seeds):
        rollout.reset(seed)
        for action in (1, 2, 3):
            rollout.step(action)
    rollout.save(folder, case, name, kwargs={}, made_as=name)


def _rally(folder, case, name, frames):
    """An endless rally, until the frame limit that every id has cuts the episode off.

    The paddle (RAM 51) stays 12 lines above the ball (RAM 54), which makes the ball repeat its way.
    """
    env = gym.make(name, disable_env_checker=True)
    rollout = Rollout(env, "u8", None, EXTRAS)
    rollout.reset(1)
    while not rollout.rows["truncated"][-1]:
        ram = env.unwrapped.ale.getRAM()
        ball, distance = int(ram[54]), int(ram[54]) - 12 - int(ram[51])
        rollout.step(0 if ball == 0 or abs(distance) <= 2 else 3 if distance > 0 else 2)
    assert rollout.rows["episode_frame_number"][-1] == frames, rollout.rows["episode_frame_number"][-1]
    rollout.step(0)
    rollout.reset()
    rollout.step(0)
    rollout.save(folder, case, name, kwargs={}, made_as=name, frames=frames)


def record_games(folder, size):
    """Every other game as ALE/<Game>-v5: play, and many starts."""
    starts = {"small": 0, "short": 20, "full": 200}[size]
    frames = {"small": 400, "short": 2000, "full": 20_000}[size]
    for game, name in GAMES:
        # Left early, so that even small recordings have a second and a third start; but for the one game whose end
        # ALE 0.6 sees otherwise: that recording has its end.
        if size == "small":
            many, longest = (1600, None) if game == "chopper_command" else (frames, frames // 3)
        else:
            many, longest = frames, None
        _play(folder, f"atari/{game}", name, name, {}, many, longest, starts)


def record_modes(folder, size):
    """Every game of the native console in each mode with each difficulty, one part of the game's file after the other.

    Of Video Cube, which has 51 cubes in each of three games and takes long to choose one, a fifth unless the size is full.
    """
    frames = {"small": 24, "short": 120, "full": 5000}[size]
    for game, name in [*GAMES, ("pong", "ALE/Pong-v5")]:
        rollout, parts = Rollout(None, "u8", None, EXTRAS), []
        ale = gym.make(name).unwrapped.ale
        pairs = list(product(ale.getAvailableModes(), ale.getAvailableDifficulties()))
        for mode, difficulty in pairs[:: 5 if game == "video_cube" and size != "full" else 1]:
            kwargs = {"mode": int(mode), "difficulty": int(difficulty)}
            before, rollout.env = (rollout.steps, len(rollout.seeds)), gym.make(name, disable_env_checker=True, **kwargs)
            _play_episodes(rollout, frames, frames // 3)
            parts.append({"kwargs": kwargs, "rows": rollout.steps - before[0], "seeds": len(rollout.seeds) - before[1]})
        rollout.save(folder, f"modes/{game}", name, kwargs={}, made_as=name, parts=parts)


def record_registry(folder, _size):
    """The ids that ale-py registers, with what makes their environments."""
    kinds = {}
    for name, spec in gym.registry.items():
        if "ale_py" in str(spec.entry_point):
            kwargs = dict(spec.kwargs)
            kinds.setdefault(repr(kwargs | {"game": None}), {"kwargs": kwargs, "ids": []})["ids"].append([kwargs.pop("game"), name])
    save(folder, "registry/ale-py", {}, kinds=list(kinds.values()))
