import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// A disk that fills up in the middle of an import.
@Suite struct FullDiskTests {
    /// A file system in memory, of a size that can be changed; it goes with the object.
    private final class SmallDisk {
        let folder: ScratchFolder
        var path: String { folder["disk"] }

        init(mebibytes: Int) throws {
            folder = try ScratchFolder("causeway-disk")
            try folder.makeFolder("disk")
            guard mount("none", path, "tmpfs", 0, "size=\(mebibytes)m,mode=0700") == 0 else {
                throw CausewayError.fixture("no tmpfs: errno \(errno)")
            }
        }

        func grow(mebibytes: Int) throws {
            guard mount("none", path, "tmpfs", UInt(MS_REMOUNT), "size=\(mebibytes)m,mode=0700") == 0 else {
                throw CausewayError.fixture("the tmpfs does not grow: errno \(errno)")
            }
        }

        deinit { umount2(path, Int32(MNT_DETACH)) }

        /// Whether this process may mount at all.
        static let isPossible = (try? SmallDisk(mebibytes: 1)) != nil
    }

    /// Rows that no compression makes small.
    private func writeNoise(_ site: Site, rows: Int) throws -> String {
        var state: UInt64 = 7
        var text = ""
        for id in 0..<rows {
            text += "\(id),Name \(id),"
            for _ in 0..<60 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += String(state >> 8, radix: 36)
            }
            text += "\n"
        }
        try site.files.write("in/noise.csv", Site.header + text)
        site.age("in/noise.csv", minutes: 60)
        return text
    }

    @Test(.enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
    func importGoesOnWhenThereIsRoom() async throws {
        let site = try Site()
        let rows = try writeNoise(site, rows: 40_000)
        // The daemon keeps a gibibyte free of bulk data.
        let disk = try SmallDisk(mebibytes: 1_024 + 16)
        let daemon = try await DaemonFixture(stateFolder: "\(disk.path)/state")
        try await site.connect(daemon)
        try await daemon.causeway("fetch", "crm", "--no-wait")
        // It may or may not be able to write down how it ended; the daemon goes on serving and says what is wrong.
        try await daemon.causeway("run", "show", "crm", "-o", "json") {
            $0.json["endTime"].text != nil || daemon.log.contains("STORE_FULL")
        }
        #expect(try await daemon.causeway("overview", "crm").status == 0)
        // What was committed before is there, in the order of the file.
        let early = try await daemon.export()
        #expect(early.utf8.count > Site.header.utf8.count)
        #expect((Site.header + rows).hasPrefix(early))
        try disk.grow(mebibytes: 2_048)
        let failed = try await daemon.causeway("run", "show", "crm", "-o", "json") { $0.json["endTime"].text != nil }
        #expect(failed.json["state"].text == "FAILED")
        #expect(failed.json["error"]["reason"].text == "STORE_FULL")
        #expect(failed.json["error"]["message"].text?.isEmpty == false)
        #expect(try await daemon.export() == early)
        #expect((failed.json["counters"]["rowsNew"].integer ?? 0) > 0)
        let run = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(run.status == 0)
        let runs = try await daemon.runs()
        #expect(runs.allSatisfy(isBalanced))
        #expect(runs.sum("rowsNew") == 40_000)
        #expect(runs.sum("rowsRead") == 40_000)
        #expect(try await daemon.export() == Site.header + rows)
    }
}
