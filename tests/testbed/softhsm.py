# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PKCS#11 token in software (SoftHSM), as a device has one in hardware."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from testbed import pki
from testbed.process import need_programs

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
LABEL = "testbed"
PIN = "271828"


class SoftHsm:
    """A token in a folder, with one credential in it.  env is for the programs that use it."""

    def __init__(self, folder: Path, credential: pki.Credential):
        need_programs("softhsm2-util", "pkcs11-tool")
        self._folder = folder
        (folder / "tokens").mkdir(parents=True)
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
        self.env = {"SOFTHSM2_CONF": str(config)}
        self.write_pin(PIN)
        self._fill(credential)

    @property
    def pin_file(self) -> Path:
        return self._folder / "pin"

    def write_pin(self, pin: str) -> None:
        """What the owner of the token believes its PIN to be."""
        self.pin_file.write_text(pin)

    def uri(self, *, label: str = "lpa", pin: bool = True) -> str:
        """Of the key and of the certificate (RFC 7512)."""
        return f"pkcs11:token={LABEL};object={label}" + (f"?pin-source=file:{self.pin_file}" if pin else "")

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=30, env={**os.environ, **self.env})

    def _fill(self, credential: pki.Credential) -> None:
        key, cert = self._folder / "key.pem", self._folder / "cert.der"
        key.write_bytes(credential.key_pem)
        cert.write_bytes(credential.cert.public_bytes(Encoding.DER))
        self._run("softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN)
        self._run("softhsm2-util", "--import", str(key), "--token", LABEL, "--label", "lpa", "--id", "01", "--pin", PIN)
        self._run("pkcs11-tool", "--module", MODULE, "--token-label", LABEL, "--login", "--pin", PIN,
                  "--write-object", str(cert), "--type", "cert", "--id", "01", "--label", "lpa")
        key.unlink()
