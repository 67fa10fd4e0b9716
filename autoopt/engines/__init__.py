"""How one trial trains: one epoch loop, and engines that run an epoch."""

from autoopt.engines.automatic import AutomaticEngine, compilations_kept, dtype_policy, engine_named
from autoopt.engines.candidate import Candidate, candidate_of
from autoopt.engines.compiled import CompiledEngine
from autoopt.engines.engine import Assignment, Engine, Fitting, Unfit
from autoopt.engines.keras import KerasEngine, evaluate
from autoopt.engines.knobs import Knobs, Momentum, StepRate, decaying
from autoopt.engines.loop import Report, Training, Verdict, ended, note_epoch, train
from autoopt.engines.pace import Pace, Slower, repace

__all__ = [
    "Assignment", "AutomaticEngine", "Candidate", "CompiledEngine", "Engine", "Fitting", "KerasEngine",
    "Knobs", "Momentum", "Pace", "Report", "Slower", "StepRate", "Training", "Unfit", "Verdict", "candidate_of",
    "compilations_kept", "decaying",
    "dtype_policy",
    "ended", "engine_named", "evaluate", "note_epoch", "repace", "train",
]  # fmt: skip
