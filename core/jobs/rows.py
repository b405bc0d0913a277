"""What the actions on jobs answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class JobRow:
    """A job: `status` is `running`, `done`, `failed`, `cancelled`, or `lost` where its process is gone.

    `done` of `total` units are those of the stage; `rate` is units a second, `seconds_left` those of the stage. `message` says
    what the job made, or what ended it.
    """

    job: int
    action: str
    title: str
    status: str
    stage: str
    done: int
    total: int
    unit: str
    share: float | None
    rate: float | None
    seconds_left: int | None
    message: str
    actor: str
    started_at: str
    heartbeat: str
    ended_at: str | None
    resumable: bool


@dataclass(frozen=True)
class ModelCost:
    """What a job asked of one model; `cost` in dollars, `None` where no price is known."""

    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None


@dataclass(frozen=True)
class JobDetail(JobRow):
    """Everything that is known of a job; `line` does it again."""

    parameters: dict[str, Any]
    line: str
    pid: int
    host: str
    stopped_by: str
    code: str
    cost: float | None
    models: tuple[ModelCost, ...]
    log: tuple[str, ...]
