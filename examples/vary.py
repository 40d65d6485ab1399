"""One file, many networks: its parameters and its sizes are arguments of every function."""

from pathlib import Path

import archdsl

SMALL = Path(__file__).with_name("small.yaml")

print("channels  norm           parameters           MACs")
for channels in (16, 32):
    for norm in ("batch_norm2d", {"op": "group_norm", "num_groups": 8}):
        graph = archdsl.graph(SMALL, channels=channels, norm=norm)
        name = norm if isinstance(norm, str) else norm["op"]
        print(f"{channels:8}  {name:12}  {graph.parameters:11,}  {graph.macs:13,}")

model = archdsl.build(SMALL, channels=32, num_classes=100, seed=0)  # an ordinary torch.nn.Module
print(model.stage1)

# A mistake is an exception that holds every mistake of the file, as text and as data.
try:
    archdsl.graph(SMALL, layers=[2, "two"])
except archdsl.SpecError as error:
    print(error)
