"""Pure: signed statements of how far the chain had come, kept away from the store so that a cut tail is seen."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from slipway.audit.record import Head, canonical


class KeyProblem(Exception):
    """A key cannot be used; the text says which and why."""


@dataclass(frozen=True)
class SignedCheckpoint:
    """At `time`, the chain's record number `seq` had `hash`."""

    seq: int
    hash: str
    time: str
    covers: str = ""
    """UID and number of the newest entry of the object that it was made for: UID/SEQ."""
    key: str = ""
    """The public key, base64 of its 32 bytes: to tell keys apart; whether to trust it is decided elsewhere."""
    signature: str = ""
    """Ed25519, base64, over the canonical JSON of the other fields."""

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return canonical(
            {"seq": self.seq, "hash": self.hash, "time": self.time, "covers": self.covers, "key": self.key}
        )

    def text(self) -> str:
        """One line of canonical JSON."""
        return canonical({**json.loads(self.signed), "signature": self.signature}).decode()

    @classmethod
    def parse(cls, text: str) -> SignedCheckpoint:
        """The checkpoint in `text`. Raises ValueError for anything else."""
        try:
            found = json.loads(text)
            return cls(int(found["seq"]), *(str(found[k]) for k in ("hash", "time", "covers", "key", "signature")))
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"not a checkpoint: {text[:80]!r}") from error

    def valid(self) -> bool:
        """Whether the signature is right for the key that it names."""
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.key, validate=True))
            public.verify(base64.b64decode(self.signature, validate=True), self.signed)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """The operator's private key."""

    private: Ed25519PrivateKey

    @classmethod
    def load(cls, path: Path) -> Signer:
        """The key in the PEM file `path`. Raises KeyProblem."""
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyProblem(f"{path}: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyProblem(f"{path} is not an Ed25519 private key; make one: openssl genpkey -algorithm ed25519")
        return cls(private)

    @property
    def public(self) -> str:
        """The public key as checkpoints name it."""
        raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def sign(self, head: Head, time: str, covers: str = "") -> SignedCheckpoint:
        """The checkpoint of `head`."""
        unsigned = SignedCheckpoint(head.seq, head.hash, time, covers, self.public)
        signature = base64.b64encode(self.private.sign(unsigned.signed)).decode()
        return SignedCheckpoint(head.seq, head.hash, time, covers, self.public, signature)


def public_key(pem: bytes) -> str:
    """The public key in `pem`, as checkpoints name it. Raises KeyProblem."""
    try:
        public = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"not a public key in PEM form: {error}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise KeyProblem("not an Ed25519 public key")
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def pem(key: str) -> str:
    """The PEM form of the public `key`. Raises KeyProblem."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
    except ValueError as error:
        raise KeyProblem(f"not an Ed25519 public key: {key[:60]}") from error
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
