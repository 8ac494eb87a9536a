"""The exceptions of this package. Values that are not possible are ``ValueError``, wrong types ``TypeError``."""

import gymnasium.error

__all__ = ["ClosedError", "InvalidAction", "ResetNeeded", "RomError", "UnknownEnv"]


class ResetNeeded(gymnasium.error.ResetNeeded, ValueError):
    """A step, a picture or a saved state before the first reset, or after an end that nothing resets."""


class InvalidAction(gymnasium.error.InvalidAction, ValueError):
    """An action that is not in the action space."""


class UnknownEnv(gymnasium.error.NameNotFound, ValueError):
    """An id that no environment has."""


class RomError(gymnasium.error.DependencyNotInstalled, ValueError):
    """A game's ROM that is missing, unreadable or not known."""


class ClosedError(gymnasium.error.ClosedEnvironmentError, ValueError):
    """A call of an environment that was closed."""
