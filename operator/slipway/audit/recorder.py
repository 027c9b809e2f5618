"""The one writer of the chain: entries of all releases wait here, and go to the store in order, a batch at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from slipway.audit.checkpoint import SignedCheckpoint, Signer
from slipway.audit.record import Head, Letter, Source
from slipway.audit.store.protocol import Appended, Store, StoreError
from slipway.metrics.instruments import Instruments
from slipway.words.backoff import doubled
from slipway.words.times import stamp

LOG = logging.getLogger(__name__)

BATCH = 500
INDEXED = 50_000
"""Objects whose newest stored entry is remembered; of others it is looked up again when their entries come."""
CALL_SECONDS = 15.0
"""After which a call to the store counts as failed: above the store's own limits, which end it earlier."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.5, 15.0

Changed = Callable[[tuple[str, str]], None]
"""Gets namespace and name of a release whose entries have been stored."""


class Recorder:
    """Appends to a Store. No release waits for it: what cannot be stored stays in its object."""

    def __init__(self, store: Store, instruments: Instruments, signer: Signer | None = None) -> None:
        self._store, self._instruments, self._signer = store, instruments, signer
        self._waiting: dict[tuple[str, int], Letter] = {}
        self._acked: OrderedDict[str, int] = OrderedDict()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._head: Head | None = None
        self._problem: str | None = None
        instruments.audit_backlog.set_function(lambda: len(self._waiting))

    def __len__(self) -> int:
        """Entries that wait for the store."""
        return len(self._waiting)

    def offer(self, letters: Iterable[Letter]) -> None:
        """Take note of `letters`, at once. The same ones come again until they are acknowledged."""
        for letter in letters:
            if letter.entry.seq > self.acked(letter.source.uid):
                self._waiting.setdefault(letter.identity, letter)
                self._wake.set()

    def acked(self, uid: str) -> int:
        """Number of the last entry of the object `uid` that is stored; 0 where none is known."""
        return self._acked.get(uid, 0)

    def checkpoint(self, now: datetime, covers: str) -> SignedCheckpoint | None:
        """How far the chain has come, signed; None where there is no key, or the store has not been reached yet."""
        return self._signer.sign(self._head, stamp(now), covers) if self._signer and self._head else None

    async def run(self, changed: Changed) -> None:
        """Store what comes, for ever; when the store fails, try again, less and less often."""
        failures = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                for source in await self.flush():
                    changed((source.namespace, source.release))
                failures = 0
            except StoreError as error:
                self._failed(str(error))
                failures += 1
                await asyncio.sleep(doubled(FIRST_RETRY_SECONDS, failures, LAST_RETRY_SECONDS))
                self._wake.set()

    async def flush(self) -> set[Source]:
        """Store one batch of what waits. The objects with new records. Raises StoreError; then nothing was lost."""
        batch = list(self._waiting.values())[:BATCH]
        if not batch:
            return set()
        with self._instruments.audit_seconds.time():
            done = await self._call(lambda: self._store.append(batch))
        self._recovered()
        for letter in batch:
            self._waiting.pop(letter.identity, None)
            self._acked[letter.source.uid] = max(letter.entry.seq, self.acked(letter.source.uid))
            self._acked.move_to_end(letter.source.uid)
        while len(self._acked) > INDEXED:
            self._acked.popitem(last=False)
        self._head = done.head
        self._instruments.audit_records.inc(len(done.records))
        if self._waiting:
            self._wake.set()
        new = {record["source"]["uid"] for record in done.records}
        return {letter.source for letter in batch if letter.source.uid in new}

    async def _call(self, work: Callable[[], Appended]) -> Appended:
        """`work` in the one thread: an earlier call that hangs is waited for, so that two never append at once."""
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(self._thread, work), CALL_SECONDS)
        except TimeoutError as error:
            raise StoreError(f"no answer within {CALL_SECONDS:g} s") from error

    def _failed(self, problem: str) -> None:
        self._instruments.audit_up.set(0)
        if problem != self._problem:
            LOG.warning("the audit store is unavailable: %s; %d records are kept in their objects", problem, len(self))
        self._problem = problem

    def _recovered(self) -> None:
        self._instruments.audit_up.set(1)
        if self._problem:
            LOG.info("the audit store is available again")
        self._problem = None
