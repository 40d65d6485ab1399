"""`extends`, `patch`, `use`, parameters from outside, and where each piece of the result is written."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from archdsl import files
from archdsl.diagnostics import Note, render_text
from archdsl.elaborate import analyse
from archdsl.inherit import Resolved, read

Write = Callable[..., None]

FAMILY = """\
archdsl: 1
name: family
summary: what it is
use: [../blocks/lib]
params: {width: 3, act: relu, flag: true, cfg: [1, 2], opt: {type: text, default: null}, free: null}
let: {double: width * 2}
inputs: {x: [N, 3, H, W]}
blocks:
  block:
    nodes:
      conv: {op: conv2d, out_channels: 3}
      bn3: batch_norm2d
      items: [relu, gelu, silu]
nodes:
  features.conv0: relu
  fc: {op: linear, out_features: 3}
  for i in range(3):
    x$i: relu
init: {"*.a": {weight: zeros}, conv2d: {weight: ones}}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files, by name without suffix, into the current folder, which starts with a family."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            path = Path(f"{name.replace('__', '/')}.yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(dedent(text))

    write(families__family=FAMILY, blocks__lib="archdsl: 1\nparams: {k: 1}\nblocks: {cna: {nodes: [relu]}}\n")
    return write


def good(spec: str, **params: Any) -> Resolved:
    resolved, diagnostics = read(spec, params)
    assert diagnostics == [], render_text(diagnostics, files.source_of, False)
    assert resolved is not None
    return resolved


def wrong(spec: str, params: Any = None, sizes: Any = None) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in read(spec, params, sizes)[1]]


def patched(write: Write, text: str) -> Resolved:
    write(child="archdsl: 1\nextends: families/family\npatch:\n" + indent(dedent(text), "  "))
    return good("child.yaml")


def test_a_file_by_itself(write: Write) -> None:
    resolved = good("families/family.yaml")
    assert (resolved.name, resolved.file) == ("family", "families/family.yaml")
    assert resolved.params == {"width": 3, "act": "relu", "flag": True, "cfg": [1, 2], "opt": None, "free": None}
    assert resolved.overrides == {}
    assert resolved.span(("nodes", "fc", "out_features")) == ("families/family.yaml", 16, 34, 16, 35)
    assert resolved.within(("let", "double"), 0, 5) == ("families/family.yaml", 6, 15, 6, 20)
    assert resolved.scalar_text(("params", "width")) == "3"
    assert resolved.source_text(("inputs", "x")) == "[N, 3, H, W]"


def test_extends_merges_by_name_and_replaces_the_rest(write: Write) -> None:
    write(
        child="""\
        archdsl: 1
        extends: families/family
        reference: 1512.03385
        params: {width: 5, extra: 1}
        blocks: {other: {nodes: [relu]}}
        nodes: {only: relu}
        init: {"*.a": {weight: ones}}
        """
    )
    resolved = good("child.yaml")
    document = resolved.document
    assert resolved.name == "child" and document.summary == "what it is"
    assert document.reference == "1512.03385", "text as it is written"
    assert list(resolved.params) == ["width", "act", "flag", "cfg", "opt", "free", "extra"]
    assert resolved.params["width"] == 5
    assert list(document.blocks) == ["block", "other"]
    assert document.nodes == {"only": "relu"}
    assert list(document.init) == ["conv2d", "*.a"], "the last match wins, and a file's own come last"
    assert document.init["*.a"] == {"weight": "ones"}


def test_each_piece_is_found_in_its_file(write: Write) -> None:
    write(child="archdsl: 1\nextends: families/family\nparams: {width: 5}\nlet: {half: 1}\n")
    resolved = good("child.yaml")
    assert resolved.span(("params", "width")) == ("child.yaml", 3, 17, 3, 18)
    assert resolved.key_span(("params", "act")) == ("families/family.yaml", 5, 20, 5, 23)
    assert resolved.span(("let", "half")).file == "child.yaml"
    assert resolved.span(("let", "double")).file == "families/family.yaml"
    assert resolved.span(("blocks", "block", "nodes", "conv", "op")) == ("families/family.yaml", 11, 18, 11, 24)
    assert resolved.span(("nowhere",)).file == "child.yaml"
    assert set(resolved.sources) == {"child.yaml", "families/family.yaml", "blocks/lib.yaml"}


def test_a_chain_of_three(write: Write) -> None:
    write(
        a="archdsl: 1\nextends: b\nparams: {width: 7}\n",
        b="archdsl: 1\nname: b\nextends: families/family\nparams: {width: 5, act: gelu}\npatch: {nodes.fc: relu}\n",
    )
    resolved = good("a.yaml")
    assert (resolved.params["width"], resolved.params["act"]) == (7, "gelu")
    assert resolved.name == "a"
    assert resolved.span(("params", "act")).file == "b.yaml"
    assert resolved.span(("nodes", "fc")) == ("b.yaml", 5, 19, 5, 23)
    assert resolved.span(("nodes", "features.conv0")).file == "families/family.yaml"


def test_a_file_that_ships_is_found_from_anywhere(write: Write) -> None:
    write(resnet50="archdsl: 1\nextends: resnet50\nparams: {num_classes: 10}\n")
    assert good("resnet50.yaml").params["num_classes"] == 10


def test_cycles_name_the_chain(write: Write) -> None:
    write(a="archdsl: 1\nextends: b\n", b="archdsl: 1\nextends: c\n", c="archdsl: 1\nextends: b\n")
    assert wrong("a.yaml") == [("extends-cycle", "`extends` goes in a circle: b.yaml -> c.yaml -> b.yaml")]
    write(a="archdsl: 1\nextends: a.yaml\n")
    assert wrong("a.yaml") == [("extends-cycle", "`extends` goes in a circle: a.yaml -> a.yaml")]


def test_long_chains_stop(write: Write) -> None:
    write(**{f"x{i}": f"archdsl: 1\nextends: x{i + 1}\n" for i in range(2000)}, x2000="archdsl: 1\n")
    assert [code for code, _ in wrong("x0.yaml")] == ["too-deep"]
    write(**{f"x{i}": f"archdsl: 1\nuse: [x{i + 1}]\n" for i in range(500)}, x500="archdsl: 1\n")
    assert [code for code, _ in wrong("x0.yaml")] == ["too-deep"]


def test_an_unknown_parent(write: Write) -> None:
    write(a="archdsl: 1\nextends: families/famly\nnodse: {}\n")
    codes = [code for code, _ in wrong("a.yaml")]
    assert codes == ["file-not-found", "unknown-key"]
    assert read("nothing")[1][0].span is None


def test_mistakes_of_a_parent_are_told_once_at_their_place(write: Write) -> None:
    write(a="archdsl: 1\nextends: b\nfoo: 1\n", b="archdsl: 1\nbar: 1\nparams: {X: 1}\nnodes: [relu]\n")
    found = read("a.yaml")[1]
    assert [(each.code, each.span and each.span[:2]) for each in found] == [
        ("unknown-key", ("a.yaml", 3)), ("unknown-key", ("b.yaml", 2)), ("bad-name", ("b.yaml", 3)),
    ]  # fmt: skip


# --- patch ----------------------------------------------------------------------------------------


def test_patches_replace_remove_and_insert(write: Write) -> None:
    resolved = patched(
        write,
        """\
          nodes.fc: {op: linear, out_features: 10}
          nodes.features.conv0: null
          nodes.for i in range(3): {y: relu}
          blocks.block.nodes.se: {after: conv, op: se}
          blocks.block.nodes.first: {before: conv, op: relu}
          blocks.block.nodes.conv.out_channels: 8
        """,
    )
    assert resolved.document.nodes == {"fc": {"op": "linear", "out_features": 10}, "for i in range(3)": {"y": "relu"}}
    nodes = resolved.document.blocks["block"].nodes
    assert list(nodes) == ["first", "conv", "se", "bn3", "items"]
    assert nodes["se"] == {"op": "se"} and nodes["conv"] == {"op": "conv2d", "out_channels": 8}
    assert resolved.span(("nodes", "fc", "out_features")) == ("child.yaml", 4, 40, 4, 42)
    assert resolved.key_span(("blocks", "block", "nodes", "se")) == ("child.yaml", 7, 3, 7, 24)
    assert resolved.span(("blocks", "block", "nodes", "conv", "out_channels")).line == 9
    assert resolved.span(("blocks", "block", "nodes", "conv", "op")).file == "families/family.yaml"


def test_items_of_lists_keep_their_numbers_until_all_is_done(write: Write) -> None:
    resolved = patched(write, "  blocks.block.nodes.items.0: null\n  blocks.block.nodes.items.2: tanh\n")
    items = ("blocks", "block", "nodes", "items")
    assert resolved.document.blocks["block"].nodes["items"] == ["gelu", "tanh"]
    assert resolved.span((*items, 0)) == ("families/family.yaml", 13, 21, 13, 25)
    assert resolved.span((*items, 1)) == ("child.yaml", 5, 31, 5, 35)


def test_a_patch_with_a_place_moves_a_node(write: Write) -> None:
    resolved = patched(write, "  nodes.fc: {before: features.conv0, op: relu}\n")
    assert list(resolved.document.nodes) == ["fc", "features.conv0", "for i in range(3)"]


def test_what_is_inherited_is_not_changed_for_others(write: Write) -> None:
    patched(write, "  nodes.fc: null\n")
    assert "fc" in good("families/family.yaml").document.nodes


@pytest.mark.parametrize(
    ("patch", "code", "message", "hint"),
    [
        ("nodes.fd: null", "unknown-path", "no `fd` in `nodes`", "did you mean `fc`?"),
        ("node.fc: null", "unknown-path", "no `node.fc` in the inherited file", "did you mean `nodes`?"),
        (
            "nodes.features.conv1: relu",
            "unknown-path",
            "no `features.conv1` in `nodes`",
            "did you mean `features.conv0`?",
        ),
        ("nodes.fc.bias: false", "unknown-path", "no `bias` in `nodes.fc`", "there are `op`, `out_features`"),
        (
            "nodes.features.conv0.x: 1",
            "unknown-path",
            "`nodes.features.conv0` is the text `relu` and holds no `x`",
            None,
        ),
        ("nodes.se: {after: fcc, op: se}", "unknown-path", "no `fcc` in `nodes`", "did you mean `fc`?"),
        ("nodes.se: {after: [fc], op: se}", "wrong-type", "`after`: expected the name of a node, found a list", None),
        (
            "nodes.se: {after: fc, before: fc}",
            "bad-patch",
            "a node goes `after` another or `before` it, not both",
            None,
        ),
        (
            "blocks.block.nodes.items.7: {after: 0}",
            "bad-patch",
            "nothing can be inserted into `blocks.block.nodes.items`, a list",
            "replace",
        ),
    ],
)
def test_patches_that_fit_nothing(write: Write, patch: str, code: str, message: str, hint: str | None) -> None:
    write(child=f"archdsl: 1\nextends: families/family\npatch:\n  {patch}\n")
    (found,) = read("child.yaml")[1]
    assert (found.code, found.message) == (code, message)
    assert found.span is not None and found.span.line == 4
    assert hint is None or (found.hint or "").startswith(hint)


def test_a_patch_without_a_parent(write: Write) -> None:
    write(child="archdsl: 1\nnodes: [relu]\npatch: {nodes.0: gelu}\n")
    assert wrong("child.yaml") == [("bad-patch", "`patch` changes an inherited file, and this one extends none")]


# --- use ------------------------------------------------------------------------------------------


def test_a_librarys_blocks_live_at_home(write: Write) -> None:
    write(child="archdsl: 1\nextends: families/family\nuse: [blocks/more]\n",
          blocks__more="archdsl: 1\nblocks: {more: {nodes: [relu]}}\n")  # fmt: skip
    resolved = good("child.yaml")
    assert {name: home.file for name, home in resolved.uses.items()} == {
        "cna": "blocks/lib.yaml", "more": "blocks/more.yaml",
    }  # fmt: skip
    assert resolved.uses["cna"].params == {"k": 1}


def test_two_libraries_with_the_same_block(write: Write) -> None:
    write(a="archdsl: 1\nuse: [blocks/lib, blocks/two]\nnodes: [cna]\n",
          blocks__two="archdsl: 1\nblocks: {cna: {nodes: [gelu]}}\n")  # fmt: skip
    (found,) = read("a.yaml")[1]
    assert (found.code, found.message) == ("duplicate-block", "two libraries have a block `cna`")
    assert found.span == ("a.yaml", 2, 19, 2, 29)
    write(a="archdsl: 1\nuse: [blocks/lib, blocks/two]\nblocks: {cna: {nodes: [tanh]}}\nnodes: [cna]\n")
    good("a.yaml")


def test_the_same_library_twice_is_fine(write: Write) -> None:
    write(a="archdsl: 1\nextends: families/family\nuse: [blocks/lib]\n")
    good("a.yaml")


def test_libraries_that_use_each_other(write: Write) -> None:
    write(a="archdsl: 1\nuse: [blocks/x]\nnodes: [relu]\n",
          blocks__x="archdsl: 1\nuse: [y]\nblocks: {x: {nodes: [relu]}}\n",
          blocks__y="archdsl: 1\nuse: [x]\nblocks: {y: {nodes: [relu]}}\n")  # fmt: skip
    message = "`use` goes in a circle: blocks/x.yaml -> blocks/y.yaml -> blocks/x.yaml"
    assert wrong("a.yaml") == [("use-cycle", message)]


def test_mistakes_of_a_library_and_unknown_ones(write: Write) -> None:
    write(a="archdsl: 1\nuse: [blocks/bad, blocks/lbi]\nnodes: [relu]\n", blocks__bad="archdsl: 1\nblock: {}\n")
    assert sorted(code for code, _ in wrong("a.yaml")) == ["file-not-found", "unknown-key"]


def test_a_spec_as_a_block_is_read_once(write: Write) -> None:
    write(a="archdsl: 1\nnodes: [relu]\n")
    resolved = good("families/family.yaml")
    first, diagnostics = resolved.spec_block("../a")
    assert first is not None and first.name == "a" and diagnostics == []
    assert resolved.spec_block("../a")[0] is first
    assert first.spec_block("families/family")[0] is not None
    missing, (found,) = resolved.spec_block("nothing")
    assert missing is None and found.code == "file-not-found"


# --- parameters and sizes -------------------------------------------------------------------------


def test_parameters_from_outside(write: Write) -> None:
    resolved = good("families/family.yaml", width=7.5, act={"op": "gelu"}, cfg=(1, (2, 3)), opt="x", free=[None])
    assert resolved.params == {
        "width": 7.5, "act": {"op": "gelu"}, "flag": True, "cfg": [1, [2, 3]], "opt": "x", "free": [None],
    }  # fmt: skip
    assert resolved.overrides == {name: value for name, value in resolved.params.items() if name != "flag"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"width": "x"}, "parameter `width`: expected a number, found the text `x`"),
        ({"width": True}, "parameter `width`: expected a number, found true"),
        ({"act": 3}, "parameter `act`: expected text, found the number 3"),
        ({"act": None}, "parameter `act`: expected text, found nothing"),
        ({"flag": 1}, "parameter `flag`: expected true or false, found the number 1"),
        ({"cfg": 1}, "parameter `cfg`: expected a list, found the number 1"),
        ({"opt": 1}, "parameter `opt`: expected text, found the number 1"),
        ({"free": object()}, "parameter `free`: expected plain data, found a value of type `object`"),
    ],
)
def test_parameters_of_the_wrong_kind(write: Write, params: Any, message: str) -> None:
    assert wrong("families/family.yaml", params) == [("wrong-type", message)]
    resolved = read("families/family.yaml", params)[0]
    assert resolved is not None and resolved.overrides == {}


def test_unknown_parameters_and_bad_sizes(write: Write) -> None:
    found = read("families/family.yaml", {"widht": 3}, {"H": 0, "W": 2})
    assert sorted(each.code for each in found[1]) == ["bad-value", "unknown-parameter"]
    assert "did you mean `width`?" in {each.hint for each in found[1]}
    assert found[0] is not None and found[0].overrides == {"W": 2}


def test_every_file_is_read_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    reading = files.read_text

    def counted(*arguments: Any) -> Any:
        next(count)
        return reading(*arguments)

    monkeypatch.setattr(files, "read_text", counted)
    write(a="archdsl: 1\nextends: families/family\nuse: [blocks/lib, blocks/three]\n",
          blocks__three="archdsl: 1\nuse: [lib]\nblocks: {three: {nodes: [cna]}}\n")  # fmt: skip
    good("a.yaml")
    assert next(count) == 4


def test_a_broken_file_says_why_once_and_what_it_lost(write: Write) -> None:
    write(a="archdsl: 1\nnodes: [relu\n", b="archdsl: 1\nextends: a\nuse: [a]\n")
    for spec in ("a.yaml", "b.yaml"):
        resolved, diagnostics = read(spec)
        assert [found.code for found in diagnostics] == ["yaml-syntax"]
        assert resolved is not None and resolved.document.nodes is None and resolved.misses("nodes")


def test_a_broken_file_gives_no_network_and_nothing_follows(write: Write) -> None:
    write(a="archdsl: 1\nnodes: [relu\n", b="archdsl: 1\nextends: a\nuse: [a]\n")
    for spec in ("a.yaml", "b.yaml"):
        graph, diagnostics = analyse(spec)
        assert graph is None and [found.code for found in diagnostics] == ["yaml-syntax"]


def test_the_text_of_a_mistake_in_a_patch(write: Write) -> None:
    write(child="archdsl: 1\nextends: families/family\npatch:\n  nodes.fd: null\n")
    text = render_text(read("child.yaml")[1], files.source_of, False)
    assert text == (
        "error[unknown-path]: no `fd` in `nodes`\n"
        " --> child.yaml:4:3\n"
        "  |\n"
        "4 |   nodes.fd: null\n"
        "  |   ^^^^^^^^\n"
        "  = help: did you mean `fc`?\n"
        "\n"
        "1 error in child.yaml"
    )


def test_a_parameter_over_an_inherited_derived_value(write: Write) -> None:
    """The line to change is the one written here; the other way round it is, too."""
    write(child="archdsl: 1\nextends: families/family\nparams: {double: 7}\n")
    _, (found,) = read("child.yaml")
    assert (found.code, found.message) == ("duplicate-name", "`double` is derived already, by `let`")
    assert found.span is not None and (found.span.file, found.span.line, found.span.column) == ("child.yaml", 3, 10)
    assert found.notes == (Note("inherited", "line 6", "of families/family.yaml"),)
    assert found.hint == "set what it is derived from, or patch it: `patch: {let.double: …}`"
    write(child="archdsl: 1\nextends: families/family\npatch: {let.double: 7}\n")
    assert good("child.yaml").document.let == {"double": 7}
    write(child="archdsl: 1\nextends: families/family\nlet: {width: 7}\n")
    _, (found,) = read("child.yaml")
    assert (found.message, found.span and found.span.file) == ("`width` is a parameter already", "child.yaml")
