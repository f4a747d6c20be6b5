"""What is written about the code is true as far as a machine can tell: links lead somewhere, cited decisions exist."""

import re
from pathlib import PurePosixPath

from tests.house.tree import Tree

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
_CITED = re.compile(r"docs/decisions/\d{4}-[a-z0-9-]+\.md")


def links_lead_somewhere(tree: Tree) -> list[str]:
    """A relative link in a document names a file or folder that is there."""
    return [
        f"{path} links to {link}, which is not there. Mend the link, or write what it promises."
        for path, text in tree.texts()
        if path.suffix == ".md"
        for link in _LINK.findall(text)
        if not (tree.root / path.parent / link).exists()
    ]


def cited_decisions_exist(tree: Tree) -> list[str]:
    """Code that points at a decision points at one that was recorded."""
    return [
        f"{path} cites {cited}, which is not there. Record the decision, or cite the one that holds."
        for path, text in tree.texts()
        if path.suffix in (".py", ".md", ".sql", ".rego")
        for cited in sorted(set(_CITED.findall(text)))
        if PurePosixPath(cited) not in tree.files
    ]
