"""`extends` and `use`, and where each piece of the result is written."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from archdsl.document import files
from archdsl.document.inherit import read
from archdsl.elaboration.analyse import analyse
from archdsl.faults.fault import Note
from tests.document.family import Write, good, wrong


def test_a_file_by_itself(write: Write) -> None:
    resolved = good("families/family.yaml")
    assert (resolved.name, resolved.file) == ("family", "families/family.yaml")
    assert resolved.params == {"width": 3, "act": "relu", "flag": True, "cfg": [1, 2], "opt": None, "free": None}
    assert resolved.overrides == {}
    assert resolved.span(("nodes", "fc", "out_features")) == ("families/family.yaml", 16, 34, 16, 35)
    assert resolved.within(("let", "double"), 0, 5) == ("families/family.yaml", 6, 15, 6, 20)
    assert resolved.scalar_text(("params", "width")) == "3"


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


@pytest.mark.parametrize("patch", ["{blocks.b.inputs.skip: {optional: true}", "4", "\n  blocks.b.inputs.skip: {]"])
@pytest.mark.parametrize(
    "node",
    [
        "{op: b, from: {x: x, skip: %s}}",
        "{op: b, from: [x, %s]}",
        "{op: b, from: {x: x, skip: %s}, wide: 3}",
        "{op: scan, body: b, over: {x: x}, capture: {skip: %s}, collect: {y: l}}",
    ],
)
def test_a_patch_that_cannot_be_read_may_have_given_a_block_its_inputs(write: Write, patch: str, node: str) -> None:
    block = "inputs: {x: [N, C]}, nodes: {l: {op: linear, out_features: C}}"
    write(base=f"archdsl: 1\nname: base\ninputs: {{x: [N, 8]}}\nblocks: {{b: {{{block}}}}}\nnodes: {{a: b}}\n")
    for feed in ("x", "nothing"):
        own = f"blocks: {{own: {{inputs: {{x: [N, T, C]}}, nodes: {{a: {node % feed}}}}}}}"
        write(child=f"archdsl: 1\nextends: base\n{own}\npatch: {patch}\n")
        found = {each.code for each in analyse("child.yaml")[1]} - {"yaml-syntax", "wrong-type"}
        # of a loop over what nobody knows nothing more is said
        assert found == ({"unknown-node"} if feed == "nothing" and "scan" not in node else set())
