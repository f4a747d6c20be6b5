"""Figures of several processes on one page: nobody's are lost, taken for another's, or counted as there when away."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tradewind.api.rest.together import UP, together


def a_page(orders: int, *lags_ms: float) -> str:
    registry = CollectorRegistry()
    Counter("orders", "Orders accepted.", registry=registry).inc(orders)
    lag = Histogram("lag_ms", "Of events.", ["subscriber"], buckets=(1, 10), registry=registry)
    for lag_ms in lags_ms:
        lag.labels('a "quoted" {name}').observe(lag_ms)
    return generate_latest(registry).decode()


def test_each_figure_says_whose_it_is_and_their_sum_is_that_of_the_shop() -> None:
    page = together({"orders-carts": a_page(2, 0.5), "inventory": a_page(3, 5, 50)})
    families = {family.name: family for family in text_string_to_metric_families(page)}
    totals = {one.labels["process"]: one.value for one in families["orders"].samples if one.name == "orders_total"}
    assert totals == {"orders-carts": 2, "inventory": 3}
    counts = [one for one in families["lag_ms"].samples if one.name == "lag_ms_count"]
    assert {(one.labels["subscriber"], one.labels["process"], one.value) for one in counts} == {
        ('a "quoted" {name}', "orders-carts", 1), ('a "quoted" {name}', "inventory", 2),
    }  # fmt: skip


def test_what_a_metric_is_is_said_once_before_all_its_figures() -> None:
    lines = together({"one": a_page(1), "two": a_page(1)}).splitlines()
    assert [line for line in lines if line.startswith("# TYPE orders_total")] == ["# TYPE orders_total counter"]
    at = lines.index("# TYPE orders_total counter")
    assert lines[at + 1 : at + 3] == ['orders_total{process="one"} 1.0', 'orders_total{process="two"} 1.0']


def test_who_does_not_answer_is_said_to_be_away() -> None:
    lines = together({"here": a_page(1), "gone": None}).splitlines()
    assert [line for line in lines if line.startswith(UP)] == [f'{UP}{{process="here"}} 1', f'{UP}{{process="gone"}} 0']
    assert not [line for line in lines if "gone" in line and not line.startswith(UP)]
