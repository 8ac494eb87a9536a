"""What learners see of Atari: Gymnasium's AtariPreprocessing with a frame stack, and the blog post's phi."""

import zlib

import ale_py
import gymnasium as gym
import numpy as np
from gymnasium.wrappers import AtariPreprocessing, ClipReward, FrameStackObservation

from recording import RESET, SEEDED_RESET, STEP, Rollout, save

gym.register_envs(ale_py)
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)

STACK = 4
PIPELINES = {
    "pong": ("PongNoFrameskip-v4", {}, False),
    "breakout-life-loss": ("BreakoutNoFrameskip-v4", {"terminal_on_life_loss": True}, True),
    "seaquest-sticky": ("SeaquestNoFrameskip-v0", {"noop_max": 10, "terminal_on_life_loss": True}, True),
    "no-noops": ("ALE/SpaceInvaders-v5", {"noop_max": 0, "frame_skip": 1}, False),
}


def record_pipeline(folder, size):
    """The usual pipeline on games with and without lives; each row keeps its newest frame's pixels."""
    steps = {"small": 12, "short": 400, "full": 4000}[size]
    for case, (name, options, clipped) in PIPELINES.items():
        kwargs = {"frameskip": 1} if name.startswith("ALE/") else {}
        env = AtariPreprocessing(gym.make(name, disable_env_checker=True, **kwargs), **options)
        env = FrameStackObservation(ClipReward(env, -1, 1) if clipped else env, STACK)
        _pipeline(folder, f"pipeline/{case}", env, steps, env_name=name, kwargs=kwargs, options=options, clipped=clipped)


def _pipeline(folder, case, env, steps, env_name, **header):
    choose = np.random.default_rng(3)
    rows = {name: [] for name in ("kind", "action", "reward", "terminated", "truncated", "lives", "frame", "stack")}
    seeds, ended, episode = [], True, 0
    for step in range(steps):
        if ended or step == steps // 2:
            # Two episodes with a seed to each one without.
            seed, ended = (episode if episode % 3 != 2 else None), False
            obs, info = env.reset(seed=seed)
            seeds += [str(seed)] if seed is not None else []
            call, answer = (RESET if seed is None else SEEDED_RESET, 0), (0.0, False, False)
            stack = [len(rows["kind"])] * STACK
            episode += 1
        else:
            action = int(choose.integers(env.action_space.n)) if step % 4 else 1
            obs, *answer, info = env.step(action)
            call, ended = (STEP, action), answer[1] or answer[2]
            stack = [*rows["stack"][-1][1:], len(rows["kind"])]
        values = (*call, *answer, info["lives"], obs[-1], stack)
        for column, value in zip(rows.values(), values, strict=True):
            column.append(value)
        assert all((rows["frame"][row] == frame).all() for row, frame in zip(stack, obs)), "not the last four frames"
    types = {"kind": "u8", "action": "u8", "reward": "f64", "terminated": "u8", "truncated": "u8"}
    types |= {"lives": "u32", "frame": "u8", "stack": "u32"}
    columns = {name: (kind, rows[name]) for name, kind in types.items()}
    save(folder, case, columns, env=env_name, seeds=seeds, **header)


def record_phi(folder, size):
    """The blog post's phi of every frame of an episode of Pong-v0, from the last three frames."""
    steps = {"small": 300, "short": 2000, "full": 20_000}[size]
    rollout = Rollout(Phi(gym.make("Pong-v0", disable_env_checker=True)), "u8", None)
    choose = np.random.default_rng(9)
    rollout.reset(1)
    for _ in range(steps):
        _, _, terminated, truncated = rollout.step(int(choose.integers(6)))
        if terminated or truncated or rollout.steps == steps // 2:
            rollout.reset()
    rollout.save(folder, "phi/blog", "Pong-v0", kwargs={})


class Phi(gym.ObservationWrapper):
    """Frames t and t-2 of a queue of three that starts with zeros: rows 34 to 193, every fourth row and column of
    the green channel, the background 72 to 0 and what is then not 0 to 1, later minus earlier in bytes. Where that
    wraps around to 255, the same byte read as a signed number is the -1 that was meant.
    """

    def __init__(self, env):
        super().__init__(env)
        self.queue = []

    def reset(self, **kwargs):
        self.queue = [np.zeros((210, 160, 3), np.uint8)] * 3
        return super().reset(**kwargs)

    def observation(self, frame):
        self.queue = [*self.queue[1:], frame]
        earlier, later = (self._mask(frame) for frame in (self.queue[0], self.queue[2]))
        return later - earlier

    def _mask(self, frame):
        green = frame[34:194:4, ::4, 1].copy()
        green[green == 72] = 0
        green[green != 0] = 1
        return green


def record_frames(folder, size):
    """Every frame of one episode of Pong, as palette indices, and the colours they stand for: the same in all sizes."""
    env, seed = gym.make("ALE/Pong-v5", disable_env_checker=True), 1
    env.reset(seed=seed)
    screen, choose = env.unwrapped.ale, np.random.default_rng(0)
    frames, actions, colours, ended = [], [], {}, False
    while not ended:
        frames.append(screen.getScreen())
        indices, where = np.unique(frames[-1], return_index=True)
        colours |= zip(indices.tolist(), screen.getScreenRGB().reshape(-1, 3)[where].tolist())
        actions.append(actions[-1] if len(actions) % 2 else int(choose.integers(6)))
        _, _, terminated, truncated, _ = env.step(actions[-1])
        ended = terminated or truncated
    changes = np.diff(np.array(frames), axis=0, prepend=np.uint8(0))
    columns = {
        "colours": ("u8", [(index, *colours[index]) for index in sorted(colours)]),
        "actions": ("u8", actions),
        "changes": ("u8", np.frombuffer(zlib.compress(changes.tobytes(), 9), np.uint8)),
    }
    save(folder, "frames/pong", columns, env="ALE/Pong-v5", seeds=[str(seed)])
