"""What the measurements share: a daemon of their own, a server on loopback, and what Linux tells about a process."""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# No single step takes longer on a busy machine, in seconds.
PATIENCE = 3600
TICKS = os.sysconf("SC_CLK_TCK")


def program(build, name):
    path = os.path.join(os.path.abspath(build), name)
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is not there; build it: swift build -c release --product {name}")
    return path


def folder():
    """A folder that goes with the object."""
    return tempfile.TemporaryDirectory(prefix="causeway-bench-")


class Process:
    """What /proc tells about a process."""

    def __init__(self, pid):
        self.pid = pid

    def _read(self, name):
        with open(f"/proc/{self.pid}/{name}", encoding="utf-8") as file:
            return file.read()

    def cpu(self):
        """User and system seconds of all its threads, in steps of a clock tick."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def thread_cpu(self):
        """Nanoseconds on a processor of each thread that lives."""
        found = {}
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                found[thread] = int(self._read(f"task/{thread}/schedstat").split()[0])
            except FileNotFoundError:
                pass
        return found

    def rest(self, seconds):
        """How busy it is for a while, as a part of one core. A thread that ends meanwhile is not counted."""
        before, began = self.thread_cpu(), time.monotonic()
        time.sleep(seconds)
        busy = sum(after - before.get(thread, 0) for thread, after in self.thread_cpu().items())
        return busy / 1e9 / (time.monotonic() - began)

    def memory(self, name):
        """A figure of /proc/PID/status in bytes: VmRSS, RssAnon, RssFile."""
        for line in self._read("status").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        return 0

    def written(self):
        """Bytes that it caused to be written to disks."""
        for line in self._read("io").splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        return 0

    def handed(self):
        """Bytes that it handed to write calls. Unlike `written` no multiple of them where a file system dirties
        several pages at once for a small write."""
        for line in self._read("io").splitlines():
            if line.startswith("wchar:"):
                return int(line.split()[1])
        return 0


class Sampler:
    """The greatest anonymous memory of a process while it is looked at, twenty times a second."""

    def __init__(self, process):
        self.process, self.peak, self.ended = process, 0, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.ended.wait(0.05):
            self.peak = max(self.peak, self.process.memory("RssAnon"))

    def __enter__(self):
        self.peak = self.process.memory("RssAnon")
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Daemon:
    """causewayd on a state folder, with a socket beside it."""

    def __init__(self, build, path):
        self.daemon, self.build = program(build, "causewayd"), build
        self.path, self.state = path, os.path.join(path, "state")
        self.environment = {
            **os.environ, "CAUSEWAY_SOCKET": os.path.join(path, "s"), "NOTIFY_SOCKET": os.path.join(path, "n"),
        }
        self.process = None

    def __enter__(self):
        """Starts it; returns when it serves. `boot` is how long that took, in seconds."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(self.environment["NOTIFY_SOCKET"])
            notify.settimeout(0.2)
            began = time.monotonic()
            with open(os.path.join(self.path, "log"), "ab") as log:
                self.process = subprocess.Popen(
                    [self.daemon, "--state-directory", self.state, "--socket", self.environment["CAUSEWAY_SOCKET"]],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                )
            while True:
                try:
                    if b"READY=1" in notify.recv(4096):
                        break
                except TimeoutError:
                    if self.process.poll() is not None or time.monotonic() - began > PATIENCE:
                        self.process.kill()
                        sys.exit(f"the daemon does not start; its log is:\n{self.log()}")
            self.boot = time.monotonic() - began
        os.unlink(self.environment["NOTIFY_SOCKET"])
        self.figures = Process(self.process.pid)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, *arguments):
        """Runs a command of the client; returns what it prints."""
        done = subprocess.run(
            [program(self.build, "causeway"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
            env=self.environment, check=False,
        )
        if done.returncode != 0:
            sys.exit(f"causeway {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def log(self):
        with open(os.path.join(self.path, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]

    def store_size(self):
        """Bytes that the store takes on its disk."""
        total = 0
        for path, _, names in os.walk(os.path.join(self.state, "store")):
            total += sum(os.stat(os.path.join(path, name)).st_blocks * 512 for name in names)
        return total


class Server:
    """An sshd on loopback for the user who runs this, with a key that it takes."""

    def __init__(self, path):
        self.key, host = os.path.join(path, "key"), os.path.join(path, "host")
        for name in (self.key, host):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name], check=True)
        shown = subprocess.run(["ssh-keygen", "-lf", host], check=True, capture_output=True, text=True).stdout
        self.fingerprint = shown.split()[1]
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = os.path.join(path, "sshd_config")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(
                f"Port {self.port}\nListenAddress 127.0.0.1\nPidFile none\nHostKey {host}\n"
                f"AuthorizedKeysFile {self.key}.pub\nStrictModes no\nUsePAM no\nUseDNS no\n"
                "PermitRootLogin prohibit-password\nPasswordAuthentication no\nForceCommand internal-sftp\n"
                "Subsystem sftp internal-sftp\n"
            )

    def __enter__(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", self.config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for line in self.process.stderr:
            if b"Server listening" in line:
                break
        else:
            sys.exit("sshd did not start; is openssh-server installed?")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def mib(count):
    return f"{count / 2**20:.1f} MiB"
