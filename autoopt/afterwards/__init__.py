"""What can be asked of a run once it has ended: what mattered, and more from what was trained."""

from autoopt.afterwards.edges import Edge, edges
from autoopt.afterwards.importance import importance
from autoopt.afterwards.spans import Asked

__all__ = ["Asked", "Edge", "edges", "importance"]
