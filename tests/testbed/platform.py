# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole of remote SIM provisioning on one machine, from the operator's order to the device that uses it.

    with Platform() as platform:
        platform.power_on()
        code = platform.order_profile()
        done = platform.lui("download", "--yes", code)

A device that has nothing but the provisioning profile of its maker: virtual chip and modem, and the real
ModemManager, NetworkManager, lpad, lpad-modem and lpad-nm; a network that puts such a profile on the APN of the SM; and on the other side
of it the SM-DP+, an SM-DS, everything else, and an operator with a customer system.  No program is told an
address: names are resolved by the network.
"""

from __future__ import annotations

from testbed.device import Device
from testbed.internet import WEBSITE, WEBSITE_PORT, Internet
from testbed.lpad_nm import LpadNm
from testbed.mobile import Mobile, SeenModem
from testbed.network import Network
from testbed.network_manager import NetworkManager
from testbed.process import wait_until
from testbed.smdp import Order, SmdpServer, SubscriberRecord
from testbed.smdp.es2_client import DEFAULT_OPERATOR_OID, Es2Client, make_operator
from testbed.smdp.es2_server import Es2Server, ProgressServer
from testbed.smdp.store import Store, make_key
from testbed.smdp.upp import build_upp
from testbed.veuicc import Profile
from testbed.veuicc.profiles import PROVISIONING

SMDS, ES2, OFFICE = "smds.example.com", "es2plus.example.com", "operator.example.com"
HTTPS = 443
#: What is on the device when it leaves the factory, and what the operator sells.
MAKER = SubscriberRecord.make(1, service_provider="Device Maker", profile_name="First connection")
TRAVELLER = SubscriberRecord.make(2, service_provider="Testbed Mobile", profile_name="Travel")
KIND, APN, MAKER_APN = "Travel", "travel.example", "maker.example"
PACKAGE_OCTETS = 60_000


class Platform(Device):
    """See the module; further options are those of Device and Stack.

    stored    profiles that are on the chip from the beginning, too; operational, and not enabled
    enabled   whether the provisioning profile is
    home      an operational profile that is enabled in its place, with a connection of the user's own
    """

    def __init__(
        self, *, stored: tuple[SubscriberRecord, ...] = (), enabled: bool = True, home: SubscriberRecord | None = None,
        **options,
    ):
        network = Network(stored if home is None else (home, *stored), provisioning=[MAKER], apns=[APN])
        super().__init__(network=network, smds=[SMDS], **options)
        self.config.setdefault("Network", {})["ConnectTo"] = None
        self.internet = Internet()
        self._home = home
        self.chip.add_profile(_profile(MAKER, enabled=enabled and home is None, profile_class=PROVISIONING))
        if home:
            self.chip.add_profile(_profile(home, enabled=True))
        for record in stored:
            self.chip.add_profile(_profile(record))

    def _make_mobile(self) -> Mobile:
        return Mobile(self.chips, network=self.network, internet=self.internet, **self._modem)

    def _start_servers(self) -> None:
        """The SM-DP+ and the SM-DS, which a provisioning profile reaches, and the operator's, which it does not."""
        self.database = self.folder / "smdp.db"
        store = Store(self.database, make_key(self.folder / "smdp.key"))
        self.smdp = SmdpServer(self.server_credentials, self.host, store=store)
        credential = make_operator(self.ci, OFFICE)
        self.door = Es2Server(self.smdp, self.server_credentials.tls, self.ci.cert)
        self.office = ProgressServer(OFFICE, credential, self.ci.cert)
        for server in (self.smdp, *self.smds):
            self._serve(server.host, server, sm=True)
        self._serve(ES2, self.door)
        self._serve(OFFICE, self.office)
        self.operator = Es2Client(self.host, (self.internet.address_of(ES2), HTTPS), credential, self.ci.cert)
        back = (self.internet.address_of(OFFICE), HTTPS)
        self.door.progress[DEFAULT_OPERATOR_OID] = Es2Client(OFFICE, back, self.server_credentials.tls, self.ci.cert)
        self.door.es2.smds = {server.host: server for server in self.smds}
        self.network_manager = NetworkManager(self.mobile)
        self.lpad_nm = LpadNm(self.mobile, self.build / "lpad-nm" / "lpad-nm")

    def _serve(self, name: str, server, *, sm: bool = False) -> None:
        self._begin(self.internet.add_server(name, lambda address: server.start((address, HTTPS)), sm=sm))

    # The device

    def power_on(self) -> None:
        """Start what a device starts; it has a connection for the profile of its maker, and connects by itself."""
        self.mobile.start_modem_manager()
        self.network_manager.start()
        self.network_manager.add(MAKER.profile_name, "gsm.sim-id", MAKER.iccid, "gsm.apn", MAKER_APN)
        if self._home:
            self.network_manager.add(self._home.profile_name, "gsm.sim-id", self._home.iccid, "gsm.apn", APN)
        self.lpad_nm.apns.write_text(f"[Apn]\n{TRAVELLER.mcc}-{TRAVELLER.mnc}={APN}\n")
        self.lpad_nm.start()

    def wait_for_connection(self, record: SubscriberRecord, timeout: float = 60.0) -> SeenModem:
        """Until NetworkManager uses the connection of this subscription, over a modem that has its SIM."""
        def connected() -> bool:
            used = self.network_manager.activated()
            return len(used) == 1 and self.sim_of(used[0]) == record.iccid
        wait_until(connected, timeout, f"the connection of {record.profile_name} to be in use", interval=0.1)
        return self.mobile.wait_for_modem(lambda modem: (modem.iccid, modem.state) == (record.iccid, "connected"))

    def sim_of(self, connection: str) -> str:
        """ICCID that a connection of NetworkManager is for; empty when it is for any, or has just gone."""
        settings = self.network_manager.settings().get(connection, {"gsm": {}})
        return settings["gsm"].get("sim-id", "")

    def stop_programs(self) -> None:
        super().stop_programs()
        self.lpad_nm.stop()
        self.network_manager.stop()

    # The operator

    def stock_profile(self, record: SubscriberRecord = TRAVELLER) -> None:
        """The operator has the SM-DP+ make a profile, and its network know the subscriber."""
        self.smdp.book.stock(record, KIND, DEFAULT_OPERATOR_OID, size=PACKAGE_OCTETS)
        self.network.add(record)

    def order_profile(self, *, smds: str | None = None) -> str:
        """The operator sells one: its activation code.  smds: it waits there for the chip."""
        return self.internet.servers.inside(lambda: self._order(smds))

    def _order(self, smds: str | None) -> str:
        iccid = self.operator.download_order(kind=KIND)
        return self.operator.confirm_order(iccid, release=True, smds=smds, eid=self.chip.eid if smds else None)

    def order_of(self, record: SubscriberRecord) -> Order:
        return self.smdp.book.of_profile(record.iccid, DEFAULT_OPERATOR_OID)

    # The network

    def wrong_requests(self, since: int = 0) -> list[tuple[str, str]]:
        """IMSI and APN of each data connection that was asked for with an APN that is not the subscription's own.

        since: how many there had been by the time from which they count
        """
        asked = self.network.asked[since:]
        return [(imsi, apn) for imsi, apn in asked if apn != (MAKER_APN if imsi == MAKER.imsi else APN)]

    def reach(self) -> dict[str, str]:
        """What the device says when it tries each server by name; empty when it gets there."""
        places = {**dict.fromkeys([self.host, SMDS, ES2, OFFICE], HTTPS), WEBSITE: WEBSITE_PORT}
        return {name: self.mobile.reach(name, port) for name, port in places.items()}


def _profile(record: SubscriberRecord, **fields) -> Profile:
    return Profile(
        record.iccid_octets, package=build_upp(record), service_provider=record.service_provider.encode(),
        name=record.profile_name.encode(), **fields)
