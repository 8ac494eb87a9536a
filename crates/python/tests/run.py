"""Builds the package's wheel, installs it into a fresh virtual environment, and runs the tests there: `make test-python`.

Needs only the standard library, and Rust. What the tests need beside the package lives in the user's cache, in folders
named after the contents of the requirement files; torch is shared with `make interchange`. Arguments go to pytest.
"""

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent
CHECKOUT = HERE.parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or CHECKOUT / "target") / "python"
sys.path.insert(0, str(CHECKOUT / "tests" / "parity"))
import install  # noqa: E402  (the path above is what makes it importable)


def main():
    """Builds, installs, tests; ends with pytest's exit code."""
    started = time.time()
    torch = install.ensure(CHECKOUT / "tests" / "interchange" / "requirements.txt", "interchange")
    tools = install.ensure(HERE / "requirements.txt", "python", torch)
    print(f"the tools are there after {time.time() - started:.0f} s", flush=True)
    python = fresh_environment([tools, torch])
    wheel = build(tools)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True)
    print(f"the package is installed after {time.time() - started:.0f} s", flush=True)
    tests = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", HERE, *sys.argv[1:]]
    sys.exit(subprocess.run(tests, cwd=TARGET).returncode)


def fresh_environment(shared: list[Path]) -> Path:
    """An empty environment that sees the packages of others; returns its Python."""
    folder = TARGET / "venv"
    venv.create(folder, clear=True, with_pip=True)
    python = folder / "bin" / "python"
    for other in shared:
        install.share(other, python)
    return python


def build(tools: Path) -> Path:
    """The package's wheel, built as fast as tests need it."""
    wheels = TARGET / "wheels"
    for old in wheels.glob("*.whl"):
        old.unlink()
    maturin = [tools.with_name("maturin"), "build", "--profile", "dev", "--out", wheels]
    subprocess.run([*maturin, "--manifest-path", PACKAGE / "Cargo.toml"], check=True)
    return next(wheels.glob("*.whl"))


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"run.py: {error}")
