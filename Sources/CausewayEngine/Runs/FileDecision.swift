import CausewayConnectorKit
import CausewayCore
import CausewayMessages

/// How far a file has got, as the ledger keeps it. Raw values are stored.
enum FileOutcome: Int32, Hashable, Sendable {
    case inProgress = 1
    case done = 2
    case failed = 3
    case held = 4
    /// Done; moving or deleting it is intended and may or may not have happened.
    case postActionIntended = 5
    /// Done, and perhaps changed since in a way that neither size nor time shows: the next run reads it again.
    case doneFresh = 6
}

/// What is to be done with a listed file. Decided from the listing and the ledger alone; never from a watermark, so
/// that a file that turns up late with an old modification time is read like any other.
enum FileDecision: Hashable, Sendable {
    /// Read before, and the same since.
    case skip
    /// Read before, and the same since; only its post-action is missing.
    case finishPostAction
    /// May still be written.
    case hold(HoldReason)
    /// From its start, or from where an earlier run has got to.
    case read(resume: Bool)
}

enum HoldReason: String, Hashable, Sendable {
    case quietPeriod = "it was modified within the quiet period"
    case doneFileMissing = "its done-file is not there yet"
}

/// What an entity's settings say about when a file is whole.
struct FileRules: Hashable, Sendable {
    /// How long a file must not have been modified; zero: not looked at.
    var quietPeriod: Duration
    /// The suffix of a second file whose presence says that the first is whole; empty: none.
    var doneSuffix: String
}

extension FileDecision {
    /// - Parameters:
    ///   - known: what the ledger has for the file's path.
    ///   - doneFiles: names in the same folder that carry the done-suffix.
    ///   - again: when set, what runs before this one wrote down counts as not read.
    static func decide(
        _ file: RemoteFile, known: StoredFile?, rules: FileRules, doneFiles: Set<String>, now: Timestamp,
        again: UInt64? = nil
    ) -> FileDecision {
        if let known, known.isSame(as: file), again.map({ known.run >= $0 }) ?? true {
            switch FileOutcome(rawValue: known.outcome) {
            case .done: return .skip
            case .postActionIntended: return .finishPostAction
            case .inProgress: return .read(resume: known.checkpoint != nil)
            case .failed, .held, .doneFresh, nil: break
            }
        }
        if !rules.doneSuffix.isEmpty, !doneFiles.contains(file.name + rules.doneSuffix) {
            return .hold(.doneFileMissing)
        }
        // A modification time ahead of our clock is a clock that is off, not a file that is being written for ever:
        // beyond the quiet period on either side it counts as quiet.
        let age = now - file.modified
        if rules.quietPeriod > .zero, max(age, .zero - age) < rules.quietPeriod {
            return .hold(.quietPeriod)
        }
        return .read(resume: false)
    }
}

extension StoredFile {
    /// Whether the listing shows the file as it was when this was written down.
    func isSame(as file: RemoteFile) -> Bool {
        size == file.size && modifiedSeconds == file.modified.seconds && etag == (file.etag ?? "")
    }
}
