"""The real PyTorch, Gymnasium, TensorBoard and pandas read what vpg writes; run by interchange.py."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import ale_py
import gymnasium
import imageio.v3 as imageio
import numpy as np
import pandas
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

gymnasium.register_envs(ale_py)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "pytorch.md"
EPISODES = 20
SEED = 500


def documented():
    """The functions of docs/pytorch.md, as they stand there."""
    names = {}
    for block in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL):
        exec(block, names)
    return names


docs = documented()


def run(program, *args, text=None):
    done = subprocess.run([os.environ[program], *map(str, args)], input=text, text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"{args}: {done.stderr}")
    return done.stdout


def evaluate(folder, *args, episodes=EPISODES):
    """The returns of vpg's own greedy episodes; those of seeds SEED, SEED + 1, ..."""
    text = run("VPG", "eval", folder, "--json", "--deterministic", "--seed", SEED, "--episodes", episodes, *args)
    return [episode["return"] for episode in json.loads(text)["episodes"]]


def outputs(folder, observations):
    """What vpg's policy makes of these rows."""
    text = "\n".join(",".join(repr(float(x)) for x in row) for row in observations)
    return np.array([[float(x) for x in line.split(",")] for line in run("OUTPUTS", folder, text=text).splitlines()])


def greedy(logits):
    return int(logits.argmax())


class Policies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)

    def train(self, name, *args):
        folder = self.folder / name
        run("VPG", *args, "--seed", 1, "--run-dir", folder)
        return folder

    def assert_same_outputs(self, folder, model, observations):
        with torch.no_grad():
            theirs = model.pi(torch.as_tensor(np.asarray(observations), dtype=torch.float32)).numpy()
        ours = outputs(folder, observations)
        self.assertEqual(ours.shape, theirs.shape)
        self.assertLess(np.abs(ours - theirs).max(), 1e-5)
        self.assertGreater(np.abs(theirs).max(), 1e-3)

    def test_a_discrete_policy_is_the_same_in_pytorch(self):
        # So short that episodes still end early, and differently.
        folder = self.train("cartpole", "--env", "CartPole-v1", "--epochs", 12)
        model = docs["load"](folder)
        self.assert_same_outputs(folder, model, np.random.default_rng(0).normal(size=(100, 4)))
        theirs = [docs["play"](model, gymnasium.make("CartPole-v1"), SEED + i, greedy) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder), theirs)
        self.assertGreater(len(set(theirs)), 5)

    def test_a_continuous_policy_is_the_same_in_pytorch(self):
        folder = self.train("pendulum", "--env", "InvertedPendulum-v5", "--epochs", 20)
        model = docs["load"](folder)
        self.assertEqual(model.log_std.shape, (1,))
        self.assert_same_outputs(folder, model, np.random.default_rng(0).normal(size=(100, 4)))
        env = gymnasium.make("InvertedPendulum-v5")
        theirs = [docs["play"](model, env, SEED + i, lambda mean: mean.numpy()) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder), theirs)

    def test_an_atari_policy_is_the_same_in_pytorch(self):
        args = ("--env", "ALE/Pong-v5", "--epochs", 2, "--steps-per-epoch", 512, "--num-envs", 4)
        folder = self.train("pong", *args)
        model = docs["load"](folder)
        actions = json.loads((folder / "config.json").read_text())["actions"]
        steps = 400
        env = gymnasium.make("ALE/Pong-v5")
        frame, _ = env.reset(seed=SEED)
        before = docs["mask"](frame)
        observation, total, seen = np.zeros((80, 80), np.float32), 0.0, []
        for _ in range(steps):
            seen.append(observation.flatten())
            with torch.no_grad():
                chosen = greedy(model.pi(torch.as_tensor(seen[-1])))
            frame, reward, *_ = env.step(actions[chosen])
            now = docs["mask"](frame)
            observation, before, total = docs["difference"](now, before), now, total + float(reward)
        self.assert_same_outputs(folder, model, seen[::40])
        self.assertEqual(evaluate(folder, "--max-ep-len", steps, episodes=1), [total])
        self.assertLess(total, 0)

    def test_the_write_ups_policies_load_too(self):
        short = ("--epochs", 2, "--max-ep-len", 100)
        rows = np.random.default_rng(0).normal(size=(10, 4))
        lightning = self.train("lightning", "--preset", "pendulum-lightning", *short, "--steps-per-epoch", 200)
        model = docs["load"](lightning)
        self.assert_same_outputs(lightning, model, rows)
        metrics = pandas.read_csv(lightning / "metrics.csv")
        self.assertEqual(set(metrics.epoch), {1, 2})
        self.assertEqual(metrics.policy_loss.notna().sum(), 2)
        self.assertGreater(metrics.reward.notna().sum(), 2)
        reinforce = self.train("reinforce", "--preset", "cartpole-reinforce", *short)
        self.assert_same_outputs(reinforce, docs["load"](reinforce), rows)
        blog = self.train("blog", "--preset", "pong-blog", *short, "--episodes-per-epoch", 2, "--num-envs", 2)
        for name in ("losses.txt", "rewards.txt"):
            self.assertEqual(np.loadtxt(blog / name).shape, (2,), name)
        cells = np.random.default_rng(0).integers(-1, 2, size=(3, 1600))
        self.assert_same_outputs(blog, docs["load"](blog), cells)

    def test_vpg_plays_a_network_made_in_pytorch(self):
        folder = self.train("shape", "--env", "CartPole-v1", "--epochs", 1, "--hid", "16")
        torch.manual_seed(0)
        model = torch.nn.Module()
        for net, out in (("pi", 2), ("v", 1)):
            hidden = [torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, out)]
            model.add_module(net, torch.nn.Sequential(*hidden))
        # Taught to push where the pole falls.
        optimizer = torch.optim.Adam(model.pi.parameters(), lr=0.01)
        for _ in range(500):
            states = torch.randn(256, 4) * torch.tensor([1.0, 0.5, 0.1, 0.5])
            right = (states @ torch.tensor([0.05, 0.1, 1.0, 0.4]) > 0).long()
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model.pi(states), right).backward()
            optimizer.step()
        file = self.folder / "made.safetensors"
        docs["save"](model, file)
        theirs = [docs["play"](model, gymnasium.make("CartPole-v1"), SEED + i, greedy) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder, "--checkpoint", file), theirs)
        self.assertGreater(np.mean(theirs), 300)
        self.assertLess(np.mean(evaluate(folder)), 300)


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.run_folder = Path(folder.name) / "run"
        cls.grid = Path(folder.name) / "grid"
        flags = ["--env", "CartPole-v1", "--epochs", 6, "--steps-per-epoch", 256, "--num-envs", 4, "--save-freq", 2]
        run("VPG", *flags, "--render", "--run-dir", cls.run_folder)
        # Resumed behind its end, which must not write anything twice.
        run("VPG", "--resume", cls.run_folder, "--render")
        run("VPG", "grid", cls.grid, "--vary", "hid=8 4,4", "--seeds", "0,1", "--", *flags)
        run("VPG", "record", cls.run_folder)
        run("VPG", "plot", cls.run_folder, "--out", cls.run_folder / "plot.png")

    def test_pandas_reads_the_tables(self):
        progress = pandas.read_csv(self.run_folder / "progress.txt", sep="\t")
        episodes = pandas.read_csv(self.run_folder / "episodes.csv")
        self.assertEqual(list(progress.Epoch), [1, 2, 3, 4, 5, 6])
        self.assertTrue(np.isfinite(progress.to_numpy()).all())
        self.assertTrue((progress.KL.abs() > 0).all() and (progress.DeltaLossPi.abs() > 0).all())
        of_epochs = episodes.groupby("Epoch").EpRet
        for column, values in {
            "AverageEpRet": of_epochs.mean(),
            "StdEpRet": of_epochs.std(ddof=0),
            "MaxEpRet": of_epochs.max(),
            "MinEpRet": of_epochs.min(),
            "EpLen": episodes.groupby("Epoch").EpLen.mean(),
        }.items():
            np.testing.assert_allclose(progress[column], values, err_msg=column)
        summary = pandas.read_csv(self.grid / "summary.csv")
        self.assertEqual(list(summary.status), ["finished"] * 4)
        self.assertEqual(sorted(set(summary.name)), ["hid=4,4", "hid=8"])

    def test_tensorboard_reads_the_events(self):
        events = EventAccumulator(str(self.run_folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
        events.Reload()
        progress = pandas.read_csv(self.run_folder / "progress.txt", sep="\t")
        tags = {tag.split("/")[1]: tag for tag in events.Tags()["scalars"]}
        self.assertEqual(set(tags), set(progress.columns) - {"TotalEnvInteracts"})
        for column, tag in tags.items():
            scalars = events.Scalars(tag)
            self.assertEqual([scalar.step for scalar in scalars], list(progress.TotalEnvInteracts))
            np.testing.assert_allclose([scalar.value for scalar in scalars], progress[column], rtol=1e-6, err_msg=column)
        images = events.Images("demo")
        self.assertEqual([image.step for image in images], [512, 1024, 1536])
        self.assertEqual((images[0].width, images[0].height), (600, 400))
        self.assertGreater(len(imageio.imread(images[-1].encoded_image_string, extension=".gif")), 5)
        text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
        config = json.loads((self.run_folder / "config.json").read_text())
        self.assertEqual(json.loads(text.removeprefix("```json").removesuffix("```")), config)

    def test_pictures_are_read(self):
        for name in ("rewards.png", "losses.png", "plot.png"):
            self.assertEqual(imageio.imread(self.run_folder / name).shape, (800, 800, 3), name)
        for path in [self.run_folder / "record.gif", *self.run_folder.glob("checkpoints/*.gif")]:
            self.assertEqual(imageio.imread(path).shape[1:], (400, 600, 3), path)
