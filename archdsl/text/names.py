"""Names that a node may have: parts of module paths, so some are taken."""

from __future__ import annotations

import re
from functools import lru_cache
from keyword import iskeyword

from archdsl.limits import MAX_NAME
from archdsl.text.placeholders import in_text

_PART = re.compile(r"[A-Za-z_]\w*(?:-\w+)*|\d+", re.ASCII)

FACTORY = re.compile(r"(?P<module>[\w.]+):(?P<factory>[\w.]+)")
"""How what makes a PyTorch module is named, and no file: `torchvision.models:resnet18`."""

_ATTRIBUTES = """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
    load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ reset_parameters set_extra_state set_submodule share_memory
    state_dict to to_empty train training type xpu zero_grad
    _apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl _forward_hooks
    _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs
    _get_backward_hooks _get_backward_pre_hooks _get_name _is_full_backward_hook _load_from_state_dict
    _load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook _modules _named_members
    _non_persistent_buffers_set _parameters _register_load_state_dict_pre_hook _register_state_dict_hook
    _replicate_for_data_parallel _save_to_state_dict _slow_forward _state_dict_hooks _state_dict_pre_hooks _version
    _wrapped_call_impl
"""

MODULE_ATTRIBUTES = frozenset(_ATTRIBUTES.split())
"""The attributes of `torch.nn.Module`: a child of such a name would hide one."""

_READ = """
    abs bool enumerate float getattr hasattr int isinstance len list max min range reversed round str sum super
    tuple zip
"""

BUILTINS = frozenset(_READ.split())
"""Python's own names that a printed source reads."""

SOURCE_NAMES = BUILTINS | {
    "self", "torch", "nn", "F", "math", "Outputs", "OrderedDict", "NamedTuple", "make_divisible",
    "same_upper", "start_power_method", "parametrizations", "parametrize",
}  # fmt: skip
"""What a printed source reads: no argument of its functions can be called so."""


def check_length(name: str) -> tuple[str, str] | None:
    """What is wrong with the length of a name of any kind, and the fix; None for one that is short enough."""
    return (f"a name of {len(name):,} characters", f"names have at most {MAX_NAME}") if len(name) > MAX_NAME else None


@lru_cache(maxsize=65536)
def check_name(name: str) -> tuple[str, str | None] | None:
    """What is wrong with a node's dotted name, and the fix; None for a good one.

    A keyword of Python may stand behind a dot: `heads.class` is the child of a container, by its key there.
    """
    if (problem := check_length(name)) is not None:
        return problem
    for place, part in enumerate(name.split(".")):
        if not _PART.fullmatch(part):
            return f"`{name}` is not a name", _name_hint(name)
        if iskeyword(part) and not place:
            return f"`{part}` is a keyword of Python", f"call it `{part}_`"
        if part.startswith("__"):
            return f"`{part}` begins with two underscores, which Python keeps to itself", _without_underscores(part)
    return None


_PATH = re.compile(r"[A-Za-z_]\w*(\.\w+)*", re.ASCII)


def reads_in_formula(path: str) -> bool:
    """Whether a formula takes a path as it is: `0` is a number there, `norm-1` a difference, `heads.in` a word."""
    return _PATH.fullmatch(path) is not None and not any(map(iskeyword, path.split(".")))


def _without_underscores(part: str) -> str | None:
    bare = part.strip("_")
    free = bare if not iskeyword(bare) and bare not in MODULE_ATTRIBUTES else f"{bare}_"
    return f"call it `{free}`" if bare else None


def check_input_name(name: str) -> tuple[str, str | None] | None:
    """The same for an input of the network, which is an argument of its `forward`."""
    if (problem := check_length(name)) is not None:
        return problem
    if not name.isascii() or not name.isidentifier() or not name.strip("_"):
        return f"`{name}` is no name for an input", "a name is letters, digits and `_`"
    if iskeyword(name) or name.startswith("__"):
        return check_name(name)
    if name in SOURCE_NAMES:
        return f"`{name}` is no name for an input: the printed source reads it", f"call it `{name}_`"
    return None


def _name_hint(name: str) -> str:
    return in_text(name) or "a name is letters, digits, `_` and inner `-`; dots join parts"


@lru_cache(maxsize=65536)
def check_module_name(name: str) -> tuple[str, str | None] | None:
    """The same for a node that becomes a module, parameter or buffer."""
    for part in name.split("."):
        if part in MODULE_ATTRIBUTES:
            return f"`{part}` is an attribute of every torch module", f"call it `{part}_` or say what it does"
    return None
