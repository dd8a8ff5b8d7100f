# SPDX-License-Identifier: LGPL-2.1-or-later
"""What eSIM was invented for, from the beginning to the end: a device that leaves the factory with nothing but a
provisioning profile becomes a customer's.

Run by tests/demo --platform, and by an integration test.  Each step claims what is to be seen after it, at the
device, in the network and at the operator; the first claim that is not true ends the story.
"""

from __future__ import annotations

from testbed.internet import WEBSITE
from testbed.lpad_nm import MARK
from testbed.platform import APN, HTTPS, KIND, MAKER, MAKER_APN, OFFICE, SMDS, TRAVELLER, Platform
from testbed.smdp.subscriber import encode_imsi
from testbed.teller import Teller

#: Server functions of a download, in order.
CALLS = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"]
#: Segments of a package have up to 1020 octets of it, and APDUs up to 255 of those.
APDU_OCTETS = 255
#: Seconds until the SM has surely heard of the switch: what found no way at first is tried again after a minute.
NEXT_TRY = 100.0


class Story:
    """See the module; tell() tells all of it."""

    def __init__(self, platform: Platform, teller: Teller | None = None):
        self._platform = platform
        self._teller = teller or Teller(platform)

    def tell(self) -> None:
        steps = (self.order, self.power_on, self.look_around, self.download, self.switch, self.ask_the_operator,
                 self.look_back)
        for step in steps:
            step()

    def order(self) -> None:
        """The operator's customer system orders over ES2+."""
        platform, teller = self._platform, self._teller
        teller.say("An operator has profiles made. A customer buys one for this device; the customer system orders it"
                   "\n# at the SM-DP+, which lets the SM-DS know.")
        platform.stock_profile()
        platform.order_profile(smds=SMDS)
        order = platform.order_of(TRAVELLER)
        functions = ", ".join(call.function for call in platform.door.es2.calls)
        teller.claim(order.state == "released", f"ES2+: {functions}; the order is released")
        teller.claim(platform.smds[0].book.events, f"SM-DS: an event waits for EID {platform.chip.eid}")

    def power_on(self) -> None:
        """1: attach with the provisioning profile."""
        platform, teller = self._platform, self._teller
        teller.say("1. Power on, with only the provisioning profile of the device's maker.")
        platform.power_on()
        modem = platform.wait_for_connection(MAKER)
        teller.claim(modem.imsi == MAKER.imsi, f"the modem has read the USIM: ICCID {modem.iccid}, IMSI {modem.imsi}")
        authenticated = [exchange for exchange in platform.chip.transcript if exchange.command[:2] == b"\0\x88"]
        teller.claim(
            platform.network.users() == [MAKER.imsi] and len(authenticated) in (1, 2),
            "network and USIM have authenticated each other (Milenage)")
        session = platform.network.sessions[0]
        teller.claim(
            (session.asked, session.restricted) == (MAKER_APN, True),
            f"the device asked for APN “{session.asked}”, the network gave it “{session.apn}”, address {session.address}")
        teller.type("list", "--all")

    def look_around(self) -> None:
        """2: nothing but the SM."""
        platform, teller = self._platform, self._teller
        teller.say("2. What can be reached?")
        for name, error in platform.reach().items():
            wanted = name in (platform.host, SMDS)
            teller.claim((error == "") == wanted, f"{name}: {error or 'reached'}")
        address = platform.internet.address_of(WEBSITE)
        error = platform.mobile.reach(address, HTTPS)
        teller.claim(error, f"{address}: {error}")
        teller.say("lpad resolves the name of the SM-DS, verifies its certificate, and finds what waits there.")
        teller.type("discover")
        calls = platform.smds[0].counters.functions
        teller.claim(calls["authenticateClient"] == 1, f"{SMDS}: TLS with a certificate that lpad trusts; and the chip, too")
        questions = {name for client, name in platform.internet.resolver.questions}
        teller.claim(SMDS in questions, "its address came from the network's resolver")
        done = platform.lui("download", "--yes", f"LPA:1${OFFICE}$ANY")
        teller.claim(done.returncode != 0, f"another server, tried by lpad: {done.stderr.strip().splitlines()[0]}")

    def download(self) -> None:
        """3: the package."""
        platform, teller = self._platform, self._teller
        teller.say("3. Chip and SM authenticate each other through lpad; the package comes at once and goes to the chip"
                   "\n# in segments.")
        before, asked = platform.chip.counters.bpp_apdus, len(platform.smdp.record.transcript)
        teller.type("download", "--event", "1", answers=[("Install it", "yes")])
        calls = platform.smdp.record.transcript[asked:][:len(CALLS)]
        teller.claim([call.function for call in calls] == CALLS and {call.result for call in calls} == {"ok"},
                     f"ES9+: {', '.join(CALLS)}")
        apdus = platform.chip.counters.bpp_apdus - before
        package = len(platform.order_of(TRAVELLER).binding.sequences)
        teller.claim(apdus > package / APDU_OCTETS, f"one package of {package} octets, {apdus} commands to the chip")
        platform.smdp.record.wait_for(lambda: platform.order_of(TRAVELLER).state == "installed")
        teller.claim(not platform.smds[0].book.events, "the order is installed, the event at the SM-DS deleted")
        teller.type("list", "--all")

    def switch(self) -> None:
        """4: a subscription of one's own."""
        platform, teller = self._platform, self._teller
        network, before = platform.network, len(platform.network.requests)
        teller.say("4. The profile is put into use: the card refreshes, the modem attaches anew, NetworkManager follows.")
        teller.type("enable", TRAVELLER.profile_name, timeout=120)
        modem = platform.wait_for_connection(TRAVELLER)
        teller.claim(modem.imsi == TRAVELLER.imsi, f"the modem has read the USIM: ICCID {modem.iccid}, IMSI {modem.imsi}")
        teller.claim(network.users() == [MAKER.imsi, TRAVELLER.imsi], "attached with the new profile's keys")
        (session,) = network.sessions
        granted = {(request.imsi, request.apn) for request in network.requests[before:] if request.session}
        teller.claim((session.imsi, session.asked) == (TRAVELLER.imsi, APN) and granted == {(TRAVELLER.imsi, APN)},
                     f"on the wire: APN “{session.asked}”, address {session.address}")
        used = platform.network_manager.active()
        teller.claim(len(used) == 1 and platform.sim_of(used[0].uuid) == TRAVELLER.iccid,
                     f"NetworkManager uses the connection “{used[0].id}”, which is for this SIM")
        made = platform.network_manager.settings()[used[0].uuid]
        teller.claim(made["gsm"].get("apn") == APN and MARK in made.get("user", {}).get("data", {}),
                     f"lpad-nm has made it, with the APN that the device's apn.conf has for {TRAVELLER.mcc}-{TRAVELLER.mnc}")
        for name, error in platform.reach().items():
            teller.claim(not error, f"{name}: reached")
        teller.type("status")

    def ask_the_operator(self) -> None:
        """What the other side knows."""
        platform, teller = self._platform, self._teller
        teller.say("Does the operator know?")
        told = platform.smdp.notifications
        platform.smdp.record.wait_for(lambda: len(told) >= 2, NEXT_TRY)
        events = [(notification.event, notification.verified) for notification in told]
        teller.claim(events == [("install", True), ("enable", True)], "notifications: installed, enabled; both signed by the chip")
        reports = [report["notificationPointId"] for report in platform.office.reports if report["profileType"] == KIND]
        teller.claim(reports == [1, 3, 4] and not platform.door.undelivered,
                     "customer system: eligible, downloaded, installed")
        stored, package = platform.database.read_bytes(), platform.order_of(TRAVELLER).package()
        secret = [TRAVELLER.k, TRAVELLER.opc, TRAVELLER.imsi.encode(), encode_imsi(TRAVELLER.imsi), package[:64]]
        teller.claim(not any(octets in stored for octets in secret),
                     "the SM-DP+'s database has no key, no IMSI and no package in clear")
        teller.show(platform.smdp.report())

    def look_back(self) -> None:
        """What holds for all of it."""
        platform, teller = self._platform, self._teller
        wrong, asked = platform.wrong_requests(), len(platform.network.asked)
        teller.claim(not wrong, f"of {asked} data connections none was asked for with another subscription's APN")
        findings = platform.findings()
        teller.claim(not findings, "\n".join(findings) or "none of the programs has complained")
