"""Which trial is next, when one is hopeless, when to stop, and which winner is real."""

from autoopt.search.ceiling import Ceiling
from autoopt.search.confirmation import Confirmation
from autoopt.search.confirmed import Confirmations, Confirmed, best_first, winner
from autoopt.search.driver import Driver, explore
from autoopt.search.evidence import Evidence
from autoopt.search.foreign import adopt
from autoopt.search.heirs import Heirs
from autoopt.search.intervals import Difference
from autoopt.search.limits import DEFAULT_BUDGET, Interrupts, Limits, seconds
from autoopt.search.oracle import AHEAD, SHAPELESS, OptunaOracle
from autoopt.search.portfolio import fitting
from autoopt.search.pruner import HalvingPruner
from autoopt.search.rounds import Rounds, affordable
from autoopt.search.search import Search
from autoopt.search.standing import Standing, Unseen, standing
from autoopt.search.start import starting_points

__all__ = [
    "AHEAD", "DEFAULT_BUDGET", "SHAPELESS", "Ceiling", "Confirmation", "Confirmations", "Confirmed", "Difference",
    "Driver", "Evidence", "HalvingPruner", "Heirs", "Interrupts", "Limits", "OptunaOracle", "Rounds", "Search", "Standing", "Unseen", "adopt",
    "affordable", "best_first", "explore", "fitting", "seconds", "standing", "starting_points", "winner",
]  # fmt: skip
