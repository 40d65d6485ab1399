"""Names that a node may have: parts of module paths, so some are taken."""

from __future__ import annotations

import re
from functools import lru_cache
from keyword import iskeyword

from archdsl.limits import MAX_NAME

_PART = re.compile(r"[A-Za-z_]\w*(?:-\w+)*|\d+")

_ATTRIBUTES = """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
    load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ reset_parameters set_extra_state set_submodule share_memory
    state_dict to to_empty train training type xpu zero_grad
"""

MODULE_ATTRIBUTES = frozenset(_ATTRIBUTES.split())
"""The attributes of `torch.nn.Module`: a child of such a name would hide one."""


@lru_cache(maxsize=65536)
def check_name(name: str) -> tuple[str, str | None] | None:
    """What is wrong with a node's dotted name, and the fix; None for a good one."""
    if len(name) > MAX_NAME:
        return f"a name of {len(name):,} characters", f"names have at most {MAX_NAME}"
    for part in name.split("."):
        if not _PART.fullmatch(part):
            return f"`{name}` is not a name", "a name is letters, digits, `_` and inner `-`; dots join parts"
        if iskeyword(part):
            return f"`{part}` is a keyword of Python", f"call it `{part}_`"
        if part.startswith("__"):
            return f"`{part}` begins with two underscores, which Python keeps to itself", f"call it `{part.strip('_')}`"
    return None


@lru_cache(maxsize=65536)
def check_module_name(name: str) -> tuple[str, str | None] | None:
    """The same for a node that becomes a module, parameter or buffer."""
    for part in name.split("."):
        if part in MODULE_ATTRIBUTES:
            return f"`{part}` is an attribute of every torch module", f"call it `{part}_` or say what it does"
    return None
