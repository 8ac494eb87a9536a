"""What scripts for ale-py look up beside the observations."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import AtariPreprocessing

import rustgym
from originals import assert_same, original


def assert_same_consoles(ours, theirs):
    for name in ("lives", "getRAM", "getScreen", "getScreenRGB", "getScreenGrayscale", "getFrameNumber",
                 "getEpisodeFrameNumber", "game_over", "game_truncated", "getRAMSize", "getScreenDims"):
        assert_same(getattr(ours, name)(), getattr(theirs, name)(), name)


@pytest.mark.parametrize("sticky", [0.0, 0.25])
@pytest.mark.parametrize("game", ["Pong", "Breakout", "SpaceInvaders"])
def test_the_console_is_ale_pys_and_goes_back_to_states_as_ale_pys_does(game, sticky):
    ours = gym.make(f"rustgym/{game}-v5", repeat_action_probability=sticky).unwrapped
    theirs = original(f"ALE/{game}-v5", repeat_action_probability=sticky).unwrapped
    assert ours.get_action_meanings() == theirs.get_action_meanings()
    for actions in ("getMinimalActionSet", "getLegalActionSet"):
        assert [a.name for a in getattr(ours.ale, actions)()] == [a.name for a in getattr(theirs.ale, actions)()]
    ours.reset(seed=3), theirs.reset(seed=3)
    rng = np.random.default_rng(0)

    def play(steps, compare):
        for action in rng.integers(ours.action_space.n, size=steps).tolist():
            ours.step(action), theirs.step(action)
            if compare:
                assert_same_consoles(ours.ale, theirs.ale)

    for include_rng in (False, True):
        play(10, compare=True)
        states = [env.ale.cloneState(include_rng=include_rng) for env in (ours, theirs)]
        play(10, compare=False)
        [env.ale.restoreState(state) for env, state in zip((ours, theirs), states)]
        play(20, compare=True)


def test_screens_and_memory_go_into_buffers():
    env = rustgym.make("ALE/Pong-v5")
    env.reset(seed=1)
    buffer = np.zeros((210, 160, 3), np.uint8)
    assert env.ale.getScreenRGB(buffer) is None
    assert_same(buffer, env.ale.getScreenRGB())
    with pytest.raises(ValueError, match="buffer .*expected"):
        env.ale.getRAM(buffer)
    with pytest.raises(ValueError, match="restored"):
        env.ale.restoreState(rustgym.ale.ALEState(b"nothing", False))


def test_what_is_no_game_has_no_console():
    env = rustgym.make("CartPole-v1")
    assert not hasattr(env, "ale")
    with pytest.raises(AttributeError, match="Atari"):
        env.get_action_meanings()


def assert_play_alike(ours, theirs):
    """The same answers to a reset and 120 actions of Breakout."""
    assert_same(ours.reset(seed=5), theirs.reset(seed=5))
    for action in np.random.default_rng(1).integers(4, size=120).tolist():
        told, expected = ours.step(action), theirs.step(action)
        assert_same(told, expected)
        if expected[2]:
            assert_same(ours.reset(), theirs.reset())


@pytest.mark.parametrize("env_id", ["ALE/Pong-v5", "Pong-v0", "PongNoFrameskip-v4"])
def test_the_frames_of_an_action_are_the_ids_own(env_id):
    assert rustgym.make(env_id).unwrapped._frameskip == original(env_id).unwrapped._frameskip
    assert rustgym.make(env_id, frameskip=3).unwrapped._frameskip == 3


def test_pong_by_its_short_name_skips_four_frames():
    assert rustgym.make("Pong").unwrapped._frameskip == 4


@pytest.mark.parametrize("options", [{}, {"terminal_on_life_loss": True, "grayscale_obs": False}])
def test_gymnasiums_preprocessing_wraps_ours_as_the_original(options):
    ours = AtariPreprocessing(gym.make("rustgym/BreakoutNoFrameskip-v4"), **options)
    theirs = AtariPreprocessing(original("BreakoutNoFrameskip-v4"), **options)
    assert_play_alike(ours, theirs)


def test_sb3s_wrapper_wraps_ours_as_the_original():
    wrappers = pytest.importorskip("stable_baselines3.common.atari_wrappers")
    ours = wrappers.AtariWrapper(gym.make("rustgym/BreakoutNoFrameskip-v4"))
    theirs = wrappers.AtariWrapper(original("BreakoutNoFrameskip-v4"))
    assert_play_alike(ours, theirs)
