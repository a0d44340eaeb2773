import CausewayConnectorKit
import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayEngine

@Suite struct FileDecisionTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private var file: RemoteFile { RemoteFile(path: "/in/a.csv", size: 100, modified: now - .seconds(3_600)) }

    private func known(_ outcome: FileOutcome, checkpoint: Bool = false) -> StoredFile {
        var entry = StoredFile()
        entry.size = file.size
        entry.modifiedSeconds = file.modified.seconds
        entry.outcome = outcome.rawValue
        if checkpoint { entry.checkpoint = StoredFileCheckpoint() }
        return entry
    }

    private func decide(
        _ file: RemoteFile, _ known: StoredFile?, quiet: Duration = .seconds(10), done: String = "",
        doneFiles: Set<String> = []
    ) -> FileDecision {
        .decide(
            file, known: known, rules: FileRules(quietPeriod: quiet, doneSuffix: done), doneFiles: doneFiles, now: now)
    }

    @Test("a file is known by path, size, time and tag, not by a watermark")
    func identity() {
        #expect(decide(file, nil) == .read(resume: false))
        #expect(decide(file, known(.done)) == .skip)
        var larger = file
        larger.size += 1
        #expect(decide(larger, known(.done)) == .read(resume: false))
        var touched = file
        touched.modified = file.modified + .seconds(1)
        #expect(decide(touched, known(.done)) == .read(resume: false))
        // An old file that turns up late is as new as any.
        var late = file
        late.modified = Timestamp(seconds: 1)
        #expect(decide(late, nil) == .read(resume: false))
        var tagged = file
        tagged.etag = "x"
        #expect(decide(tagged, known(.done)) == .read(resume: false))
    }

    @Test("what is half done goes on, what failed begins anew, what is left over is finished")
    func outcomes() {
        #expect(decide(file, known(.inProgress, checkpoint: true)) == .read(resume: true))
        #expect(decide(file, known(.inProgress)) == .read(resume: false))
        #expect(decide(file, known(.failed)) == .read(resume: false))
        #expect(decide(file, known(.postActionIntended)) == .finishPostAction)
        #expect(decide(file, known(.doneFresh)) == .read(resume: false))
    }

    @Test("a file that may still be written is held")
    func held() {
        var fresh = file
        fresh.modified = now - .seconds(9)
        #expect(decide(fresh, nil) == .hold(.quietPeriod))
        #expect(decide(fresh, nil, quiet: .zero) == .read(resume: false))
        // A clock ahead of ours by less than the quiet period, and by much more.
        fresh.modified = now + .seconds(5)
        #expect(decide(fresh, nil) == .hold(.quietPeriod))
        fresh.modified = now + .seconds(5_000)
        #expect(decide(fresh, nil) == .read(resume: false))
        #expect(decide(file, nil, done: ".done") == .hold(.doneFileMissing))
        #expect(decide(file, nil, done: ".done", doneFiles: ["a.csv.done"]) == .read(resume: false))
    }

    @Test("the quarantine threshold counts rows or their share")
    func threshold() {
        #expect(!QuarantineThreshold(rows: nil, percent: nil).isExceeded(quarantined: 1_000, of: 1_000))
        #expect(QuarantineThreshold(rows: 2, percent: nil).isExceeded(quarantined: 3, of: 1_000))
        #expect(!QuarantineThreshold(rows: 3, percent: nil).isExceeded(quarantined: 3, of: 1_000))
        #expect(QuarantineThreshold(rows: nil, percent: 1).isExceeded(quarantined: 11, of: 1_000))
        #expect(!QuarantineThreshold(rows: nil, percent: 1).isExceeded(quarantined: 10, of: 1_000))
        #expect(QuarantineThreshold(rows: nil, percent: 0).isExceeded(quarantined: 1, of: .max))
    }
}
