# SPDX-License-Identifier: LGPL-2.1-or-later
"""Orders and packages on disk: they outlive the server, and say nothing to whoever finds the file."""

from __future__ import annotations

import pytest

from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.smdp.store import Store, StoreError, make_key
from testbed.smdp.subscriber import encode_imsi

from .mini_lpa import Es9Client, MiniLpa, succeeded, token_of
from .soft_chip import SoftChip

RECORD = SubscriberRecord.make(7, profile_name="Plan")


@pytest.fixture(name="files")
def fixture_files(tmp_path):
    """Database and key."""
    return tmp_path / "smdp.db", make_key(tmp_path / "smdp.key")


@pytest.fixture(name="download")
def fixture_download(made):
    """Downloads an order, into the same chip each time."""
    chip = SoftChip(made.chip)

    def download(server, order) -> bool:
        client = Es9Client(server.host, server.port, made.ci.cert)
        try:
            return succeeded(MiniLpa(chip, client).download(token_of(order.activation_code)))
        finally:
            client.close()
    return download


def test_nothing_secret_is_in_the_file(made, files, tmp_path, download):
    path, key = files
    store = Store(path, key)
    with SmdpServer(made.server, store=store) as server:
        order = server.place_order(RECORD, size=9000, confirmation_code=None)
        package = order.package()
        assert download(server, order)
        binding = order.binding
    store.close()
    octets = b"".join(file.read_bytes() for file in tmp_path.glob("smdp.db*"))
    assert RECORD.iccid.encode() in octets
    secrets = {"K": RECORD.k, "OPc": RECORD.opc, "IMSI": RECORD.imsi.encode(), "EF_IMSI": encode_imsi(RECORD.imsi),
               "key": key}
    secrets |= {f"{name} in digits": value.hex().encode() for name, value in (("K", RECORD.k), ("OPc", RECORD.opc))}
    # Any part of a package would do: no sixteen octets in a row of it.
    parts = {package[start:start + 16] for start in range(0, len(package) - 16, 16)}
    parts |= {binding.sequences[start:start + 16] for start in range(0, len(binding.sequences) - 16, 16)}
    for form in (bytes, lambda part: part.hex().encode()):
        assert not any(form(part) in octets for part in parts)
    assert [name for name, value in secrets.items() if value in octets] == []


def test_an_order_outlives_its_server(made, files, download):
    store = Store(*files)
    with SmdpServer(made.server, store=store) as server:
        first = server.place_order(RECORD, size=9000, pprs=(1,), icon=b"\x89PNG", needs={"gsm": 1})
        second = server.place_order(SubscriberRecord.make(8), size=6000, protection="ppk", confirmation_code="12")
    store.close()
    with SmdpServer(made.server, store=Store(*files)) as server:
        again, other = server.book.orders
        for name in ("record", "matching_id", "state", "pprs", "icon", "needs", "activation_code", "history"):
            assert getattr(again, name) == getattr(first, name), name
        assert (other.protection, other.code_hash, other.size) == ("ppk", second.code_hash, 6000)
        assert again.metadata() == first.metadata() and len(again.package()) == 9000
        assert download(server, again)
        server.record.wait_for(lambda: again.state == "installed")
    with SmdpServer(made.server, store=Store(*files)) as server:
        assert [order.state for order in server.book.orders] == ["installed", "released"]
        assert server.book.orders[0].binding == again.binding


def test_another_key_opens_nothing(made, files, tmp_path):
    path, _ = files
    store = Store(*files)
    SmdpServer(made.server, store=store).place_order(RECORD)
    store.close()
    with pytest.raises(StoreError):
        SmdpServer(made.server, store=Store(path, make_key(tmp_path / "other.key")))
    with pytest.raises(StoreError):
        Store(path, b"short")


def test_a_package_cannot_be_put_in_anothers_place(made, files):
    """Who can write to the file cannot give one subscriber the profile of another."""
    store = Store(*files)
    server = SmdpServer(made.server, store=store)
    order = server.place_order(RECORD)
    server.place_order(SubscriberRecord.make(8))
    store._database.execute("UPDATE profile SET package = (SELECT package FROM profile WHERE number = 2)")
    with pytest.raises(StoreError):
        order.package()


def test_the_key_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    key = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600 and make_key(path) == key and len(key) == 32
