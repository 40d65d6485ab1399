"""What changed from one network to another, told, drawn and as data."""

from pathlib import Path

import archdsl

HERE = Path(__file__).parent

difference = archdsl.diff(HERE / "small.yaml", HERE / "deeper.yaml")
print(difference)
difference.draw("deeper.svg")

wider = archdsl.diff(HERE / "small.yaml", archdsl.graph(HERE / "small.yaml", channels=32))
print(f"twice the channels: {wider.after.parameters / wider.before.parameters:.2f} times the parameters")
