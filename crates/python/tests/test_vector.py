"""What native vectors do beyond Gymnasium's: buffers, states, sending and receiving, threads, what learners see of games."""

import os
import subprocess
import sys
import threading
import time

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

import rustgym
from originals import assert_same, original

ONES = np.ones(3, np.int64)


def cart_poles(**kwargs):
    envs = rustgym.make_vec("CartPole-v1", 3, **kwargs)
    envs.reset(seed=1)
    return envs


def test_observations_are_arrays_of_their_own():
    envs = cart_poles()
    first = envs.step(ONES)[0]
    kept = first.copy()
    second = envs.step(ONES)[0]
    assert second.base is not first and second is not first
    np.testing.assert_array_equal(first, kept)
    first[:] = 99
    assert_same(cart_poles().step(ONES)[0], kept)


def test_without_copy_one_array_is_written_anew():
    envs, others = cart_poles(copy=False), cart_poles()
    first = envs.step(ONES)[0]
    others.step(ONES)
    assert envs.step(ONES)[0] is first
    assert_same(first, others.step(ONES)[0])


def test_observations_go_where_the_learner_wants_them():
    torch = pytest.importorskip("torch")
    envs, others = cart_poles(), cart_poles()
    rollout = np.zeros((4, 3, 4), np.float32)
    for out in rollout:
        told = envs.step(ONES, out=out)
        assert told[0].base is rollout or told[0] is out
        assert_same(out.copy(), others.step(ONES)[0])
    tensor = torch.zeros(3, 4)
    envs.step(ONES, out=tensor)
    np.testing.assert_array_equal(tensor.numpy(), others.step(ONES)[0])
    strided = np.zeros((3, 8), np.float32)[:, ::2]
    envs.step(ONES, out=strided)
    np.testing.assert_array_equal(strided, others.step(ONES)[0])
    assert_same(envs.reset(seed=1, out=rollout[0])[0].copy(), others.reset(seed=1)[0])


@pytest.mark.parametrize(
    "out",
    [np.zeros((3, 4)), np.zeros((4, 3), np.float32), np.zeros(12, np.float32), [[0.0] * 4] * 3],
)
def test_a_buffer_that_does_not_fit_is_refused_before_anything_steps(out):
    envs = cart_poles()
    with pytest.raises((ValueError, TypeError), match="out .*expected"):
        envs.step(ONES, out=out)
    read_only = np.zeros((3, 4), np.float32)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="out .*expected"):
        envs.step(ONES, out=read_only)
    assert_same(envs.step(ONES), cart_poles().step(ONES))


def test_states_of_one_some_or_all_are_taken_and_given():
    envs = cart_poles()
    for _ in range(5):
        envs.step(ONES)
    before = envs.observations()
    states = envs.get_state()
    assert len(states) == 3 and states[2] == envs.get_state(2) == envs.get_state([2])[0]
    first = [envs.step(ONES) for _ in range(30)]
    assert_same(envs.set_state(states), before)
    assert_same([envs.step(ONES) for _ in range(30)], first)
    mixed = envs.set_state([states[0]] * 2, [1, 2])
    assert (mixed[1] == before[0]).all() and (mixed[2] == before[0]).all()
    envs.set_state(states[1], 0)
    for wrong in (b"", states[0][:-1], b"x" * 40):
        with pytest.raises(ValueError, match="restored"):
            envs.set_state(wrong, 0)
    with pytest.raises(ValueError, match="expected 3"):
        envs.set_state(states[:2])
    with pytest.raises(ValueError, match="from 0 to 2"):
        envs.get_state(3)


def test_a_state_moves_from_a_vector_to_another():
    envs, others = cart_poles(), rustgym.make_vec("CartPole-v1", 3)
    others.set_state(envs.get_state())
    assert_same(others.step(ONES), envs.step(ONES))


def test_threads_change_nothing():
    answers = []
    for threads in (1, 2, 5):
        envs = rustgym.make_vec("InvertedPendulum-v5", 64, threads=threads)
        envs.reset(seed=3)
        envs.action_space.seed(1)
        answers.append([envs.step(envs.action_space.sample()) for _ in range(50)])
    assert_same(answers[1], answers[0])
    assert_same(answers[2], answers[0])


def test_other_python_threads_run_during_steps():
    # A step of a tenth of a second even on a fast machine.
    envs = rustgym.make_vec("ALE/Pong-v5", 128, threads=1, frameskip=200)
    envs.reset(seed=1)
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    ticker = threading.Thread(target=tick)
    ticker.start()
    start = time.perf_counter()
    envs.step(np.zeros(128, np.int64))
    end = time.perf_counter()
    stop.set()
    ticker.join()
    assert sum(start < moment < end for moment in ticks) > 2


def test_send_and_recv_are_a_step():
    envs, others = cart_poles(), cart_poles()
    envs.send(ONES)
    assert_same(envs.recv(), others.step(ONES))
    with pytest.raises(gym.error.NoAsyncCallError):
        envs.recv()
    envs.send(ONES)
    with pytest.raises(gym.error.AlreadyPendingCallError):
        envs.send(ONES)


def test_batches_of_those_that_finish_first_are_each_environments_own_story():
    envs = rustgym.AsyncVectorEnv("CartPole-v1", 6, 2, threads=2)
    _, infos = envs.reset(seed=5)
    stories = {i: [] for i in range(6)}
    for _ in range(200):
        envs.send(np.array([i % 2 for i in infos["env_id"]]))
        observations, rewards, terminated, truncated, infos = envs.recv()
        assert observations.shape == (2, 4)
        for row, i in enumerate(infos["env_id"]):
            stories[int(i)].append((observations[row].tolist(), rewards[row], terminated[row]))
    together = rustgym.make_vec("CartPole-v1", 6, autoreset_mode=AutoresetMode.SAME_STEP)
    together.reset(seed=5)
    steps = []
    for _ in range(max(map(len, stories.values()))):
        observations, rewards, terminated, _, _ = together.step(np.arange(6) % 2)
        steps.append((observations.copy(), rewards, terminated))
    for i, story in stories.items():
        # The first result of an environment may be its reset, which no action came before.
        expected = [(o[i].tolist(), r[i], t[i]) for o, r, t in steps]
        told = [one for one in story if one in expected]
        assert len(told) >= len(story) - 1
        assert told == expected[: len(told)]
    with pytest.raises(ValueError, match="ids"):
        envs.send(np.zeros(2, np.int64), [9, 9])
    envs.close()


def test_metadata_belongs_to_the_instance():
    one, other = cart_poles(autoreset_mode="SameStep"), cart_poles()
    assert one.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert other.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert rustgym.VectorEnv.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


@pytest.mark.parametrize("game", ["Pong", "Breakout", "SpaceInvaders", "Seaquest", "Frostbite"])
def test_84x84_is_gymnasiums_preprocessing(game):
    envs = rustgym.make_vec(f"ALE/{game}-v5", 1, obs="84x84", use_fire_reset=False, reward_clipping=False)
    assert envs.single_observation_space.shape == (4, 84, 84)
    theirs = original(f"{game}NoFrameskip-v4")
    theirs = FrameStackObservation(AtariPreprocessing(theirs, noop_max=30), 4)
    ours = [envs.reset(seed=6)[0][0]]
    expected = [theirs.reset(seed=6)[0]]
    theirs.action_space.seed(1)
    for _ in range(60):
        action = theirs.action_space.sample()
        ours.append(envs.step(np.array([action]))[0][0])
        expected.append(theirs.step(action)[0])
    np.testing.assert_array_equal(ours, expected)


def test_what_learners_see_of_games_has_ale_pys_names():
    options = {"obs": "84x84", "stack_num": 2, "img_height": 42, "img_width": 40, "frameskip": 2, "noop_max": 0}
    envs = rustgym.make_vec("ALE/Breakout-v5", 2, episodic_life=True, reward_clipping=False, use_fire_reset=True, **options)
    assert envs.observation_space.shape == (2, 2, 42, 40)
    envs.reset(seed=1)
    ended = [envs.step(np.zeros(2, np.int64)) for _ in range(200)]
    ends = [told for told in ended if told[2].any()]
    assert ends and (ends[0][4]["lives"] == 4).all(), "the first life's loss ends an episode"
    difference = rustgym.make_vec("ALE/Pong-v5", 2, obs="difference")
    assert difference.single_observation_space.shape == (80, 80)
    assert difference.reset(seed=1)[0].dtype == np.int8
    assert rustgym.make_vec("ALE/Pong-v5", 2, obs="ram", stack_num=3).single_observation_space.shape == (3, 128)


FORK = """
import os, sys, numpy as np, rustgym
envs = rustgym.make_vec("ALE/Pong-v5", 8, threads={threads}, obs="ram")
envs.reset(seed=1)
envs.step(np.zeros(8, int))
child = os.fork()
if child == 0:
    try:
        envs.step(np.zeros(8, int))
        code = 7
    except RuntimeError as error:
        code = 8 if "before a fork" in str(error) else 9
    fresh = rustgym.make_vec("ALE/Pong-v5", 8, threads=2, obs="ram")
    fresh.reset(seed=1)
    fresh.step(np.zeros(8, int))
    os._exit(code)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize(("threads", "code"), [(1, 7), (2, 8), (0, 8)])
def test_after_a_fork_a_vector_works_or_says_why_not(threads, code):
    program = [sys.executable, "-W", "ignore", "-c", FORK.format(threads=threads)]
    assert subprocess.run(program, timeout=60).returncode == code


def test_no_thread_outlives_close():
    def threads():
        return len(os.listdir("/proc/self/task"))

    before = threads()
    for made, started in (
        # The thread that calls step is one of the three.
        (lambda: rustgym.make_vec("ALE/Pong-v5", 8, threads=3, obs="ram"), 2),
        (lambda: rustgym.AsyncVectorEnv("ALE/Pong-v5", 8, 4, threads=3, obs="ram"), 3),
    ):
        envs = made()
        envs.reset(seed=1)
        assert threads() >= before + started
        envs.close()
        envs.close()
        deadline = time.time() + 10
        while threads() > before and time.time() < deadline:
            time.sleep(0.01)
        assert threads() <= before


def test_the_interpreter_ends_with_environments_at_work():
    program = "import rustgym; e = rustgym.AsyncVectorEnv('ALE/Pong-v5', 8, 2, threads=2, frameskip=200); e.reset(seed=1)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
