"""Times the frame difference written with NumPy, and OpenCV's resize, on the frames that `cargo bench -p preprocess` uses.

    pip install numpy==2.4.6 opencv-python-headless==5.0.0.93 && python benches/preprocess_numpy.py
"""

import json
import platform
import timeit
import zlib
from pathlib import Path

import cv2
import numpy as np

RECORDING = Path(__file__).parent.parent / "tests" / "parity" / "golden" / "frames" / "pong.rec"


def read_frames():
    """The recorded episode as palette indices (n, 210, 160) and as RGB (n, 210, 160, 3)."""
    header, columns = RECORDING.read_bytes().split(b"\n", 1)
    sizes = [int(np.prod(shape)) for _, _, shape in json.loads(header)["columns"]]
    colours, _, changes = np.split(np.frombuffer(columns, np.uint8), np.cumsum(sizes)[:-1])
    colours = colours.reshape(-1, 4)
    changes = np.frombuffer(zlib.decompress(changes), np.uint8).reshape(-1, 210, 160)
    palette = np.cumsum(changes, axis=0, dtype=np.uint8)
    table = np.zeros((256, 3), np.uint8)
    table[colours[:, 0]] = colours[:, 1:]
    return palette, table[palette]


TABLE = np.ones(256, np.int8)
TABLE[[34, 228]] = 0
TABLE_F32 = TABLE.astype(np.float32)


def table_i8(now, earlier):
    """Palette frames, a table of 256 entries; the earlier mask is kept."""
    return TABLE[now[34:194:2, ::2]], earlier


def mask_i8(now, earlier):
    """Palette frames, two comparisons."""
    cells = now[34:194:2, ::2]
    return ((cells != 34) & (cells != 228)).view(np.int8), earlier


def rgb_i8(now, earlier):
    """RGB frames, two comparisons of the green channel."""
    cells = now[34:194:2, ::2, 1]
    return ((cells != 72) & (cells != 118)).view(np.int8), earlier


def table_f32(now, earlier):
    """Palette frames, a table of floats."""
    return TABLE_F32[now[34:194:2, ::2]], earlier


def time_masks(mask, frames):
    """The best microseconds of one mask and one difference over these frames, in turn."""
    state = {"earlier": mask(frames[0], None)[0], "next": 0}

    def step():
        now, earlier = mask(frames[state["next"]], state["earlier"])
        state["earlier"], state["next"] = now, (state["next"] + 1) % len(frames)
        return now - earlier

    return 1e6 * min(timeit.repeat(step, number=50, repeat=400)) / 50


def blog_phi(queue):
    """The write-up's formula over its queue of three RGB frames; its subtraction is in bytes."""

    def prepare(frame):
        green = frame[34:194, :, 1].copy()
        green[green == 72] = 0
        green[green != 0] = 1
        return green

    frames = [prepare(frame) for frame in queue]
    return (frames[2] - frames[0])[::4, ::4]


def main():
    """Prints a table: the same two frames again and again, and the frames of more memory than a cache holds."""
    palette, rgb = read_frames()
    many_palette, many_rgb = np.concatenate([palette] * 8), np.concatenate([rgb] * 3)
    print(f"NumPy {np.__version__}, Python {platform.python_version()}; microseconds a difference, best of 400 x 50")
    print(f"{'':34}{'in cache':>10}{'from memory':>13}")
    rows = [
        ("palette, table, int8", table_i8, palette, many_palette),
        ("palette, table, float32", table_f32, palette, many_palette),
        ("palette, comparisons, int8", mask_i8, palette, many_palette),
        ("RGB, comparisons, int8", rgb_i8, rgb, many_rgb),
    ]
    for name, mask, few, many in rows:
        print(f"{name:34}{time_masks(mask, few[400:402]):10.2f}{time_masks(mask, many):13.2f}")
    queue = rgb[400:403]
    print(f"{'RGB, the write-up, 40x40, uint8':34}{1e6 * min(timeit.repeat(lambda: blog_phi(queue), number=20, repeat=200)) / 20:10.2f}")
    cv2.setNumThreads(1)
    resize = lambda: cv2.resize(palette[400], (84, 84), interpolation=cv2.INTER_AREA)  # noqa: E731
    print(f"{'OpenCV, 210x160 to 84x84':34}{1e6 * min(timeit.repeat(resize, number=20, repeat=200)) / 20:10.2f}")


if __name__ == "__main__":
    main()
