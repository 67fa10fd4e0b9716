"""Flags of `autoopt tune` as arguments of `tune`; what the model file says is the base that they change."""

import contextlib
import dataclasses
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.errors import UsageError, nearest
from autoopt.spelling import SERIES
from autoopt.untrusted import shown

LIMITS = ("max_params", "max_latency_ms", "max_seconds_per_epoch")
"""Flags that are fields of `autoopt.Constraints`."""

MEANS = ("engine", "isolate", "memory", "max_disk", "address", "gpus", "backend")
"""Flags that are fields of `autoopt.Resources`."""

SEARCHING = ("oracle", "sampler", "pruner")
"""Flags that are fields of `autoopt.Search`."""

MOST_DIGITS = 18
"""Of a batch size."""

WORD = re.compile(r'\s*(?:"((?:[^"]|"")*)"([^,]*)|((?!")[^,]*))(,|$)')
"""A word and the comma behind it: in quotation marks letter by letter, with two of them for one, else without blanks around."""

RESUME = {"true": True, "false": False}


@dataclass(frozen=True)
class Flags:
    """What was given on the command line.

    Attributes:
        plain: Arguments of `tune` as they are.
        opened: Names of the only axes that stay open, beside those that the other flags name; none for all.
        closed: Names of axes that stay as written.
        batch_sizes: To choose from; none leaves that to the space.
        pins: Hyperparameter name to its one value.
        limits: Fields of `autoopt.Constraints`.
        means: Fields of `autoopt.Resources`.
        searching: Fields of `autoopt.Search`.
    """

    plain: Mapping[str, Any]
    opened: Sequence[str] = ()
    closed: Sequence[str] = ()
    batch_sizes: Sequence[int] = ()
    pins: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    limits: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    means: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    searching: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def arguments(self, defined: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of `tune`.

        Args:
            defined: Those of the model file.

        Raises:
            UsageError: A flag does not fit the space, the constraints or the resources.
        """
        found = self.unspaced(defined)
        if self.opened or self.closed or self.batch_sizes or self.pins:
            found["space"] = self._space(found.get("space", "auto"))
        return found

    def unspaced(self, defined: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same but for the space, which takes Keras to be read.

        Raises:
            UsageError: A flag does not fit the constraints, the resources or the search.
        """
        from autoopt.constraints import Constraints
        from autoopt.resources import Resources
        from autoopt.search_options import Search

        found = {**defined, **self.plain}
        if self.means:
            found["resources"] = dataclasses.replace(found.get("resources") or Resources(), **self.means)
        if self.searching:
            found["search"] = dataclasses.replace(found.get("search") or Search(), **self.searching)
        if self.limits:
            found["constraints"] = dataclasses.replace(
                found.get("constraints") or Constraints(), **self.limits
            )
        return found

    def _space(self, given: Any) -> Any:
        """Return the model file's space, narrowed; `--open` opens an axis that the file closes."""
        from autoopt.space import AXES, Space

        for flag, names in (("--open", self.opened), ("--close", self.closed)):
            for name in names:
                if name not in AXES:
                    raise UsageError(f"{flag} was given {name!r}, which is no axis.{nearest(name, AXES)}")
        space = Space.of(given)
        pins = {**space.fix, **self.pins}
        changes: dict[str, Any] = {name: True for name in self.opened if getattr(space, name) is False}
        if self.batch_sizes:
            changes["batch_size"] = self.batch_sizes
        if self.opened:
            named = {*self.opened, *changes, *(name.partition("/")[0] for name in pins)}
            changes |= {name: False for name in AXES if name not in named}
        changes |= {name: False for name in self.closed}
        return dataclasses.replace(space, **changes, fix=pins)


def read(options: Mapping[str, Any]) -> Flags:
    """Read the options of a command line, None or () where one was not given.

    Raises:
        UsageError: One cannot be read, or two contradict each other.
    """
    chosen = {name: value for name, value in options.items() if value not in (None, ())}
    pins = _pins(chosen.pop("fix", ()))
    opened = _names("--open", chosen.pop("opened", ()))
    closed = _names("--close", chosen.pop("closed", ()))
    sizes = _sizes(chosen.pop("batch_size", ()))
    means, limits, searching = (
        {name: chosen.pop(name) for name in names if name in chosen} for names in (MEANS, LIMITS, SEARCHING)
    )
    if "types" in chosen:
        chosen["types"] = _kinds(chosen["types"])
    if "drop" in chosen:
        chosen["drop"] = tuple(word for word, _ in _columns("--drop", chosen["drop"]))
    if len(chosen.get("target", ())) == 1:
        chosen["target"] = chosen["target"][0]
    if "resume" in chosen:
        chosen["resume"] = RESUME.get(chosen["resume"], chosen["resume"])
    if "objective" in chosen:
        first, *others = chosen["objective"]
        chosen["objective"] = [first, *others] if others else first
    if "workers" in chosen:
        chosen["workers"] = _value(chosen["workers"])
    others = {
        **{name: f"--fix {name}" for name in pins},
        **{name: f"--open {name}" for name in opened},
        **({"batch_size": "--batch-size"} if sizes else {}),
    }
    for name, flag in others.items():
        if name.partition("/")[0] in closed:
            raise UsageError(
                f"{flag} was given together with --close {name.partition('/')[0]}. Leave out one."
            )
    return Flags(chosen, opened, closed, sizes, pins, limits, means, searching)


def _pins(texts: Iterable[str]) -> dict[str, Any]:
    pins: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                f"--fix was given {text!r}. Expected NAME=VALUE, for example optimizer/name=adam."
            )
        if pins.setdefault(name, _value(value)) != _value(value):
            raise UsageError(
                f"--fix was given {pins[name]!r} and {_value(value)!r} for {name}. Leave out one."
            )
    return pins


def _kinds(texts: Sequence[str]) -> dict[str, str] | str:
    """Return the kind of each column that `--types` names; which columns and kinds there are is known where rows are read."""
    if list(texts) == [SERIES]:
        return SERIES
    kinds: dict[str, str] = {}
    for text, quoted in _columns("--types", texts):
        name, equals, kind = text.rpartition("=")
        name, kind = name if quoted else name.strip(), kind.strip()
        if not equals or not (name or quoted):
            raise UsageError(
                f"--types was given {text!r}. Expected COLUMN=KIND with commas between, for example zip=category,age=number, or "
                f"{SERIES} alone."
            )
        if kinds.setdefault(name, kind) != kind:
            raise UsageError(f"--types was given {kinds[name]} and {kind} for {name}. Leave out one.")
    return kinds


def _columns(flag: str, texts: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield the words between commas, and whether each is in quotation marks: those are for a name with a comma in it."""
    for text in texts:
        place = 0
        while place <= len(text):
            found = WORD.match(text, place)
            if found is None:
                raise UsageError(
                    f"{flag} was given {shown(text)}. Expected columns with commas between, where a quotation mark that opens is "
                    "closed. Write two of them for one within a name."
                )
            quoted, rest, plain, comma = found.groups()
            word = plain.strip() if quoted is None else quoted.replace('""', '"') + rest.strip()
            if word or quoted is not None:
                yield word, quoted is not None
            place = found.end() if comma else len(text) + 1


def _names(flag: str, texts: Sequence[str]) -> Sequence[str]:
    """Return the axes of a flag that may be repeated and may name several."""
    names = [word.strip().replace("-", "_") for text in texts for word in text.split(",") if word.strip()]
    if texts and not names:
        raise UsageError(
            f"{flag} was given {texts[0]!r}. Expected axes, for example {flag} structure,optimizer."
        )
    return names


def _sizes(texts: Iterable[str]) -> Sequence[int]:
    words = [word.strip() for text in texts for word in text.split(",")]
    if not all(word.isdecimal() and len(word) <= MOST_DIGITS for word in words):
        given = " ".join(texts)
        raise UsageError(
            f"--batch-size was given {given!r}. Expected whole numbers with commas between, for example 32,64."
        )
    return [int(word) for word in words]


def _value(text: str) -> Any:
    """Read a value as JSON or Python would, else as the text that it is; infinity and NaN are text."""
    words = {"true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    for read in (json.loads, float):
        with contextlib.suppress(ValueError, RecursionError):
            value = read(text)
            return text if isinstance(value, float) and not math.isfinite(value) else value
    return text
