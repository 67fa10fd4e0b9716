"""Which trial is next, when one is hopeless, when to stop, and which winner is real."""

from autoopt.search.ceiling import Ceiling
from autoopt.search.confirmation import Confirmation, Confirmed, affordable, best_first, winner
from autoopt.search.driver import Driver, explore
from autoopt.search.foreign import adopt, promotes
from autoopt.search.heirs import Heirs
from autoopt.search.limits import DEFAULT_BUDGET, Interrupts, Limits, seconds
from autoopt.search.oracle import AHEAD, SHAPELESS, OptunaOracle
from autoopt.search.plan import Forecast, plan_of
from autoopt.search.portfolio import fitting
from autoopt.search.pruner import HalvingPruner
from autoopt.search.search import Search
from autoopt.search.start import starting_points

__all__ = [
    "AHEAD", "DEFAULT_BUDGET", "SHAPELESS", "Ceiling", "Confirmation", "Confirmed", "Driver", "Forecast", "HalvingPruner",
    "Heirs", "Interrupts", "Limits", "OptunaOracle", "Search", "adopt",
    "affordable", "best_first", "explore", "fitting", "plan_of", "promotes", "seconds", "starting_points", "winner",
]  # fmt: skip
