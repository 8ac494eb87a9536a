"""Makes the virtual environment that holds the originals, and prints its Python.

Needs only the standard library. The environment lives in the user's cache, in a folder named after
the contents of requirements.txt: a change there makes a new one, and clean checkouts share it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def cache_folder() -> Path:
    """The per-user cache of this project, which `make setup` uses too."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vpg"


def ensure(requirements: Path = REQUIREMENTS, name: str = "parity", base: Path | None = None) -> Path:
    """Returns the Python of a finished environment; builds it first if there is none.

    It sees the packages of the environment whose Python is `base` too.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(requirements.read_bytes() + f"{version}{base or ''}".encode()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{key}"
    python, done = folder / "bin" / "python", folder / "complete"
    if done.exists():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            print(f"installing {requirements} into {folder}", file=sys.stderr)
            venv.create(folder, with_pip=True)
            if base is not None:
                share(base, python)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "-r", requirements], check=True, stdout=sys.stderr)
            done.touch()
    return python


def share(base: Path, python: Path) -> None:
    """Lets the environment of `python` see the packages of that of `base`."""
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = [subprocess.check_output([which, "-c", find], text=True).strip() for which in (base, python)]
    (Path(packages[1]) / f"{base.parents[1].name}.pth").write_text(packages[0] + "\n")


if __name__ == "__main__":
    try:
        print(ensure())
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"install.py: cannot install the originals: {error}")
