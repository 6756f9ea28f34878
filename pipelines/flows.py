"""Consolidation as a Prefect flow: each step of `consolidation.py` a task, reading and writing retried. Importing this module
imports Prefect, which must have been configured first (`engine.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from pipelines import consolidation
from pipelines.consolidation import Job, Outcome

RETRIED = frozenset(
    {
        consolidation.read, consolidation.read_sources, consolidation.store, consolidation.compile_, consolidation.triangulate,
        consolidation.decide, consolidation.report,
        consolidation.send_back, consolidation.ask,
    }
)  # fmt: skip
"""The steps that touch files or the store: a lock or a slow disk passes."""


def as_task(step: Callable[..., Any], *args: Any) -> Any:
    """Runs a step as a task. Data reach it by closure: Prefect would walk through every row of a parameter."""

    @task(
        name=step.__name__.strip("_"), retries=2 if step in RETRIED else 0, retry_delay_seconds=0.5, cache_policy=NO_CACHE,
        persist_result=False,
    )  # fmt: skip
    def run() -> Any:
        return step(*args)

    return run()


def consolidate(job: Job) -> Outcome:
    """Runs the consolidation of `job` as a flow in this process, inside `engine.running`. Only the month and the day reach
    the Prefect server."""

    runner: Any = ThreadPoolTaskRunner(max_workers=1)

    @flow(name="consolidate", validate_parameters=False, persist_result=False, task_runner=runner)
    def month(period: str, as_of: str) -> Outcome:
        return consolidation.consolidate(job, as_task)

    # a path of our own saves Prefect a request for its default storage
    month.result_storage = job.settings.processed_dir.resolve() / ".prefect" / "storage"
    return month(str(job.period), str(job.as_of))
