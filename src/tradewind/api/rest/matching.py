"""Finds what answers a path: a dictionary for fixed paths, a tree of segments for the others."""

from typing import Generic, TypeVar

T = TypeVar("T")


class _Node(Generic[T]):
    """One segment; `methods` is filled where a path ends."""

    __slots__ = ("children", "methods", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.methods: dict[str, T] = {}


class PathTable(Generic[T]):
    """Paths to methods. A fixed segment wins over a parameter, and is not reconsidered."""

    def __init__(self) -> None:
        self._fixed: dict[str, dict[str, T]] = {}
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, target: T) -> None:
        """Let `target` answer `method` on `path`; two answers to one are a mistake."""
        methods = self._methods(path)
        assert method not in methods, f"{method} {path} is declared twice"
        methods[method] = target

    def alias(self, path: str, other: str) -> None:
        """Let everything at `path` and below it be found at `other` too; to be said when all is added."""
        parent, _, name = other.rpartition("/")
        self._node(parent).children[name] = self._node(path)
        self._fixed |= {
            other + fixed.removeprefix(path): methods
            for fixed, methods in self._fixed.items()
            if fixed == path or fixed.startswith(path + "/")
        }

    def find(self, path: str) -> tuple[dict[str, T], list[str]] | None:
        """The methods of a path and the values of its parameters, in order; None where there is no such path."""
        if fixed := self._fixed.get(path):
            return fixed, []
        node, values = self._root, []
        for segment in path[1:].split("/"):
            child = node.children.get(segment)
            if child is None:
                if node.parameter is None or not segment:
                    return None
                child = node.parameter
                values.append(segment)
            node = child
        return (node.methods, values) if node.methods else None

    def _methods(self, path: str) -> dict[str, T]:
        if "{" not in path:
            return self._fixed.setdefault(path, {})
        return self._node(path).methods

    def _node(self, path: str) -> _Node[T]:
        node = self._root
        for segment in path[1:].split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        return node
