"""The options of a reset."""

import math
from typing import Any

__all__ = ["of"]

# By the beginning of an id: the two options of its start, and what they are where they are not given.
BOUNDS = {
    "Acrobot": {"low": -0.1, "high": 0.1},
    "CartPole": {"low": -0.05, "high": 0.05},
    "MountainCar": {"low": -0.6, "high": -0.4},
    "MountainCarContinuous": {"low": -0.6, "high": -0.4},
    "Pendulum": {"x_init": math.pi, "y_init": 1.0},
}


def of(env_id: str, options: dict[str, Any] | None) -> dict[str, Any]:
    """The keyword arguments that these options stand for during one reset."""
    bounds = BOUNDS.get(env_id.split("-")[0], {})
    if not options or not any(name in options for name in bounds):
        return {}
    return {"reset_bounds": tuple(number(name, options.get(name, bounds[name])) for name in bounds)}


def number(name: str, value: Any) -> float:
    """The value as a number."""
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"options[{name!r}] = {value!r} is not possible: expected a number") from error
