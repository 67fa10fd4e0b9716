"""What can be asked of a run once it has ended: what mattered, and more from what was trained."""

from autoopt.afterwards.ablation import ablation
from autoopt.afterwards.again import Again, Ended, Source, Unweighted, again_of
from autoopt.afterwards.edges import Edge, edges
from autoopt.afterwards.ensemble import ensemble
from autoopt.afterwards.importance import importance
from autoopt.afterwards.profile import profile
from autoopt.afterwards.refit import refit
from autoopt.afterwards.report import Reported, report
from autoopt.afterwards.spans import Asked, space_of
from autoopt.afterwards.written import check_target, read_model

__all__ = [
    "Again", "Asked", "Edge", "Ended", "Reported", "Source", "Unweighted", "ablation", "again_of", "check_target",
    "edges", "ensemble", "importance", "profile", "read_model", "refit", "report", "space_of",
]  # fmt: skip
