# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine that boots with its own systemd, dbus-daemon, polkitd, udevd and logind, in namespaces of this one.

    with Machine(image) as machine:
        machine.boot()
        done = machine.run("lui-cli", "status")
        done = machine.run("lui-cli", "status", user="alice")        # no session, like a service
        done = machine.session("alice", "lui-cli", "status")         # at the screen

The image is only read: what the machine writes is in memory and ends with it. It has processes, mounts, network,
host name and control groups of its own, and the kernel, /sys and the clock of this machine, whose settings it cannot change.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from testbed.process import Run, StackError, need_programs, wait_until
from testbed.terminal import Terminal

#: <linux/sched.h>
CLONE_NEWNET = 0x40000000
NAME = "device"
#: The only one; it has no terminals, so each session on it is the active one.
SEAT = "seat0"
UNITS = "lib/systemd/system"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
#: Units that are of no use here or reach for what belongs to this machine; udev looks at what comes from now on.
MASKED = (
    "systemd-udev-trigger.service", "systemd-sysctl.service", "systemd-modules-load.service", "apt-daily.timer",
    "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
)
#: What systemd finds when it starts: its root from the image, and what the kernel would have mounted for it.
START = """
set -e
mount --make-rprivate /
mount -t tmpfs machine "$MEMORY"
mkdir "$MEMORY/upper" "$MEMORY/work" "$MEMORY/root"
mount -t overlay -o "lowerdir=$IMAGE,upperdir=$MEMORY/upper,workdir=$MEMORY/work" machine "$MEMORY/root"
cd "$MEMORY/root"
mount -t tmpfs -o mode=755 machine dev
for name in null zero full random urandom tty; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
if [ -n "$PORT" ]; then
  touch "dev/$PORT_NAME"
  mount --bind "$PORT" "dev/$PORT_NAME"
fi
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 machine dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 machine dev/shm
mount -t tmpfs -o mode=755 machine run
mount -t tmpfs -o mode=1777 machine tmp
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
hostname "$HOST"
echo "$HOST" > etc/hostname
printf '127.0.0.1 localhost %s\\n' "$HOST" > etc/hosts
tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id
for unit in $MASKED; do ln -sf /dev/null "etc/systemd/system/$unit"; done
mkdir -p old
pivot_root . old
umount -l /old
exec env -i container=lpad-boot PATH="$PATH" TERM=dumb /lib/systemd/systemd --log-target=journal
"""


def _control_groups() -> Path:
    """This process's folder in the unified hierarchy."""
    mounts = re.findall(r"^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 ", Path("/proc/self/mountinfo").read_text(), re.M)
    own = re.findall(r"^0::(.*)$", Path("/proc/self/cgroup").read_text(), re.M)
    if not mounts or not own:
        raise StackError("control groups of version 2 are needed (mount -t cgroup2)")
    return Path(mounts[0]) / own[0].lstrip("/")


def _root_of(process: int | str, *names: str) -> Path:
    """What the process has as /, or a path below it."""
    return Path("/proc", str(process), "root", *names)


class Machine:
    """See the module. port: a terminal of this machine, and the name that it has in the other's /dev."""

    def __init__(self, image: Path, port: tuple[str, str] = ("", "")):
        need_programs("unshare", "nsenter", "setpriv", "mount", "pivot_root")
        self._image, self._port = image, port
        self.run_folder = Run("lpad-boot-")
        self._group = _control_groups() / f"lpad-boot-{os.getpid()}"
        self._pid = 0

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def boot(self, timeout: float = 300.0) -> str:
        """Until systemd has nothing left to start; what it says of the state of the system."""
        memory = self.run_folder.folder / "memory"
        memory.mkdir()
        self._group.mkdir()
        holder = self.run_folder.spawn("machine", [
            "/bin/sh", "-c", 'echo $$ > "$GROUP/cgroup.procs"; exec "$@"', "sh",
            "unshare", "--pid", "--mount", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child",
            "/bin/sh", "-c", START,
        ], {
            **ENVIRONMENT, "GROUP": str(self._group), "MEMORY": str(memory), "IMAGE": str(self._image), "HOST": NAME,
            "MASKED": " ".join(MASKED), "PORT": self._port[0], "PORT_NAME": self._port[1],
        })

        def booted() -> int | None:
            if not holder.running:
                raise StackError(f"the machine does not start: {holder.output()}")
            children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
            init = children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "systemd"
            return int(children[0]) if init and _root_of(children[0], "run", "systemd", "private").exists() else None
        self._pid = wait_until(booted, timeout, "systemd", interval=0.1)
        return self.run("systemctl", "is-system-running", "--wait", timeout=timeout).stdout.strip()

    def close(self) -> None:
        """End it and all that runs in it."""
        self.run_folder.close()
        for folder in sorted(self._group.glob("**/"), reverse=True):
            wait_until(lambda: _remove_group(folder), 30, f"the end of what runs in {folder}", interval=0.1)

    # What runs in it

    def command(self, *words: str, user: str = "root") -> list[str]:
        """The command that runs a command in the machine."""
        become = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
        return ["nsenter", "--target", str(self._pid), "--all", "--wdns=/", "--", *become, *words]

    def session_command(self, user: str, *words: str, seat: str = SEAT, terminal: bool = False) -> list[str]:
        """The command that runs a command in a session of logind."""
        return self.command(
            "systemd-run", "--quiet", "--collect", "--wait", "--pty" if terminal else "--pipe", "--property=PAMName=login",
            f"--property=User={user}", f"--setenv=XDG_SEAT={seat}", "--setenv=LC_ALL=C.UTF-8", "--", *words,
        )

    def _finish(self, command: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env={**ENVIRONMENT, **self.run_folder.mark}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout,
        )

    def run(self, *words: str, user: str = "root", timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """As somebody who has no session."""
        return self._finish(self.command(*words, user=user), timeout)

    def session(
        self, user: str, *words: str, seat: str = SEAT, timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """As somebody at the screen, or, without a seat, from afar."""
        return self._finish(self.session_command(user, *words, seat=seat), timeout)

    def session_terminal(self, user: str, *words: str) -> Terminal:
        """As somebody at the screen who answers questions."""
        command = self.session_command(user, *words, terminal=True)
        return Terminal(command, {**ENVIRONMENT, **self.run_folder.mark}, cwd=self.run_folder.folder)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Without waiting for its end."""
        return subprocess.Popen(
            self.command(*words), env={**ENVIRONMENT, **self.run_folder.mark}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def shell(self, script: str, timeout: float = 120.0) -> str:
        """What a script prints; StackError when it fails."""
        done = self.run("/bin/sh", "-ec", script, timeout=timeout)
        if done.returncode != 0:
            raise StackError(f"{script.strip()}: {done.stderr.strip()} (exit code {done.returncode})")
        return done.stdout

    # What is in it

    @property
    def root(self) -> Path:
        """Its files."""
        return _root_of(self._pid)

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def enter_network(self) -> None:
        """From now on this thread, and those that it starts, are in the network of the machine."""
        descriptor = os.open(f"/proc/{self._pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
                raise StackError(f"the network of the machine: {os.strerror(ctypes.get_errno())}")
        finally:
            os.close(descriptor)

    # systemd

    def unit(self, name: str, key: str) -> str:
        """A property of a unit."""
        return self.shell(f"systemctl show --property={key} --value {name}").strip()

    def wait_for(self, name: str, key: str, *wanted: str, timeout: float = 60.0) -> str:
        """Until a property of a unit is one of these."""
        def look() -> str | None:
            now = self.unit(name, key)
            return now if now in wanted else None
        return wait_until(look, timeout, f"{key} of {name} to be {' or '.join(wanted)}", interval=0.2)

    def log(self, *arguments: str) -> str:
        """What journald has, since the machine was booted."""
        return self.run("journalctl", "--no-pager", "--output=short-precise", *arguments).stdout

    def units(self) -> Iterator[str]:
        """Of lpad."""
        yield from sorted(path.name for path in (self.root / UNITS).glob("lpad*"))


def _remove_group(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
