"""Reads a source, in a child of the inspector.

A source may be made to fill the memory, to take hours or to crash Python's parser, so nothing here runs in the process
of a search: `inspector.py` asks, `inspector_process.py` forks a child that answers.
"""

import ast
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from meta_reward.harness.validate import source as reading
from meta_reward.harness.validate.cases import Cases
from meta_reward.harness.validate.copied import copied
from meta_reward.harness.validate.dense import dense
from meta_reward.harness.validate.digests import digests
from meta_reward.harness.validate.duplicates import fingerprint_of
from meta_reward.harness.validate.literals import literals_of
from meta_reward.harness.validate.mixing import put_back
from meta_reward.harness.validate.parts import PARTS, notes_on_parts, parts_of
from meta_reward.harness.validate.report import Finding, Report, bounded, report_to_json


def answer(request: Mapping[str, Any], cases: Cases | None) -> Any:
    """The answer to a request, as JSON can hold it. Raises SyntaxError for a source that does not parse."""
    return _OPERATIONS[request["do"]](request, cases)


def _inspect(request: Mapping[str, Any], cases: Cases | None) -> dict[str, object]:
    source: str = request["source"]
    try:
        tree = reading.parse(source)
    except SyntaxError as error:
        finding = Finding("syntax", f"does not parse: {error.msg}", "fix the syntax", error.lineno)
        return report_to_json(Report(bounded([finding]), ()))
    literals = literals_of(tree)
    findings = [
        *reading.interface(tree, request["required"], request["optional"]),
        *reading.imports(tree, request["packages"]),
        *reading.characters(source),
        *dense(tree, literals),
        *digests(tree),
        *(copied(literals, cases) if cases else ()),
    ]
    parts, notes = (parts_of(tree), bounded(notes_on_parts(tree))) if request["has_parts"] else ((), ())
    defined = tuple(sorted(reading.functions_of(tree) & set(request["optional"])))
    twin = request["known"].get(fingerprint_of(tree, source))  # last, since it changes the tree
    if twin:
        findings.append(Finding("duplicate", f"duplicate of {twin}", "change what the harness does, or leave it out"))
    return report_to_json(Report(bounded(findings), parts, notes, separable=parts == PARTS, defined=defined))


def _fingerprint(request: Mapping[str, Any], cases: Cases | None) -> str:
    return fingerprint_of(reading.parse(request["source"]), request["source"])


def _docstring(request: Mapping[str, Any], cases: Cases | None) -> str:
    return ast.get_docstring(reading.parse(request["source"])) or ""


def _definitions(request: Mapping[str, Any], cases: Cases | None) -> dict[str, str]:
    """A digest of the definition of each top-level name."""
    found: dict[str, ast.stmt] = {}
    for node in reading.parse(request["source"]).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return {name: hashlib.sha256(ast.dump(node).encode()).hexdigest() for name, node in found.items()}


def _put_back(request: Mapping[str, Any], cases: Cases | None) -> Mapping[str, Any]:
    return put_back(request["source"], request["other"], request["part"])


def _literals(request: Mapping[str, Any], cases: Cases | None) -> dict[str, Any]:
    """The docstring, the values of those wanted names that are literals, and all names at the top level."""
    tree = reading.parse(request["source"])
    values, defined = {}, list[str]()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined += [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            defined += names
            for name in set(names) & set(request["wanted"]):
                values[name] = reading.literal_of(node.value)
    return {"doc": ast.get_docstring(tree) or "", "values": values, "defined": defined}


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any], Cases | None], Any]] = {
    "inspect": _inspect,
    "fingerprint": _fingerprint,
    "docstring": _docstring,
    "definitions": _definitions,
    "literals": _literals,
    "put_back": _put_back,
}
