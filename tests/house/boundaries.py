"""Walls that imports alone do not show: the web framework's room, and what a context shows of itself."""

import ast

from tests.house.tree import Tree

_YARDSTICK = "bench/thinnest.py"
"""What the framework itself can do, for the bench to compare with."""
_CONTEXTS = "tradewind.contexts."


def the_web_framework_stays_in_its_room(tree: Tree) -> list[str]:
    """Litestar is imported in api/rest and nowhere else."""
    return [
        f"{source.path}:{line} imports {name}. The web framework lives in src/tradewind/api/rest; use what that offers."
        for source in tree.sources
        if source.path.parts[:4] != ("src", "tradewind", "api", "rest") and str(source.path) != _YARDSTICK
        for line, name in source.imported()
        if name.split(".")[0] in ("litestar", "starlette")
    ]


def app_knows_contexts_by_their_manifest(tree: Tree) -> list[str]:
    """Of a context, app imports the manifest and nothing else."""
    return [
        f"{source.path}:{line} imports {name}. Let the context's manifest offer it, or put the message into contracts."
        for source in tree.sources
        if source.floor == "app" and not source.is_test
        for line, name in source.imported()
        if name.startswith(_CONTEXTS) and name.removeprefix(_CONTEXTS).split(".")[1:2] not in ([], ["manifest"])
    ]


def contexts_introduce_themselves(tree: Tree) -> list[str]:
    """Every context has a manifest, and a docstring that says what it is for and whom it talks to."""
    contexts = {source.context for source in tree.sources if source.context}
    by_path = {str(source.path): source for source in tree.sources}
    breaches = []
    for context in sorted(contexts):
        home = f"src/tradewind/contexts/{context}"
        if f"{home}/manifest.py" not in by_path:
            breaches.append(f"{home} has no manifest.py. Write its table of contents: handlers, routes, subscribers, …")
        package = by_path.get(f"{home}/__init__.py")
        if package is None or not ast.get_docstring(package.module):
            breaches.append(f"{home}/__init__.py has no docstring. Say what the context is for and whom it talks to.")
    return breaches
