"""The house rules hold in this repository, and each of them is seen to fall when it is broken."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.house import (
    boundaries,
    clocks,
    decisions,
    documents,
    exceptions,
    hygiene,
    migrations,
    names,
    sizes,
    statements,
    suppressions,
)
from tests.house.tree import REPOSITORY, Rule, Tree

RULES: tuple[Rule, ...] = (
    boundaries.app_knows_contexts_by_their_manifest,
    boundaries.contexts_introduce_themselves,
    boundaries.the_web_framework_stays_in_its_room,
    clocks.time_and_chance_come_through_the_kernel,
    decisions.decisions_are_numbered_and_enforced,
    documents.cited_decisions_exist,
    documents.links_lead_somewhere,
    exceptions.only_loops_that_must_go_on_catch_everything,
    hygiene.locks_pin_every_file_by_hash,
    hygiene.nothing_names_a_machine_or_a_registry,
    migrations.migrations_let_the_release_before_work_on,
    names.classes_are_named_for_what_they_are,
    names.modules_are_named_for_what_they_do,
    names.modules_say_what_they_are_for,
    names.tests_are_flat_sentences,
    sizes.files_are_short,
    sizes.functions_are_short,
    statements.sagas_are_spoken_to_by_their_definitions,
    statements.sql_is_never_formatted,
    statements.sql_stands_in_constants,
    statements.sql_stays_in_its_own_schema,
    suppressions.suppressions_name_their_check,
    suppressions.tests_left_out_say_why,
)
CONTEXT = "src/tradewind/contexts/orders"
RUNTIME = "src/tradewind/runtime"
DECISION = "docs/decisions"
TAKES_AWAY_OR_HOLDS_UP = (
    "ALTER TYPE orders.new_order ADD ATTRIBUTE note text;",
    "ALTER TABLE orders.orders DROP COLUMN email;",
    "ALTER TABLE orders.orders RENAME COLUMN email TO mail;",
    "ALTER TABLE orders.orders ADD COLUMN note text NOT NULL;",
    "ALTER TABLE orders.orders ADD CONSTRAINT x CHECK (email <> '');",
    "CREATE INDEX by_email ON orders.orders (email);",
)
SOUND = "# 1\n## Context\n## Decision\n## Consequences\n## Alternatives\n"

BREACHES: tuple[tuple[Rule, str, str], ...] = (
    (
        boundaries.app_knows_contexts_by_their_manifest,
        "src/tradewind/app/x.py",
        "from tradewind.contexts.orders import order",
    ),
    (
        boundaries.app_knows_contexts_by_their_manifest,
        "src/tradewind/app/x.py",
        "import tradewind.contexts.orders.order",
    ),
    (boundaries.contexts_introduce_themselves, f"{CONTEXT}/__init__.py", '"""Orders."""'),
    (boundaries.contexts_introduce_themselves, f"{CONTEXT}/manifest.py", '"""What there is."""'),
    (boundaries.the_web_framework_stays_in_its_room, f"{CONTEXT}/place_order/rest.py", "from litestar import post"),
    (boundaries.the_web_framework_stays_in_its_room, "src/tradewind/api/auth.py", "import litestar.connection"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "import datetime\nx = datetime.datetime.now()"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "x = datetime.utcnow()"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "import time\nx = time.time()"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "from time import time"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "from uuid import uuid4"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "import uuid\nx = uuid.uuid4()"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "import random"),
    (clocks.time_and_chance_come_through_the_kernel, f"{RUNTIME}/x.py", "from random import choice"),
    (decisions.decisions_are_numbered_and_enforced, f"{DECISION}/0002-skip-one.md", SOUND),
    (decisions.decisions_are_numbered_and_enforced, f"{DECISION}/Some Thought.md", SOUND),
    (decisions.decisions_are_numbered_and_enforced, f"{DECISION}/0001-name-none.md", SOUND),
    (
        decisions.decisions_are_numbered_and_enforced,
        f"{DECISION}/0001-lie.md",
        f"{SOUND}\nEnforced by: tests/test_no.py::test_x",
    ),
    (exceptions.only_loops_that_must_go_on_catch_everything, f"{CONTEXT}/x.py", "try: x\nexcept Exception: pass"),
    (exceptions.only_loops_that_must_go_on_catch_everything, f"{CONTEXT}/x.py", "try: x\nexcept: pass"),
    (documents.cited_decisions_exist, f"{CONTEXT}/x.py", "# docs/decisions" + "/0999-fly.md"),
    (documents.links_lead_somewhere, "docs/guide.md", "Read [this](no-such-file.md) first."),
    (
        exceptions.only_loops_that_must_go_on_catch_everything,
        f"{CONTEXT}/x.py",
        "try: x\nexcept (OSError, Exception): pass",
    ),
    (hygiene.locks_pin_every_file_by_hash, "requirements.lock", "msgspec==0.22.0\n"),
    (hygiene.locks_pin_every_file_by_hash, "tools/uv.txt", "uv \\\n    --hash=sha256:00\n"),
    (hygiene.nothing_names_a_machine_or_a_registry, "docs/setup.md", "It lies in " + "/ho" + "me/ann/tradewind."),
    (hygiene.nothing_names_a_machine_or_a_registry, "Makefile", "\tpip install --index" + "-url $(HERE) x"),
    (hygiene.nothing_names_a_machine_or_a_registry, "deploy/pip.conf", "https://py" + "pi.org/simple"),
    *(
        (migrations.migrations_let_the_release_before_work_on, f"{CONTEXT}/migrations/0099_x.sql", sql)
        for sql in TAKES_AWAY_OR_HOLDS_UP
    ),
    (names.classes_are_named_for_what_they_are, f"{CONTEXT}/x.py", "class OrderService: ..."),
    (names.classes_are_named_for_what_they_are, f"{CONTEXT}/x.py", "class BaseOrder: ..."),
    (names.modules_are_named_for_what_they_do, f"{CONTEXT}/utils.py", ""),
    (names.modules_are_named_for_what_they_do, f"{CONTEXT}/helpers/money.py", ""),
    (names.modules_are_named_for_what_they_do, f"{CONTEXT}/order_manager.py", ""),
    (names.modules_say_what_they_are_for, f"{CONTEXT}/x.py", "x = 1"),
    (names.tests_are_flat_sentences, f"{CONTEXT}/test_x.py", "def test_order(): ..."),
    (names.tests_are_flat_sentences, f"{CONTEXT}/test_x.py", "class TestOrder: ..."),
    (sizes.files_are_short, f"{CONTEXT}/x.py", "x = 1\n" * 401),
    (sizes.functions_are_short, f"{CONTEXT}/x.py", "def x():\n" + "    x = 1\n" * 50),
    (statements.sql_is_never_formatted, f"{CONTEXT}/x.py", 'x = f"SELECT {a} FROM orders.order"'),
    (statements.sql_is_never_formatted, f"{CONTEXT}/x.py", 'x = "DELETE FROM orders.order WHERE id = %s" % a'),
    (statements.sql_is_never_formatted, f"{CONTEXT}/x.py", 'x = "UPDATE orders.order SET id = {}".format(a)'),
    (statements.sql_is_never_formatted, f"{CONTEXT}/x.py", 'x = "SELECT 1 WHERE " + str(a)'),
    (statements.sql_stands_in_constants, f"{CONTEXT}/x.py", 'def x(): return "SELECT 1"'),
    (statements.sql_stays_in_its_own_schema, f"{CONTEXT}/x.py", 'X = "SELECT 1 FROM inventory.reservation"'),
    (statements.sql_stays_in_its_own_schema, f"{RUNTIME}/x.py", 'X = "SELECT 1 FROM orders.order"'),
    (
        statements.sql_stays_in_its_own_schema,
        f"{CONTEXT}/migrations/0001_x.sql",
        "CREATE TABLE a (b int REFERENCES catalog.c)",
    ),
    (statements.sql_stays_in_its_own_schema, f"{CONTEXT}/x.py", 'X = "SELECT 1 FROM returns.return"'),
    (statements.sagas_are_spoken_to_by_their_definitions, f"{CONTEXT}/x.py", 'X = "SELECT 1 FROM runtime.saga"'),
    (
        statements.sagas_are_spoken_to_by_their_definitions,
        f"{CONTEXT}/x.py",
        "from tradewind.runtime.saga import store as sagas\nx = sagas.FIND",
    ),
    (suppressions.suppressions_name_their_check, f"{CONTEXT}/x.py", "x = 1  # type: " + "ignore"),
    (suppressions.suppressions_name_their_check, f"{CONTEXT}/x.py", "x = 1  # no" + "qa"),
    (suppressions.tests_left_out_say_why, "tests/test_x.py", "@pytest.mark.skip\ndef test_a_b_c_d(): ..."),
    (suppressions.tests_left_out_say_why, "tests/test_x.py", "@pytest.mark.skipif(True)\ndef test_a_b_c_d(): ..."),
    (suppressions.tests_left_out_say_why, "tests/test_x.py", "def test_a_b_c_d(): pytest.skip()"),
)
PERMITTED = (
    (
        f"{CONTEXT}/migrations/0099_notes.sql",
        "ALTER TABLE orders.orders ADD COLUMN note text;\n"
        "CREATE TABLE orders.note (id bigint PRIMARY KEY, note text);\n"
        "CREATE INDEX notes ON orders.note (note);\n"
        "ALTER TABLE orders.orders ADD CONSTRAINT says CHECK (note <> '') NOT VALID;",
    ),
    (
        f"{CONTEXT}/migrations/0100_find_notes.sql",
        "DROP INDEX CONCURRENTLY IF EXISTS orders.by_note;\nCREATE INDEX CONCURRENTLY by_note ON orders.orders (note);",
    ),
    (f"{CONTEXT}/__init__.py", '"""Orders: what was bought."""'),
    (f"{CONTEXT}/manifest.py", '"""What orders offer."""'),
    (
        f"{CONTEXT}/store.py",
        '"""SQL."""\nX = "SELECT o.id FROM orders.order o WHERE o.id = $1"\nY = f"SELECT {X} FROM orders.item"',
    ),
    (
        f"{RUNTIME}/feeds.py",
        '"""Carries on."""\nimport time\ntry:\n    x = time.monotonic()\nexcept Exception:\n    pass',
    ),
    (f"{RUNTIME}/x.py", '"""Cleans up."""\ntry:\n    x = 1\nexcept BaseException:\n    x = 2\n    raise'),
    ("src/tradewind/kernel/clock.py", '"""Time."""\nfrom datetime import datetime\nnow = datetime.now'),
    ("src/tradewind/api/rest/routes.py", '"""Routes."""\nfrom litestar import get'),
    ("src/tradewind/app/hosting.py", '"""Hosts."""\nfrom tradewind.contexts.orders.manifest import MANIFEST'),
    (
        "tests/test_x.py",
        '"""Holds."""\nimport pytest\n@pytest.mark.skip("no Kafka")\ndef test_a_thing_that_holds(): ...',
    ),
    (f"{DECISION}/0001-do-it.md", f"{SOUND}\nEnforced by: `tests/test_x.py::test_a_thing_that_holds`"),
    ("docs/guide.md", "Read [why](decisions/0001-do-it.md#context) or [more](https://example.org)."),
    ("requirements.lock", "msgspec==0.22.0 \\\n    --hash=sha256:00\n"),
)


@pytest.fixture(scope="module")
def repository() -> Tree:
    return Tree(REPOSITORY)


def plant(root: Path, path: str, text: str) -> Tree:
    """A tree that holds one more file."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text))
    return Tree(root)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_repository_keeps_every_house_rule(rule: Rule, repository: Tree) -> None:
    breaches = rule(repository)
    assert not breaches, "\n".join([rule.__doc__ or "", *breaches])


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_a_broken_rule_is_noticed(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    breaches = rule(plant(tmp_path, path, text))
    assert any(path.split("/")[-2 if path.startswith(CONTEXT) else -1] in breach for breach in breaches)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_what_is_allowed_is_not_refused(rule: Rule, tmp_path: Path) -> None:
    for path, text in PERMITTED:
        plant(tmp_path, path, text)
    assert rule(Tree(tmp_path)) == []


def test_every_house_rule_has_a_breach_that_it_must_notice() -> None:
    assert {rule.__name__ for rule, _, _ in BREACHES} == {rule.__name__ for rule in RULES}
