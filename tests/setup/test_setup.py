"""What the set-up promises, tried on a small wheel. No test needs a network."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import io
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import unittest
import zipfile
from pathlib import Path
from unittest import mock

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "setup.py"
spec = importlib.util.spec_from_file_location("setup_script", SCRIPT)
setup = importlib.util.module_from_spec(spec)
sys.modules["setup_script"] = setup
spec.loader.exec_module(setup)

LIBRARY = b"\x7fELF" + bytes(range(256)) * 4096
HEADER = b"#pragma once\n"


def make_wheel(folder: Path) -> Path:
    file = folder / "toy-1.0-py3-none-any.whl"
    info = "toy-1.0.dist-info/"
    contents = {
        "toy/lib/libtoy.so": LIBRARY,
        "toy/include/a/b.h": HEADER,
        "toy/unused": b"x" * 1000,
        info + "METADATA": "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n",
        info + "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        info + "RECORD": "",
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return file


def write_program(path: Path, output: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return path


class SetupTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.index, self.cache, self.checkout = (self.root / name for name in ("index", "cache", "checkout"))
        for place in (self.index, self.cache, self.checkout):
            place.mkdir()
        self.wheel_file = make_wheel(self.index)
        self.downloads = self.cache / "downloads"
        self.replace_environment()
        self.said = io.StringIO()
        self.enter(contextlib.redirect_stdout(self.said))

    def enter(self, context):
        """Enters a context for the rest of the test."""
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def replace_environment(self, **variables: str) -> None:
        """An environment with pip looking in our folder alone, and none of the person's choices."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYENV_VERSION")}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "PIP_CONFIG_FILE": os.devnull}
        self.enter(mock.patch.dict(os.environ, {**kept, **pip, **variables}, clear=True))

    def without_pip(self) -> None:
        """Downloads by copying, where pip's second is not what is tested."""
        def copy(wheel: setup.Wheel, folder: Path) -> Path:
            return Path(shutil.copy(self.wheel_file, folder))

        self.enter(mock.patch.object(setup, "pip_download", copy))

    def without_downloads(self):
        return mock.patch.object(setup, "fetch", side_effect=AssertionError("downloaded again"))

    def package(self, **changes) -> setup.Package:
        wheel = setup.Wheel(
            "toy==1.0",
            "py3-none-any",
            hashlib.sha256(self.wheel_file.read_bytes()).hexdigest(),
            self.wheel_file.stat().st_size,
            (("toy/lib/libtoy.so", "lib/libtoy.so"), ("toy/include/", "include/")),
        )
        package = setup.Package("toy", "1.0", 2 * len(LIBRARY), (wheel,), {"build-version": "1.0\n"})
        return setup.Package(**{**package.__dict__, **changes})

    def install(self, verify: bool = False) -> Path:
        return setup.install(self.package(), self.cache, verify)

    def assert_whole(self, folder: Path) -> None:
        files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        self.assertEqual(files, [setup.STAMP, "build-version", "include/a/b.h", "lib/libtoy.so"])
        self.assertEqual((folder / "lib/libtoy.so").read_bytes(), LIBRARY)
        self.assertEqual((folder / "include/a/b.h").read_bytes(), HEADER)
        self.assertEqual(sorted(os.listdir(self.cache)), [".lock", "toy-1.0"])


class Installing(SetupTest):
    def test_pip_brings_the_wheel_and_only_the_wanted_parts_stay(self) -> None:
        self.assert_whole(self.install())

    def test_a_second_run_downloads_nothing(self) -> None:
        self.without_pip()
        self.install()
        with self.without_downloads():
            self.assert_whole(self.install())
            self.assert_whole(self.install(verify=True))

    def test_a_wheel_with_another_checksum_is_refused_and_not_kept(self) -> None:
        self.without_pip()
        package = self.package()
        self.wheel_file.write_bytes(self.wheel_file.read_bytes()[:-100])
        with self.assertRaisesRegex(setup.SetupError, "arrived with SHA-256"):
            setup.install(package, self.cache, False)
        self.assertFalse((self.cache / "toy-1.0").exists())
        self.assertEqual(os.listdir(self.downloads), [])

    def test_a_whole_wheel_left_by_an_earlier_run_is_used(self) -> None:
        package = self.package()
        self.downloads.mkdir()
        self.wheel_file.rename(self.downloads / f"{package.wheels[0].sha256}.whl")
        self.assert_whole(setup.install(package, self.cache, False))

    def test_a_damaged_wheel_left_by_an_earlier_run_is_downloaded_again(self) -> None:
        self.without_pip()
        self.downloads.mkdir()
        left = self.downloads / f"{self.package().wheels[0].sha256}.whl"
        left.write_bytes(self.wheel_file.read_bytes()[:500])
        self.assert_whole(self.install())

    def test_other_parts_of_the_same_version_are_installed_anew(self) -> None:
        self.without_pip()
        folder = self.install()
        setup.install(self.package(texts={"build-version": "1.0+cpu\n"}), self.cache, False)
        self.assertEqual((folder / "build-version").read_text(), "1.0+cpu\n")

    def test_too_little_space_is_said_before_the_download(self) -> None:
        with mock.patch.object(setup.shutil, "disk_usage", return_value=mock.Mock(free=1000)):
            with self.without_downloads(), self.assertRaisesRegex(setup.SetupError, "needs .* MiB .*XDG_CACHE_HOME"):
                self.install()

    def test_without_a_home_directory_it_is_said_what_to_set(self) -> None:
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": ""}):
            with mock.patch.object(setup.os.path, "expanduser", return_value="~"):
                with self.assertRaisesRegex(setup.SetupError, "set HOME"):
                    setup.cache_dir()

    def test_an_index_without_the_wheel_gives_one_line(self) -> None:
        package = self.package()
        self.wheel_file.unlink()
        with self.assertRaisesRegex(setup.SetupError, r"^pip could not download toy==1.0: ERROR: [^\n]*$"):
            setup.install(package, self.cache, False)

    def test_being_offline_gives_one_line_with_the_remedy(self) -> None:
        for complaint in ("NewConnectionError('<connection>: Failed to establish a new connection')",
                          "NameResolutionError(\"Failed to resolve 'index'\")", "ProxyError('no')"):
            error = setup.pip_error("toy==1.0", f"WARNING: Retrying after {complaint}\nERROR: No matching distribution")
            self.assertRegex(str(error), "^cannot reach the package index to download toy==1.0: connect [^\n]*$")

    def test_a_python_without_pip_gives_one_line_with_the_remedy(self) -> None:
        error = setup.pip_error("toy==1.0", "/usr/bin/python3: No module named pip")
        self.assertRegex(str(error), "^[^\n]* has no pip: install it [^\n]*python3-pip[^\n]*$")


class Damage(SetupTest):
    def setUp(self) -> None:
        super().setUp()
        self.without_pip()
        self.folder = self.install()
        self.header = self.folder / "include/a/b.h"
        self.said.seek(0)
        self.said.truncate()

    def assert_installs_anew(self, reason: str, verify: bool = False) -> None:
        self.assert_whole(self.install(verify))
        self.assertIn(f"installing toy-1.0 anew: {reason}", self.said.getvalue())

    def test_a_truncated_file_is_replaced(self) -> None:
        os.truncate(self.folder / "lib/libtoy.so", 1000)
        self.assert_installs_anew(f"lib/libtoy.so has 1000 bytes instead of {len(LIBRARY)}")

    def test_a_missing_file_is_replaced(self) -> None:
        self.header.unlink()
        self.assert_installs_anew("include/a/b.h is missing")

    def test_a_changed_file_of_the_same_size_is_replaced(self) -> None:
        self.header.write_bytes(HEADER.upper())
        self.assert_installs_anew("include/a/b.h has been changed")

    def test_verify_finds_a_change_that_kept_size_and_time(self) -> None:
        before = self.header.stat()
        self.header.write_bytes(HEADER.upper())
        os.utime(self.header, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assert_installs_anew("include/a/b.h has been changed", verify=True)

    def test_a_touched_file_is_not_downloaded_again(self) -> None:
        os.utime(self.header)
        with self.without_downloads():
            self.install()

    def test_an_unreadable_stamp_is_replaced(self) -> None:
        (self.folder / setup.STAMP).write_text('{"recipe": ')
        self.assert_installs_anew("its stamp is unreadable")


class SeveralProcesses(SetupTest):
    def setUp(self) -> None:
        super().setUp()
        self.without_pip()
        self.processes = multiprocessing.get_context("fork")

    def start(self, target) -> multiprocessing.Process:
        process = self.processes.Process(target=target)
        process.start()
        return process

    def test_a_killed_set_up_is_picked_up_by_the_next(self) -> None:
        unpacked = self.processes.Event()

        def stop_before_the_stamp() -> None:
            setup.write_stamp = lambda *_: (unpacked.set(), time.sleep(600))
            self.install()

        process = self.start(stop_before_the_stamp)
        self.assertTrue(unpacked.wait(60))
        process.kill()
        process.join()
        self.assertFalse((self.cache / "toy-1.0").exists())
        self.assertTrue(list(self.cache.glob("tmp-*")), "the killed set-up left its temporary folder")
        self.assert_whole(self.install())

    def test_two_set_ups_at_once_download_once(self) -> None:
        downloads = self.processes.Value("i", 0)
        download = setup.pip_download

        def slow_download(wheel: setup.Wheel, folder: Path) -> Path:
            with downloads.get_lock():
                downloads.value += 1
            time.sleep(0.3)
            return download(wheel, folder)

        with mock.patch.object(setup, "pip_download", slow_download):
            both = [self.start(self.install) for _ in range(2)]
            for process in both:
                process.join(60)
        self.assertEqual([process.exitcode for process in both], [0, 0])
        self.assertEqual(downloads.value, 1)
        self.assert_whole(self.cache / "toy-1.0")


class ThePlatforms(unittest.TestCase):
    """The pinned wheels are those of their platforms, and keep what libtorch needs there."""

    def packages(self, platform: tuple[str, str]) -> list:
        return [setup.LIBTORCH[platform], setup.CMAKE[platform]]

    def test_every_wheel_is_for_its_platform_and_pinned(self) -> None:
        ends = {
            setup.LINUX_X86_64: ("x86_64",),
            setup.LINUX_AARCH64: ("aarch64",),
            setup.MACOS_ARM64: ("macosx_14_0_arm64", "macosx_10_10_universal2"),
        }
        self.assertEqual(set(ends), set(setup.LIBTORCH))
        self.assertEqual(set(ends), set(setup.CMAKE))
        checksums = set()
        for platform, end in ends.items():
            wheels = [wheel for package in self.packages(platform) for wheel in package.wheels]
            for wheel in wheels:
                self.assertTrue(wheel.tag.endswith(end), wheel.tag)
                self.assertRegex(wheel.sha256, "^[0-9a-f]{64}$")
                checksums.add(wheel.sha256)
        self.assertEqual(len(checksums), 4 + 4 + 2)

    def test_linux_leaves_cuda_out_and_stands_a_script_in_for_the_library_that_needs_it(self) -> None:
        for platform in (setup.LINUX_X86_64, setup.LINUX_AARCH64):
            package = setup.LIBTORCH[platform]
            kept = {target for wheel in package.wheels for _, target in wheel.keep}
            self.assertFalse([name for name in kept if "torch_cuda" in name])
            self.assertIn("lib/libtorch.so", package.texts)
            self.assertLessEqual({"lib/libcudart.so.13", "lib/libcupti.so.13", "lib/libtorch_cpu.so"}, kept)

    def test_macos_has_nothing_of_cuda(self) -> None:
        package = setup.LIBTORCH[setup.MACOS_ARM64]
        self.assertEqual([wheel.requirement for wheel in package.wheels], ["torch==2.13.0"])
        kept = {target for _, target in package.wheels[0].keep}
        libraries = {f"lib/lib{name}.dylib" for name in ("torch", "torch_cpu", "c10", "omp")}
        self.assertEqual(kept, libraries | {"include/"})
        self.assertEqual(package.texts, {"build-version": "2.13.0\n"})


class TheMachine(SetupTest):
    def setUp(self) -> None:
        super().setUp()
        self.without_pip()
        for name, package in {"LIBTORCH": self.package(), "CMAKE": self.package(name="toy-cmake")}.items():
            self.enter(mock.patch.object(setup, name, dict.fromkeys(getattr(setup, name), package)))
        self.enter(mock.patch.object(setup, "ROMS", self.package(name="toy-roms")))
        self.roms = self.cache / "toy-roms-1.0/roms"
        self.bin = self.root / "bin"
        for tool in ("cargo", "cc", "c++", "make"):
            write_program(self.bin / tool, "")
        self.replace_environment(PATH=str(self.bin))

    def set_up(self) -> None:
        setup.set_up(argparse.Namespace(verify=False, lint=False), self.cache, self.checkout)

    def links(self) -> dict[str, Path]:
        deps = self.checkout / ".deps"
        return {str(path.relative_to(deps)): path.resolve() for path in deps.rglob("*") if path.is_symlink()}

    def test_without_anything_all_packages_are_linked_from_the_cache(self) -> None:
        self.set_up()
        cached = {"libtorch": self.cache / "toy-1.0", "bin/cmake": self.cache / "toy-cmake-1.0/bin/cmake"}
        self.assertEqual(self.links(), {**cached, "roms": self.roms})

    def test_a_usable_cmake_of_the_system_is_taken(self) -> None:
        for version in ("3.5.1", "3.25.1", "3.31.10"):
            cmake = write_program(self.bin / "cmake", f"cmake version {version}")
            self.set_up()
            self.assertEqual(self.links()["bin/cmake"], cmake, version)

    def test_a_cmake_that_is_too_old_too_new_or_broken_is_passed_over(self) -> None:
        for output in ("cmake version 2.8.12", "cmake version 4.0.1", "Traceback"):
            write_program(self.bin / "cmake", output)
            self.set_up()
            self.assertEqual(self.links()["bin/cmake"], self.cache / "toy-cmake-1.0/bin/cmake", output)

    def test_libtorch_and_cmake_of_the_person_win(self) -> None:
        (self.root / "own/lib").mkdir(parents=True)
        own = str(write_program(self.root / "own/cmake", ""))
        setup.install(setup.ROMS, self.cache, False)
        for name, value in {"LIBTORCH": str(self.root / "own"), "LIBTORCH_USE_PYTORCH": "1"}.items():
            with mock.patch.dict(os.environ, {name: value, "CMAKE": own}), self.without_downloads():
                self.set_up()
            self.assertEqual(self.links(), {"roms": self.roms})
            self.assertIn(name, self.said.getvalue())

    def test_a_wrong_libtorch_or_cmake_of_the_person_is_named(self) -> None:
        for name in ("LIBTORCH", "CMAKE"):
            with mock.patch.dict(os.environ, {name: "/nowhere"}):
                with self.assertRaisesRegex(setup.SetupError, f"{name}=/nowhere .*unset it"):
                    self.set_up()

    def test_missing_compilers_are_all_named_at_once(self) -> None:
        (self.bin / "c++").unlink()
        (self.bin / "make").unlink()
        with self.assertRaisesRegex(setup.SetupError, r"missing: g\+\+, make\..*build-essential"):
            self.set_up()

    def test_another_platform_is_told_what_to_install_by_hand(self) -> None:
        for machine in (("Windows", "AMD64"), ("Darwin", "x86_64"), ("Linux", "riscv64")):
            with mock.patch.object(setup, "this_platform", return_value=machine):
                here = " ".join(machine)
                with self.assertRaisesRegex(setup.SetupError, f"machine is {here}.*by hand CMake .*libtorch 2.13.0"):
                    self.set_up()

    def test_linux_on_aarch64_is_set_up(self) -> None:
        with mock.patch.object(setup, "this_platform", return_value=("Linux", "aarch64")):
            self.set_up()
        self.assertEqual(set(self.links()), {"libtorch", "bin/cmake", "roms"})

    def on_macos(self, version: str):
        self.enter(mock.patch.object(setup, "this_platform", return_value=("Darwin", "arm64")))
        self.enter(mock.patch.object(setup.platform, "system", return_value="Darwin"))
        self.enter(mock.patch.object(setup.platform, "mac_ver", return_value=(version, ("", "", ""), "arm64")))
        self.enter(mock.patch.object(setup, "glibc_version", return_value=""))

    def test_macos_on_arm64_is_set_up_and_needs_no_glibc(self) -> None:
        self.on_macos("14.5")
        self.set_up()
        self.assertEqual(set(self.links()), {"libtorch", "bin/cmake", "roms"})

    def test_an_old_macos_is_told_what_to_install_by_hand(self) -> None:
        self.on_macos("13.6")
        with self.assertRaisesRegex(setup.SetupError, "needs macOS 14 or later, this machine has 13.6.*by hand"):
            self.set_up()

    def test_missing_compilers_on_macos_come_with_xcode(self) -> None:
        self.on_macos("14.5")
        (self.bin / "c++").unlink()
        with self.assertRaisesRegex(setup.SetupError, "missing: g.*xcode-select --install"):
            self.set_up()

    def test_an_old_glibc_is_told_what_to_install_by_hand(self) -> None:
        for found in ("glibc 2.17", ""):
            with mock.patch.object(setup, "glibc_version", return_value=found):
                with self.assertRaisesRegex(setup.SetupError, "needs glibc 2.28 or later, this machine has .*by hand"):
                    self.set_up()

    def test_a_link_follows_the_cache_but_a_folder_of_the_person_stays(self) -> None:
        setup.link(self.root / "first", "libtorch", self.checkout)
        setup.link(self.root / "second", "libtorch", self.checkout)
        self.assertEqual(self.links(), {"libtorch": self.root / "second"})
        (self.checkout / ".deps/own").mkdir()
        with self.assertRaisesRegex(setup.SetupError, "is not a link made by this script"):
            setup.link(self.root / "first", "own", self.checkout)


if __name__ == "__main__":
    unittest.main()
