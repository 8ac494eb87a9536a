"""Gymnasium's spaces of the native environments."""

from typing import Any

import numpy as np
from gymnasium import spaces

Description = tuple[Any, ...]


def build(description: Description) -> spaces.Space[Any]:
    """The space that the native half describes as ``("discrete", n, start)`` or ``("box", shape, dtype, low, high)``."""
    if description[0] == "discrete":
        _, n, start = description
        return spaces.Discrete(n, start=start)
    _, shape, dtype, low, high = description
    kind = np.dtype(dtype)
    bounds = [np.full(shape, bound[0], kind) if len(bound) == 1 else np.array(bound, kind).reshape(shape) for bound in (low, high)]
    return spaces.Box(bounds[0], bounds[1], shape, kind.type)
