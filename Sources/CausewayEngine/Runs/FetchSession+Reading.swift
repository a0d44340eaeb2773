import CausewayConnectorKit
import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore
import Synchronization

extension FetchSession {
    /// Fetches one entity: lists, decides by the ledger, reads what is to be read.
    mutating func fetch(_ entity: EntityPlan) async throws(CausewayError) {
        var upsert = try EntityUpsert(
            entity, of: shard, runStart: Timestamp(micros: account.stored.createMicros), context: context)
        for task in try await tasks(of: entity, number: upsert.entityNumber) {
            guard !Task.isCancelled else { throw .cancelled }
            switch task.decision {
            case .skip, .hold: continue
            case .finishPostAction: try await finish(task, entity, upsert.entityNumber)
            case .read(let resume): try await read(task, resume: resume, entity, &upsert)
            }
        }
        var unit = context.unit(of: shard)
        try upsert.markMissing(into: &unit)
        try await commit(unit, activity: "")
        upsert.committed()
        let counters = account.stored.entities.first { $0.entity == entity.entity }?.counters.orEmpty
        if let counters, entity.threshold.isExceeded(quarantined: counters.rowsQuarantined, of: counters.rowsRead) {
            exceeded.append(entity.entity)
        }
    }

    /// Reads one file. A file that cannot be read is written down as failed, and the run goes on without it; what
    /// concerns more than the file ends the run.
    private mutating func read(
        _ task: FileTask, resume: Bool, _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(CausewayError) {
        do throws(FetchProblem) {
            try await readRows(task, resume: resume, entity, &upsert)
        } catch {
            switch error {
            case .run(let error): throw error
            case .file(let error): try await giveUp(task, error, entity, upsert.entityNumber)
            }
            return
        }
        if entity.postAction != .leave { try await finish(task, entity, upsert.entityNumber) }
    }

    private mutating func giveUp(
        _ task: FileTask, _ error: CausewayError, _ entity: EntityPlan, _ entityNumber: UInt32
    ) async throws(CausewayError) {
        fileError = fileError ?? error
        account.count(entity.entity) { $0.filesFailed += 1 }
        account.say(
            .error, "file could not be read",
            ["path": task.file.path, "reason": error.reason, "error": error.message])
        var unit = context.unit(of: shard)
        var entry = task.ledgerEntry(.failed, run: plan.number, at: context.clock.now)
        entry.message = error.message
        try FileTable.put(into: &unit, entity: entityNumber, task.file.path, entry)
        try await commit(unit, activity: "")
    }

    private mutating func readRows(
        _ task: FileTask, resume: Bool, _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(FetchProblem) {
        let checkpoint = resume ? task.known?.checkpoint.flatMap { FileCheckpoint($0) } : nil
        let offset = checkpoint?.sourceOffset ?? 0
        account.say(
            .info, checkpoint == nil ? "reading file" : "going on with file",
            ["path": task.file.path, "offset": String(offset)])
        let notices = ReconnectNotices()
        let reader = ResumableReader(task.file, at: offset, source: source, context: context) {
            [connection] error, wait in
            await notices.add(error, wait)
            await connection.waiting("waiting to reconnect")
        }
        do throws(FetchProblem) {
            try await readRows(task, from: reader, checkpoint, notices, entity, &upsert)
        } catch {
            await reader.close()
            await take(notices, entity)
            throw error
        }
        await reader.close()
    }

    private mutating func readRows(
        _ task: FileTask, from reader: ResumableReader, _ checkpoint: FileCheckpoint?, _ notices: ReconnectNotices,
        _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(FetchProblem) {
        let activity = "reading \(task.file.path)"
        var options = entity.format
        if let batchRows = context.limits.batchRows { options.batchRows = batchRows }
        var rows = try FetchProblem.ofFile { [options] () throws(CausewayError) in
            try FileRowReader(options: options, resume: checkpoint)
        }
        var chunk = try await FetchProblem.ofSource { () throws(CausewayError) in try await reader.next() }
        while !chunk.isEmpty {
            // The next chunk comes while this one is parsed and committed.
            async let following = reader.next()
            account.count(entity.entity) { $0.bytesRead += Int64(chunk.count) }
            rows.feed(chunk)
            while let batch = try rows.batch() {
                await take(notices, entity)
                try await store(batch, of: task, .inProgress, entity, &upsert, activity)
            }
            do {
                chunk = try await following
            } catch {
                throw FetchProblem(source: .wrapping(error))
            }
        }
        rows.finish()
        var pending = try rows.batch()
        while let batch = try rows.batch() {
            if let full = pending { try await store(full, of: task, .inProgress, entity, &upsert, activity) }
            pending = batch
        }
        await take(notices, entity)
        account.count(entity.entity) { $0.filesRead += 1 }
        let changed = await isChanged(task.file)
        if changed {
            account.say(
                .warning, "file changed while it was read; the next run reads it again", ["path": task.file.path])
        }
        let outcome: FileOutcome = entity.postAction == .leave || changed ? .done : .postActionIntended
        try await store(pending, of: task, outcome, entity, &upsert, activity)
    }

    /// Commits one batch with the checkpoint behind it; without a batch, the file's outcome alone.
    private mutating func store(
        _ batch: ParsedBatch?, of task: FileTask, _ outcome: FileOutcome, _ entity: EntityPlan,
        _ upsert: inout EntityUpsert, _ activity: String
    ) async throws(FetchProblem) {
        do throws(CausewayError) {
            var unit = context.unit(of: shard)
            let now = context.clock.now
            var entry = task.ledgerEntry(outcome, run: plan.number, at: now)
            if let batch {
                let counts = try upsert.take(batch, from: task.file.path, run: plan.number, at: now, into: &unit)
                account.count(entity.entity) { $0 += counts }
                if outcome == .inProgress { entry.checkpoint = StoredFileCheckpoint(batch.checkpoint) }
                entry.rows = batch.checkpoint.rows
            }
            try FileTable.put(into: &unit, entity: upsert.entityNumber, task.file.path, entry)
            try await commit(unit, activity: activity)
            upsert.committed()
        } catch {
            throw .run(error)
        }
    }

    /// Looked at again after the read: nil size or time means that it could not be told, which is no change.
    private func isChanged(_ file: RemoteFile) async -> Bool {
        guard let now = try? await source.stat(file.path) else { return false }
        return now.size != file.size || now.modified.seconds != file.modified.seconds || now.etag != file.etag
    }

    /// Moves or deletes a file whose rows are committed. The intention is in the ledger; a file that is still there as
    /// it was read has not been moved yet, so that doing it again does no harm.
    private mutating func finish(
        _ task: FileTask, _ entity: EntityPlan, _ entityNumber: UInt32
    ) async throws(CausewayError) {
        do {
            switch entity.postAction {
            case .leave: break
            case .move(let folder):
                let target = try await source.move(task.file.path, toFolder: folder)
                account.say(.info, "file moved", ["path": task.file.path, "to": target])
            case .delete:
                try await source.delete(task.file.path)
                account.say(.info, "file deleted", ["path": task.file.path])
            }
        } catch let error where !error.isCancellation {
            // The rows are safe and the intention stays: the next run tries again.
            fileError = fileError ?? error
            account.say(
                .error, "file was imported but could not be moved or deleted",
                ["path": task.file.path, "error": error.message])
            try await flush(activity: "")
            return
        }
        var unit = context.unit(of: shard)
        let entry = task.ledgerEntry(.done, run: plan.number, at: context.clock.now)
        try FileTable.put(into: &unit, entity: entityNumber, task.file.path, entry)
        try await commit(unit, activity: "")
    }

    private mutating func take(_ notices: ReconnectNotices, _ entity: EntityPlan) async {
        for notice in await notices.take() {
            account.count(entity.entity) { $0.reconnects += 1 }
            account.say(
                .warning, "link lost; going on where it was cut",
                ["error": notice.error.message, "wait": notice.wait.text])
        }
    }
}

/// Cuts that a reader met, until the run writes them down.
private actor ReconnectNotices {
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

/// What stopped the reading of a file, by how far it reaches.
enum FetchProblem: Error {
    /// This file cannot be read; the others can.
    case file(CausewayError)
    /// Nothing can go on.
    case run(CausewayError)

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

extension FileRowReader {
    fileprivate mutating func batch() throws(FetchProblem) -> ParsedBatch? {
        do {
            return try nextBatch()
        } catch {
            throw .file(error)
        }
    }
}
