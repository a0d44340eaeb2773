import CausewayConnectorKit
import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore

extension FetchSession {
    /// Proposes an entity's fields and their types from the start of its latest file. Imports nothing, and leaves the
    /// ledger as it is.
    mutating func sample(_ entity: EntityPlan) async throws(CausewayError) {
        var upsert = try await upsert(of: entity)
        // More fields are more cells.
        written.append(entity.entity)
        let tasks = try await tasks(of: entity, number: upsert.entityNumber)
        guard let latest = tasks.last else {
            account.say(.warning, "no file matches; nothing is known of the entity", ["entity": entity.entity])
            try await flush(activity: "")
            return
        }
        let path = latest.file.path
        account.say(.info, "reading a sample", ["path": path])
        do throws(FetchProblem) {
            let sample = try await proposal(from: latest.file, entity)
            try await keep(sample, entity, path, &upsert)
        } catch {
            switch error {
            case .run(let error): throw error
            case .held(let error):
                heldFiles += 1
                account.say(
                    .warning, "the columns changed and are not taken up", ["path": path, "error": error.message])
                try await flush(activity: "")
            case .file(let error):
                fileError = fileError ?? error
                account.count(entity.entity) { $0.filesFailed += 1 }
                account.say(.error, "the sample could not be read", ["path": path, "error": error.message])
                try await flush(activity: "")
            }
        }
    }

    private struct Sample {
        var header: [String]
        var types: [FieldType?]
        var rows: Int
        var bytes: Int
    }

    private mutating func proposal(
        from file: RemoteFile, _ entity: EntityPlan
    ) async throws(FetchProblem) -> Sample? {
        let reader = ResumableReader(file, at: 0, source: source, meter: account.meter, context: context) { _, _ in }
        do throws(FetchProblem) {
            let sample = try await proposal(from: reader, entity)
            await reader.close()
            return sample
        } catch {
            await reader.close()
            throw error
        }
    }

    private func proposal(
        from reader: ResumableReader, _ entity: EntityPlan
    ) async throws(FetchProblem) -> Sample? {
        var rows = try FetchProblem.ofFile { () throws(CausewayError) in try FileRowReader(options: entity.format) }
        var sample: Sample?
        var proposer: TypeProposer?
        var bytes = 0
        while bytes < context.limits.sampleBytes {
            let chunk = try await FetchProblem.ofSource { () throws(CausewayError) in try await reader.next() }
            guard !chunk.isEmpty else {
                rows.finish()
                break
            }
            bytes += chunk.count
            rows.feed(chunk)
        }
        while let batch = try FetchProblem.ofFile({ () throws(CausewayError) in try rows.nextBatch() })
            ?? rows.takePartialBatch()
        {
            // As long as all rows are rejected no column is known.
            guard !batch.header.isEmpty else { continue }
            if proposer?.columnCount != batch.header.count {
                // JSON brings columns as it goes on; those that were there keep what they showed.
                let known = (proposer?.types ?? []) + Array(repeating: nil, count: batch.header.count)
                proposer = TypeProposer(known: Array(known.prefix(batch.header.count)))
            }
            proposer?.observe(batch.rows)
            sample = Sample(
                header: batch.header, types: proposer?.types ?? [], rows: (sample?.rows ?? 0) + batch.rowsRead,
                bytes: bytes)
        }
        return sample
    }

    private mutating func keep(
        _ sample: Sample?, _ entity: EntityPlan, _ path: String, _ upsert: inout EntityUpsert
    ) async throws(FetchProblem) {
        do throws(CausewayError) {
            await connection.writing.enter()
            defer { connection.writing.leave() }
            try upsert.refresh(edits: connection.writing.edits)
            var unit = context.unit(of: shard)
            if let sample {
                let update = try upsert.takeUp(zip(sample.header, sample.types), into: &unit)
                account.count(entity.entity) { $0.bytesRead += Int64(sample.bytes) }
                account.say(
                    .info, "fields proposed",
                    [
                        "entity": entity.entity, "fields": String(sample.header.count),
                        "new": update.added.joined(separator: ", "), "rows": String(sample.rows),
                    ])
            } else {
                account.say(.warning, "the file is empty; nothing is known of the entity", ["path": path])
            }
            try await commit(unit, activity: "")
            upsert.committed()
            sayMetadataChanges(entity.entity, upsert.metadataChanges)
            try await flush(activity: "")
        } catch {
            throw .schema(error)
        }
    }
}
