"""Runs Gymnasium's own tests against ours: python gymnasium_suite.py CHECKOUT [pytest's arguments]

CHECKOUT is a clone of Gymnasium at COMMIT, whose tests the package on PyPI does not carry. A copy of its tests gets our ids in
place of its own, and our environments where it asks for all. To be run where rustgym, Gymnasium 1.4.0, pytest, dill, array-api-compat and
pygame are installed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMMIT = "3f0476a8cc224dcce2167cc4b6971ae0f04d5cfc"
# Left out: tests of what Gymnasium has beside environments and vectors (spaces, functional, utils), of environments that are
# not ours (toy_text, mujoco, test_env_implementation.py, which needs Box2D), of pictures of its own (test_rendering.py), and
# MuJoCo's Ant, whose pictures end the process where there is no screen.
FILES = ["envs/test_envs.py", "envs/test_action_dim_check.py", "envs/registration", "vector", "wrappers"]
OURS = re.compile(r"(?<=[\"'])((?:CartPole|Pendulum|MountainCar|MountainCarContinuous|Acrobot|InvertedPendulum)-v\d)(?=[\"'])")


def main() -> int:
    source = Path(sys.argv[1]) / "tests"
    with tempfile.TemporaryDirectory() as folder:
        tests = Path(folder) / "tests"
        shutil.copytree(source, tests)
        for path in tests.rglob("*.py"):
            path.write_text(OURS.sub(r"rustgym/\1", path.read_text()))
        utils = tests / "envs" / "utils.py"
        utils.write_text("import rustgym\n" + utils.read_text().replace('"gymnasium.envs." in', '"rustgym." in'))
        (tests / "conftest.py").write_text("import rustgym\n")
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "-k", "not Ant", *sys.argv[2:]]
        # Each in a process of its own: they close the environments that others of them would use.
        return max(subprocess.run([*pytest, tests / name], cwd=folder).returncode for name in FILES)


if __name__ == "__main__":
    sys.exit(main())
