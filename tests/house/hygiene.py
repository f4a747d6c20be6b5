"""The repository builds anywhere: it names no machine's folders and no package registry's host."""

import re

from tests.house.tree import Tree

_HOSTS = (
    "pypi" + r"\.org",
    "pythonhosted" + r"\.org",
    "registry" + r"\.npmjs",
    "registry" + r"\.yarnpkg",
    r"proxy\.golang",
)
_OPTIONS = ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host")
_MACHINE = re.compile(r"(?<![\w./-])/(?:work/[\w.]+|root/[\w.]+|home/\w+|opt/wheels|Users/\w+)")
_REGISTRY = re.compile("|".join((*_HOSTS, *_OPTIONS)))


def nothing_names_a_machine_or_a_registry(tree: Tree) -> list[str]:
    """No folder of one machine, no host of a registry, in any file."""
    breaches = []
    for path, text in tree.texts():
        for number, line in enumerate(text.splitlines(), start=1):
            breaches += [
                f"{path}:{number} names {found!r}. Take it from the environment or leave it to pip."
                for found in (*_MACHINE.findall(line), *_REGISTRY.findall(line))
            ]
    return breaches


def locks_pin_every_file_by_hash(tree: Tree) -> list[str]:
    """Each requirement in a lock has a version and a hash, and none has an address."""
    breaches = []
    for path, text in tree.texts():
        if str(path) in ("requirements.lock", "tools/uv.txt", "tools/engines.txt"):
            lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
            pins = [line for line in lines if not line.startswith(" ")]
            if not pins or any("==" not in pin or not pin.endswith("\\") or "://" in pin for pin in pins):
                breaches.append(f"{path} holds a line without version and hash. Make it anew: make lock")
    return breaches
