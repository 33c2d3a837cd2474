"""Several workers' statuses become one: counts are added, the worst state wins. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import structs

from consumer.status.dropped_fields import added_fields
from consumer.status.model import (
    ConnectionStatus,
    LedgerStatus,
    PartitionStatus,
    PixelStatus,
    Rejected,
    RejectedReason,
    RequestsStatus,
    RuleStatus,
    Sample,
    Stage,
    Status,
    WindowStatus,
)
from consumer.status.request_times import added_times

SHOWN_REJECTED: Final = 20
KEPT_SAMPLES: Final = 90
"""15 minutes."""
KEPT_LONG_SAMPLES: Final = 180
"""Six hours."""
_BADNESS: Final = ("open", "throttled", "unavailable", "held")


def merged(statuses: Sequence[Status]) -> Status:
    """One status for all of them. Workers of one configuration are meant: the same group, pixels and mode.

    A pixel is as bad as it is for the worst worker. Of a partition that two name, as they may for a moment in a
    rebalance, the one with the higher committed offset counts. None at all give a status that is not ready.
    A status of no workers is what gone ones have left: it is added, and says nothing of how things stand.
    """
    if not statuses:
        return Status(workers=0, reasons=("no worker has published anything yet",))
    first, living = statuses[0], [status for status in statuses if status.workers]
    reasons = tuple(dict.fromkeys(reason for status in statuses for reason in status.reasons))
    return Status(
        at=max(status.at for status in statuses),
        started_at=min(status.started_at for status in statuses),
        version=first.version,
        configuration=first.configuration,
        group=first.group,
        mode=first.mode,
        workers=sum(status.workers for status in statuses),
        ready=all(status.ready for status in statuses),
        reasons=reasons,
        breaker_open=any(status.breaker_open for status in statuses),
        stages=_stages([status.stages for status in statuses]),
        ledger=_ledger([status.ledger for status in statuses]),
        partitions=_partitions([status.partitions for status in statuses]),
        pixels=_pixels([status.pixels for status in statuses], [status.pixels for status in living]),
        requests=_requests([status.requests for status in statuses]),
        connections=_connections([status.connections for status in statuses]),
        window=_window([status.window for status in statuses]),
        rules=_rules([status.rules for status in statuses]),
        rejected_reasons=_rejected_reasons([status.rejected_reasons for status in statuses]),
        dropped_fields=added_fields(status.dropped_fields for status in statuses),
        rejected=newest([status.rejected for status in statuses]),
        history=_history([status.history for status in statuses], [status.history for status in living], KEPT_SAMPLES),
        history_hours=_history(
            [status.history_hours for status in statuses],
            [status.history_hours for status in living],
            KEPT_LONG_SAMPLES,
        ),
    )


def newest(lists: Iterable[Iterable[Rejected]]) -> tuple[Rejected, ...]:
    """The last rejections of all, newest first."""
    every = [rejected for each in lists for rejected in each]
    return tuple(sorted(every, key=lambda rejected: rejected.at, reverse=True)[:SHOWN_REJECTED])


def _stages(all_stages: Iterable[Sequence[Stage]]) -> tuple[Stage, ...]:
    by_name: dict[str, list[Stage]] = defaultdict(list)
    for stages in all_stages:
        for stage in stages:
            by_name[stage.name].append(stage)
    return tuple(
        Stage(
            name,
            _sum_or_none(stage.passed for stage in same),
            sum(stage.waiting for stage in same),
            sum(stage.rejected for stage in same),
            _added(stage.notes for stage in same),
        )
        for name, same in by_name.items()
    )


def _ledger(ledgers: Sequence[LedgerStatus]) -> LedgerStatus:
    ages_s = [ledger.oldest_s for ledger in ledgers if ledger.oldest_s is not None]
    return LedgerStatus(
        read=sum(ledger.read for ledger in ledgers),
        settled=_added(ledger.settled for ledger in ledgers),
        released=sum(ledger.released for ledger in ledgers),
        in_flight=sum(ledger.in_flight for ledger in ledgers),
        in_flight_bytes=sum(ledger.in_flight_bytes for ledger in ledgers),
        max_in_flight=sum(ledger.max_in_flight for ledger in ledgers),
        max_in_flight_bytes=sum(ledger.max_in_flight_bytes for ledger in ledgers),
        oldest_s=max(ages_s, default=None),
    )


def _partitions(lists: Iterable[Iterable[PartitionStatus]]) -> tuple[PartitionStatus, ...]:
    every = sorted((one for each in lists for one in each), key=_committed)
    by_name = {(one.topic, one.partition): one for one in every}
    return tuple(one for _, one in sorted(by_name.items()))


def _committed(one: PartitionStatus) -> int:
    return -1 if one.committed is None else one.committed


def _pixels(
    all_pixels: Iterable[Mapping[str, PixelStatus]], of_living: Iterable[Mapping[str, PixelStatus]]
) -> dict[str, PixelStatus]:
    living = _by_name(of_living)
    return {name: _pixel(same, living.get(name, same)) for name, same in _by_name(all_pixels).items()}


def _by_name(all_pixels: Iterable[Mapping[str, PixelStatus]]) -> dict[str, list[PixelStatus]]:
    by_name: dict[str, list[PixelStatus]] = defaultdict(list)
    for pixels in all_pixels:
        for name, pixel in pixels.items():
            by_name[name].append(pixel)
    return by_name


def _pixel(same: Sequence[PixelStatus], living: Sequence[PixelStatus]) -> PixelStatus:
    """Its state is that of the living; where there are none, the last that is known."""
    worst = max(_BADNESS.index(pixel.state) for pixel in living)
    alike = [pixel for pixel in living if _BADNESS.index(pixel.state) == worst]
    tries = [pixel.next_try for pixel in alike if pixel.next_try is not None]
    return structs.replace(
        min(alike, key=lambda pixel: pixel.since),
        next_try=min(tries, default=None),
        waiting_events=sum(pixel.waiting_events for pixel in same),
        events=_added(pixel.events for pixel in same),
        match_keys=_added(pixel.match_keys for pixel in same),
    )


def _rules(all_rules: Iterable[Mapping[str, RuleStatus]]) -> dict[str, RuleStatus]:
    by_name: dict[str, list[RuleStatus]] = defaultdict(list)
    for rules in all_rules:
        for name, rule in rules.items():
            by_name[name].append(rule)
    return {
        name: RuleStatus(
            _added(rule.events for rule in same),
            _added(rule.rejected for rule in same),
            _added(rule.missed for rule in same),
            _added(rule.match_keys for rule in same),
            sum(rule.dropped_fields for rule in same),
        )
        for name, same in by_name.items()
    }


def _rejected_reasons(lists: Iterable[Iterable[RejectedReason]]) -> tuple[RejectedReason, ...]:
    by_reason: dict[str, list[RejectedReason]] = defaultdict(list)
    for each in lists:
        for reason in each:
            by_reason[reason.reason].append(reason)
    added = [
        structs.replace(
            max(same, key=lambda one: one.last_at),
            count=sum(one.count for one in same),
            first_at=min(one.first_at for one in same),
        )
        for same in by_reason.values()
    ]
    return tuple(sorted(added, key=lambda one: -one.count))


def _requests(all_requests: Sequence[RequestsStatus]) -> RequestsStatus:
    return RequestsStatus(
        in_flight=sum(requests.in_flight for requests in all_requests),
        limit=sum(requests.limit for requests in all_requests),
        max_in_flight=sum(requests.max_in_flight for requests in all_requests),
        by_result=_added(requests.by_result for requests in all_requests),
        recent=added_times([requests.recent for requests in all_requests]),
    )


def _connections(lists: Iterable[Iterable[ConnectionStatus]]) -> tuple[ConnectionStatus, ...]:
    """Away if it is for one worker, and for as long as for the first of those."""
    by_name: dict[str, list[ConnectionStatus]] = defaultdict(list)
    for each in lists:
        for connection in each:
            by_name[connection.to].append(connection)
    return tuple(_connection(same) for same in by_name.values())


def _connection(same: Sequence[ConnectionStatus]) -> ConnectionStatus:
    tried = [each for each in same if each.since is not None]
    alike = [each for each in tried if each.connected is False] or tried or same
    last = max(same, key=lambda each: each.error_at or 0.0)
    first = min(alike, key=lambda each: each.since or 0.0)
    return structs.replace(first, error=last.error, error_at=last.error_at)


def _window(windows: Sequence[WindowStatus]) -> WindowStatus:
    """The shortest reach is what a copy can count on; a worker without keys says nothing of it."""
    return WindowStatus(
        keys=sum(window.keys for window in windows),
        reaches_back_s=min((window.reaches_back_s for window in windows if window.keys), default=0.0),
        is_warm=all(window.is_warm for window in windows),
    )


def _history(
    histories: Sequence[Sequence[Sample]], of_living: Iterable[Sequence[Sample]], kept: int
) -> tuple[Sample, ...]:
    """Samples of the same time are added. The newest are left out until every living worker has them."""
    newest_at = max((history[-1].at for history in histories if history), default=0)
    until = min((history[-1].at for history in of_living if history), default=newest_at)
    by_time: dict[int, list[Sample]] = defaultdict(list)
    for history in histories:
        for sample in history:
            if sample.at <= until or sample.at < newest_at:
                by_time[sample.at].append(sample)
    return tuple(_sample(at, same) for at, same in sorted(by_time.items())[-kept:])


def _sample(at: int, same: Sequence[Sample]) -> Sample:
    return Sample(
        at,
        read_per_s=sum(sample.read_per_s for sample in same),
        accepted_per_s=sum(sample.accepted_per_s for sample in same),
        rejected_per_s=sum(sample.rejected_per_s for sample in same),
        lag=sum(sample.lag for sample in same),
        in_flight=sum(sample.in_flight for sample in same),
        delay_s=_mean_delay_s(same),
    )


def _mean_delay_s(same: Sequence[Sample]) -> float | None:
    """Weighted by what each has accepted."""
    known = [(sample.delay_s, sample.accepted_per_s) for sample in same if sample.delay_s is not None]
    weight = sum(accepted for _, accepted in known)
    if not weight:
        return max((delay_s for delay_s, _ in known), default=None)
    return round(sum(delay_s * accepted for delay_s, accepted in known) / weight, 3)


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


def _sum_or_none(numbers: Iterable[int | None]) -> int | None:
    known = list(_known(numbers))
    return sum(known) if known else None


def _known(numbers: Iterable[int | None]) -> Iterator[int]:
    return (number for number in numbers if number is not None)
