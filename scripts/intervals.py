"""Interquartile means over seeds with 95 % intervals, as rliable computes them (Agarwal et al. 2021, arXiv 2108.13264).

>>> iqm([1, 2, 3, 4, 5, 6, 7, 100])
4.5
>>> low, high = interval([4.0] * 5)
>>> (low, high)
(4.0, 4.0)
>>> low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0])
>>> 1.0 <= low < 3.0 < high <= 5.0
True
"""

import random

RESAMPLES = 5000


def iqm(values):
    """The mean of the middle half; values at its borders count with the part of them that is inside."""
    ordered, quarter = sorted(values), len(values) / 4
    # How much of the i-th value lies between the quartiles.
    weights = [max(0.0, min(i + 1, len(ordered) - quarter) - max(i, quarter)) for i in range(len(ordered))]
    inside = [(weight, value) for weight, value in zip(weights, ordered) if weight > 0]
    return sum(weight * value for weight, value in inside) / sum(weights)


def interval(values):
    """The middle 95 % of the interquartile means of bootstrap samples; always the same for the same values."""
    generator = random.Random(0)
    means = sorted(iqm(generator.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[round(0.025 * (RESAMPLES - 1))], means[round(0.975 * (RESAMPLES - 1))]


def text(values, unit=1.0, digits=2):
    """The interquartile mean and its interval, in a unit."""
    numbers = [iqm(values), *interval(values)]
    mean, low, high = (f"{number / unit:.{digits}f}" for number in numbers)
    return f"{mean} [{low}, {high}]"
