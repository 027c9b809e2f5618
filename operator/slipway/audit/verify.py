"""Pure: whether a log is whole. Every record that was edited, removed, added, moved or cut off is found and named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from slipway.audit.checkpoint import SignedCheckpoint
from slipway.audit.record import Head, canonical


@dataclass(frozen=True)
class Finding:
    """Something that is wrong."""

    seq: int
    """The record that it is about, by its number; for what is missing, the first that is."""
    what: str

    def __str__(self) -> str:
        return f"record {self.seq}: {self.what}"


@dataclass
class Log:
    """What was read of a log, and what is wrong with it."""

    anchor: Head = field(default_factory=Head)
    head: Head = field(default_factory=Head)
    records: int = 0
    findings: list[Finding] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    """Hashes of the records that checkpoints speak of."""
    sources: dict[str, int] = field(default_factory=dict)
    """Object → the newest of its entries that is recorded."""


def verify(lines: Iterable[bytes], checkpoints: Iterable[SignedCheckpoint] = (), anchor: Head | None = None) -> Log:
    """Read the log's `lines`, one record each without its newline, and hold it against signed `checkpoints`.

    `anchor` is what the first record has to follow, where it is known; without it a log may begin after an archived
    part, and one that begins with record 1 must begin with the genesis hash.
    """
    signed = list(checkpoints)
    log = Log(anchor=anchor or Head(), head=anchor or Head())
    wanted = {checkpoint.seq for checkpoint in signed}
    for number, line in enumerate(lines):
        record = _read(line, log)
        if record is None:
            log.head = Head(
                log.head.seq + 1, ""
            )  # what it was cannot be known: the next one is held to its number alone
            continue
        if number == 0 and anchor is None and record["seq"] > 1:
            log.anchor = log.head = Head(record["seq"] - 1, record["prev"])
        _follow(record, log)
        if record["seq"] in wanted:
            log.hashes[record["seq"]] = record["hash"]
    for checkpoint in signed:
        log.findings += _against(checkpoint, log)
    log.findings.sort(key=lambda finding: finding.seq)
    return log


def _read(line: bytes, log: Log) -> Mapping[str, Any] | None:
    """The record in `line`; None, with a finding, where it is none or not as it was written."""
    try:
        record = json.loads(line)
        sound = _sound(record, line)
        numbers, texts = [record["seq"], record["source"]["seq"]], [record["prev"], record["source"]["uid"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
        sound, numbers, texts = False, [], []
    if sound and all(type(n) is int for n in numbers) and all(isinstance(text, str) for text in texts):
        return dict(record)
    log.findings.append(Finding(log.head.seq + 1, "it was modified: its hash does not match its content"))
    return None


def _sound(record: Mapping[str, Any], line: bytes) -> bool:
    """Whether `line` is the canonical form of `record` and the hash in it is right. One pass over the record."""
    hashed = canonical({key: value for key, value in record.items() if key != "hash"})
    member = b'"hash":"%s",' % hashlib.sha256(hashed).hexdigest().encode()
    before, _, after = line.partition(member)
    return before + after == hashed and before.endswith(b",") and after.startswith(b'"namespace"')


def _follow(record: Mapping[str, Any], log: Log) -> None:
    """`record` as the next one after what was read so far."""
    seq, expected = record["seq"], log.head.seq + 1
    if seq > expected:
        which = f"records {expected} to {seq - 1} are" if seq - 1 > expected else "it is"
        log.findings.append(Finding(expected, f"{which} missing; record {seq} comes next"))
    elif seq < expected:
        log.findings.append(Finding(seq, f"it is out of order: record {expected} is expected here"))
    elif log.head.hash and record["prev"] != log.head.hash:
        log.findings.append(Finding(log.head.seq, f"it was replaced: record {seq} follows a different one"))
    uid, source = record["source"]["uid"], record["source"]["seq"]
    if source <= log.sources.get(uid, 0):
        log.findings.append(Finding(seq, f"entry {source} of object {uid} is duplicated or out of order"))
    log.sources[uid] = max(source, log.sources.get(uid, 0))
    log.records += 1
    log.head = Head(seq, record["hash"])


def _against(checkpoint: SignedCheckpoint, log: Log) -> Iterator[Finding]:
    if not checkpoint.valid():
        yield Finding(checkpoint.seq, "a checkpoint has an invalid signature: the checkpoint was modified")
    elif checkpoint.seq > log.head.seq:
        yield Finding(
            log.head.seq + 1,
            f"the log is truncated: it ends with record {log.head.seq}, but a checkpoint of {checkpoint.time} "
            f"has {checkpoint.seq}",
        )
    elif checkpoint.seq == log.anchor.seq and checkpoint.hash != log.anchor.hash:
        yield Finding(checkpoint.seq, "the log does not begin where the archived part ended")
    elif checkpoint.seq in log.hashes and log.hashes[checkpoint.seq] != checkpoint.hash:
        yield Finding(checkpoint.seq, f"it is not the one signed on {checkpoint.time}: the log was rewritten")


def untrusted(checkpoints: Iterable[SignedCheckpoint], key: str) -> list[Finding]:
    """Checkpoints that were signed with another key than the public `key`."""
    return [
        Finding(checkpoint.seq, f"a checkpoint of {checkpoint.time} was signed with another key, {checkpoint.key}")
        for checkpoint in checkpoints
        if checkpoint.key != key
    ]
