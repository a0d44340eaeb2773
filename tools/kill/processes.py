"""The server and the daemon, as processes of their own."""
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from files import ENTITIES

# No single step takes longer on a busy machine.
PATIENCE = 120


class Violation(Exception):
    """A promise was broken."""


class Server:
    """An sshd on loopback with a key that it takes."""

    def __init__(self, folder):
        self.key, host = os.path.join(folder, "key"), os.path.join(folder, "host")
        for path in (self.key, host):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        shown = subprocess.run(["ssh-keygen", "-lf", host], check=True, capture_output=True, text=True).stdout
        self.fingerprint = shown.split()[1]
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = os.path.join(folder, "sshd_config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                f"Port {self.port}\nListenAddress 127.0.0.1\nPidFile none\nHostKey {host}\n"
                f"AuthorizedKeysFile {self.key}.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nUseDNS no\n"
                "MaxStartups 100\nSubsystem sftp internal-sftp\n"
            )
        self.process = subprocess.Popen(
            ["timeout", "--signal=KILL", "3600", "/usr/sbin/sshd", "-D", "-e", "-f", config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )
        for line in self.process.stderr:
            if b"Server listening" in line:
                break
        else:
            sys.exit("tools/kill/run: sshd did not start; is openssh-server installed?")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Daemon:
    """causewayd on a folder of its own."""

    def __init__(self, programs, folder):
        self.programs, self.folder, self.process = programs, folder, None
        self.state = os.path.join(folder, "state")
        self.environment = {
            **os.environ, "CAUSEWAY_SOCKET": os.path.join(folder, "s"), "SWIFT_BACKTRACE": "enable=no",
            "NOTIFY_SOCKET": os.path.join(folder, "n"),
        }
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.environment["NOTIFY_SOCKET"])
        self.notify.settimeout(0.2)

    def launch(self):
        """Starts the daemon and does not wait."""
        self.notify.setblocking(False)
        try:
            while True:
                self.notify.recv(4096)
        except BlockingIOError:
            self.notify.settimeout(0.2)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.programs["causewayd"], "--state-directory", self.state, "--socket",
                 self.environment["CAUSEWAY_SOCKET"]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
            )

    def start(self):
        """Starts the daemon and waits until it serves."""
        self.launch()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if b"READY=1" in self.notify.recv(4096):
                    return
            except TimeoutError:
                if self.process.poll() is not None:
                    raise Violation(f"the daemon ended with {self.process.returncode} instead of starting") from None
        raise Violation("the daemon does not start")

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.process = None
        if status != 0:
            raise Violation(f"the daemon ended with {status}")

    def begin(self, *arguments):
        """Starts a command and does not wait."""
        return subprocess.Popen(
            [self.programs["causeway"], *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment,
        )

    def ask(self, *arguments, allowed=(0,)):
        command = self.begin(*arguments)
        output, complaint = command.communicate(timeout=PATIENCE)
        if command.returncode not in allowed:
            raise Violation(
                f"causeway {' '.join(arguments)} ended with {command.returncode}: "
                f"{(output[-500:] + complaint[-500:]).decode(errors='replace')}"
            )
        return output

    def runs(self):
        """All runs, oldest first."""
        return json.loads(self.ask("run", "list", "crm", "--limit", "100", "-o", "json"))["runs"][::-1]

    def exports(self):
        found = {entity: self.ask("entity", "export", "crm", entity) for entity in ENTITIES}
        found["quarantine"] = self.ask("quarantine", "export", "crm")
        return found
