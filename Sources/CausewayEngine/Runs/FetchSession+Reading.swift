import CausewayConnectorKit
import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore
import Synchronization

extension FetchSession {
    /// Fetches one entity: lists, decides by the ledger, reads what is to be read.
    mutating func fetch(_ entity: EntityPlan) async throws(CausewayError) {
        var upsert = try await upsert(of: entity)
        written.append(entity.entity)
        let running = RunningSettlement(
            entity.entity, shard, seed: context.environment.contentSeed, limits: context.limits.statistics)
        ahead = (entity.entity, running)
        for task in try await tasks(of: entity, number: upsert.entityNumber) {
            guard !Task.isCancelled else { throw .cancelled }
            switch task.decision {
            case .skip, .hold: continue
            case .finishPostAction: try await finish(task, entity, upsert.entityNumber)
            case .read(let resume): try await read(task, resume: resume, entity, &upsert)
            }
        }
        try await markMissing(entity, &upsert)
        let counters = account.stored.entities.first { $0.entity == entity.entity }?.counters.orEmpty
        if let counters, entity.threshold.isExceeded(quarantined: counters.rowsQuarantined, of: counters.rowsRead) {
            exceeded.append(entity.entity)
        }
    }

    private mutating func markMissing(
        _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(CausewayError) {
        await connection.writing.enter()
        defer { connection.writing.leave() }
        try upsert.refresh(edits: connection.writing.edits)
        var unit = context.unit(of: shard)
        try upsert.markMissing(into: &unit)
        sayMetadataChanges(entity.entity, upsert.metadataChanges)
        try await commit(unit, activity: "")
        upsert.committed()
    }

    /// Reads one file. A file that cannot be read is written down as failed, and the run goes on without it; what
    /// concerns more than the file ends the run.
    private mutating func read(
        _ task: FileTask, resume: Bool, _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(CausewayError) {
        let outcome: FileOutcome
        do throws(FetchProblem) {
            outcome = try await readRows(task, resume: resume, entity, &upsert)
        } catch {
            switch error {
            case .run(let error): throw error
            case .file(let error): try await giveUp(task, error, entity, upsert.entityNumber)
            case .held(let error): try await hold(task, error, entity, upsert.entityNumber)
            }
            return
        }
        if outcome == .postActionIntended { try await finish(task, entity, upsert.entityNumber) }
    }

    private mutating func giveUp(
        _ task: FileTask, _ error: CausewayError, _ entity: EntityPlan, _ entityNumber: UInt32
    ) async throws(CausewayError) {
        fileError = fileError ?? error
        account.count(entity.entity) { $0.filesFailed += 1 }
        account.say(
            .error, "file could not be read",
            ["path": task.file.path, "reason": error.reason, "error": error.message])
        try await putAside(task, .failed, error.message, entityNumber)
    }

    /// The next run looks at the file again, from its start; rows that were taken are unchanged then.
    private mutating func hold(
        _ task: FileTask, _ error: CausewayError, _ entity: EntityPlan, _ entityNumber: UInt32
    ) async throws(CausewayError) {
        heldFiles += 1
        account.count(entity.entity) { $0.filesHeld += 1 }
        account.say(
            .warning, "file held: its columns are not those of the entity",
            ["path": task.file.path, "error": error.message])
        try await putAside(task, .held, error.message, entityNumber)
    }

    private mutating func putAside(
        _ task: FileTask, _ outcome: FileOutcome, _ message: String, _ entityNumber: UInt32
    ) async throws(CausewayError) {
        var unit = context.unit(of: shard)
        var entry = try ledgerEntry(task, outcome, entityNumber)
        entry.message = message
        try FileTable.put(into: &unit, entity: entityNumber, task.file.path, entry)
        try await commit(unit, activity: "")
    }

    /// The ledger's entry for a file whose rows are no matter of this unit: what is known of them stays.
    private func ledgerEntry(
        _ task: FileTask, _ outcome: FileOutcome, _ entityNumber: UInt32
    ) throws(CausewayError) -> StoredFile {
        var entry = task.ledgerEntry(outcome, run: plan.number, at: context.clock.now)
        if let kept = try context.readStore({ try FileTable.get(in: $0, shard, entity: entityNumber, task.file.path) })
        {
            entry.rows = kept.rows
            entry.format = kept.format
        }
        return entry
    }

    /// - Returns: how the file stands in the ledger.
    private mutating func readRows(
        _ task: FileTask, resume: Bool, _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(FetchProblem) -> FileOutcome {
        let checkpoint = resume ? task.known?.checkpoint.flatMap { FileCheckpoint($0) } : nil
        let offset = checkpoint?.sourceOffset ?? 0
        account.say(
            .info, checkpoint == nil ? "reading file" : "going on with file",
            ["path": task.file.path, "offset": String(offset)])
        let notices = ReconnectNotices()
        let reader = ResumableReader(
            task.file, at: offset, source: source, meter: account.meter, context: context
        ) { [connection] error, wait in
            await notices.add(error, wait)
            await connection.waiting("waiting to reconnect")
        }
        do throws(FetchProblem) {
            let outcome = try await readRows(task, from: reader, checkpoint, notices, entity, &upsert)
            await reader.close()
            return outcome
        } catch {
            await reader.close()
            await take(notices, entity)
            throw error
        }
    }

    private mutating func readRows(
        _ task: FileTask, from reader: ResumableReader, _ checkpoint: FileCheckpoint?, _ notices: ReconnectNotices,
        _ entity: EntityPlan, _ upsert: inout EntityUpsert
    ) async throws(FetchProblem) -> FileOutcome {
        var options = entity.format
        options.hashSeed = context.environment.contentSeed.value
        if let batchRows = context.limits.batchRows { options.batchRows = batchRows }
        let queue = ChunkQueue(limit: context.limits.readAhead)
        async let _ = reader.pump(into: queue)
        defer { queue.close() }
        let counting = Counting(ahead?.settlement, account.meter, context)
        async let _ = counting.run()
        var parser = try BatchParser(options, checkpoint, queue, account.meter)
        var current = try await parser.next()
        while true {
            account.count(entity.entity) { $0.bytesRead += parser.takeBytes() }
            await take(notices, entity)
            guard let batch = current.take() else { break }
            // Only at the file's end: whether the batch is the last, so that it carries the outcome.
            let last = parser.isLast()
            let outcome = last ? await end(of: task, entity) : .inProgress
            current = try await store(consume batch, of: task, outcome, entity, &upsert, &parser, counting)
            if last { return outcome }
        }
        let outcome = await end(of: task, entity)
        try await store(outcome, of: task, parser.format, upsert.entityNumber)
        return outcome
    }

    /// All of the file was read.
    private mutating func end(of task: FileTask, _ entity: EntityPlan) async -> FileOutcome {
        account.count(entity.entity) { $0.filesRead += 1 }
        let changed = await isChanged(task.file)
        if changed {
            account.say(
                .warning, "file changed while it was read; the next run reads it again", ["path": task.file.path])
            return .done
        }
        if task.isFresh {
            account.say(
                .info, "file was written as it was listed; the next run reads it again", ["path": task.file.path])
            return .doneFresh
        }
        return entity.postAction == .leave ? .done : .postActionIntended
    }

    /// Commits one batch with the checkpoint behind it, and parses the next one meanwhile.
    private mutating func store(
        _ batch: consuming ParsedBatch, of task: FileTask, _ outcome: FileOutcome, _ entity: EntityPlan,
        _ upsert: inout EntityUpsert, _ parser: inout BatchParser, _ counting: Counting
    ) async throws(FetchProblem) -> ParsedBatch? {
        let connection = connection
        await connection.writing.enter()
        var unit = context.unit(of: shard)
        var grown: UInt32?
        let rowsRead = batch.rowsRead
        do throws(CausewayError) {
            let now = context.clock.now
            try upsert.refresh(edits: connection.writing.edits)
            let counts = try upsert.take(
                batch.header, batch.rows, rejected: batch.rejected, from: task.file.path, run: plan.number, at: now,
                into: &unit)
            account.count(entity.entity) { $0 += counts }
            if counts.rowsNew + counts.rowsUpdated > 0 { grown = upsert.entityNumber }
            var entry = task.ledgerEntry(outcome, run: plan.number, at: now)
            if outcome == .inProgress, !task.isFresh { entry.checkpoint = StoredFileCheckpoint(batch.checkpoint) }
            entry.rows = batch.checkpoint.rows
            entry.format = StoredFileFormat(batch.checkpoint.format)
            try FileTable.put(into: &unit, entity: upsert.entityNumber, task.file.path, entry)
            try account.put(into: &unit)
        } catch {
            account.refused()
            connection.writing.leave()
            throw .schema(error)
        }
        let committing = Committing(
            unit: unit, account: account.stored, activity: "reading \(task.file.path)", rows: rowsRead,
            grown: grown, meter: account.meter, connection: connection, context: context)
        let edits = connection.writing.edits
        async let committed = committing.run()
        // All of it is in the unit.
        parser.reuse((consume batch).rows)
        let following = await parser.attempt()
        switch await committed {
        case .failure(let error):
            account.refused()
            throw .run(error)
        case .success(let later):
            account.committed()
            upsert.committed()
            counting.committed(edits: edits)
            if let later { throw .run(later) }
        }
        return try following.get()
    }

    /// Commits a file's outcome alone.
    private mutating func store(
        _ outcome: FileOutcome, of task: FileTask, _ format: FileFormat?, _ entityNumber: UInt32
    ) async throws(FetchProblem) {
        do throws(CausewayError) {
            var unit = context.unit(of: shard)
            var entry = try ledgerEntry(task, outcome, entityNumber)
            if let format { entry.format = StoredFileFormat(format) }
            try FileTable.put(into: &unit, entity: entityNumber, task.file.path, entry)
            try await commit(unit, activity: "reading \(task.file.path)")
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
        let entry = try ledgerEntry(task, .done, entityNumber)
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
