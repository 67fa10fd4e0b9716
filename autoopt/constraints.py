"""Constraints: what a candidate may cost."""

import math
from dataclasses import dataclass
from typing import Any

from autoopt.arguments import KnownArguments, as_plain
from autoopt.errors import UsageError
from autoopt.spelling import named, spelled


@dataclass(frozen=True)
class Constraints(KnownArguments):
    """Limits on what a candidate may cost. None is no limit.

    A proposal over a limit is drawn again before it is trained, and is no trial; where nothing that fits is found
    any more, the search ends. Your own model is trained in any case, as the reference; what is over a limit is
    never the winner, and a search without a winner raises a `SearchError` that names the nearest model. A sampler
    or an oracle of your own is asked again as well; each refusal uses up one trial of a KerasTuner oracle.

    Args:
        max_params: Most weights, frozen ones included: what `model.count_params()` says.
        max_latency_ms: Most milliseconds for the prediction of one example on this machine: the median of
            some calls of `model.predict_on_batch`, after it has been compiled. Measured once a structure.
        max_seconds_per_epoch: Most seconds an epoch, compiling and validation left out: the mean over a
            trial's epochs. A candidate is drawn again when a trial that costs no more by multiplications, examples
            and steps took longer, and none that costs as much was fast enough.

    Raises:
        UsageError: A limit is no such number.

    Example:
        >>> import autoopt
        >>> autoopt.Constraints(max_params=20_000).max_params
        20000
    """

    max_params: int | None = None
    max_latency_ms: float | None = None
    max_seconds_per_epoch: float | None = None

    def __post_init__(self) -> None:
        as_plain(self)
        if self.max_params is not None and (not _is_number(self.max_params, int) or self.max_params < 1):
            raise UsageError(
                f"{named('max_params')} was given {self.max_params!r}. Expected a whole number from 1, for example "
                f"{spelled('max_params', 20000)}. Leave {named('max_params')} out for no limit."
            )
        for name, example in (("max_latency_ms", 5.0), ("max_seconds_per_epoch", 2.5)):
            value = getattr(self, name)
            if value is not None and (not _is_number(value, int | float) or not 0 < value < math.inf):
                raise UsageError(
                    f"{named(name)} was given {value!r}. Expected a number above 0, for example {spelled(name, example)}. "
                    f"Leave {named(name)} out for no limit."
                )


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
