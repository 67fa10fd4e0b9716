"""Explored: which points of a space have been proposed, as a tree of the values in the order in which they are asked for.

Nothing is enumerated beforehand, which would take a build of the user's model for each point: a branch is known when it
has been walked, and closed when everything behind it has been proposed.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Node:
    """One question: the hyperparameter that is asked for here.

    Attributes:
        options: Every answer, None where they cannot be listed or are not known yet.
        answers: Answer to what was asked next.
        ends: Whether a point ended here, where nothing was asked yet.
    """

    options: Sequence[Hashable] | None = None
    answers: "dict[Hashable, _Node]" = field(default_factory=dict)
    ends: bool = False

    @property
    def closed(self) -> bool:
        """Whether everything from here on has been proposed."""
        if not self.answers and self.options is None:
            return self.ends
        return self.options is not None and all(
            option in self.answers and self.answers[option].closed for option in self.options
        )


class Explored:
    """The points that were proposed. Called from one thread.

    Args:
        earlier: Those of a run that goes on: names to values, in the order in which they were asked for.
        options: What may be answered to each name, as far as that can be listed.

    Attributes:
        size: Most points that the space was found to have, going by the questions of any one point; infinite where
            a range is continuous.
    """

    def __init__(
        self,
        earlier: Iterable[Mapping[str, Any]] = (),
        options: Mapping[str, Sequence[Hashable] | None] | None = None,
    ) -> None:
        options = options or {}
        self._root = _Node()
        self._here = self._root
        self._size, self.size = 1.0, 1.0
        for values in earlier:
            for name, value in values.items():
                self.ask(options.get(name))
                self.answer(value)
            self.end()

    @property
    def exhausted(self) -> bool:
        """Whether every point of the space has been proposed; never where one of its ranges is continuous."""
        return self._root.closed

    @property
    def points(self) -> int:
        """How many points have been proposed."""
        return sum(1 for _ in _ends(self._root))

    def told(self) -> str | None:
        """Return that all has been tried, as the end of a sentence; None where it has not."""
        if not self.exhausted:
            return None
        points = self.points
        return f"{'the one point' if points == 1 else f'all {points} points'} of the space {'has' if points == 1 else 'have'} been tried"

    def ask(self, options: Sequence[Hashable] | None) -> None:
        """Say what may be answered next: every value, or None where they cannot be listed."""
        self._here.options = options
        self._size *= math.inf if options is None else max(1, len(options))

    def open(self) -> Sequence[Hashable]:
        """Return the answers behind which something is left, of those that can be listed."""
        return [option for option in self._here.options or () if not self.is_closed(option)]

    def is_closed(self, answer: Hashable) -> bool:
        """Whether every point behind an answer has been proposed."""
        behind = self._here.answers.get(answer)
        return behind is not None and behind.closed

    def answer(self, value: Hashable) -> None:
        """Go on to what is asked after an answer."""
        self._here = self._here.answers.setdefault(value, _Node())

    def end(self) -> None:
        """End the point, and begin the next at the root."""
        self._here.ends = True
        self._here = self._root
        self._size, self.size = 1.0, max(self.size, self._size)


def _ends(node: _Node) -> Iterable[_Node]:
    if node.ends and not node.answers:
        yield node
    for behind in node.answers.values():
        yield from _ends(behind)
