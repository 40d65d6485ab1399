"""Texts that try to leave the place where they are written."""

from __future__ import annotations

from typing import Final

HOSTILE: Final = (
    '"', "'", '"""', "'''", '""""', 'a"', '\\"', "\\'", "\\", "\\\\", 'a\\"""', "\\N{BULLET}", "\\x41", "\\u202e",
    "a\nb", "a\rb", "a\r\nb", "a\x0bb", "a\x0cb", "a\x1cb", "a\x1db", "a\x1eb", "a\x85b", "a\u2028b", "a\u2029b",
    "a\0b", "\x1b[2J", "\x1b]0;title\x07", "\x08\x08", "\x7f", "\ufeff", "\ud800",
    "\u202eexe.txt", "\u2066a\u2069", "\u200b", "\u200f",  # the direction of reading, and what takes no room
    "\uff45\uff56\uff41\uff4c", "\ufb01", "\u0440\u0430\u0443", "e\u0301", "Z\u0334\u0321a",  # look-alikes
    "{}", "{0}", "{0.__class__}", "%s", "%", "%(a)s", "$(touch pwned)", "`touch pwned`", "; touch pwned", "&& ls",
    "$HOME", "</script><script>alert(1)</script>", "<!--", "-->", "]]>", "<![CDATA[", "<img src=x onerror=alert(1)>",
    "&lt;", "&", "javascript:alert(1)",
    "\\end{tikzpicture}", "\\input{/etc/passwd}", "\\write18{ls}", "#_$%^&~{}", "^^M",
    "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "a,b", "a;b", "a\tb", "| x |", "[a](http://x)", "*b* _c_ **d**",
    "# h", "```", "%%{init: {}}%%", "end", "click a callback", "subgraph x", "#quot;", "\\l", "\\G", "label=x]",
    '"); import os; os.system("touch pwned"); ("', '"""\nimport os\nos.system("touch pwned")\n"""', "x = 1  # ",
    "__import__('os').system('touch pwned')", "NAMES", "a ** b", "<x.0>", "@", "math.", "OrderedDict", "F.",
    "long " * 400,
)  # fmt: skip
