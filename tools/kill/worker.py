"""One worker of tools/kill/run: carries out rounds, and looks at what is left after each."""
import filecmp
import json
import os
import shutil
import subprocess
import time

from figures import check_estimates, compare, statistics
from files import ENTITIES, lay
from processes import PATIENCE, Daemon, Violation

RELOAD, RETRY = ("reload", "crm"), ("quarantine", "retry", "crm")
# Takes all rows that the first load left in quarantine.
LENIENT = "ragged_rows=truncate"
# Tables that have entries without any connection.
KEPT = {"ownership", "settings", "requests"}


class Worker:
    """Carries out rounds one after the other, on states that were made undisturbed."""

    def __init__(self, programs, server, files, folder):
        self.server, self.files, self.folder = server, files, folder
        os.makedirs(folder)
        self.input, self.archive = os.path.join(folder, "in"), os.path.join(folder, "archive")
        self.daemon = Daemon(programs, folder)
        self.reference, self.sums, self.statistics, self.times = {}, {}, {}, {}

    def lay(self, kind):
        """Puts the files of the first load or of the update where they are fetched from, and nothing else."""
        for path in (self.input, self.archive):
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
        lay(os.path.join(self.files, kind), self.input)

    def prepare(self):
        """Does everything once without being disturbed, and keeps each state and what it came to."""
        self.lay("load")
        self.timed("start", self.daemon.start)
        self.keep("new")
        self.timed("connect", self.connect)
        self.keep("connected")
        self.lay("load")
        self.undisturbed("load", ("fetch", "crm"))
        self.daemon.ask("edit", "crm", *(part for entity in ENTITIES for part in ("--entity", f"{entity}:{LENIENT}")))
        self.keep("lenient")
        self.undisturbed("retry", RETRY)
        self.daemon.stop()
        self.reset("load")
        self.daemon.start()
        self.lay("update")
        self.undisturbed("update", ("fetch", "crm"))
        self.timed("reload", lambda: self.daemon.ask(*RELOAD))
        self.timed("delete", lambda: self.daemon.ask("delete", "crm", "--yes"))
        self.daemon.stop()

    def undisturbed(self, goal, command):
        """Has a run do its work to the end, and remembers what it came to."""
        self.timed(goal, lambda: self.daemon.ask(*command, "-q", allowed=(0, 3)))
        self.reference[goal], self.sums[goal] = self.daemon.exports(), total(self.daemon.runs())
        self.statistics[goal] = statistics(self.daemon)
        if check_estimates(self.statistics[goal], self.reference[goal]) < 3:
            raise Violation("there are too few values to be estimated; see files.py")
        self.keep(goal)

    def connect(self):
        self.daemon.ask(*self.connecting())

    def connecting(self):
        """The command that makes the connection."""
        entities = []
        for entity in ENTITIES:
            folder = os.path.join(self.input, entity)
            after = f",post_action=move,archive_folder={self.archive}" if entity == "events" else ""
            entities += ["--entity", f"{entity}:folder={folder},primary_key=id,quiet_period=0s{after}"]
        return [
            "connect", "sftp", "--name", "crm", "--no-input", "--sign-in", "key", "--set", "host=127.0.0.1", "--set",
            f"port={self.server.port}", "--set", f"username={user()}", "--secret-file",
            f"private_key={self.server.key}", "--accept-host-key", self.server.fingerprint, *entities,
        ]

    def timed(self, name, body):
        start = time.monotonic()
        body()
        self.times[name] = time.monotonic() - start

    def keep(self, name):
        """Copies the state while no daemon has it."""
        self.daemon.stop()
        shutil.copytree(self.daemon.state, os.path.join(self.folder, f"state-{name}"))
        self.daemon.start()

    def reset(self, name):
        shutil.rmtree(self.daemon.state)
        shutil.copytree(os.path.join(self.folder, f"state-{name}"), self.daemon.state)

    def round(self, kind, draw):
        """One round; returns what it did."""
        try:
            if kind == "connect":
                return self.make(draw)
            if kind in ("reload", "retry"):
                return self.work(kind, draw)
            return self.delete(draw) if kind == "delete" else self.fetch(kind, draw)
        finally:
            self.daemon.kill()

    def fetch(self, kind, draw):
        goal = "update" if kind == "update" else "load"
        self.reset("load" if kind == "update" else "connected")
        self.lay(goal)
        self.daemon.start()
        instant = draw.uniform(0, 1.05 * self.times[goal])
        command = self.daemon.begin("fetch", "crm", "--no-wait", "-o", "json")
        time.sleep(instant)
        self.daemon.kill()
        output, _ = command.communicate(timeout=PATIENCE)
        acknowledged = json.loads(output)["name"] if command.returncode == 0 else None
        kills = [f"{instant:.2f} s"]
        again = 3 if kind == "again" else draw.choice((0, 0, 1))
        for _ in range(again):
            kills.append(f"{self.kill_again(goal, draw):.2f} s")
        self.daemon.start()
        before = self.daemon.runs()
        if acknowledged and acknowledged not in [run["name"] for run in before]:
            raise Violation(f"{acknowledged} was acknowledged and is not there")
        known = 1 if goal == "update" else 0
        how = self.finish(before, known, ("fetch", "crm"), draw.random() < 0.25)
        self.check(goal)
        return f"killed at {', '.join(kills)}; {'' if acknowledged else 'not '}acknowledged; {how}"

    def work(self, kind, draw):
        """A run on what is in the store: statistics are counted anew, or rows in quarantine are read again."""
        state, goal, command = ("update", "update", RELOAD) if kind == "reload" else ("lenient", "retry", RETRY)
        self.reset(state)
        self.lay("load" if goal == "retry" else "update")
        self.daemon.start()
        known = len(self.daemon.runs())
        instant = draw.uniform(0, 1.05 * self.times[kind])
        process = self.daemon.begin(*command, "--no-wait", "-o", "json")
        time.sleep(instant)
        self.daemon.kill()
        output, _ = process.communicate(timeout=PATIENCE)
        self.daemon.start()
        before = self.daemon.runs()
        acknowledged = process.returncode == 0
        if acknowledged and json.loads(output)["name"] not in [run["name"] for run in before]:
            raise Violation("a run was acknowledged and is not there")
        how = self.finish(before, known, command, False)
        kinds = {run["kind"] for run in self.daemon.runs()[known:]}
        if kinds != {"STATISTICS" if kind == "reload" else "QUARANTINE_RETRY"}:
            raise Violation(f"the runs that went on are of kind {kinds}")
        self.check(goal, fetched=False)
        return f"killed at {instant:.2f} s; {'' if acknowledged else 'not '}acknowledged; {how}"

    def kill_again(self, goal, draw):
        """Starts the daemon and kills it: while it starts, while it waits to take the run up again, in that run, or
        in one that somebody starts before."""
        how = draw.choice(("start", "wait", "fetch", "fetch"))
        instant = draw.uniform(0, {"start": 2 * self.times["start"], "wait": 6, "fetch": self.times[goal]}[how])
        if how == "fetch":
            self.daemon.start()
            command = self.daemon.begin("fetch", "crm", "--no-wait")
        else:
            self.daemon.launch()
        time.sleep(instant)
        self.daemon.kill()
        if how == "fetch":
            command.communicate(timeout=PATIENCE)
        return instant

    def finish(self, before, known, command, impatient):
        """Waits for the end of the run that goes on; says how it came about.

        - `known`: how many runs there were before.
        - `impatient`: whether somebody fetches without waiting for it."""
        if len(before) == known:
            # The start was not acknowledged, and is not there: whoever asked asks again.
            self.daemon.ask(*command, "-q", allowed=(0, 3))
            return "begun anew"
        if before[-1]["state"] == "INTERRUPTED" and impatient:
            # Somebody does not wait for it.
            if self.ask_unless_busy():
                return f"{len(before) - known} interrupted, fetched on"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            last = self.daemon.runs()[-1]
            if last["state"] in ("SUCCEEDED", "PARTIAL"):
                interrupted = len(self.daemon.runs()) - known - 1
                return f"{interrupted} interrupted, resumed" if interrupted else "had ended"
            if last["state"] in ("FAILED", "CANCELLED"):
                raise Violation(f"the run ended as {last['state']}: {last.get('error')}")
            time.sleep(0.1)
        raise Violation("the interrupted run was not taken up again, or does not end")

    def ask_unless_busy(self):
        command = self.daemon.begin("fetch", "crm", "-q")
        command.communicate(timeout=PATIENCE)
        if command.returncode not in (0, 3, 75):
            raise Violation(f"fetching on ended with {command.returncode}")
        return command.returncode != 75

    def check(self, goal, fetched=True):
        """Compares what there is with what an undisturbed run left.

        Without `fetched` nobody has taken the files that are laid out."""
        runs = self.daemon.runs()
        for number, run in enumerate(runs, start=1):
            counters = run["counters"]
            if run["name"] != f"connections/crm/runs/{number}":
                raise Violation(f"run {number} is called {run['name']}")
            if "endTime" not in run:
                raise Violation(f"{run['name']} has not ended: {run['state']}")
            accounted = sum(counters[name] for name in ("rowsNew", "rowsUpdated", "rowsUnchanged", "rowsQuarantined"))
            if counters["rowsRead"] != accounted:
                raise Violation(f"{run['name']} does not account for its rows: {counters}")
        sums = total(runs)
        if sums != self.sums[goal]:
            raise Violation(f"all runs together come to {sums}; undisturbed: {self.sums[goal]}")
        found = self.daemon.exports()
        for name, wanted in self.reference[goal].items():
            if found[name] != wanted:
                path = os.path.join(self.folder, f"wrong-{name}")
                with open(path, "wb") as file:
                    file.write(found[name])
                with open(path + ".wanted", "wb") as file:
                    file.write(wanted)
                raise Violation(f"the export of {name} differs from that of an undisturbed run: see {path}")
        records = json.loads(self.daemon.ask("overview", "crm", "-o", "json"))["totalRecords"]
        if records != sums["rowsNew"]:
            raise Violation(f"there are {records} records, and {sums['rowsNew']} were counted as new")
        self.check_statistics(goal, found)
        if fetched:
            self.check_archive(goal)
        self.verify()

    def check_statistics(self, goal, exports):
        found = statistics(self.daemon)
        compare(found, self.statistics[goal], "are not those of an undisturbed run")
        check_estimates(found, exports)
        self.daemon.ask("reload", "crm", "-q")
        counted = statistics(self.daemon)
        compare(counted, found, "were changed by counting them anew")
        check_estimates(counted, exports)

    def check_archive(self, goal):
        """Each file of events was moved, whole and once."""
        left = os.listdir(os.path.join(self.input, "events"))
        if left:
            raise Violation(f"{left} were read and not moved")
        wanted = os.path.join(self.files, goal, "events")
        if sorted(os.listdir(self.archive)) != sorted(os.listdir(wanted)):
            raise Violation(f"the archive has {os.listdir(self.archive)}")
        _, differing, unreadable = filecmp.cmpfiles(self.archive, wanted, os.listdir(wanted), shallow=False)
        if differing or unreadable:
            raise Violation(f"{differing + unreadable} are not in the archive as they were")

    def verify(self):
        """Ends the daemon in order, and has the store's own check look at what is left."""
        self.daemon.stop()
        check = subprocess.run(
            [self.daemon.programs["causewayd"], "verify-store", os.path.join(self.daemon.state, "store")],
            capture_output=True, text=True, env=self.daemon.environment, timeout=PATIENCE, check=False,
        )
        if check.returncode != 0:
            raise Violation(f"the store is damaged: {check.stdout[-500:]}{check.stderr[-500:]}")

    def delete(self, draw):
        self.reset("load")
        self.lay("load")
        # The records go after the name, and after the answer.
        acknowledged, there, said = self.change(
            ("delete", "crm", "--yes"), draw.uniform(0, draw.choice((1.5, 6)) * self.times["delete"]))
        if acknowledged and there:
            raise Violation("the deletion was acknowledged, and the connection is there")
        if there:
            # All of it is there, or nothing.
            self.check("load", fetched=False)
            return said + "nothing deleted"
        self.wait_until_removed()
        self.connect()
        self.daemon.ask("fetch", "crm", "-q", allowed=(0, 3))
        self.check("load")
        return said + "deleted, and made anew"

    def wait_until_removed(self):
        """What is in no connection's name goes in the background, to its last entry."""
        end = time.monotonic() + PATIENCE
        while True:
            tables = json.loads(self.daemon.ask("admin", "store", "-o", "json"))["tables"]
            left = {table["table"]: table["entries"] for table in tables if table["entries"]}
            if left.keys() <= KEPT:
                return
            if time.monotonic() > end:
                raise Violation(f"the connection has no name, and of its data is left: {left}")
            time.sleep(0.02)

    def make(self, draw):
        self.reset("new")
        self.lay("load")
        acknowledged, there, said = self.change(
            self.connecting(), draw.uniform(0.5, 1.1) * self.times["connect"])
        if acknowledged and not there:
            raise Violation("the connection was acknowledged, and is not there")
        if not there:
            self.wait_until_removed()
            self.connect()
        self.daemon.ask("fetch", "crm", "-q", allowed=(0, 3))
        self.check("load")
        return said + ("made" if there else "made anew")

    def change(self, command, instant):
        """Kills the daemon in a command that changes which connections there are, and starts it again.

        Returns whether the command was acknowledged, whether there is a connection, and words for that."""
        self.daemon.start()
        process = self.daemon.begin(*command)
        time.sleep(instant)
        self.daemon.kill()
        process.communicate(timeout=PATIENCE)
        acknowledged = process.returncode == 0
        self.daemon.start()
        there = bool(json.loads(self.daemon.ask("list", "-o", "json"))["connections"])
        return acknowledged, there, f"killed at {instant:.2f} s; {'' if acknowledged else 'not '}acknowledged; "


def total(runs):
    """Counters of all runs together that must not depend on where they were interrupted."""
    names = ("rowsRead", "rowsNew", "rowsUpdated", "rowsUnchanged", "rowsQuarantined", "filesRead", "filesFailed")
    return {name: sum(run["counters"][name] for run in runs) for name in names}


def user():
    return subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
