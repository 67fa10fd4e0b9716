"""Where what a sink raises ends: it is said and logged, and costs no search."""

import logging
from collections.abc import Callable
from typing import Any

from autoopt.untrusted import printable

logger = logging.getLogger(__name__)


class Boundary:
    """Calls what belongs to one sink.

    Args:
        said: What the user is told of the first error, given it and when it was.

    Attributes:
        crossed: Whether something was raised: then the sink is told nothing more.
    """

    def __init__(self, said: Callable[[Exception, str], str]) -> None:
        self._said = said
        self.crossed = False

    def call(self, function: Callable[..., Any], when: str, *arguments: Any) -> None:
        """Call a function; what it raises goes no further.

        Args:
            function: Of the sink.
            when: What it is called at.
            arguments: It is given.
        """
        try:
            function(*arguments)
        except Exception as error:  # of the user's own code or of libraries, which may raise anything
            if not self.crossed:
                logger.warning("%s", printable(self._said(error, when)))
            logger.info("a sink at %s", when, exc_info=error)
            self.crossed = True
