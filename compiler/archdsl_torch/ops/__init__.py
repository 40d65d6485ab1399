"""The lowerings by theme: modules with the stems of `archdsl.ops`, cases of `lower`.

They do without `from __future__ import annotations`: to register a case evaluates the text of its annotations.
"""
