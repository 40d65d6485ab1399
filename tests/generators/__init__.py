"""Hypothesis strategies for whole networks: `networks()` draws a `Spec`, which is YAML text by file name."""

from tests.generators.networks import networks
from tests.generators.spec import Spec

__all__ = ["Spec", "networks"]
