"""One spec at many settings: what each costs, as a table and as a plot."""

from archdsl.sweeping.sweep import Sweep
from archdsl.sweeping.trials import Trial

__all__ = ["Sweep", "Trial"]
