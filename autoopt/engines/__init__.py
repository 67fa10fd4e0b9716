"""How one trial trains: one epoch loop, and engines that run an epoch."""

from autoopt.engines.augmentation import Augmentation
from autoopt.engines.automatic import AutomaticEngine, compilations_kept, dtype_policy, engine_named
from autoopt.engines.candidate import Candidate, Rates, candidate_of
from autoopt.engines.compiled import MOST_PROGRAMS, CompiledEngine
from autoopt.engines.engine import Assignment, Engine, Fitting, Unfit
from autoopt.engines.keras import KerasEngine, evaluate
from autoopt.engines.knobs import Knobs, Momentum, StepRate, clipping, decaying
from autoopt.engines.loop import Report, Training, Verdict, ended, note_epoch, train
from autoopt.engines.pace import Pace, Slower, repace
from autoopt.engines.paused import Paused, PausedTrainings
from autoopt.engines.smoothing import smooth, smoothed
from autoopt.engines.state import Mismatch, State
from autoopt.engines.told_rates import RatesByEpoch

__all__ = [
    "MOST_PROGRAMS",
    "Assignment", "Augmentation", "AutomaticEngine", "Candidate", "CompiledEngine", "Engine", "Fitting", "KerasEngine",
    "Knobs", "Mismatch", "Momentum", "Pace", "Paused", "PausedTrainings", "Rates", "RatesByEpoch", "Report", "Slower", "State", "StepRate", "Training", "Unfit", "Verdict",
    "candidate_of", "clipping", "compilations_kept", "decaying", "dtype_policy", "ended", "engine_named",
    "evaluate", "note_epoch", "repace",
    "smooth", "smoothed", "train",
]  # fmt: skip
