"""What the user says of a table beside its rows: the target, the task, kinds of columns, columns to leave out, groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from autoopt.data.tables.letters import ALPHABETS
from autoopt.errors import DataError, nearest
from autoopt.schema import Kind, Task
from autoopt.spelling import SERIES, named, spelled, typed
from autoopt.untrusted import shown

KINDS = (*get_args(Kind), *ALPHABETS)
"""What a user may say of a column."""

USUAL_TARGETS = ("target", "label", "class", "y")
"""Names of a column that is the target where none is given."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for.

    Attributes:
        target: Names of the target's columns, empty to choose.
        task: None to tell it from the labels.
        types: Kinds of columns that are not to be told from their values.
        series: Whether all columns together are the steps of a series.
        alphabets: Letters of columns that are sequences, where they are not to be told from their values.
        drop: Columns that are not learnt from.
        groups: The column that says which rows keep together; it is not learnt from either.
    """

    target: tuple[str, ...] = ()
    task: Task | None = None
    types: Mapping[str, Kind] = field(default_factory=dict)
    alphabets: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    series: bool = False
    groups: str | None = None

    @property
    def apart(self) -> tuple[str, ...]:
        """Columns that are no inputs, whatever the target is."""
        return self.drop if self.groups is None else (*self.drop, self.groups)

    @classmethod
    def of(cls, target: Any, task: Any, types: Any, drop: Any, groups: Any = None) -> "Wanted":
        """Return what a call says.

        Raises:
            DataError: Something is of the wrong type, or no such task or kind.
        """
        for name, given in (("target", target), ("drop", drop)):
            if not _is_names(given) and not (name == "target" and given is None):
                raise DataError(
                    f"{named(name)} was given {shown(given)}. Expected the name of a column, or a list of names. Pass one as it stands "
                    f"above the column: {spelled(name, 'name')}."
                )
        if task is not None and task not in get_args(Task):
            raise DataError(
                f"{named('task')} was given {shown(task)}. Expected one of these.{nearest(str(task), get_args(Task))}"
            )
        if isinstance(types, str) and types == SERIES:
            return cls(_names(target or ()), task, drop=_names(drop), series=True)
        if types is not None and not isinstance(types, Mapping):
            raise DataError(
                f"{named('types')} was given {shown(types)}. Expected kinds by column, or {SERIES!r} where each row is a series of numbers. "
                f"Pass {spelled('types', {'zip': 'category'})}."
            )
        for name, kind in (types or {}).items():
            if kind not in KINDS:
                given = typed(
                    python=f"types[{shown(name)}] was given {shown(kind)}",
                    shell=f"{spelled('types', {name: kind})} was given",
                )
                raise DataError(f"{given}. Expected one of these.{nearest(str(kind), KINDS)}")
        if groups is not None and not isinstance(groups, str):
            raise DataError(f"groups was given {shown(groups)}. Expected the name of a column. Pass one.")
        alphabets = {name: ALPHABETS[kind] for name, kind in (types or {}).items() if kind in ALPHABETS}
        kinds = {**(types or {}), **dict.fromkeys(alphabets, "sequence")}
        return cls(_names(target or ()), task, kinds, alphabets, _names(drop), groups=groups)


def targets(wanted: Wanted, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the target's columns, and what is to be said of the choice.

    Raises:
        DataError: A column that was named is not there.
    """
    asked = {"target": wanted.target, "drop": wanted.drop, "types": tuple(wanted.types)}
    for argument, given in {**asked, "groups": () if wanted.groups is None else (wanted.groups,)}.items():
        for name in given:
            if name not in names:
                raise DataError(
                    f"{named(argument)} names the column {shown(name)}, which is not there. Expected one of the "
                    f"{len(names)} columns.{_listed(name, names)}"
                )
    for name in wanted.target:
        if name in wanted.apart:
            other = "drop" if name in wanted.drop else "groups"
            raise DataError(
                f"{named('target')} and {named(other)} were both given {shown(name)}. Expected different columns: the target is what is told "
                "from the others. Name another for one of them."
            )
    if wanted.target:
        return wanted.target, ()
    usual = [name for name in names if name.strip().casefold() in USUAL_TARGETS and name not in wanted.apart]
    left = [name for name in names if name not in wanted.apart]
    chosen = usual[0] if usual else left[-1] if left else ""
    if len(left) < 2:
        raise DataError(
            f"There is {'one column' if left else 'no column'} to learn from ({', '.join(map(shown, left))}). Expected two "
            f"or more: the target, and what it is told from. Check the delimiter, or pass fewer names to {named('drop')}."
        )
    why = "" if usual else ", the last column"
    return (chosen,), (
        f"No target was given: it is {shown(chosen)}{why}. Another: {spelled('target', 'name')}.",
    )


def _listed(name: str, names: Sequence[str]) -> str:
    told = nearest(name, names)
    return told if len(told) < 1_000 else f"{told[:1_000]}…"


def _is_names(given: Any) -> bool:
    if isinstance(given, str):
        return True
    return isinstance(given, list | tuple) and all(isinstance(each, str) for each in given)


def _names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
