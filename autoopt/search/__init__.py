"""Which trial is next, when one is hopeless, when to stop, and which winner is real."""

from autoopt.budget import DEFAULT_BUDGET, seconds
from autoopt.search.ceiling import Ceiling
from autoopt.search.confirmation import Confirmation, Witness
from autoopt.search.confirmed import Confirmations, Confirmed, best_first, winner
from autoopt.search.contenders import chosen, contenders, ranked
from autoopt.search.driver import Driver
from autoopt.search.evidence import Evidence
from autoopt.search.exploring import explore
from autoopt.search.foreign import adopt
from autoopt.search.heirs import Heirs
from autoopt.search.horizon import AUTO, asked_epochs, epochs_for
from autoopt.search.intervals import Difference
from autoopt.search.kept_runs import KeptRuns
from autoopt.search.limits import Interrupts, Limits
from autoopt.search.lost import train_again
from autoopt.search.named import made
from autoopt.search.oracle import AHEAD, OptunaOracle
from autoopt.search.partitions import Partitions, trainings
from autoopt.search.plan import Forecast, Plan, plan_of
from autoopt.search.portfolio import fitting
from autoopt.search.proposal import SHAPELESS
from autoopt.search.pruner import FoldRule, HalvingPruner
from autoopt.search.rounds import Rounds, affordable, pace
from autoopt.search.scores import Scores
from autoopt.search.seeds import points
from autoopt.search.several import check_several
from autoopt.search.standing import Standing, Unseen, standing
from autoopt.search.start import starting_points
from autoopt.search_options import NAMES, Search, promotes

__all__ = [
    "AHEAD",
    "AUTO",
    "DEFAULT_BUDGET",
    "NAMES",
    "SHAPELESS",
    "Ceiling",
    "Confirmation",
    "Confirmations",
    "Confirmed",
    "Difference",
    "Driver",
    "Evidence",
    "FoldRule",
    "Forecast",
    "HalvingPruner",
    "Heirs",
    "Interrupts",
    "KeptRuns",
    "Limits",
    "OptunaOracle",
    "Partitions",
    "Plan",
    "Rounds",
    "Scores",
    "Search",
    "Standing",
    "Unseen",
    "Witness",
    "adopt",
    "affordable",
    "asked_epochs",
    "best_first",
    "check_several",
    "chosen",
    "contenders",
    "epochs_for",
    "explore",
    "fitting",
    "made",
    "pace",
    "plan_of",
    "points",
    "promotes",
    "ranked",
    "seconds",
    "standing",
    "starting_points",
    "train_again",
    "trainings",
    "winner",
]  # fmt: skip
