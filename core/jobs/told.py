"""What a job made, in a line."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.jobs.rows import JobDetail


def told(title: str, data: Any) -> str:
    """The title of an action and the counts of its answer, with the path of what it wrote; of a job that was stopped, which."""
    if isinstance(data, JobDetail):
        return f"{title}: job {data.job} is asked to stop, and does between two batches."
    if not dataclasses.is_dataclass(data) or isinstance(data, type):
        return f"{title}: done"
    counts = [
        f"{value:,} {field.name.replace('_', ' ')}"
        for field in dataclasses.fields(data)
        if isinstance(value := getattr(data, field.name), int)
        and not isinstance(value, bool)
        and field.name != "seed"
    ]
    path = getattr(data, "path", None)
    return f"{title}: {', '.join(counts) or 'done'}" + (f" \u2192 {path}" if isinstance(path, str) else "")
