"""Programs of random instructions, as ALE's Atari 2600 runs them: pictures, frames, the timer, decimal digits, reads, stores, a chip."""

import random
from pathlib import Path

import ale_py
import numpy as np

from recording import crc, save

ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)

SIZE = 2048
WSYNC = bytes([0x85, 0x02])
VSYNC, COLUBK, RESP0, RESBL, GRP0, ENABL = 0x00, 0x09, 0x10, 0x14, 0x1B, 0x1F
# VBLANK, then sizes and colours to ENABL without the sounds, then motion to CXCLR.
PICTURE = [0x01, *range(0x04, 0x15), *range(0x1B, 0x2D)]
INTIM, SWCHA = 0x0284, 0x0280


def wait(cycles):
    """Instructions of so many cycles, which are not 1."""
    odd, cycles = (bytes([0x24, 0x80]), cycles - 3) if cycles % 2 else (b"", cycles)
    return odd + bytes([0xEA]) * (cycles // 2)


def store(value, address):
    """LDA and STA."""
    return bytes([0xA9, value, 0x85, address]) if address < 256 else bytes([0xA9, value, 0x8D, address & 255, address >> 8])


def rom(body, above, below=20, sync=store(2, VSYNC) + WSYNC * 3 + store(0, VSYNC)):
    """A cartridge that runs `sync`, which ends a frame, and `body`, behind so many lines, once a frame."""
    clear = bytes([0xD8, 0xA2, 0xFF, 0x9A, 0xA9, 0, 0xA2, 0, 0x95, 0, 0xE8, 0xD0, 0xFB])
    begin = 0xF000 + len(clear)
    lines = lambda n: bytes([0xA2, n]) + WSYNC + bytes([0xCA, 0xD0, 0xFB])  # noqa: E731
    code = clear + sync + lines(above) + body
    code += lines(below) + bytes([0x4C, begin & 255, begin >> 8])
    assert len(code) <= SIZE - 4, len(code)
    return code + bytes([0xEA]) * (SIZE - 4 - len(code)) + bytes([0x00, 0xF0]) * 2


def picture(rng):
    """Writes to registers of the picture at any time, and reads of collisions; seen from the first lines on or from before."""
    body = WSYNC + b"".join(store(0, register) for register in [0x01, *range(0x04, 0x06), *range(0x0A, 0x10), *range(0x25, 0x2C)])
    body += b"".join(store(value, 0x06 + i) for i, value in enumerate([0x0E, 0x3E, 0x5E, 0x70]))
    for register in range(RESP0, RESBL + 1):
        body += WSYNC + wait(rng.choice([0, *range(2, 64)])) + bytes([0x85, register])
    body += WSYNC + b"".join(store(rng.choice([0, 0x81, 0xFF, 0xF0, 3]), register) for register in range(GRP0, ENABL + 1))
    body += WSYNC
    for k in range(60):
        body += wait(rng.choice([0, 0, *range(2, 60)]))
        if rng.random() < 0.2:
            body += bytes([0xA5, rng.randint(0, 7), 0x85, 0x90 + k])
        else:
            body += store(rng.choice([rng.randint(0, 255), rng.randint(0, 7), 0xFF, 0, 2]), rng.choice(PICTURE))
    return rom(body, above=rng.choice([1, 20, 34, 60]), below=120)


def timer(rng):
    """The timer set once, and its count and its status read at any time."""
    body = store(rng.choice([0, 1, 2, 5, rng.randint(0, 255)]), 0x0294 + rng.randint(0, 3))
    for k in range(20):
        body += wait(rng.choice([0, 2, 3, 10, rng.randint(2, 200)]))
        body += bytes([0xAD, INTIM + (rng.random() < 0.2) & 255, 0x02, 0x85, 0x90 + k])
    return rom(body, above=8, below=230)


def decimal(rng):
    """Additions and subtractions of any bytes as decimal digits: results and flags."""
    body = b""
    for k in range(24):
        status, a = rng.choice([0x08, 0x09, 0x88, 0xC9]), rng.randint(0, 255)
        body += WSYNC + bytes([0xA9, status, 0x48, 0xA9, a, 0x28, rng.choice([0x69, 0xE9]), rng.randint(0, 255), 0x08])
        body += bytes([0xD8, 0x85, 0x90 + 2 * k, 0x68, 0x85, 0x91 + 2 * k])
    return rom(body, above=8, below=200)


def frames(rng):
    """VSYNC on for too short a time to end a frame, at any time, and once for just long enough, since it was last put on."""
    on, off = bytes([0xA2, 2, 0x86, VSYNC]), bytes([0xA2, 0, 0x86, VSYNC])
    # The timer makes all frames equally long.
    body = store(218, 0x0296)
    for k in range(12):
        body += WSYNC * rng.randint(0, 3) + wait(rng.randint(2, 60)) + store(rng.randint(0, 255), COLUBK)
        body += on + wait(rng.choice([0, *range(2, 71)])) + off
        body += on + wait(rng.randint(2, 60)) + on + wait(rng.choice([69, 70, rng.randint(20, 70)])) + off
    body += bytes([0xAD, INTIM & 255, INTIM >> 8, 0xD0, 0xFB])
    again = on + wait(rng.randint(2, 200)) if rng.random() < 0.5 else b""
    return rom(body, above=40, below=30, sync=again + on + wait(rng.randint(71, 90)) + off)


def reads(rng):
    """The ports, whatever is put out at them, and the picture's registers, which leave the bus its bits: through an index, which
    may cross a page, and as the stack."""
    body = bytes([0x08, 0x68, 0x85, 0x8F])
    for k in range(24):
        body += WSYNC + store(rng.randint(0, 255), SWCHA + rng.randint(0, 3)) + store(rng.randint(0, 255), 0xFF)
        index, register, port = rng.randint(0, 255), rng.randint(0, 0x3F), SWCHA + rng.randint(0, 3)
        opcode = rng.choice([0xBD, 0xB9, 0xB1, 0x5E])
        # LSR writes, too: to a register that does nothing.
        address = 256 * rng.choice([0, 1, 4, 6, 14]) + (rng.randint(0x2D, 0x3F) if opcode == 0x5E else register)
        base = (address - index) & 0x1FFF
        through = bytes([0xB1, 0xF0]) if opcode == 0xB1 else bytes([opcode, base & 255, base >> 8])
        through += bytes([0x85, 0xEE, 0x08, 0x68, 0x45, 0xEE])  # A and the flags
        stack = rng.choice([0xFF, rng.randint(0, 0x7E)])
        body += rng.choice([
            bytes([0xAD, port & 255, port >> 8]),
            bytes([0xA2, index, 0xB5, (register - index) & 255]),
            store(base & 255, 0xF0) + store(base >> 8, 0xF1) + bytes([0xA2, index, 0xA0, index, 0x18]) + through,
            bytes([0xA2, stack, 0x9A, 0x68, 0xA2, 0xFE, 0x9A]),
            bytes([0xA2, stack, 0x9A, 0x28, 0xA2, 0xF8, 0x9A, 0x08, 0x68, 0xD8]),
        ]) + bytes([0x85, 0x90 + k])
    return rom(body, above=8, below=200)


def stores(rng):
    """The undocumented stores of what two registers and the address have in common."""
    body = b"".join(bytes([0xA9, 0x5A, 0x85, 0xC0 + k]) for k in range(16))
    for k in range(16):
        index, base = rng.randint(0, 255), 0x00C0 + k + 256 * rng.choice([0, 1, 4, 5])
        base = (base - index) & 0x1FFF
        body += WSYNC + store(base & 255, 0xF0) + store(base >> 8, 0xF1)
        body += bytes([0xA9, rng.randint(0, 255), 0xA2, rng.randint(0, 255), 0xA0, rng.randint(0, 255)])
        opcode = rng.choice([0x9F, 0x9E, 0x9B, 0x93, 0x9C])
        body += bytes([0xA2 if opcode == 0x9C else 0xA0, index])
        body += bytes([0x93, 0xF0]) if opcode == 0x93 else bytes([opcode, base & 255, base >> 8])
        body += bytes([0xBA, 0x86, 0x90 + k, 0xA2, 0xFF, 0x9A])
    return rom(body, above=8, below=200)


def fetchers(rng):
    """Pitfall II's chip: its registers written and read in any order."""
    chip = lambda value, address: store(value, 0xF000 + address)  # noqa: E731
    body = chip(0, 0x70)
    for fetcher in range(8):
        top = rng.randint(0, 255)
        body += chip(top, 0x40 + fetcher) + chip((top - rng.randint(0, 12)) & 255, 0x48 + fetcher)
        body += chip(rng.choice([0, 1, 7, rng.randint(0, 255)]), 0x58 + fetcher)
        body += chip((top + rng.randint(-6, 6)) & 255, 0x50 + fetcher)
    for k in range(88):
        if rng.random() < 0.2:
            body += chip(rng.randint(0, 255), rng.randint(8, 15) * 8 + rng.randint(0, 7))
        function = rng.randint(0, 7)
        # The tones' loudness is not computed.
        body += bytes([0xAD, 8 * function + rng.randint(0, 7 if function else 3), 0xF0, 0x85, 0x90 + k])
    clear = bytes([0x78, 0xD8, 0xA2, 0xFF, 0x9A, 0xA9, 0, 0xA2, 0, 0x95, 0, 0xE8, 0xD0, 0xFB])
    frame = store(2, VSYNC) + WSYNC * 3 + store(0, VSYNC) + bytes([0xA2, 250]) + WSYNC + bytes([0xCA, 0xD0, 0xFB])
    again = 0xF080 + len(clear) + len(body)
    code = bytes(128) + clear + body + frame + bytes([0x4C, again & 255, again >> 8])
    assert len(code) <= 4092, len(code)
    bank = code + bytes(4092 - len(code)) + bytes([0x80, 0xF0]) * 2
    return bank * 2 + bytes((7 * i ^ i >> 3) & 255 for i in range(2048)) + bytes(255)


def answer(cartridge):
    """The picture's and the memory's checksums, once every frame is like the one before."""
    Path("skiing.bin").write_bytes(cartridge)  # ALE takes a game's rules by the name, and any content.
    ale = ale_py.ALEInterface()
    ale.setInt("random_seed", 0)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM("skiing.bin")
    ale.reset_game()
    ale.act(0)
    return crc(ale.getScreen()), crc(ale.getRAM())


def record(folder, size):
    """Records as many programs of each kind as the size asks for."""
    programs = {"small": 1, "short": 8, "full": 80}[size]
    for kind, number in ((picture, 40), (frames, 10), (timer, 10), (decimal, 10), (reads, 10), (stores, 5), (fetchers, 5)):
        roms = [kind(random.Random(seed)) for seed in range(number * programs)]
        screens, rams = zip(*map(answer, roms))
        roms = np.frombuffer(b"".join(roms), np.uint8).reshape(len(roms), -1)
        columns = {"rom": ("u8", roms), "screen_crc32": ("u32", screens), "ram_crc32": ("u32", rams)}
        save(folder, f"console/{kind.__name__}", columns)
