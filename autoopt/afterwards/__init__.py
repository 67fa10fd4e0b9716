"""What can be asked of a run once it has ended: what mattered, and more from what was trained."""

from autoopt.afterwards.ablation import ablation
from autoopt.afterwards.again import Again, Ended, Source, Unweighted, again_of
from autoopt.afterwards.edges import Edge, edges
from autoopt.afterwards.ensemble import ensemble
from autoopt.afterwards.exporting import Export
from autoopt.afterwards.frame import framed
from autoopt.afterwards.importance import importance
from autoopt.afterwards.predictions import Predictor
from autoopt.afterwards.profile import profile
from autoopt.afterwards.refit import refit
from autoopt.afterwards.report import Reported, report
from autoopt.afterwards.spans import Asked, space_of
from autoopt.afterwards.tables import executions, folds, leaderboard, pareto
from autoopt.afterwards.written import read_model, read_preparation, written_model

__all__ = [
    "Again", "Asked", "Edge", "Ended", "Export", "Predictor", "Reported", "Source", "Unweighted", "ablation", "again_of",
    "edges", "ensemble", "executions", "folds", "framed", "importance", "leaderboard", "pareto", "profile", "read_model",
    "read_preparation", "refit", "report", "space_of", "written_model",
]  # fmt: skip
