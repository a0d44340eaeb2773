import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// Runs that are interrupted in the middle of a file, by every power that can: they go on from the checkpoint, and
/// nothing is lost or doubled.
@Suite struct InterruptionTests {
    /// What has to be true however a file of 10,000 rows came in.
    private func expectWhole(_ daemon: DaemonFixture, _ rows: String, _ name: String = "crm") async throws {
        let runs = try await daemon.runs(name)
        #expect(runs.allSatisfy(isBalanced))
        #expect(runs.sum("rowsNew") == 10_000)
        #expect(runs.sum("rowsRead") == 10_000)
        #expect(runs.sum("rowsUpdated") + runs.sum("rowsUnchanged") + runs.sum("rowsQuarantined") == 0)
        #expect(try await daemon.export(name) == Site.header + rows)
        #expect(try await daemon.causeway("overview", name, "-o", "json").json["totalRecords"].integer == 10_000)
    }

    @Test func cutLink() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        site.proxy.plan(.cut(afterServerBytes: Site.middle))
        let run = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(run.status == 0)
        #expect(run.json["state"].text == "SUCCEEDED")
        #expect((run.json["counters"]["reconnects"].integer ?? 0) >= 1)
        // What had come before the cut was not read twice.
        #expect(run.json["counters"]["bytesRead"].integer == (Site.header + rows).utf8.count)
        #expect(try await daemon.runs().count == 1)
        try await expectWhole(daemon, rows)
    }

    @Test func serverKilledAndRestarted() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        let before = site.proxy.connections
        site.server.kill()
        site.proxy.cutAll()
        // It tries to reach the server while there is none, and says so.
        try await daemon.causeway("run", "show", "crm", "-o", "json") {
            $0.json["activity"].text == "waiting to reconnect"
        }
        try await daemon.causeway("run", "show", "crm") { _ in site.proxy.connections > before }
        try site.server.restart()
        let run = try await daemon.causeway("run", "watch", "crm", "-o", "json")
        #expect(run.status == 0)
        #expect((run.json["counters"]["reconnects"].integer ?? 0) >= 1)
        #expect(try await daemon.runs().count == 1)
        try await expectWhole(daemon, rows)
    }

    @Test func daemonKilled() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        daemon.kill()
        // Once more before the interrupted run was taken up again.
        try await daemon.start()
        daemon.kill()
        try await daemon.start()
        let resumed = try await daemon.resumedRun()
        #expect(resumed["state"].text == "SUCCEEDED")
        let runs = try await daemon.runs()
        #expect(runs.first?["state"].text == "INTERRUPTED")
        #expect((runs.first?["counters"]["rowsNew"].integer ?? 0) > 0)
        try await expectWhole(daemon, rows)
    }

    @Test func daemonStopped() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        #expect(await daemon.stop() == 0)
        try await daemon.start()
        let resumed = try await daemon.resumedRun()
        #expect(resumed["state"].text == "SUCCEEDED")
        #expect(try await daemon.runs().map { $0["state"].text } == ["INTERRUPTED", "SUCCEEDED"])
        try await expectWhole(daemon, rows)
    }

    @Test func cancelled() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        // Meanwhile there is no second run.
        let second = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(second.status == 75)
        #expect(second.reason == "RUN_IN_PROGRESS")
        #expect(try await daemon.causeway("run", "cancel", "crm").status == 0)
        let cancelled = try await daemon.causeway("run", "watch", "crm", "-o", "json")
        #expect(cancelled.status == 5)
        #expect(cancelled.json["state"].text == "CANCELLED")
        // The next run goes on: it reads only what is left.
        let next = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(next.status == 0)
        #expect((next.json["counters"]["rowsNew"].integer ?? 10_000) < 10_000)
        try await expectWhole(daemon, rows)
    }

    /// The rest of another file is never put behind the beginning of the first.
    @Test func fileReplacedMeanwhile() async throws {
        let site = try Site()
        try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        // Of the same size, by another name first, as careful senders do.
        let rows = try site.write("large.part", 0..<10_000, rowName: "Nama", width: 1_000, minutesOld: 30)
        rename(site.files["in/large.part"], site.files["in/large.csv"])
        site.proxy.cutAll()
        let failed = try await daemon.causeway("run", "watch", "crm", "-o", "json")
        #expect(failed.status == 4)
        #expect(failed.reason == "FILE_CHANGED")
        #expect(failed.json["counters"]["filesFailed"].integer == 1)
        let taken = try #require(failed.json["counters"]["rowsNew"].integer)
        #expect(taken > 0 && taken < 10_000)

        let next = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(next.status == 0)
        #expect(next.json["counters"]["rowsRead"].integer == 10_000)
        #expect(next.json["counters"]["rowsUpdated"].integer == taken)
        #expect(next.json["counters"]["rowsNew"].integer == 10_000 - taken)
        #expect(try await daemon.runs().allSatisfy(isBalanced))
        let records = try await daemon.export().split(separator: "\n").dropFirst()
        #expect(records.sorted() == rows.split(separator: "\n").sorted())
    }

    /// Ctrl-C ends the watching, not the run.
    @Test func clientInterrupted() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        site.proxy.plan(.stall(afterServerBytes: Site.middle))
        let client = try Program(
            "causeway", ["fetch", "crm"], environment: ["CAUSEWAY_SOCKET": daemon.socket], in: daemon.scratch,
            tag: "interrupted")
        await site.proxy.waitUntilStalled()
        kill(client.pid, SIGINT)
        #expect(await client.wait() == 130)
        let said = String(decoding: daemon.scratch.read("interrupted.err") ?? [], as: UTF8.self)
        #expect(said.contains("causeway run cancel crm"))
        #expect(try await daemon.causeway("run", "show", "crm", "-o", "json").json["state"].text == "RUNNING")
        site.proxy.cutAll()
        #expect(try await daemon.causeway("run", "watch", "crm").status == 0)
        try await expectWhole(daemon, rows)
    }

    @Test func connectionDeleted() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        #expect(try await daemon.causeway("delete", "crm", "--yes").status == 0)
        #expect(try await daemon.causeway("run", "list", "crm").status == 66)
        // Nothing of it comes back with the daemon, and its name is free.
        daemon.kill()
        try await daemon.start()
        #expect(try await daemon.causeway("list", "-o", "json").json["connections"].elements.isEmpty)
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        try await expectWhole(daemon, rows)
    }

    /// More runs than there are permits: each waits its turn, also across a crash, and none mixes with another.
    @Test func severalConnections() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture(["--run-permits", "2"])
        let names = ["crm", "erp", "web"]
        for name in names { try await site.connect(daemon, name) }
        try await daemon.fetchToTheMiddle(site)
        for name in names.dropFirst() {
            #expect(try await daemon.causeway("fetch", name, "--no-wait").status == 0)
        }
        daemon.kill()
        try await daemon.start()
        for name in names {
            try await daemon.causeway("run", "show", name, "-o", "json") { answer in
                ["SUCCEEDED", "FAILED", "PARTIAL"].contains(answer.json["state"].text)
            }
            try await expectWhole(daemon, rows, name)
        }
    }

    /// A copy made in the middle of a run is a store of its own, with whole commits.
    @Test func backup() async throws {
        let site = try Site()
        let rows = try site.writeLarge()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.fetchToTheMiddle(site)
        try daemon.scratch.makeFolder("copy", mode: 0o700)
        let copy = daemon.scratch["copy/store"]
        #expect(try await daemon.causeway("admin", "backup", copy, "-o", "json").status == 0)
        // The run goes on where it was.
        site.proxy.cutAll()
        #expect(try await daemon.causeway("run", "watch", "crm", "-o", "json").status == 0)
        try await expectWhole(daemon, rows)

        let verifier = try Program(
            "causewayd", ["verify-store", copy], environment: [:], in: daemon.scratch, tag: "verify")
        #expect(await verifier.wait() == 0)

        try Command.run(["cp", "-p", daemon.masterKeyPath, daemon.scratch["copy/master-key"]])
        let restored = try await DaemonFixture(stateFolder: daemon.scratch["copy"])
        // In the copy the run is in progress: it goes on there as after a crash.
        try await restored.resumedRun()
        try await expectWhole(restored, rows)
    }
}
