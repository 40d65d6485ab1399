"""Figures of one network for a paper, a slide and a README. Files go into the working directory."""

from pathlib import Path

import archdsl

SMALL = Path(__file__).with_name("small.yaml")

archdsl.draw(SMALL, "small.svg")  # an overview, with the block's inside beside it
archdsl.draw(SMALL, "small.pdf", expand=["stage1.0"], title="", style="print")  # one block opened in place, in grey
archdsl.draw(SMALL, "block.svg", only="stage2.0", direction="LR", style="dark")  # one block, from left to right
archdsl.draw(SMALL, "small.mmd")  # for a README on GitHub
archdsl.draw(SMALL, "small.html")  # a page in which every block can be opened
