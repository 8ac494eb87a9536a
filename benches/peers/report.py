"""Writes docs/benchmarks.csv and docs/benchmarks.md."""

import csv
from dataclasses import asdict, dataclass, fields

from works import BARS


@dataclass(frozen=True)
class Row:
    """One system at one work, the columns of the CSV file."""

    work: str
    n: int
    threads: int
    system: str
    version: str
    median: float
    best: float
    unit: str
    ratio_to_ours: float


@dataclass(frozen=True)
class Notes:
    """How the rows came about."""

    seconds: float
    rounds: int
    minutes: float
    machine: str
    busiest: float


TEXT = """\
# Benchmarks

Ours and the projects that people would use instead, on one machine, in turns: `make bench-peers` writes this page and
[benchmarks.csv](benchmarks.csv). Compare ratios; the numbers themselves are this machine's.

{machine}.

{rounds} rounds, {seconds:g} s each after a tenth of that to warm up, {minutes:.0f} minutes in all. Just before a measurement
at most {busiest:.0%} of the machine was busy with anything else.

## Against what we aim at

Ours divided by the peer, medians; of Gymnasium's two ways at small N the faster.

{bars}
## All numbers

`ours ÷ it` is our median divided by this system's: above 1, ours is faster. (`ratio_to_ours` in the CSV file.)

{rows}
## What is measured

- Every measurement is a process of its own. Each round measures all systems of a work, every second round in the opposite
  order. Building, importing and the first reset do not count.
- All systems of a work get the same random actions, made beforehand from seed 0 and used again and again; all environments
  take part in every step, and are reset where their episode ends. Ours resets in the same step, as gmgn does here; Gymnasium,
  EnvPool and ale-py do in the next, which counts as a step of theirs.
- **Steps** are steps of single environments. **Raw frames** are frames that the console drew within steps: with frame skip
  4, a step counts as 4. Those of a reset (up to 30 no-ops) take time and do not count.
- CartPole: observations as f32, rewards, both ends. Ours is bit for bit Gymnasium's, final observations included. gmgn runs
  in its SyncVectorEnv. gym-rs has no vector environment and no time limit, and starts so far from the middle that episodes
  end at once: here it is a loop with a limit of 500 steps and Gymnasium's start; its physics differ from CartPole's
  (`polemass_length` adds what it should multiply).
- InvertedPendulum: Gymnasium's single environments run one after the other on one thread.
- Pong: frame skip 4, up to 30 no-ops at the start, no sticky actions. Ours gives 80x80 differences of one byte a cell,
  with ALE's emulator or with the native one; AtariVectorEnv and EnvPool give what they are made for, gray 84x84, the larger of two frames, four of them stacked. ALE's
  act alone reads no screen at all: the limit for whoever uses ALE 0.6, on as many threads.
- 84x84x4: the same work of all. Frame skip 4, the larger of the last two frames, grey, areas averaged to 84x84, four of
  them stacked; up to 30 no-ops at the start, no sticky actions, no fire after a reset, rewards clipped, the loss of a life
  ends an episode. EnvPool goes on with the next life, ours and AtariVectorEnv start the game anew.
- 80x80 differences: the palette indices of a frame to its mask, and the difference from the mask before, which is kept; two
  frames of a recorded game in turn, so that they are in the cache. `ours` is the fastest kernel that the processor has.
- Pong reset: of an environment on ALE with frame skip 1 and no no-ops, without a seed, as at an episode's end.
"""


def number(value):
    """Three digits that count."""
    for size, suffix in [(1e6, " M"), (1e3, " k")]:
        if value >= size:
            return f"{value / size:.3g}{suffix}" if value < 1000 * size else f"{value / size:,.0f}{suffix}"
    return f"{value:.3g}"


def table(header, lines):
    """A table; all but the first column are aligned to the right where they begin with a digit."""
    rule = ["---"] * len(header)
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in [header, rule, *lines])


def bar_lines(rows):
    """What each bar asks for and what was measured, where all that it names was."""
    medians = {(row.work, row.n, row.system): row.median for row in rows}
    threads = {(row.work, row.n): row.threads for row in rows}
    for bar in BARS:
        peers = {peer: medians[bar.work, bar.n, peer] for peer in bar.peers if (bar.work, bar.n, peer) in medians}
        ours = medians.get((bar.work, bar.n, bar.ours))
        if not peers or ours is None:
            continue
        peer = max(peers, key=peers.get)
        ratio = ours / peers[peer]
        verdict = "yes" if ratio >= bar.at_least else f"no: {ratio / bar.at_least:.0%} of it"
        place = threads[bar.work, bar.n]
        yield bar.work, bar.n, place, bar.ours, peer, f"{bar.at_least:g}x", f"{ratio:.3g}x", verdict


def write(folder, rows, notes):
    """Both files."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "benchmarks.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(Row)], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            rounded = {name: float(f"{getattr(row, name):.4g}") for name in ("median", "best", "ratio_to_ours")}
            writer.writerow(asdict(row) | rounded)
    bars = table(["work", "N", "threads", "ours", "peer", "at least", "measured", "reached"], bar_lines(rows))
    lines = [
        (row.work, row.n, row.threads, row.system, row.version, number(row.median), number(row.best), row.unit,
         f"{row.ratio_to_ours:.3g}")
        for row in rows
    ]  # fmt: skip
    header = ["work", "N", "threads", "system", "version", "median", "best", "unit", "ours ÷ it"]
    text = TEXT.format(bars=bars, rows=table(header, lines), **asdict(notes))
    (folder / "benchmarks.md").write_text(text)
