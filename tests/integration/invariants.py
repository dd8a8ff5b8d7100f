# SPDX-License-Identifier: LGPL-2.1-or-later
"""What holds after every test, whatever went wrong in it.

renew() makes a platform that other tests have used as good as new; assert_invariants() looks at chip, server
and lpad after a fault.  Both may be called at any time; lpad need not run.
"""

from __future__ import annotations

import json

from gi.repository import GLib

from client import DEADLINE, EUICC, MANAGER, NOTIFICATION, PROFILE, ROOT, Client, Refused, variant_dict
from testbed.bus import LPAD_NAME
from testbed.process import wait_until
from testbed.smdp.orders import Order
from testbed.smdp.subscriber import decode_iccid
from testbed.stack import Stack
from testbed.veuicc import Config, Euicc


def lui_json(stack: Stack, *arguments: str, status: int | None = 0) -> dict:
    """What lui-cli says in JSON; status is the exit status that must come with it (None: any)."""
    done = stack.lui(*arguments, "--json")
    assert status is None or done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def wait_until_idle(stack: Stack) -> None:
    """Until no operation runs, and no channel is open on any chip."""
    def idle() -> bool:
        if stack.bus.has_owner(LPAD_NAME):
            with Client(stack) as client:
                if any(chip["State"] in ("busy", "switching") for chip in client.chips().values()):
                    return False
        return all(chip.open_channels == 0 for chip in stack.chips)
    wait_until(idle, DEADLINE, "lpad to have nothing to do and all channels to be closed")


def _all_chips(stack: Stack) -> list[Euicc]:
    """A card can have two."""
    return [chip for first in stack.chips for chip in first.on_card]


def _wipe(chip: Euicc) -> None:
    """No profile, no notification, no session, and the properties of a well-behaved chip."""
    with chip.lock:
        vars(chip.config).update(vars(Config()))  # in place: its parts hold on to it
        chip.profiles.profiles.clear()
        chip.profiles.pending = None
        chip.notifications.pending.clear()
        chip.notifications.given.clear()
        chip.notifications.next_seq = chip.config.first_sequence_number
        chip.sessions.current = None
        chip.sessions.kept.clear()
        chip.loading.abandon()
        chip.default_dp = ""
        chip.transcript.clear()
        chip.counters.reset()


def renew(stack: Stack) -> None:
    """Chips, server, polkit and lpad as they were at the start, without a restart of anything."""
    for chip in stack.chips:
        chip.faults.clear()
    stack.smdp.faults.clear()
    stack.polkit.allow(*{check.action for check in stack.polkit.checks})
    stack.polkit.release()
    wait_until_idle(stack)
    for chip in stack.chips:
        _wipe(chip)
    if not all(card.inserted for card in stack.cards):
        _insert_cards(stack)
    with stack.smdp.record.changed:
        stack.smdp.notifications.clear()
        stack.smdp.record.transcript.clear()
    stack.smdp.book.orders.clear()
    stack.smdp.counters.reset()
    stack.smdp.keep_alive_requests = None
    stack.smdp.es9.check_memory = True
    for path in (stack.state_folder / "interrupted").glob("*.record"):
        path.unlink(missing_ok=True)
    if stack.bus.has_owner(LPAD_NAME):
        try:
            _reload(stack)
        except Refused:  # a test that failed has left a chip that does not answer
            _insert_cards(stack)
            _reload(stack)
    else:
        for path in (stack.state_folder / "issuers").rglob("*.pem"):
            path.unlink()
    for chip in stack.chips:
        chip.transcript.clear()
        chip.counters.reset()


def _insert_cards(stack: Stack) -> None:
    """Pull all cards and put them in again.  pcscd looks every 0.4 s: a faster hand than a person's would
    leave it with a card that it never powered."""
    for card in stack.cards:
        card.remove()
    stack.wait_for_cards()
    for card in stack.cards:
        card.insert()
    stack.wait_for_cards()


def _reload(stack: Stack) -> None:
    """lpad reads every chip again."""
    none = GLib.Variant.new_tuple(variant_dict({}))
    with Client(stack) as client:
        client.call(ROOT, f"{MANAGER}.Rescan", none)
        for issuer in client.properties(ROOT, MANAGER)["Issuers"]:
            if issuer["removable"]:
                fingerprint = GLib.Variant("s", issuer["fingerprint"])
                client.call(ROOT, f"{MANAGER}.RemoveIssuer", GLib.Variant.new_tuple(fingerprint, variant_dict({})))
        for chip in stack.chips:
            client.call(client.euicc(chip.eid), f"{EUICC}.Reload", none)
            client.call(client.euicc(chip.eid), f"{EUICC}.AcknowledgeInterruptions", none)


def assert_invariants(stack: Stack, order: Order | None = None, *, usable: bool | None = None) -> None:
    """See the module's name.

    order: the order that the fault happened to.  usable True: it must be possible to download it now, without
    further ado; False: the server must have ended it (or have installed it, which is looked at, too).
    """
    wait_until_idle(stack)
    _assert_truth(stack)
    _assert_notifications(stack)
    _assert_single_profiles(stack)
    assert not stack.findings(), "\n".join(stack.findings())
    if order is not None and usable is not None:
        assert order.open == usable, f"the order is {order.state}: {order.history}"
    if order is not None and usable:
        assert_downloads(stack, order)


def assert_downloads(stack: Stack, order: Order) -> None:
    """The order can be downloaded; afterwards all is as if nothing had ever gone wrong."""
    consent = {"consent": True}
    if order.confirmation_code is not None:
        consent["confirmation_code"] = order.confirmation_code
    with Client(stack) as client:
        result = client.download(stack.chip.eid, order.activation_code, **consent).result()
    assert "error" not in result, result
    assert result["iccid"] == order.record.iccid
    assert order.state == "installed", order.history
    assert order.record.iccid in [decode_iccid(p.iccid) for p in stack.chip.profiles]
    assert_invariants(stack)


def _assert_truth(stack: Stack) -> None:
    """What lpad shows is what the chips say."""
    inserted = [
        chip for first, card in zip(stack.chips, stack.cards) if card.inserted for chip in first.on_card
    ]
    with Client(stack) as client:
        for chip in inserted:
            client.euicc(chip.eid)  # waits for one that was inserted just now
        profiles, notifications = client.objects(PROFILE).values(), client.objects(NOTIFICATION).values()
    assert sorted((p["Iccid"], p["Nickname"], p["State"]) for p in profiles) == sorted(
        (decode_iccid(p.iccid), (p.nickname or b"").decode(), "enabled" if p.enabled else "disabled")
        for chip in inserted for p in chip.profiles
    )
    pending = sorted(n["SequenceNumber"] for n in notifications)
    assert pending == sorted(n.seq for chip in inserted for n in chip.notifications)


def _assert_notifications(stack: Stack) -> None:
    """Each notification is on its chip, or the server has it; what the server has is genuine."""
    assert all(n.verified for n in stack.smdp.notifications), stack.smdp.notifications
    for chip in _all_chips(stack):
        delivered = {n.seq for n in stack.smdp.notifications if n.eid == chip.eid}
        known = delivered | {n.seq for n in chip.notifications}
        lost = set(chip.notifications.given) - known
        assert not lost, f"neither on the chip nor delivered: {lost}"


def _assert_single_profiles(stack: Stack) -> None:
    """No order has made two profiles."""
    iccids = [p.iccid for chip in _all_chips(stack) for p in chip.profiles]
    assert len(iccids) == len(set(iccids))
