"""The codes of mistakes, in the order of `docs/errors.md`, which says what each means."""

from __future__ import annotations

from enum import Enum
from typing import final


@final
class Code(str, Enum):
    """What kind of mistake it is, as users read it and as data have it."""

    def __str__(self) -> str:
        return self.value

    def __format__(self, format_spec: str) -> str:
        """As text: by itself an enum of texts is written as `Code.UNUSED` from Python 3.12 on."""
        return format(self.value, format_spec)

    # Reading the file
    FILE_NOT_FOUND = "file-not-found"
    FILE_OUTSIDE = "file-outside"
    FILE_UNREADABLE = "file-unreadable"
    NOT_A_SPEC = "not-a-spec"
    FILE_ENCODING = "file-encoding"
    FILE_EMPTY = "file-empty"
    FILE_TOO_LARGE = "file-too-large"
    YAML_SYNTAX = "yaml-syntax"
    FLOW_SYNTAX = "flow-syntax"
    YAML_FEATURE = "yaml-feature"
    DUPLICATE_KEY = "duplicate-key"
    TOO_DEEP = "too-deep"

    # The form of a spec
    BAD_VERSION = "bad-version"
    UNKNOWN_KEY = "unknown-key"
    WRONG_TYPE = "wrong-type"
    MISSING_FIELD = "missing-field"
    BAD_NAME = "bad-name"
    DUPLICATE_NAME = "duplicate-name"
    DUPLICATE_BLOCK = "duplicate-block"
    BAD_NODE = "bad-node"
    BAD_FOR = "bad-for"
    BAD_IF = "bad-if"
    UNKNOWN_PARAMETER = "unknown-parameter"
    UNKNOWN_SIZE = "unknown-size"
    EXTENDS_CYCLE = "extends-cycle"
    USE_CYCLE = "use-cycle"
    UNKNOWN_PATH = "unknown-path"
    BAD_PATCH = "bad-patch"

    # Ops and fields
    UNKNOWN_OP = "unknown-op"
    UNKNOWN_FIELD = "unknown-field"
    BAD_VALUE = "bad-value"
    BAD_EXPRESSION = "bad-expression"
    BAD_INIT = "bad-init"
    BAD_RENAME = "bad-rename"
    RECURSION = "recursion"
    TOO_LARGE = "too-large"
    BAD_BUDGET = "bad-budget"

    # Edges
    UNKNOWN_NODE = "unknown-node"
    FORWARD_REFERENCE = "forward-reference"
    NO_VALUE = "no-value"
    SEVERAL_OUTPUTS = "several-outputs"
    UNKNOWN_OUTPUT = "unknown-output"
    UNKNOWN_PORT = "unknown-port"
    MISSING_INPUT = "missing-input"
    TOO_MANY_INPUTS = "too-many-inputs"
    MISSING_ELSE = "missing-else"
    OUTER_INPUT = "outer-input"
    ABSENT = "absent"
    OTHER_MODE = "other-mode"
    BAD_SHARE = "bad-share"
    BAD_TIE = "bad-tie"

    # Shapes
    SHAPE_MISMATCH = "shape-mismatch"
    RANK_ERROR = "rank-error"
    SIZE_ERROR = "size-error"
    DTYPE_ERROR = "dtype-error"

    # Figures, weights and commands
    CANNOT_DRAW = "cannot-draw"
    NO_GRAPHVIZ = "no-graphviz"
    FIGURE_TOO_LARGE = "figure-too-large"
    BAD_WEIGHTS = "bad-weights"
    DOES_NOT_RUN = "does-not-run"
    BAD_USAGE = "bad-usage"

    # Warnings
    UNUSED = "unused"
    COSTLY = "costly"
    UNWRITTEN = "unwritten"
