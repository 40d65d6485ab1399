"""How torch's operations are said, by theme: modules with the stems of `archdsl.ops`, cases of `rules.rule`.

An operation without a rule is the op of its name, with ports and fields as torch's arguments are called.
"""
