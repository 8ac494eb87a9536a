"""Builds vpg, installs the programs that read what it writes, and runs the tests with them: `make interchange`.

Needs only the standard library. The programs live in a virtual environment in the user's cache, in a folder named after the
contents of requirements.txt.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path.insert(0, str(CHECKOUT / "tests" / "parity"))
import install  # noqa: E402  (the path above is what makes it importable)


def main():
    """Builds, installs, tests; ends with the tests' exit code."""
    subprocess.run(["cargo", "build", "-p", "vpg", "--bin", "vpg", "--example", "outputs"], check=True, cwd=CHECKOUT)
    started = time.time()
    python = install.ensure(HERE / "requirements.txt", "interchange")
    print(f"the programs are there after {time.time() - started:.0f} s", flush=True)
    built = Path(os.environ.get("CARGO_TARGET_DIR") or CHECKOUT / "target") / "debug"
    environment = os.environ | {"VPG": str(built / "vpg"), "OUTPUTS": str(built / "examples" / "outputs")}
    tests = [python, "-m", "unittest", "discover", "--start-directory", HERE, "--verbose"]
    sys.exit(subprocess.run(tests, env=environment).returncode)


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"interchange.py: {error}")
