"""What figures call ops whose class does not say it: modules with the stems of `archdsl.ops`, cases of `title_of`.

They do without `from __future__ import annotations`: to register a case evaluates the text of its annotations.
"""
