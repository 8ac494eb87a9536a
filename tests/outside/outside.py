"""Builds and runs a small crate outside the checkout, without its .cargo/config.toml: `make outside`.

Neither C++ nor libtorch is needed for it: the paths where they would be are set to places that do not exist. With
`--atari` it plays Pong on the native console too, with the ROMs that `make setup` installed. Needs only the standard library.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
EXPECTED = ["8 poles, observations [8, 4]", "reward -", "difference [1, 0, -1, 0, 0, 0, 0, 0]"]


def main():
    """Copies the crate, builds it with the checkout's versions of what it depends on, and looks at what it prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--atari", action="store_true", help="with the native Atari console and its ROMs")
    arguments = parser.parse_args()
    expected = EXPECTED + (["Pong [2, 210, 160, 3]"] if arguments.atari else [])
    nowhere = {name: "/nonexistent" for name in ("LIBTORCH", "CMAKE", "CXX", "CC")}
    environment = {**os.environ, **nowhere, "CARGO_TARGET_DIR": str(CHECKOUT / "target" / "outside")}
    environment["ATARI_ROMS"] = str((CHECKOUT / ".deps" / "roms").resolve()) if arguments.atari else "/nonexistent"
    with tempfile.TemporaryDirectory() as folder:
        crate = Path(folder, "outside")
        shutil.copytree(HERE / "src", crate / "src")
        manifest = (HERE / "Cargo.toml").read_text().replace("CHECKOUT", str(CHECKOUT))
        (crate / "Cargo.toml").write_text(manifest)
        shutil.copy(CHECKOUT / "Cargo.lock", crate / "Cargo.lock")
        command = [os.environ.get("CARGO", "cargo"), "run", "--quiet"]
        command += ["--features", "atari"] if arguments.atari else []
        run = subprocess.run(command, cwd=crate, env=environment, capture_output=True, text=True)
    missing = [line for line in expected if line not in run.stdout]
    if run.returncode or missing:
        sys.exit(f"outside.py: expected {missing or 'success'}\n{run.stdout}{run.stderr}")
    print(f"a crate outside the checkout ran: {', '.join(run.stdout.splitlines())}")


if __name__ == "__main__":
    main()
