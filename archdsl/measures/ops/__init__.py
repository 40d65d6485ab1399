"""The rules of `archdsl.measures.rules` by theme: modules with the stems of `archdsl.ops`.

They do without `from __future__ import annotations`: to register a case evaluates the text of its annotations.
"""
