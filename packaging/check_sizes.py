"""Holds the size rule: modules stay on a few screens, functions on one.

Median module <= 150 lines; over 400 the docstring must give a reason in a line that begins with "Long because";
600 fails. 95th percentile of function lengths <= 40 lines.
"""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path

ROOTS = ("app", "plugins")
MEDIAN, REASON, LIMIT, FUNCTION_P95 = 150, 400, 600, 40


def functions(tree: ast.Module) -> list[int]:
    """Lengths of all functions of a module, in lines, docstrings left out."""
    lengths = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if (doc := ast.get_docstring(node, clean=False)) is not None:
                length -= doc.count("\n") + 1
            lengths.append(length)
    return lengths


def main() -> int:
    """Print what breaks the rule; 1 where anything does."""
    modules: dict[Path, int] = {}
    lengths: list[int] = []
    problems: list[str] = []
    for root in ROOTS:
        for path in sorted(Path(root).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            lines = text.count("\n")
            tree = ast.parse(text)
            doc = ast.get_docstring(tree) or ""
            lengths += functions(tree)
            if not doc:
                problems.append(f"{path}: no module docstring")
            if lines > LIMIT or (lines > REASON and "Long because" not in doc):
                problems.append(f"{path}: {lines} lines")
            if lines > 5:
                modules[path] = lines
    median = statistics.median(modules.values())
    p95 = sorted(lengths)[int(0.95 * len(lengths))]
    if median > MEDIAN:
        problems.append(f"median module is {median} lines, over {MEDIAN}")
    if p95 > FUNCTION_P95:
        problems.append(f"95th percentile of functions is {p95} lines, over {FUNCTION_P95}")
    sys.stdout.write(f"sizes: {len(modules)} modules, median {median:.0f} lines, functions p95 {p95} lines\n")
    for problem in problems:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
