"""The tables of the audit store, as `migrations` makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")
HASH = String(64)

RECORDS = Table(
    "records",
    METADATA,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("hash", HASH, nullable=False, unique=True),
    Column("prev", HASH, nullable=False, unique=True),
    Column("source_uid", String(64), nullable=False),
    Column("source_seq", NUMBER, nullable=False),
    Column("namespace", String(63), nullable=False),
    Column("release", String(63), nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("source_uid", "source_seq", name="records_source_once"),
    Index("records_of_release", "namespace", "release", "seq"),
)
"""A number, a predecessor and a source entry each occur once: the database itself refuses a fork and a repetition."""

ANCHORS = Table(
    "anchors",
    METADATA,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("hash", HASH, nullable=False),
)
"""Ends of archived segments: what the oldest record in the store refers to."""

MARKS = Table(
    "marks",
    METADATA,
    Column("source_uid", String(64), primary_key=True),
    Column("source_seq", NUMBER, nullable=False),
)
"""The newest entry of each object that was archived: it is not recorded again."""
