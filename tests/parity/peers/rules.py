"""What ale-py makes of any memory: rewards, lives and ends, game by game, asked through rules/oracle.py."""

import sys
from pathlib import Path

import numpy as np

from recording import save

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from oracle import BYTES, Oracle, snapshots  # noqa: E402

# The games whose rules the native console knows: a file each.
KNOWN = Path(__file__).parents[3] / "crates/envs/src/atari/games"
# The menus of seven are not left with the oracle's cartridge; Hangman's end and Miniature Golf's rewards hang on frames before,
# which states of ale-py lack.
NOT_ASKED = (
    *("mod", "memory", "start", "tests"),
    *("double_dunk", "et", "hangman", "human_cannonball", "klax", "miniature_golf", "ms_pacman", "pacman", "video_cube"),
)
CHANGES = 8
SPECIAL = (0x00, 0x01, 0x02, 0x09, 0x0A, 0x0B, 0x10, 0x40, 0x80, 0x99, 0xAA, 0xBB, 0xFF)


def record(folder, size):
    """Each game's answers to memories from play with a few bytes changed, and to random ones."""
    cases = {"small": 150, "short": 2000, "full": 20_000}[size]
    for game in sorted(path.stem for path in KNOWN.glob("*.rs") if path.stem not in NOT_ASKED):
        played, ended = snapshots(game, frames=1500, episodes=2)
        oracle = Oracle(game, played[0])
        if oracle.ale.game_over():
            continue
        rng = np.random.default_rng(0)
        contexts = [*played[:: max(len(played) // 10, 1)][:10], *ended[:4], np.zeros(BYTES, np.uint8)]
        contexts += [rng.integers(0, 256, BYTES, dtype=np.uint8) for _ in range(3)]
        which = rng.integers(len(contexts), size=cases)
        at = rng.choice(_bytes_that_matter(oracle, contexts, rng), size=(cases, CHANGES))
        # Some have one value in a row of bytes: what is special of a number may take all of its digits.
        rows = np.flatnonzero(rng.random(cases) < 0.25)
        length = rng.integers(1, CHANGES + 1, rows.size)
        at[rows] = (at[rows, :1] + np.minimum(np.arange(CHANGES), length[:, None] - 1)) % BYTES
        value = np.where(rng.random((cases, CHANGES)) < 0.5, rng.choice(SPECIAL, (cases, CHANGES)), rng.integers(0, 256, (cases, CHANGES)))
        value[rows] = rng.choice(SPECIAL, (rows.size, 1))
        answers = []
        for case in range(cases):
            ram = contexts[which[case]].copy()
            ram[at[case]] = value[case]
            # As the cartridge's memory has it where a byte was named twice.
            value[case] = ram[at[case]]
            answers.append(oracle.ask(ram))
        reward, lives, over = zip(*answers)
        columns = {
            "first": ("u8", oracle.first_ram), "contexts": ("u8", contexts), "context": ("u8", which), "at": ("u8", at),
            "value": ("u8", value), "reward": ("i64", reward), "lives": ("u32", np.asarray(lives).astype(np.uint32)), "over": ("u8", over),
        }  # fmt: skip
        save(folder, f"rules/{game}", columns)


def _bytes_that_matter(oracle, contexts, rng):
    """Some bytes at random, and three times those that change an answer."""
    found = list(rng.integers(0, BYTES, 8))
    for context in (contexts[0], contexts[-4], contexts[-1]):
        known = oracle.ask(context)
        for at in range(BYTES):
            for value in (1, 0xFF):
                ram = context.copy()
                ram[at] = value
                if oracle.ask(ram) != known and found.count(at) < 3:
                    found += [at] * 3
    return found
