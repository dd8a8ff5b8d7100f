# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles and orders in an SQLite database that is worth nothing without its key.

Subscriber records (with their keys and IMSI), profile packages, bound packages and the details of orders are
sealed with AES-256-GCM; what they belong to is authenticated with them, so that a row cannot be put in another's
place.  ICCID, EID, MatchingID and state are in clear, because one looks for them.  The key is not in the database.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .subscriber import SubscriberRecord

KEY_OCTETS, NONCE_OCTETS = 32, 12
SCHEMA = """
CREATE TABLE IF NOT EXISTS profile (
  number INTEGER PRIMARY KEY, iccid TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, operator TEXT NOT NULL,
  subscriber BLOB NOT NULL, package BLOB NOT NULL, options BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS profile_iccid ON profile (iccid);
CREATE TABLE IF NOT EXISTS orders (
  number INTEGER PRIMARY KEY, profile INTEGER NOT NULL REFERENCES profile (number), matching_id TEXT NOT NULL,
  eid TEXT, state TEXT NOT NULL, details BLOB NOT NULL);
"""
AVAILABLE, ORDERED, UNAVAILABLE = "available", "ordered", "unavailable"


class StoreError(ValueError):
    """The database cannot be read with this key."""


class Vault:
    """Seals octets; what they belong to has to be named to open them."""

    def __init__(self, key: bytes):
        if len(key) != KEY_OCTETS:
            raise StoreError(f"the key of a store has {KEY_OCTETS} octets")
        self._cipher = AESGCM(key)

    def seal(self, label: str, octets: bytes) -> bytes:
        nonce = os.urandom(NONCE_OCTETS)
        return nonce + self._cipher.encrypt(nonce, octets, label.encode())

    def open(self, label: str, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:], label.encode())
        except InvalidTag as error:
            raise StoreError("the store has another key, or was changed from outside") from error


def make_key(path: Path) -> bytes:
    """The key in a file that only its owner reads; a new one when there is no such file."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(KEY_OCTETS))
    return path.read_bytes()


@dataclass(frozen=True)
class StoredProfile:
    """A profile in stock, or of an order.  options are those of orders for it (profile_class, protection …)."""

    number: int
    record: SubscriberRecord
    kind: str
    status: str
    operator: str
    options: dict


@dataclass(frozen=True)
class StoredOrder:
    """An order as it was saved; details are the fields of Order."""

    number: int
    profile: StoredProfile
    matching_id: str
    eid: str | None
    state: str
    details: dict


class Store:
    """The database; in memory, with a key of its own, unless a path is given.  May be used by several threads."""

    def __init__(self, path: Path | str = ":memory:", key: bytes | None = None):
        self._vault = Vault(os.urandom(KEY_OCTETS) if key is None else key)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        self._database.close()

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        with self._lock:
            return self._database.execute(statement, values)

    # Profiles

    def add_profile(self, record: SubscriberRecord, package: bytes, kind: str = "", *, status: str = ORDERED,
                    operator: str = "", options: dict | None = None) -> int:
        """The profile's number.  package: unprotected."""
        sealed = [
            self._vault.seal(f"{name} {record.iccid}", octets) for name, octets in (
                ("subscriber", _pack(dataclasses.asdict(record))), ("package", package), ("options", _pack(options or {})))
        ]
        statement = "INSERT INTO profile (iccid, kind, status, operator, subscriber, package, options)" \
                    " VALUES (?, ?, ?, ?, ?, ?, ?)"
        return self._run(statement, record.iccid, kind, status, operator, *sealed).lastrowid

    def set_status(self, number: int, status: str) -> None:
        self._run("UPDATE profile SET status = ? WHERE number = ?", status, number)

    def package(self, number: int) -> bytes:
        """A profile's package, in clear."""
        iccid, sealed = self._run("SELECT iccid, package FROM profile WHERE number = ?", number).fetchone()
        return self._vault.open(f"package {iccid}", sealed)

    def profiles(self, operator: str, *, iccid: str = "", kind: str = "") -> list[StoredProfile]:
        """Those of an operator with this ICCID or of this kind, the first one first."""
        rows = self._run(
            "SELECT number, iccid, kind, status, operator, subscriber, options FROM profile"
            " WHERE operator = ? AND (iccid = ? OR kind = ?) ORDER BY number", operator, iccid, kind or None)
        return [self._profile(row) for row in rows]

    def _profile(self, row: tuple) -> StoredProfile:
        number, iccid, kind, status, operator, subscriber, options = row
        record = SubscriberRecord(**_unpack(self._vault.open(f"subscriber {iccid}", subscriber)))
        return StoredProfile(number, record, kind, status, operator,
                             _unpack(self._vault.open(f"options {iccid}", options)))

    # Orders

    def add_order(self, profile: int) -> int:
        """The number of an order that is saved from now on."""
        return self._run("INSERT INTO orders (profile, matching_id, state, details) VALUES (?, '', '', '')",
                         profile).lastrowid

    def save_order(self, number: int, matching_id: str, eid: str | None, state: str, details: dict) -> None:
        self._run("UPDATE orders SET matching_id = ?, eid = ?, state = ?, details = ? WHERE number = ?",
                  matching_id, eid, state, self._vault.seal(f"order {number}", _pack(details)), number)

    def orders(self) -> Iterator[StoredOrder]:
        """All that were saved, in the order of their placement."""
        rows = self._run(
            "SELECT o.number, o.matching_id, o.eid, o.state, o.details, p.number, p.iccid, p.kind, p.status, p.operator,"
            " p.subscriber, p.options FROM orders o JOIN profile p ON p.number = o.profile"
            " WHERE o.state != '' ORDER BY o.number").fetchall()
        for number, matching_id, eid, state, details, *profile in rows:
            yield StoredOrder(number, self._profile(tuple(profile)), matching_id, eid, state,
                              _unpack(self._vault.open(f"order {number}", details)))


def _pack(value: dict) -> bytes:
    """JSON, in which octets are {"hex": …}."""
    return json.dumps(value, default=lambda octets: {"hex": octets.hex()}).encode()


def _unpack(octets: bytes) -> dict:
    return json.loads(octets, object_hook=lambda value: bytes.fromhex(value["hex"]) if set(value) == {"hex"} else value)
