"""What can be asked of a run once it has ended: what mattered, and more from what was trained."""

from autoopt.afterwards.importance import importance

__all__ = ["importance"]
