"""`patch`: what changes in what is inherited, and what fits nothing there."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.rendering import render_text
from archdsl.document import files
from archdsl.document.inherit import read
from tests.document.family import TABLED, Write, good, patched, wrong


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
        ("node.fc: null", "unknown-path", "no `node` in the inherited file", "did you mean `nodes`?"),
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
        ("nodes.fd: {rename: head}", "unknown-path", "no `fd` in `nodes`", "did you mean `fc`?"),
        ("nodes.fc: {rename: null}", "wrong-type", "`rename`: expected the name of a node, found nothing", None),
        ("nodes.fc: {rename: fc}", "duplicate-name", "`nodes` has a `fc` already", "rename or remove"),
        ("nodes.fc: {rename: a b}", "bad-name", "`a b` is not a name", "a name is letters"),
        ("nodes.fc: {rename: train}", "bad-name", "`train` is an attribute of every torch module", "call it `train_`"),
        (
            "nodes.fc: {rename: head, after: features.conv0}",
            "bad-patch",
            "a node is renamed where it stands, and moved by another patch",
            None,
        ),
        ("nodes.fc.op: {rename: kind}", "bad-patch", "`nodes.fc.op` is no node with a name", "`rename` gives one"),
        ("blocks.block: {rename: unit}", "bad-patch", "`blocks.block` is no node with a name", "`rename` gives one"),
        ("params.width: {rename: size}", "bad-patch", "`params.width` is no node with a name", "`rename` gives one"),
        ("nodes.for i in range(3): {rename: a}", "bad-patch", "`nodes.for i in range(3)` is no node with a name", None),
        (
            "blocks.block.nodes.items.0: {rename: a}",
            "bad-patch",
            "`blocks.block.nodes.items.0` is no node with a name",
            "`rename` gives one",
        ),
    ],
)
def test_patches_that_fit_nothing(write: Write, patch: str, code: str, message: str, hint: str | None) -> None:
    write(child=f"archdsl: 1\nextends: families/family\npatch:\n  {patch}\n")
    (found,) = read("child.yaml")[1]
    assert (found.code, found.message) == (code, message)
    assert found.span is not None and found.span.line == 4
    assert hint is None or (found.hint or "").startswith(hint)


def test_a_member_of_a_list_has_no_name_to_give(write: Write) -> None:
    """The patch said nothing and did nothing."""
    write(
        base="archdsl: 1\ninputs: {x: [N, 4]}\nnodes: {a: {nodes: [relu]}}\n",
        child="archdsl: 1\nextends: base\npatch: {nodes.a.nodes.0: {rename: b}}\n",
    )
    (found,) = read("child.yaml")[1]
    assert (found.code, found.message) == ("bad-patch", "`nodes.a.nodes.0` is no node with a name")


def test_one_value_of_a_table(write: Write) -> None:
    write(tabled=TABLED, child="archdsl: 1\nextends: tabled\npatch: {params.rows.1.out: 128, params.mixed.0: 5}\n")
    resolved = good("child.yaml")
    assert resolved.params["rows"] == [{"out": 8}, {"out": 128}]
    assert resolved.params["mixed"] == [5, "M"]
    assert resolved.span(("params", "rows", 1, "out")) == ("child.yaml", 3, 28, 3, 31)
    assert good("tabled.yaml").params["rows"] == [{"out": 8}, {"out": 16}]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("params.rows.7.out", "no `7` in `params.rows`", "its items are 0 to 1"),
        ("params.rows.1.oot", "no `oot` in `params.rows.1`", "did you mean `out`?"),
        ("params.rows.1.out.x", "`params.rows.1.out` is the number 16 and holds no `x`", None),
    ],
)
def test_a_path_that_leads_past_a_table(write: Write, path: str, message: str, hint: str | None) -> None:
    write(tabled=TABLED, child=f"archdsl: 1\nextends: tabled\npatch: {{{path}: 1}}\n")
    (found,) = read("child.yaml")[1]
    assert (found.code, found.message, found.hint) == ("unknown-path", message, hint)


def test_a_node_gets_another_name_and_its_readers_find_it(write: Write) -> None:
    resolved = patched(
        write,
        """\
          nodes.fc: {rename: head}
          nodes.fc.out_features: 10
          nodes.features.conv0: {rename: stem.act, op: gelu}
          nodes.for i in range(3).x$i: {rename: y$i}
          blocks.block.nodes.items.1: null
          blocks.block.nodes.items: {rename: acts}
          blocks.block.nodes.bn3: {rename: norm3}
          blocks.block.nodes.bn: {after: bn3, op: relu}
        """,
    )
    assert resolved.document.nodes == {
        "stem.act": {"op": "gelu"},
        "features.conv0": {"from": "stem.act"},
        "head": {"op": "linear", "out_features": 10},
        "fc": {"from": "head"},
        "for i in range(3)": {"y$i": "relu", "x$i": {"from": "y$i"}},
    }
    nodes = resolved.document.blocks["block"].nodes
    assert list(nodes) == ["conv", "norm3", "bn3", "bn", "acts", "items"] and nodes["acts"] == ["relu", "silu"]
    assert resolved.span(("nodes", "head", "op")).file == "families/family.yaml"
    assert resolved.span(("nodes", "head", "out_features")).line == 5
    assert resolved.span(("nodes", "fc", "from")) == ("child.yaml", 4, 22, 4, 26)
    assert resolved.span(("blocks", "block", "nodes", "acts", 1)) == ("families/family.yaml", 13, 27, 13, 31)


def test_a_renamed_node_can_be_renamed_again_and_named_before_it_is_removed(write: Write) -> None:
    write(child="archdsl: 1\nextends: families/family\npatch: {nodes.fc: {rename: head}}\n")
    write(grandchild="archdsl: 1\nextends: child\npatch: {nodes.head: {rename: top}, nodes.features.conv0: null}\n")
    assert [*good("grandchild.yaml").document.nodes] == ["top", "head", "fc", "for i in range(3)"]
    assert [*good("child.yaml").document.nodes] == ["features.conv0", "head", "fc", "for i in range(3)"]
    write(other="archdsl: 1\nextends: families/family\npatch: {nodes.fc: null, nodes.features.conv0: {rename: fc}}\n")
    assert [*good("other.yaml").document.nodes] == ["fc", "features.conv0", "for i in range(3)"]


def test_a_patch_without_a_parent(write: Write) -> None:
    write(child="archdsl: 1\nnodes: [relu]\npatch: {nodes.0: gelu}\n")
    assert wrong("child.yaml") == [("bad-patch", "`patch` changes an inherited file, and this one extends none")]


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
