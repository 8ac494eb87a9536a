"""Shows that the comparisons can fail: breaks one line of a copy at a time and expects a red test.

    make parity-mutations            all of MUTATIONS below
    python3 tests/parity/mutate.py CartPole      those whose description has this word

Nothing in the checkout changes: the mutations happen in a copy below target/. Ends with 1 where a mutated
copy passes its test, and also where the text to replace is no longer there once: then this list is out of date.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
SCRATCH = CHECKOUT / "target" / "parity-mutations"
COPY = SCRATCH / "checkout"


class Mutation(NamedTuple):
    """One change and the test that has to notice it."""

    what: str
    test: str
    file: str
    old: str
    new: str


def source(name: str, crate: str = "envs") -> str:
    """A source file of a crate."""
    return f"crates/{crate}/src/{name}"


MUTATIONS = [
    Mutation("seeding: one constant of SeedSequence", "golden_rng", source("rng.rs"), "0x931e_8875", "0x931e_8877"),
    Mutation("seeding: words beyond the fourth ignored", "golden_rng", source("rng.rs"),
             "words.iter().skip(4)", "words.iter().skip(words.len())"),
    Mutation("generator: upper half of 64 bits first", "golden_rng", source("rng.rs"),
             "self.upper_half = Some((bits >> 32) as u32);\n        bits as u32",
             "self.upper_half = Some(bits as u32);\n        (bits >> 32) as u32"),
    Mutation("generator: sign of the normal tail", "golden_rng", source("rng/ziggurat.rs"),
             "self.normal_tail(bits >> 8 & 1 == 1)", "self.normal_tail(bits >> 9 & 1 == 1)"),
    Mutation("generator: one last digit in a ziggurat's layers", "golden_rng", source("rng/tables.rs"),
             " 8.113849337656484e-16,", " 8.113849337656485e-16,"),
    Mutation("spaces: drawn element by element, not kind by kind", "golden_spaces", source("space.rs"),
             "!= kind {\n                    continue;", "!= kind {\n                    rng.random();\n                    continue;"),
    Mutation("spaces: integers rounded, not floored", "golden_spaces", source("space.rs"), "value.floor()", "value.round()"),
    Mutation("CartPole: polemass_length without the length, the other ports' bug", "golden_cartpole", source("cartpole.rs"),
             "POLE_MASS_LENGTH: f64 = POLE_MASS * HALF_LENGTH", "POLE_MASS_LENGTH: f64 = POLE_MASS"),
    Mutation("CartPole: the square's association", "golden_cartpole", source("cartpole.rs"),
             "POLE_MASS_LENGTH * (omega * omega) * sin", "POLE_MASS_LENGTH * omega * omega * sin"),
    Mutation("CartPole: positions from the new velocities", "golden_cartpole", source("cartpole.rs"),
             "[x + TAU * v,", "[x + TAU * (v + TAU * acceleration),"),
    Mutation("CartPole: no reward after the end, even inside", "golden_cartpole", source("cartpole.rs"),
             "(true, false) if ended_before", "(_, false) if ended_before"),
    Mutation("CartPole: a later reset starts its stream anew", "golden_cartpole", source("native.rs"),
             "NumpyRng::for_reset(seed, self.state.take().map(|state| state.rng))",
             "NumpyRng::for_reset(Some(seed.unwrap_or(&Seed::from(0))), self.state.take().map(|state| state.rng))"),
    Mutation("time limit: one step late", "golden_cartpole", source("time_limit.rs"),
             "self.length >= limit", "self.length > limit"),
    Mutation("InvertedPendulum: the limit solver removed", "golden_pendulum", source("inverted_pendulum/physics.rs"),
             "limited[i] = beyond_range([position[0][i], position[1][i]]);", "limited[i] = false;"),
    Mutation("InvertedPendulum: the solver converges further", "golden_pendulum", source("inverted_pendulum/newton.rs"),
             "TOLERANCE: f64 = 1e-8", "TOLERANCE: f64 = 1e-12"),
    Mutation("InvertedPendulum: no warm start", "golden_pendulum", source("inverted_pendulum/physics.rs"),
             "self.warm_start = accelerations[3]", "self.warm_start = [[0.0; N]; 2]"),
    Mutation("InvertedPendulum: the line search stops after its first step", "golden_pendulum",
             source("inverted_pendulum/line_search.rs"), "MAX_EVALUATIONS: usize = 50", "MAX_EVALUATIONS: usize = 2"),
    Mutation("InvertedPendulum: one last digit of the cart's mass", "golden_pendulum",
             source("inverted_pendulum/dynamics.rs"), "10.47197551196598;", "10.471975511965978;"),
    Mutation("InvertedPendulum: Runge-Kutta's stages summed backwards", "golden_pendulum",
             source("inverted_pendulum/physics.rs"),
             "((WEIGHTS[0] * of_stage(0) + WEIGHTS[1] * of_stage(1)) + WEIGHTS[2] * of_stage(2)) + WEIGHTS[3] * of_stage(3)",
             "WEIGHTS[0] * of_stage(0) + (WEIGHTS[1] * of_stage(1) + (WEIGHTS[2] * of_stage(2) + WEIGHTS[3] * of_stage(3)))"),
    Mutation("InvertedPendulum: velocities drawn before positions", "golden_pendulum",
             source("inverted_pendulum/native.rs"), "let [x, theta, v, omega] = [(); 4]", "let [v, omega, x, theta] = [(); 4]"),
    Mutation("InvertedPendulum: NaN pushes to the left", "golden_pendulum", source("inverted_pendulum/physics.rs"),
             "true => 0.0,\n", "true => -MAX_CONTROL,\n"),
    Mutation("InvertedPendulum-v5: the terminating step is paid", "golden_pendulum", source("inverted_pendulum/mod.rs"),
             "if self.pays_survival & terminated { 0.0 } else { 1.0 }", "1.0"),
    Mutation("vector: the same seed for every environment", "golden_vector", source("vector/group.rs"),
             "seed.offset(index as u64)", "seed.offset(0 * index as u64)"),
    Mutation("vector: eight CartPoles at once divide less exactly", "golden_vector", source("vector/math.rs"),
             "quotient.mul_add(-1.1, x).mul_add(RECIPROCAL, quotient)", "quotient"),
    Mutation("Atari: one draw a frame for sticky actions, not two", "golden_atari", source("atari/ale.rs"),
             "            self.sticky.next_u32();\n", ""),
    Mutation("Atari: the held action survives a reset", "golden_atari", source("atari/ale.rs"),
             "        self.progress.held = AtariAction::NOOP.code();\n", ""),
    Mutation("Atari: seeding takes the other word", "golden_atari", source("atari/env.rs"),
             "self.ale.seed(words[1])", "self.ale.seed(words[0])"),
    Mutation("Atari: random frame skip up to 5", "golden_atari", source("atari/env.rs"),
             "rng.integers(low.into(), high.into())", "rng.integers(low.into(), i64::from(high) + 1)"),
    Mutation("Atari: the frame limit one frame late", "golden_atari", source("atari/ale.rs"),
             "self.progress.episode_frame_number >= limit", "self.progress.episode_frame_number > limit"),
    Mutation("Atari: every later start is the first one", "golden_atari", source("atari/binding.rs"),
             "switch_on(&mut self.emulator, 1 + resets)", "switch_on(&mut self.emulator, 1)"),
    Mutation("Atari: Chopper Command ends as ALE 0.6 ends it", "golden_atari", source("atari/binding.rs"),
             "rom.game == \"chopper_command\"", "rom.game == \"\""),
    Mutation("phi: frames that follow each other", "golden_phi", source("config.rs", "preprocess"),
             "stride: 4, distance: 2", "stride: 4, distance: 1"),
    Mutation("pipeline: an old pixel that two new ones share counts whole in the second", "golden_pipeline",
             source("kernel/area.rs", "preprocess"), "saturating_sub(start.max(i * from))", "saturating_sub(start)"),
    Mutation("pipeline: lost lives end nothing", "golden_pipeline", source("pipeline/episodes.rs", "preprocess"),
             "step.terminated |= lives < self.lives;", ""),
]  # fmt: skip


def main():
    """Runs each test unchanged, then with each of its mutations, and prints a table."""
    words = [word.lower() for word in sys.argv[1:]]
    chosen = [mutation for mutation in MUTATIONS if all(word in mutation.what.lower() for word in words)]
    if not chosen:
        sys.exit(f"mutate.py: no mutation's description has {' and '.join(words)}")
    copy_checkout()
    missed, sound = 0, set()
    width = max(len(mutation.what) for mutation in chosen)
    for mutation in chosen:
        if mutation.test not in sound and outcome(mutation.test) != "green":
            sys.exit(f"mutate.py: {mutation.test} fails before anything is changed")
        sound.add(mutation.test)
        result = mutated(mutation)
        missed += result != "red"
        print(f"{mutation.what:{width}}  {mutation.test:16} {result}", flush=True)
    print(f"\n{len(chosen) - missed} of {len(chosen)} mutations turned a test red")
    sys.exit(1 if missed else 0)


def copy_checkout():
    """Lays the checkout's files, as they are now, into the scratch folder."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (CHECKOUT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, COPY / name)  # with new times, so that cargo builds it again
    (COPY / ".deps").symlink_to(CHECKOUT / ".deps")


def mutated(mutation: Mutation) -> str:
    """Makes the change, runs its test, takes the change back."""
    path = COPY / mutation.file
    text = path.read_text()
    if text.count(mutation.old) != 1:
        return f"cannot be made: {mutation.file} has its text {text.count(mutation.old)} times"
    path.write_text(text.replace(mutation.old, mutation.new))
    try:
        return outcome(mutation.test)
    finally:
        path.write_text(text)


def outcome(test: str) -> str:
    """Whether the test passes (green), fails (red) or does not compile."""
    features = [] if test in NEEDS_ATARI or test in IN_PREPROCESS else ["--no-default-features"]
    package = "preprocess" if test in IN_PREPROCESS else "envs"
    command = ["cargo", "test", "--quiet", "-p", package, *features, "--test", test, "--target-dir", SCRATCH / "build"]
    # Quick builds: the results do not depend on the optimisation.
    environment = {**os.environ, "CARGO_PROFILE_DEV_OPT_LEVEL": "1", "CARGO_PROFILE_DEV_DEBUG": "0"}
    run = subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)
    if run.returncode == 0:
        return "green"
    return "red" if "test result: FAILED" in run.stdout else f"does not compile\n{run.stderr}"


NEEDS_ATARI = {"golden_atari"}
IN_PREPROCESS = {"golden_phi", "golden_pipeline"}

if __name__ == "__main__":
    main()
