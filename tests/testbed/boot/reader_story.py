# SPDX-License-Identifier: LGPL-2.1-or-later
"""What lpad's users meet on an installed system with a chip in a reader, step by step."""

from __future__ import annotations

import os
import re
import stat
import subprocess

from testbed.boot.installation import HOST, USER, Installation, upgrade_of_readme
from testbed.boot.machine import SEAT, UNITS, Machine
from testbed.process import wait_until
from testbed.smdp.orders import Order

NOT_AUTHORISED = 3
FIRST_BOOT = f"[FirstBoot]\nSmdp={HOST}\nConsent=true\nEnable=true\n"
POLICY_FILE = "/etc/lpad/lpad.conf.d/first-boot.conf"
#: No unit of lpad may be more exposed, in tenths of a point of systemd-analyze(1).
MOST_EXPOSED = 25
#: What a program says that is not let, and what systemd says of it.
REFUSALS = (
    "Operation not permitted", "Permission denied", "Read-only file system", "status=31/SYS", "Failed at step",
)


class ReaderStory:
    """Each check is a method, in this order; what one leaves the next one finds."""

    def __init__(self, machine: Machine, installation: Installation):
        self.machine, self.made, self.lui = machine, installation, installation.lui

    # Helpers

    def profiles(self) -> dict[str, str]:
        """Name and state, as the chip has them."""
        with self.made.chip.lock:
            return {
                profile.name.decode(): "enabled" if profile.enabled else "disabled" for profile in self.made.chip.profiles
            }

    def wait_until_ended(self) -> None:
        self.machine.wait_for("lpad.service", "ActiveState", "inactive")

    # Installing

    def check_the_machine_boots(self) -> None:
        failed = self.machine.shell("systemctl list-units --failed --plain --no-legend")
        assert not failed, failed

    def check_the_steps_of_the_readme_are_all_that_is_needed(self) -> None:
        self.made.install_as_in_readme()
        users = self.machine.shell("id -un lpad; id -un lpad-nm; id -Gn lpad-nm")
        assert users.split() == ["lpad", "lpad-nm", "lpad-nm", "lpad"], users

    def check_systemd_has_no_objection(self) -> None:
        done = self.machine.run("systemd-analyze", "verify", "--man=no", *(f"/{UNITS}/{unit}" for unit in self.machine.units()))
        assert done.returncode == 0 and not done.stderr, done.stderr

    def check_the_sandboxes_are_tight(self) -> None:
        for unit in self.machine.units():
            if unit.endswith(".service"):
                done = self.machine.run("systemd-analyze", "security", "--no-pager", f"--threshold={MOST_EXPOSED}", unit)
                print(f"    {done.stdout.strip().splitlines()[-1].lstrip('→ ')}")
                assert done.returncode == 0, done.stdout

    # Activation, users

    def check_somebody_asks_and_lpad_is_there(self) -> None:
        assert self.machine.unit("lpad.service", "ActiveState") == "inactive"
        assert "no card" in self.lui("status")
        process = self.machine.unit("lpad.service", "MainPID")
        assert self.machine.shell(f"stat --format=%U /proc/{process}").split() == ["lpad"]
        self.made.insert_card()
        wait_until(lambda: "ready" in self.lui("status"), 60, "lpad to see the card", interval=0.5)
        assert self.made.chip.eid in self.lui("status")

    def check_it_ends_when_nobody_needs_it_and_comes_back(self) -> None:
        self.wait_until_ended()
        self.lui("list")
        assert self.machine.log("--unit=lpad").count("Started lpad.service") >= 2

    def check_its_state_is_its_own(self) -> None:
        folder = os.stat(self.machine.root / "var/lib/lpad")
        owner = self.machine.shell("stat -c %U /var/lib/lpad").strip()
        assert (owner, stat.S_IMODE(folder.st_mode)) == ("lpad", 0o700)
        strangers = self.machine.shell("find /var/lib/lpad ! -user lpad")
        assert not strangers, strangers

    def check_who_has_no_session_is_refused(self) -> None:
        said = self.lui("list", user=USER, status=NOT_AUTHORISED)
        assert "org.lpad.lpad1.read" in said, said

    def check_a_session_from_afar_needs_an_administrator(self) -> None:
        self.lui("list", user=USER, seat="", status=NOT_AUTHORISED)
        self.lui("list", user=USER, seat=SEAT)

    def check_an_issuer_takes_an_administrator(self) -> None:
        self.lui("issuer", "add", "--yes", "/srv/issuer.pem", user=USER, seat=SEAT, status=NOT_AUTHORISED)
        self.lui("issuer", "add", "--yes", "/srv/issuer.pem")
        self.machine.shell("systemctl restart lpad.service")
        assert "Testbed CI" in self.lui("issuer")

    def check_who_sits_at_the_screen_downloads_and_switches(self) -> None:
        order = self.made.order("Travel")
        self.lui("download", "--yes", order.activation_code, user=USER, seat=SEAT, status=NOT_AUTHORISED)
        with self.machine.session_terminal(USER, "lui-cli", "download", order.activation_code) as terminal:
            terminal.expect("Install it", 120)
            terminal.send("yes\n")
            assert terminal.wait(120) == 0, terminal.text
        for verb in (["enable", "Travel"], ["disable", "Travel"], ["rename", "Travel", "Trip"], ["list"]):
            self.lui(*verb, user=USER, seat=SEAT)
        self.lui("delete", "--yes", "Trip", user=USER, seat=SEAT, status=NOT_AUTHORISED)
        assert self.profiles() == {"Travel": "disabled"} and order.state == "installed"

    def check_root_does_everything(self) -> None:
        self.lui("enable", "Trip")
        self.lui("disable", "Trip")
        self.lui("delete", "--yes", "Trip")
        assert not self.profiles()
        wait_until(lambda: not self.made.chip.notifications.pending, 120, "the operator to be told", interval=0.2)

    def check_lpad_nm_may_look_and_no_more(self) -> None:
        self.lui("list", user="lpad-nm")
        self.lui("download", "--yes", self.made.order("Stolen").activation_code, user="lpad-nm", status=NOT_AUTHORISED)

    def check_the_helpers_serve_lpad_alone(self) -> None:
        manager = "org.freedesktop.DBus.ObjectManager"
        call = ("busctl", "call", "org.lpad.Modem1", "/org/lpad/Modem1", manager, "GetManagedObjects")
        for user in (USER, "lpad-nm", "root"):
            done = self.machine.run(*call, user=user)
            assert done.returncode != 0 and "Access denied" in done.stderr, (user, done)
        assert self.machine.run(*call, user="lpad").returncode == 0
        call = ("busctl", "call", "org.lpad.Nm1", "/org/lpad/Nm1", "org.freedesktop.DBus.Peer", "Ping")
        assert "Access denied" in self.machine.run(*call, user=USER).stderr
        assert self.machine.run(*call, user="lpad").returncode == 0

    # What goes wrong

    def begin_download(self, order: Order) -> subprocess.Popen[str]:
        """Until its package is with lpad."""
        download = self.machine.start("lui-cli", "download", "--yes", order.activation_code)
        wait_until(lambda: order.state == "downloaded", 120, "the package to be sent")
        return download

    def check_what_a_crash_leaves_is_told(self) -> None:
        order = self.made.order("Crash", 60_000)
        download = self.begin_download(order)
        self.machine.shell("systemctl kill --signal=KILL lpad.service")
        said, _ = download.communicate(timeout=120)
        assert download.returncode != 0 and "lpad has ended" in said, said
        self.machine.wait_for("lpad.service", "ActiveState", "active")
        wait_until(lambda: "A download was interrupted" in self.lui("status"), 120, "the truth", interval=0.5)
        self.lui("download", "--yes", order.activation_code)
        assert self.profiles() == {"Crash": "disabled"} and order.state == "installed"
        self.lui("status", "--seen")

    def check_a_stop_is_orderly(self) -> None:
        order = self.made.order("Stop", 60_000)
        download = self.begin_download(order)
        self.machine.shell("systemctl stop lpad.service", timeout=150)
        said, _ = download.communicate(timeout=120)
        assert self.machine.unit("lpad.service", "Result") == "success"
        wait_until(lambda: "ready" in self.lui("status"), 120, "lpad to be back", interval=0.5)
        if "Stop" not in self.profiles():
            assert download.returncode != 0, said
            self.lui("download", "--yes", order.activation_code)
        assert "Stop" in self.profiles() and order.state == "installed"
        self.lui("delete", "--yes", "Crash")
        self.lui("delete", "--yes", "Stop")

    # Alone

    def check_who_looks_for_work_finds_none_and_leaves_nothing(self) -> None:
        self.machine.shell("systemctl stop lpad.service; rm -rf /var/lib/lpad; systemctl start lpad-wake.service")
        assert self.machine.unit("lpad-wake.service", "Result") == "exec-condition"
        assert not (self.machine.root / "var/lib/lpad").exists()
        assert self.machine.unit("lpad.service", "ActiveState") == "inactive"
        assert self.machine.run("/usr/libexec/lpad", "--due").returncode == 1, "root, by hand"
        assert not (self.machine.root / "var/lib/lpad").exists()
        assert self.machine.unit("lpad-wake.timer", "ActiveState") == "active"

    def check_a_first_boot_needs_nobody(self) -> None:
        """The timer's service finds that it is due, and starts lpad, which finds the order for this chip."""
        self.machine.write(POLICY_FILE, FIRST_BOOT)
        self.machine.shell("mkdir -p /etc/lpad/issuers/test && cp /srv/issuer.pem /etc/lpad/issuers/test/")
        self.made.order_for_chip("First")
        self.machine.shell("systemctl start lpad-wake.service")
        wait_until(lambda: self.profiles() == {"First": "enabled"}, 120, "the first profile", interval=0.5)
        self.wait_until_ended()
        self.machine.shell("systemctl start lpad-wake.service")
        assert self.machine.unit("lpad.service", "ActiveState") == "inactive", "done once"
        (self.machine.root / POLICY_FILE.lstrip("/")).unlink()

    def check_a_reader_service_that_crashes_is_no_matter(self) -> None:
        self.lui("list")
        self.machine.shell("systemctl kill --signal=KILL pcscd.service")
        wait_until(lambda: "First" in self.lui("list"), 120, "the card to be there again", interval=0.5)

    def check_an_upgrade_keeps_what_there_is(self) -> None:
        self.made.install()
        self.machine.shell(upgrade_of_readme())
        process = self.machine.unit("lpad-nm.service", "MainPID")
        assert self.machine.shell(f"readlink /proc/{process}/exe").strip() == "/usr/libexec/lpad-nm", "the new one runs"
        wait_until(lambda: "First" in self.lui("list"), 120, "the profile", interval=0.5)
        assert "Testbed CI" in self.lui("issuer")

    # Logs

    def check_the_journal_has_no_identifiers(self) -> None:
        log = self.machine.log("--unit=lpad*")
        assert "Started lpad.service" in log
        secrets = [self.made.chip.eid, *(order.record.iccid for order in self.made.smdp.book.orders)]
        found = [secret for secret in secrets if secret in log]
        assert not found, found

    def check_the_bus_refuses_nothing_of_lpads(self) -> None:
        self.machine.shell("systemctl stop lpad.service")
        found = re.findall(r'Rejected .* sender=\S+ \([^)]*comm="/usr/libexec/lpad.*', self.machine.log("--unit=dbus"))
        assert not found, "\n".join(found)

    def check_nothing_was_refused_by_a_sandbox(self) -> None:
        log = self.machine.log("--unit=lpad*")
        found = [line for line in log.splitlines() if any(word in line for word in REFUSALS)]
        assert not found, "\n".join(found)
