"""Marks in a page between which a tool writes what the code says; the rest of the page belongs to people."""


def between(name: str, page: str, text: str) -> str:
    """`page` with `text` between the marks called `name`. Raises ValueError where the page has no such marks."""
    begin, end = f"<!-- {name}: made by `make docs` -->\n", f"<!-- {name} end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no marks for {name}: {begin.strip()} … {end}")
    return f"{before}{begin}{text}{end}{after}"
