"""Which periods are compared with which."""

from __future__ import annotations

import numpy as np

from core.errors import ActionError
from core.trends.dispersion import Mask
from core.trends.periods import Ints, Periods, read_window


def choose_windows(
    periods: Periods, whole: Mask, baseline: str | None, recent: int | None
) -> tuple[Mask, Mask] | None:
    """The periods of the baseline and those that are compared with it; `None` where there are none to compare.

    Args:
        periods: All of them.
        whole: `[periods]` which may be used.
        baseline: A number of periods, or a time such as `2023-04` or `2023-04..2023-06`; by default the earlier half.
        recent: How many periods at the end are compared; by default the half after the default baseline, all that come
            after a baseline that is a time, and one after a baseline that is a number.

    Raises:
        ActionError: `bad_baseline`, `bad_recent` or `bad_window`.
    """
    usable = np.flatnonzero(whole)
    if recent is not None and not 1 <= recent < max(len(usable), 2):
        raise ActionError(
            "bad_recent",
            f"recent={recent} does not fit {len(usable)} whole {periods.kind}s.",
            "Choose fewer, or a shorter period=.",
        )
    if baseline is not None:
        early, late = _asked_for(periods, usable, baseline.strip(), recent)
    elif len(usable) < 2:
        return None
    elif recent is not None:
        early, late = usable[:-recent], usable[-recent:]
    else:
        early, late = _halves(usable, 7 if periods.kind == "day" else 1)
    masks = np.zeros((2, len(periods)), dtype=bool)
    masks[0, early], masks[1, late] = True, True
    return masks[0], masks[1]


def _halves(usable: Ints, step: int) -> tuple[Ints, Ints]:
    """The later half and all before it; days in whole weeks where there are two, so that weekdays are even."""
    half = len(usable) // 2
    if half < step:
        return usable[:-half], usable[-half:]
    late = half // step * step
    early = (len(usable) - late) // step * step
    return usable[-late - early : -late], usable[-late:]


def _asked_for(periods: Periods, usable: Ints, baseline: str, recent: int | None) -> tuple[Ints, Ints]:
    if baseline.isascii() and baseline.isdecimal() and len(baseline) < 4:
        late, count = recent or 1, int(baseline)
        if not 1 <= count <= len(usable) - late:
            raise ActionError(
                "bad_baseline",
                f"baseline={baseline} does not fit {len(usable)} whole {periods.kind}s.",
                f"The last {late} {'is' if late == 1 else 'are'} compared with so many before; choose fewer.",
            )
        return usable[-late - count : -late], usable[-late:]
    days = read_window(baseline, "baseline")
    early = usable[(periods.edges[:-1][usable] >= days.first) & (periods.edges[1:][usable] - 1 <= days.last)]
    after = usable[periods.edges[:-1][usable] > days.last]
    after = after[-recent:] if recent is not None else after
    if not len(early) or not len(after):
        known = (
            f"{periods.label(int(usable[0]))} to {periods.label(int(usable[-1]))}" if len(usable) else "none"
        )
        what = f"holds no whole {periods.kind}" if not len(early) else f"has no whole {periods.kind} after it"
        raise ActionError(
            "bad_baseline", f"baseline={baseline[:60]} {what}.", f"Whole {periods.kind}s: {known}."
        )
    return early, after
