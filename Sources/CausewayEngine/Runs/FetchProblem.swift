import CausewayConnectorKit
import CausewayCore
import CausewayMessages
import CausewayStore

/// What stopped the reading of a file, by how far it reaches.
enum FetchProblem: Error {
    /// This file cannot be read; the others can.
    case file(CausewayError)
    /// The file waits until somebody decides about its columns.
    case held(CausewayError)
    /// Nothing can go on.
    case run(CausewayError)

    /// What taking rows up failed with: only columns that are to be held concern the file alone.
    static func schema(_ error: CausewayError) -> FetchProblem {
        error.reason == "SCHEMA_CHANGED" && error.metadata["policy"] == SchemaPolicy.hold.rawValue
            ? .held(error) : .run(error)
    }

    init(source error: CausewayError) { self = error.concernsOneFile ? .file(error) : .run(error) }

    static func ofSource<R>(_ body: () async throws(CausewayError) -> R) async throws(FetchProblem) -> R {
        do {
            return try await body()
        } catch {
            throw FetchProblem(source: error)
        }
    }

    static func ofFile<R: ~Copyable>(_ body: () throws(CausewayError) -> R) throws(FetchProblem) -> R {
        do {
            return try body()
        } catch {
            throw .file(error)
        }
    }
}

/// Cuts that a reader met, until the run writes them down.
actor ReconnectNotices {
    private var pending: [(error: CausewayError, wait: Duration)] = []

    func add(_ error: CausewayError, _ wait: Duration) {
        // As many as a log may hold are more than anybody reads.
        if pending.count < 100 { pending.append((error, wait)) }
    }

    func take() -> [(error: CausewayError, wait: Duration)] {
        defer { pending = [] }
        return pending
    }
}

extension FileTask {
    func ledgerEntry(_ outcome: FileOutcome, run: UInt64, at now: Timestamp) -> StoredFile {
        var entry = StoredFile()
        entry.size = file.size
        entry.modifiedSeconds = file.modified.seconds
        entry.etag = file.etag ?? ""
        entry.outcome = outcome.rawValue
        entry.run = run
        entry.seenMicros = now.micros
        entry.rows = known?.rows ?? 0
        return entry
    }
}

extension CausewayError {
    var isCancellation: Bool { code == .cancelled }

    /// Whether an error of the source is about one file or folder, so that the rest can go on without it.
    var concernsOneFile: Bool {
        switch code {
        case .notFound, .permissionDenied, .aborted, .invalidArgument, .outOfRange: true
        default: false
        }
    }
}
