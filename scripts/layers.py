"""Fails where a module imports against the direction that CONTRIBUTING.md gives, and names both files.

In the trainer every room imports only rooms below it. In the other crates modules form no circle. Tests may import what
they like.
"""

import os
import re
import sys
from pathlib import Path

# From the bottom up. Rooms of one row know nothing of each other.
VPG = [
    ["profile", "interrupt"],
    ["group"],
    ["nn"],
    ["config"],
    ["collect"],
    ["learn"],
    ["run"],
    ["play", "train"],
    ["app"],
]
RANK = {room: rank for rank, row in enumerate(VPG) for room in row}


def leaves(tree, prefix=()):
    """The paths of a use tree.

    >>> leaves("crate::{a::b, c::{self, D as E}}")
    [('crate', 'a', 'b'), ('crate', 'c', 'self'), ('crate', 'c', 'D')]
    """
    head, brace, rest = tree.partition("{")
    path = prefix + tuple(part.strip() for part in head.split("::") if part.strip())
    if not brace:
        return [path[:-1] + (path[-1].split(" as ")[0],)] if path else []
    inner, depth, parts = rest[: rest.rindex("}")], 0, [""]
    for char in inner:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [leaf for part in parts for leaf in leaves(part, path)]


def imports(text, module):
    """The paths below the crate's root that a file of this module names.

    >>> sorted(imports("use crate::b::C; // crate::d::E\\nuse super::f::G;\\nlet x = crate::h::i();", ["a", "z"]))
    [('a', 'f', 'G'), ('b', 'C'), ('h', 'i')]
    """
    code = re.sub(r"//.*", "", text).partition("#[cfg(test)]\nmod tests {")[0]
    trees = re.findall(r"\buse\s+((?:crate|super)\b[^;]*);", code)
    paths = [leaf for tree in trees for leaf in leaves(" ".join(tree.split()))]
    rest = re.sub(r"\buse\s[^;]*;", "", code)
    paths += [tuple(path.split("::")) for path in re.findall(r"\b(?:crate|super)(?:::\w+)+", rest)]
    found = set()
    for path in paths:
        ups = next((i for i, part in enumerate(path) if part != "super"), len(path))
        base = [] if path[0] == "crate" else module[: len(module) - ups]
        found.add(tuple(base) + tuple(path[1:] if path[0] == "crate" else path[ups:]))
    return found


def file_of(source, path):
    """The file that a path leads to: that of its longest part that is a module."""
    for length in range(len(path), 0, -1):
        base = source.joinpath(*path[:length])
        for file in (base.with_suffix(".rs"), base / "mod.rs"):
            if file.exists():
                return file
    return None


def edges(source):
    """(file, imported file) for each import of one of a crate's modules by another; re-exports of the root are followed."""
    root = re.sub(r"//.*", "", (source / "lib.rs").read_text())
    exports = {}
    for tree in re.findall(r"\buse\s+([^;]*);", root):
        for leaf in leaves(" ".join(tree.split())):
            exports[leaf[-1]] = leaf[1:] if leaf[0] in ("crate", "self") else leaf
    for file in sorted(source.rglob("*.rs")):
        parts = list(file.relative_to(source).with_suffix("").parts)
        if parts[0] in ("lib", "main") or parts[-1] == "tests":
            continue
        module = parts[:-1] if parts[-1] == "mod" else parts
        for path in sorted(imports(file.read_text(), module)):
            target = file_of(source, path) or (path and file_of(source, exports.get(path[0], ())))
            if target and target != file:
                yield file, target


def room(source, file):
    return file.relative_to(source).with_suffix("").parts[0]


def against_direction(source):
    for file, target in edges(source):
        ours, theirs = room(source, file), room(source, target)
        if ours != theirs and RANK[theirs] >= RANK[ours]:
            yield f"{file} imports {target}: {ours} does not stand above {theirs}"


def circle(source, part):
    """The files of one circle between a crate's parts (`part` tells a file's), each with what it imports; none where there
    is no circle.
    """
    graph = {}
    for file, target in edges(source):
        if part(file) != part(target):
            graph.setdefault(part(file), {}).setdefault(part(target), (file, target))
    done = set()

    def visit(name, way):
        if name in way:
            ring = way[way.index(name) :] + [name]
            return [graph[a][b] for a, b in zip(ring, ring[1:])]
        if name in done:
            return None
        for other in graph.get(name, {}):
            if found := visit(other, way + [name]):
                return found
        done.add(name)
        return None

    found = next(filter(None, (visit(name, []) for name in graph)), [])
    return [f"a circle: {file} imports {target}" for file, target in found]


def main():
    os.chdir(Path(__file__).resolve().parent.parent)
    crates = Path("crates")
    wrong = list(against_direction(crates / "vpg/src"))
    for name in ("envs", "preprocess", "vcs"):
        source = crates / name / "src"
        wrong += circle(source, lambda file: room(source, file)) or circle(source, lambda file: file)
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
