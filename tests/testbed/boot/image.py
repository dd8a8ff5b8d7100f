# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Debian with what lpad needs on a device, made with debootstrap from where this machine has its packages."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

from testbed.process import StackError, need_programs

PACKAGES = [
    "systemd", "systemd-sysv", "udev", "dbus", "libpam-systemd", "polkitd", "iproute2",
    "pcscd", "vsmartcard-vpcd", "modemmanager", "network-manager", "libqmi-proxy", "libmbim-proxy",
    # Libraries of lpad and its helpers
    "libglib2.0-0", "libcurl4", "libssl3", "libjson-glib-1.0-0", "libpcsclite1", "libpolkit-gobject-1-0",
    "libqmi-glib5", "libmbim-glib4", "libqrtr-glib0", "libgudev-1.0-0",
]
#: Lists the packages that are in the image; there when it is complete.
STAMP = "etc/lpad-boot-packages"


def _archive(codename: str) -> str:
    """Where this machine's apt has the release from."""
    command = ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, _, archive = line.partition(" ")
        if name == codename:
            return archive
    raise StackError(f"apt has no source for {codename}")


def make_image(folder: Path) -> None:
    """Make it in the folder, in place of whatever is there, unless it is there already. Takes a few minutes."""
    need_programs("debootstrap", "apt-get")
    wanted = "\n".join(sorted(PACKAGES))
    stamp = folder / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder.with_suffix(".log")
    command = [
        "debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", codename, str(folder), _archive(codename),
    ]
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise StackError(f"debootstrap failed, see {log}")
    for package in (folder / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    stamp.write_text(wanted)
