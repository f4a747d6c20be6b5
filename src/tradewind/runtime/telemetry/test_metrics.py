"""What is told to a histogram at once is what is told one by one."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tradewind.runtime.telemetry.metrics import ManyHistogram


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 5.0, 5.1, float("inf")])))
def test_many_at_once_count_as_each_by_itself(amounts: list[float]) -> None:
    registry = CollectorRegistry()
    by_one, at_once = (
        ManyHistogram(name, "Some.", ["who"], buckets=(1, 2, 5), registry=registry) for name in ("one", "many")
    )
    for amount in amounts:
        by_one.labels("ada").observe(amount)
    by_one.labels("ada")
    at_once.labels("ada").observe_many(iter(amounts))
    for sample in ("bucket", "count", "sum"):
        for bound in ("1.0", "2.0", "5.0", "+Inf") if sample == "bucket" else (None,):
            labels = {"who": "ada", **({"le": bound} if bound else {})}
            said = [registry.get_sample_value(f"{name}_{sample}", labels) for name in ("one", "many")]
            assert said[0] == said[1] is not None
