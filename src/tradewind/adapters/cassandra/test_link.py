"""How writes are put together into requests."""

from random import Random

from tradewind.adapters.cassandra.link import PARTITIONS, TOGETHER, Write, batches


def test_every_write_goes_into_one_request_and_none_is_larger_than_it_may_be() -> None:
    chance = Random(4)
    writes = [Write(chance.randrange(40), "", (number,)) for number in range(900)]

    found = batches(writes)

    assert sorted(one for batch in found for one in batch) == sorted(writes)
    assert max(map(len, found)) == TOGETHER
    assert all(len({one.partition for one in batch}) <= PARTITIONS for batch in found)


def test_no_more_partitions_share_a_request_than_may_however_little_is_said_of_each() -> None:
    found = batches(Write(number, "", ()) for number in range(2 * PARTITIONS + 1))

    assert [len(batch) for batch in found] == [PARTITIONS, PARTITIONS, 1]


def test_what_is_of_one_partition_stays_together() -> None:
    found = batches(Write(number % 3, "", ()) for number in range(3 * TOGETHER))

    assert [{one.partition for one in batch} for batch in found] == [{0}, {1}, {2}]


def test_nothing_to_write_is_no_request() -> None:
    assert batches([]) == []
