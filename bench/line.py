"""The line that a bench prints, and the statistics in it."""

import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

SAMPLES = 3
"""How often both sides of a bench are measured, in turn."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: the median of its samples, and of its baseline's where it has one. `beside` says more, unbounded."""

    bench: str
    unit: str
    higher_is_better: bool
    ours: Sequence[float]
    baseline: Sequence[float] = ()
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Ours to the baseline's, median to median."""
        return statistics.median(self.ours) / statistics.median(self.baseline)

    def json(self) -> str:
        """Make the line as `docs/contracts.md` fixes it."""
        fields: dict[str, Any] = {"bench": self.bench, "ours": _rounded(statistics.median(self.ours))}
        if self.baseline:
            fields |= {"baseline": _rounded(statistics.median(self.baseline)), "ratio": _rounded(self.ratio)}
        fields |= {
            "unit": self.unit,
            "higher_is_better": self.higher_is_better,
            "samples_ours": [_rounded(sample) for sample in self.ours],
            "samples_baseline": [_rounded(sample) for sample in self.baseline],
        }
        return orjson.dumps({**fields, **self.beside}).decode()


def percentile(values: Sequence[float], percent: int) -> float:
    """Give the smallest value that is not below `percent` of all."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def say(words: str) -> None:
    """Tell a person how far it is."""
    print(words, file=sys.stderr, flush=True)


def _rounded(value: float) -> float:
    """Keep four digits: more are noise."""
    return float(f"{value:.4g}")
