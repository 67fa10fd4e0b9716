"""A sampler that takes the values that somebody wants, and asks another one for the rest."""

from typing import Any

import optuna


class GuidedSampler(optuna.samplers.BaseSampler):
    """Another sampler, except that a value which somebody wants is taken as it is.

    Args:
        base: Who is asked where nobody wants a value.
    """

    def __init__(self, base: optuna.samplers.BaseSampler) -> None:
        self.base = base
        self.guided = False
        self.wanted: Any = None

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Leave a guided trial's values to be asked one by one."""
        return {} if self.guided else self.base.infer_relative_search_space(study, trial)

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Ask the base."""
        return {} if self.guided else self.base.sample_relative(study, trial, search_space)

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Return the wanted value, or ask the base."""
        if self.wanted is not None:
            return self.wanted
        return self.base.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Any, trial: Any) -> None:
        """Tell the base."""
        self.base.before_trial(study, trial)

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        """Tell the base."""
        self.base.after_trial(study, trial, state, values)
