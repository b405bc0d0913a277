"""The tests behind trends, against computations of another kind: sums of binomial terms, simulation, counting by hand."""

from __future__ import annotations

from datetime import date, timedelta
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionError
from core.trends.counts import Asked, partial, tabulate
from core.trends.dispersion import Dispersion, clumping, moderated, within_windows
from core.trends.level import best_splits, p_values
from core.trends.periods import DAY_SECONDS, Kind, Window, day_number, day_text, periods_of, read_window
from core.trends.rates import false_discovery, ratios
from core.trends.spikes import day_dispersion, spikes
from tests.benchmarks.trends import PLANTED, calls, log

DAYS = st.integers(0, 60_000)


def plain(groups: int) -> Dispersion:
    return Dispersion(np.ones(groups), np.full(groups, 1e6))


def binomial_tails(x: int, n: int, share: float) -> tuple[float, float]:
    terms = [comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    return sum(terms[: x + 1]), sum(terms[x:])


@pytest.mark.parametrize(("late", "early"), [(0, 5), (5, 0), (3, 4), (12, 2), (1, 0), (30, 31)])
def test_a_ratio_is_tested_by_the_binomial_distribution(late: int, early: int) -> None:
    all_late, all_early = 1e9, 2e9
    found = ratios(np.array([late]), np.array([early]), all_late, all_early, plain(1))
    low, high = binomial_tails(late, late + early, 1 / 3)
    assert found.p[0] == pytest.approx(min(1, 2 * min(low, high)), abs=1e-6)
    # At the bounds of the interval the smaller tail holds 2.5%.
    if late:
        share = found.low[0] / (found.low[0] + 2)
        assert binomial_tails(late, late + early, share)[1] == pytest.approx(0.025, abs=1e-5)
    if early:
        share = found.high[0] / (found.high[0] + 2)
        assert binomial_tails(late, late + early, share)[0] == pytest.approx(0.025, abs=1e-5)
    else:
        assert found.high[0] == np.inf


def test_what_was_asked_in_neither_window_has_no_ratio() -> None:
    found = ratios(np.array([0.0]), np.array([0.0]), 10, 10, plain(1))
    assert all(np.isnan(values[0]) for values in (found.ratio, found.low, found.high, found.p))


@pytest.mark.parametrize("mean", [0.5, 3, 20, 400])
@pytest.mark.parametrize("ratio", [0.5, 1, 3])
def test_intervals_hold_the_true_ratio_as_often_as_they_say(mean: float, ratio: float) -> None:
    rng = np.random.default_rng(1)
    early, late = rng.poisson(mean, 20_000), rng.poisson(mean * ratio * 0.7, 20_000)
    found = ratios(late, early, 0.7e6, 1e6, plain(20_000))
    known = ~np.isnan(found.ratio)
    # Where nothing was asked there is no interval, which is right to say.
    assert ((found.low <= ratio) & (found.high >= ratio))[known].sum() + (~known).sum() >= 0.948 * 20_000
    if ratio == 1:
        assert np.nanmean(found.p < 0.05) <= 0.052
    assert np.array_equal(found.p[known] < 0.05, ((found.low > 1) | (found.high < 1))[known])


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("size", [60, 600])
def test_a_group_of_nearly_everything_is_tested_at_its_level_too(share: float, size: int) -> None:
    rng = np.random.default_rng(2)
    early, late = rng.binomial(size, share, 10_000), rng.binomial(2 * size, share, 10_000)
    found = ratios(late, early, 2 * size, size, plain(10_000))
    assert np.nanmean(found.p < 0.05) <= 0.06
    assert np.nanmean(found.p < 0.001) <= 0.002


def test_bursts_are_worth_as_much_as_one_query() -> None:
    rng = np.random.default_rng(3)
    people, groups = 40, 2_000
    group = np.repeat(np.arange(groups), people)
    user = np.arange(len(group))
    side = rng.random(len(group)) < 0.5
    single = clumping(group, user, side, groups)
    assert np.allclose(single.factor, 1)
    times = 6
    burst = clumping(np.repeat(group, times), np.repeat(user, times), np.repeat(side, times), groups)
    assert np.median(burst.factor) == pytest.approx(times, rel=0.1)
    late = np.bincount(group, weights=side, minlength=groups) * times
    naive = ratios(late, times * people - late, 1e6, 1e6, plain(groups))
    honest = ratios(late, times * people - late, 1e6, 1e6, burst)
    assert (naive.p < 0.05).mean() > 0.3
    assert (honest.p < 0.05).mean() <= 0.05


def test_dispersion_of_counts_is_found_and_poisson_counts_have_none() -> None:
    rng = np.random.default_rng(4)
    totals = np.full(24, 1e5)
    windows = (np.arange(24) < 12, np.arange(24) >= 12)
    poisson = within_windows(rng.poisson(20, (500, 24)).astype(float), totals, windows, False)
    assert np.median(poisson.factor) < 1.1
    wide = within_windows(rng.negative_binomial(5, 0.2, (500, 24)).astype(float), totals, windows, False)
    assert np.median(wide.factor) == pytest.approx(5, rel=0.15)
    few = moderated(np.array([9.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0]))
    assert 1 < few.factor[0] < 9


def test_the_correction_for_many_tests_is_that_of_benjamini_and_hochberg() -> None:
    p = np.array([0.03, np.nan, 0.001, 0.5, 0.02])
    known = sorted(value for value in p if not np.isnan(value))
    by_hand = {
        value: min(known[later] * len(known) / (later + 1) for later in range(at, len(known)))
        for at, value in enumerate(known)
    }
    q = false_discovery(p)
    assert np.isnan(q[1])
    assert [q[at] for at in (0, 2, 3, 4)] == pytest.approx([by_hand[p[at]] for at in (0, 2, 3, 4)])


def test_spikes_of_poisson_counts_are_as_rare_as_they_should_be() -> None:
    rng = np.random.default_rng(5)
    totals = 1e5 * (1 + np.arange(60) / 30)
    means = rng.gamma(1, 10, 800)[:, None] * totals / 1e5
    counts = rng.poisson(means).astype(float)
    found = spikes(counts, totals, np.ones(60, bool), "week", np.zeros(60, np.int64))
    assert (found.p < 0.01).mean() <= 0.012
    assert (found.p < 1e-3).mean() <= 0.0015
    assert (found.q <= 0.01).sum() == 0
    counts[7, 30] += 15 * np.sqrt(means[7, 30]) + 15
    found = spikes(counts, totals, np.ones(60, bool), "week", np.zeros(60, np.int64))
    assert np.argwhere(found.q <= 0.01).tolist() == [[7, 30]]


def test_a_month_stands_out_among_bursts_of_people_whom_nobody_knows() -> None:
    whole, no_weekday = np.ones(7, bool), np.zeros(7, np.int64)
    days, small = np.arange(210), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        burst = rng.choice([1.0, 3.0, 8.0], 400)
        sessions = rng.poisson((rng.uniform(0.5, 6, 400) / burst)[:, None], (400, 210))
        more = rng.negative_binomial(np.maximum(sessions, 1), 1 / burst[:, None]) * (sessions > 0)
        counts = (sessions + more).astype(float)
        at = int(np.flatnonzero(burst == 1)[0])
        counts[at] = rng.poisson(5, 210)
        for planted in (False, True):
            counts[at, 100:110] += rng.poisson(30, 10) if planted else 0
            scale = day_dispersion(counts, counts.sum(axis=0), np.ones(210, bool), days % 7)
            assert scale[burst == 8].mean() > 4 * scale[burst == 1].mean()
            months = counts.reshape(400, 7, 30).sum(axis=2)
            found = spikes(months, months.sum(axis=0), whole, "month", no_weekday, scale)
            assert np.argwhere(found.q <= 0.01).tolist() == ([[at, 3]] if planted else [])
            small += [] if planted else [found.p.ravel()]
            alone = spikes(months, months.sum(axis=0), whole, "month", no_weekday)
            assert not (alone.q <= 0.01).any(), "seven months alone do not tell bursts from a spike"
    p = np.concatenate(small)
    assert (p < 0.05).mean() <= 0.05
    assert (p < 0.001).mean() <= 0.001


def test_a_group_that_rests_on_weekends_has_no_spike_each_monday() -> None:
    rng = np.random.default_rng(6)
    day = np.arange(98)
    week = np.where(day % 7 < 5, 1.0, 0.2)
    means = np.stack([30 * week, *[np.full(98, 30.0)] * 20])
    counts = rng.poisson(means).astype(float)
    found = spikes(counts, counts.sum(axis=0), np.ones(98, bool), "day", day % 7)
    assert (found.q <= 0.01).sum() == 0
    assert found.expected[0, day % 7 < 5].mean() > 3 * found.expected[0, day % 7 >= 5].mean()


def test_a_change_of_level_is_found_where_it_is_and_searching_is_paid_for() -> None:
    rng = np.random.default_rng(7)
    totals = np.linspace(1e5, 3e5, 40)
    means = np.full((1_500, 40), 15.0) * totals / 1e5
    counts = rng.poisson(means).astype(float)
    usual = np.ones(counts.shape, bool)
    splits = best_splits(counts, totals, usual, False)
    p = p_values(splits, plain(len(counts)))
    assert (p < 0.05).mean() <= 0.055
    assert (p < 0.005).mean() <= 0.008
    counts[3, 25:] = rng.poisson(2.2 * means[3, 25:])
    splits = best_splits(counts, totals, usual, False)
    p = p_values(splits, plain(len(counts)))
    assert p[3] == p.min() < 1e-12
    assert abs(splits.at[3] - 25) <= 1


@pytest.mark.parametrize("kind", ["day", "week"])
def test_realistic_logs_raise_no_false_alarm_and_hide_no_change(kind: Kind) -> None:
    found = [calls(log(60_000, 120, seed), kind) for seed in (1, 2, 3, 8)]
    assert sum(one.before for one in found) / len(found) <= 0.05
    assert [(one.after, one.spikes, one.changes) for one in found] == [(0, 0, 0)] * len(found)
    assert all(one.found == PLANTED for one in found)


@pytest.mark.parametrize("kind", ["day", "week", "month"])
def test_nor_do_logs_in_which_nobody_is_known(kind: Kind) -> None:
    found = [calls(log(80_000, 250, seed, users=False, plant=False), kind) for seed in (1, 2, 3)]
    assert sum(one.before for one in found) / len(found) <= 0.055
    assert [(one.after, one.spikes, one.changes) for one in found] == [(0, 0, 0)] * len(found)


@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 400), st.integers(0, 5)), min_size=1, max_size=80),
    st.sampled_from(["day", "week", "month"]),
)
def test_tables_add_up(queries: list[tuple[int, int, int]], kind: Kind) -> None:
    group, day, user = (np.array(column, dtype=np.int64) for column in zip(*queries, strict=True))
    asked = Asked(group, day * DAY_SECONDS + 5, user, 1.0, 0)
    periods = periods_of(kind, Window(int(day.min()), int(day.max())))
    table = tabulate(asked, periods.of_days(asked.day), 5, len(periods))
    assert table.all_queries.sum() == len(queries)
    for number in range(len(periods)):
        days = periods.window(number)
        inside = [q for q in queries if days.first <= q[1] <= days.last]
        assert table.all_queries[number] == len(inside)
        for at in range(5):
            mine = [q for q in inside if q[0] == at]
            assert table.queries[at, number] == len(mine)
            assert table.askers[at, number] == len({q[2] for q in mine})


@given(DAYS, st.integers(0, 900), st.sampled_from(["day", "week", "month"]))
def test_periods_follow_each_other_and_hold_every_day(first: int, length: int, kind: Kind) -> None:
    periods = periods_of(kind, Window(first, first + length))
    assert periods.edges[0] <= first < periods.edges[1]
    assert periods.edges[-2] <= first + length < periods.edges[-1]
    for number in range(len(periods)):
        days = periods.window(number)
        start = date(1970, 1, 1) + timedelta(days.first)
        iso = start.isocalendar()
        forms = {
            "day": start.isoformat(),
            "week": f"{iso.year}-W{iso.week:02}",
            "month": start.isoformat()[:7],
        }
        assert periods.label(number) == forms[kind]
        assert iso.weekday == 1 or kind != "week"
        # What a period is called is the window that it is.
        assert read_window(periods.label(number), "since") == days


@given(st.dates(date(1900, 1, 1), date(2300, 1, 1)))
def test_a_date_is_read_as_it_is_written(day: date) -> None:
    assert day_text(day_number(day)) == day.isoformat()
    assert read_window(day.isoformat(), "a") == Window(day_number(day), day_number(day))


@given(st.text(max_size=25))
def test_any_words_for_a_window_are_taken_or_refused(words: str) -> None:
    try:
        found = read_window(words, "a")
    except ActionError as error:
        code = error.code
    else:
        code = "" if found.first <= found.last else "turned"
    assert code in ("", "bad_window")


def test_a_log_that_sleeps_at_night_has_no_partial_days_for_that() -> None:
    hours = np.array([day * 24 + hour for day in range(10) for hour in range(8, 18)])
    asked = Asked(np.zeros(len(hours), np.int64), hours * 3600, np.arange(len(hours)), 1.0, 0)
    periods = periods_of("day", Window(0, 9))
    everything = Window(-(2**40), 2**40)
    assert partial(asked, periods, everything) == (False, False)
    late = Asked(asked.group[4:], asked.second[4:], asked.user[4:], 1.0, 0)
    assert partial(late, periods, everything) == (True, False)
    early = Asked(asked.group[:-4], asked.second[:-4], asked.user[:-4], 1.0, 0)
    assert partial(early, periods, everything) == (False, True)
    assert partial(asked, periods, Window(0, 8)) == (False, True)
