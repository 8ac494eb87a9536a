"""The real PyTorch, Gymnasium, TensorBoard, pandas and PyYAML read what vpg writes; run by interchange.py."""

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
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams

gymnasium.register_envs(ale_py)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "pytorch.md"
EPISODES = 20
SEED = 500
# What `vpg eval --seed SEED` resets its first environment with; the next get one more each.
START = SEED << 32


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
    """The returns of vpg's own greedy episodes; those of seeds START, START + 1, ..."""
    text = run("VPG", "eval", folder, "--json", "--deterministic", "--seed", SEED, "--episodes", episodes, *args)
    return [episode["return"] for episode in json.loads(text)["episodes"]]


def outputs(folder, observations, checkpoint="latest"):
    """What vpg's policy makes of these observations."""
    text = "\n".join(",".join(repr(float(x)) for x in np.ravel(row)) for row in observations)
    lines = run("OUTPUTS", folder, checkpoint, text=text).splitlines()
    return np.array([[float(x) for x in line.split(",")] for line in lines])


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

    def assert_same_outputs(self, folder, policy, observations, checkpoint="latest"):
        with torch.no_grad():
            theirs = policy(torch.as_tensor(np.asarray(observations), dtype=torch.float32)).numpy()
        ours = outputs(folder, observations, checkpoint)
        self.assertEqual(ours.shape, theirs.shape)
        self.assertLess(np.abs(ours - theirs).max(), 1e-5)
        self.assertGreater(np.abs(theirs).max(), 1e-3)

    def test_the_loaders_have_ten_lines(self):
        for name in ("load", "load_cnn"):
            function = re.search(rf"^def {name}\(.*?^    return model$", DOCS.read_text(), re.DOTALL | re.MULTILINE)
            self.assertEqual(len(function[0].splitlines()), 10, name)

    def test_a_discrete_policy_is_the_same_in_pytorch(self):
        # So short that episodes still end early, and differently.
        folder = self.train("cartpole", "--env", "CartPole-v1", "--epochs", 12)
        model = docs["load"](folder)
        self.assert_same_outputs(folder, model.pi, np.random.default_rng(0).normal(size=(100, 4)))
        theirs = [docs["play"](model.pi, gymnasium.make("CartPole-v1"), START + i, greedy) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder), theirs)
        self.assertGreater(len(set(theirs)), 5)

    def test_a_continuous_policy_is_the_same_in_pytorch(self):
        folder = self.train("pendulum", "--env", "InvertedPendulum-v5", "--epochs", 20)
        model = docs["load"](folder)
        self.assertEqual(model.log_std.shape, (1,))
        self.assert_same_outputs(folder, model.pi, np.random.default_rng(0).normal(size=(100, 4)))
        env = gymnasium.make("InvertedPendulum-v5")
        theirs = [docs["play"](model.pi, env, START + i, lambda mean: mean.numpy()) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder), theirs)

    def test_an_atari_policy_is_the_same_in_pytorch(self):
        for name, flags in (("pong", ()), ("difference-alone", ("--with-frame=false",))):
            with self.subTest(name):
                short = ("--epochs", 2, "--steps-per-epoch", 512, "--num-envs", 4)
                self.assert_same_pong(self.train(name, "--env", "ALE/Pong-v5", *short, *flags))

    def assert_same_pong(self, folder):
        model = docs["load"](folder)
        config = json.loads((folder / "config.json").read_text())
        with_frame = config["pixels"]["difference"]["with_frame"]
        steps = 400
        env = gymnasium.make("ALE/Pong-v5")
        frame, _ = env.reset(seed=START)
        before = docs["mask"](frame)
        observation, total, seen = docs["observe"](before, before, with_frame), 0.0, []
        for _ in range(steps):
            seen.append(observation.flatten())
            with torch.no_grad():
                chosen = greedy(model.pi(torch.as_tensor(seen[-1])))
            frame, reward, *_ = env.step(config["actions"][chosen])
            now = docs["mask"](frame)
            observation, before, total = docs["observe"](now, before, with_frame), now, total + float(reward)
        self.assert_same_outputs(folder, model.pi, seen[::40])
        self.assertEqual(evaluate(folder, "--max-ep-len", steps, episodes=1), [total])
        self.assertLess(total, 0)

    def test_the_write_ups_policies_load_too(self):
        short = ("--epochs", 2, "--max-ep-len", 100)
        rows = np.random.default_rng(0).normal(size=(10, 4))
        lightning = self.train("lightning", "--preset", "pendulum-lightning", *short, "--steps-per-epoch", 200)
        self.assert_same_outputs(lightning, docs["load"](lightning).pi, rows)
        metrics = pandas.read_csv(lightning / "metrics.csv")
        self.assertEqual(list(metrics), ["epoch", "step", "reward", "length", "policy_loss", "baseline_loss"])
        self.assertEqual(set(metrics.epoch), {1, 2})
        self.assertEqual(metrics.policy_loss.notna().sum(), 2)
        self.assertGreater(metrics.reward.notna().sum(), 2)
        hparams = yaml.safe_load((lightning / "hparams.yaml").read_text())
        self.assertEqual(hparams, json.loads((lightning / "config.json").read_text()))
        self.assertEqual((hparams["gamma"], hparams["hid"], hparams["baseline"]), (0.9, [64, 64], "value"))
        reinforce = self.train("reinforce", "--preset", "cartpole-reinforce", *short)
        self.assert_same_outputs(reinforce, docs["load"](reinforce).pi, rows)
        blog = self.train("blog", "--preset", "pong-blog", *short, "--episodes-per-epoch", 2, "--num-envs", 2)
        for name in ("losses.txt", "rewards.txt"):
            self.assertEqual(np.loadtxt(blog / name).shape, (2,), name)
        cells = np.random.default_rng(0).integers(-1, 2, size=(3, 1600))
        self.assert_same_outputs(blog, docs["load"](blog).pi, cells)

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
        theirs = [docs["play"](model.pi, gymnasium.make("CartPole-v1"), START + i, greedy) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder, "--checkpoint", file), theirs)
        self.assertGreater(np.mean(theirs), 300)
        self.assertLess(np.mean(evaluate(folder)), 300)

    def test_a_shared_trunk_is_the_same_in_pytorch_and_back(self):
        flags = ("--shared-trunk", "--hid", "32,16", "--activation", "relu")
        folder = self.train("trunk", "--env", "CartPole-v1", "--epochs", 12, *flags)
        model = docs["load"](folder)
        policy = torch.nn.Sequential(model.trunk, model.pi)
        self.assert_same_outputs(folder, policy, np.random.default_rng(0).normal(size=(100, 4)))
        theirs = [docs["play"](policy, gymnasium.make("CartPole-v1"), START + i, greedy) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder), theirs)
        with torch.no_grad():
            model.pi[0].bias += torch.tensor([0.0, 5.0])
        file = self.folder / "right.safetensors"
        docs["save"](model, file)
        theirs = [docs["play"](policy, gymnasium.make("CartPole-v1"), START + i, greedy) for i in range(EPISODES)]
        self.assertEqual(evaluate(folder, "--checkpoint", file), theirs)
        self.assertNotEqual(evaluate(folder), theirs)

    def test_normalised_observations_are_the_same_in_pytorch(self):
        folder = self.train("normalised", "--env", "CartPole-v1", "--epochs", 5, "--norm-obs")
        model = docs["load"](folder)

        def policy(x):
            formula = re.search(r"`(\(\(x - .*?)` first", DOCS.read_text())[1]
            return model.pi(eval(formula, {"x": x, "model": model}))

        self.assert_same_outputs(folder, policy, np.random.default_rng(0).normal(size=(100, 4)))

    def test_convolutions_are_the_same_in_pytorch_and_back(self):
        short = ("--policy", "cnn", "--epochs", 1, "--steps-per-epoch", 8, "--num-envs", 2, "--train-v-iters", 1)
        rng = np.random.default_rng(0)
        for name, flags, shape in (
            ("stack", ("--phi", "stack"), (4, 84, 84)),
            ("stack-trunk", ("--phi", "stack", "--shared-trunk"), (4, 84, 84)),
            ("frame", (), (2, 80, 80)),
            ("difference", ("--with-frame=false",), (1, 80, 80)),
        ):
            with self.subTest(name):
                folder = self.train(name, "--env", "ALE/Pong-v5", *flags, *short)
                model = docs["load_cnn"](folder)
                policy = torch.nn.Sequential(model.trunk, model.pi)
                pictures = rng.integers(0, 256, size=(3, *shape)) / 255
                self.assert_same_outputs(folder, policy, pictures)
                torch.manual_seed(0)
                model.apply(lambda layer: layer.reset_parameters() if hasattr(layer, "reset_parameters") else None)
                made = self.folder / f"{name}.safetensors"
                docs["save"](model, made)
                self.assert_same_outputs(folder, policy, pictures, made)
                self.assertGreater(np.abs(outputs(folder, pictures, made) - outputs(folder, pictures)).max(), 1e-3)
                played = evaluate(folder, "--max-ep-len", 20, "--checkpoint", made, episodes=1)
                self.assertEqual(len(played), 1)


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
        beside = {"MeanEpRet100", "PiLr", "VfLr", "FramesPerSecond"}
        self.assertEqual(set(tags) - beside, set(progress.columns) - {"TotalEnvInteracts"})
        for column, tag in tags.items():
            scalars = events.Scalars(tag)
            if column in beside:
                continue
            self.assertEqual([scalar.step for scalar in scalars], list(progress.TotalEnvInteracts))
            np.testing.assert_allclose([scalar.value for scalar in scalars], progress[column], rtol=1e-6, err_msg=column)
        rates = [scalar.value for scalar in events.Scalars(tags["PiLr"])]
        self.assertTrue(all(a > b > 0 for a, b in zip(rates, rates[1:])) and abs(rates[0] - 7e-3) < 1e-8, rates)
        self.assertTrue(all(scalar.value > 100 for scalar in events.Scalars(tags["FramesPerSecond"])))
        self.assert_hyperparameters(events)
        images = events.Images("demo")
        self.assertEqual([image.step for image in images], [512, 1024, 1536])
        self.assertEqual((images[0].width, images[0].height), (600, 400))
        self.assertGreater(len(imageio.imread(images[-1].encoded_image_string, extension=".gif")), 5)
        text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
        config = json.loads((self.run_folder / "config.json").read_text())
        self.assertEqual(json.loads(text.removeprefix("```json").removesuffix("```")), config)

    def assert_hyperparameters(self, events):
        """What TensorBoard's tab HParams reads, by its own code."""
        content = events.PluginTagToContent(hparams.PLUGIN_NAME)[hparams.SESSION_START_INFO_TAG]
        values = hparams.parse_session_start_info_plugin_data(content).hparams
        config = json.loads((self.run_folder / "config.json").read_text())
        self.assertEqual(set(values), set(config))
        self.assertEqual(values["gamma"].number_value, config["gamma"])
        self.assertEqual((values["optimizer"].string_value, values["hid"].string_value), ("adam", "[32]"))
        self.assertIs(values["norm_obs"].bool_value, False)

    def test_pictures_are_read(self):
        for name in ("rewards.png", "losses.png", "plot.png"):
            self.assertEqual(imageio.imread(self.run_folder / name).shape, (800, 800, 3), name)
        for path in [self.run_folder / "record.gif", *self.run_folder.glob("checkpoints/*.gif")]:
            self.assertEqual(imageio.imread(path).shape[1:], (400, 600, 3), path)
