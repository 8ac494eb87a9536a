"""The options of a reset."""

from typing import Any

__all__ = ["of"]


def of(env_id: str, options: dict[str, Any] | None) -> dict[str, Any]:
    """The keyword arguments that these options stand for during one reset."""
    if not options or not env_id.startswith("CartPole"):
        return {}
    if "low" not in options and "high" not in options:
        return {}
    low, high = options.get("low", -0.05), options.get("high", 0.05)
    for name, value in (("low", low), ("high", high)):
        try:
            float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"options[{name!r}] = {value!r} is not possible: expected a number") from error
    return {"reset_bounds": (float(low), float(high))}
