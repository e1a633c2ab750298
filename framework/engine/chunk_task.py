"""The Dask task: one chunk of mini-batches, scored by the instance's pool into one part."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from distributed import secede

from framework.domain.chunks import Chunk
from framework.domain.limits import Limits
from framework.domain.outcomes import Assembled, Block, Outcome, Part, Receipt
from framework.engine.lease import Lease, lease_of
from framework.engine.pool import PoolClosedError, ScorerPool
from framework.engine.work import Scored
from framework.errors import FrameworkError


def score_chunk(key: str, chunk: Chunk, budget_s: float, limits: Limits | None = None) -> Receipt:
    """Scores a chunk on the instance that this runs on.

    The task leaves Dask's thread pool at once (`secede`), so that a worker with one thread has
    several chunks active. Past its time budget it hands back what has not begun.

    Args:
        key: The pool's key.
        chunk: What to score.
        budget_s: Seconds after which nothing more of the chunk is begun.
        limits: What the driver knows of the job at large.

    An error is part of the receipt: Dask would log one that is raised as if it were a defect.
    """
    secede()
    try:
        return _score(lease_of(key), chunk, budget_s, limits)
    except PoolClosedError:
        return Receipt(outcomes=(), part=None, returned=chunk.indices)
    except FrameworkError as error:
        return Receipt(outcomes=(), part=None, returned=chunk.indices, error=error)


def _score(lease: Lease, chunk: Chunk, budget_s: float, limits: Limits | None) -> Receipt:
    pool = lease.pool
    ticket = pool.submit(list(chunk), limits)
    try:
        if not ticket.wait(budget_s):
            pool.withdraw(ticket)
            ticket.wait()
    finally:
        pool.forget(ticket)
    stopped = ticket.stopped()
    finished = ticket.results()
    lease.check()  # else a part of an ended job would be written into the folder that it removed
    outcomes, part = _write_part(pool, chunk, finished)
    done = {outcome.index for outcome in outcomes}
    call_limit, notices = pool.recovery.news()
    return Receipt(
        outcomes=outcomes,
        part=part,
        returned=tuple(index for index in chunk.indices if index not in done),
        stopped=tuple(outcome for outcome in stopped if outcome.index not in done),
        call_limit=call_limit,
        notices=notices,
        is_interrupted=ticket.is_interrupted,
    )


def _write_part(
    pool: ScorerPool, chunk: Chunk, finished: Sequence[Scored]
) -> tuple[tuple[Outcome, ...], Part | None]:
    """Writes the rows of finished mini-batches, durably, under a name of this attempt's own."""
    sets: dict[tuple[tuple[str, str], ...], int] = {}
    outcomes = tuple(_outcome(scored, sets) for scored in finished)
    if pool.spec.output_format is None or not any(outcome.columns >= 0 for outcome in outcomes):
        return outcomes, None
    data = b"".join(scored.payload for scored in finished)
    part = Part(
        name=f"parts/{chunk.label}-{secrets.token_hex(8)}",
        size=len(data),
        rows=sum(outcome.rows for outcome in outcomes),
        sha256=hashlib.sha256(data).hexdigest(),
        column_sets=tuple(sets),
    )
    pool.staging.create(part.name, data)
    return outcomes, part


def _outcome(scored: Scored, sets: dict[tuple[tuple[str, str], ...], int]) -> Outcome:
    has_columns = bool(scored.columns)
    return Outcome(
        index=scored.batch.index,
        files=len(scored.batch.files),
        succeeded=scored.succeeded,
        rows=scored.rows,
        tries=scored.tries,
        seconds=round(scored.seconds, 6),
        length=len(scored.payload),
        columns=sets.setdefault(scored.columns, len(sets)) if has_columns else -1,
        failures=scored.failures,
        extras=scored.extras,
        assembled=_assembled(scored, sets) if scored.blocks or scored.isolated_s else None,
    )


def _assembled(scored: Scored, sets: dict[tuple[tuple[str, str], ...], int]) -> Assembled:
    blocks = tuple(
        Block(length, rows, sets.setdefault(columns, len(sets)))
        for length, rows, columns in scored.blocks
    )
    return Assembled(blocks, round(scored.isolated_s, 3))
