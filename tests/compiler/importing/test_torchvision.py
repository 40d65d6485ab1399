"""torchvision's networks, each beside what is built of its spec.

`python -m tests.importing_survey torchvision` does the same for all of them.
"""

from __future__ import annotations

import pytest

from tests.importing_survey.networks import COLLECTIONS, TORCHVISION
from tests.importing_survey.proof import verdict
from tests.references.torchvision_shim import models

QUICK = ("resnet18",)
SLOW = ("efficientnet_b0", "googlenet", "lraspp_mobilenet_v3_large", "mobilenet_v3_small")


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_what_is_built_is_the_network(name: str) -> None:
    found = verdict(*COLLECTIONS["torchvision"][name]())
    assert (found.result, found.why) == ("equal", "")


def test_the_list_is_torchvision_s() -> None:
    named = {*models.list_models(module=models), *models.list_models(module=models.segmentation)}
    assert named == {*TORCHVISION}
