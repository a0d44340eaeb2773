import CausewayConnectorKit
import CausewayCore
import CausewayMessages
import CausewayStore
import Synchronization

/// A listed file and what is to be done with it.
struct FileTask: Sendable {
    var file: RemoteFile
    var decision: FileDecision
    var known: StoredFile?
    /// Modified in the second in which it was listed: another version of that second has the same time, and shows only
    /// if its size differs.
    var isFresh: Bool
}

extension FetchSession {
    /// Lists an entity's files and decides about each, oldest first.
    mutating func tasks(of entity: EntityPlan, number: UInt32) async throws(CausewayError) -> [FileTask] {
        let beginning = context.clock.now
        let listing = try await listed(entity)
        let now = context.clock.now
        let again = try firstOfReadingAgain()
        var tasks: [FileTask] = []
        for start in stride(from: 0, to: listing.files.count, by: 1_000) {
            let page = listing.files[start..<min(start + 1_000, listing.files.count)]
            tasks += try context.readStore { transaction in
                try page.map { file in
                    let known = try FileTable.get(in: transaction, shard, entity: number, file.path)
                    let decision = FileDecision.decide(
                        file, known: known, rules: entity.rules, doneFiles: listing.doneFiles, now: now, again: again)
                    return FileTask(
                        file: file, decision: decision, known: known,
                        isFresh: (beginning.seconds...max(beginning.seconds, now.seconds)).contains(
                            file.modified.seconds))
                }
            }
        }
        account.count(entity.entity) { counters in
            counters.filesListed += Int64(tasks.count)
            for task in tasks {
                switch task.decision {
                case .skip, .finishPostAction: counters.filesSkipped += 1
                case .hold: counters.filesHeld += 1
                case .read: counters.bytesTotal += task.file.size
                }
            }
        }
        for task in tasks {
            guard case .hold(let reason) = task.decision else { continue }
            account.say(.info, "file held until the next run", ["path": task.file.path, "reason": reason.rawValue])
        }
        return tasks
    }

    /// The run from which on the ledger counts, when files are read again: this one, or the first of those that were
    /// interrupted and that it goes on with. Nil: all of the ledger counts.
    private func firstOfReadingAgain() throws(CausewayError) -> UInt64? {
        guard plan.scope.again else { return nil }
        var first = plan.number
        while first > 1, let before = try context.readStore({ try RunTable.get(in: $0, shard, first - 1) }),
            before.runState == .interrupted, before.kind == plan.kind.rawValue, before.again
        {
            first -= 1
        }
        return first
    }

    fileprivate struct Listing {
        var files: [RemoteFile] = []
        var doneFiles: Set<String> = []
        var overflow = false
    }

    private mutating func listed(_ entity: EntityPlan) async throws(CausewayError) -> Listing {
        let limit = context.limits.listedFiles
        var attempt = 0
        while true {
            let found = Mutex(Listing())
            do throws(CausewayError) {
                try await source.list(folder: entity.folder) { (page: [RemoteFile]) throws(CausewayError) in
                    let overflow = found.withLock { listing in
                        listing.take(page, entity, limit: limit)
                        return listing.overflow
                    }
                    if overflow { throw .tooManyFiles(entity.folder, limit) }
                }
                var listing = found.withLock { $0 }
                listing.files.sort { ($0.modified, $0.path) < ($1.modified, $1.path) }
                return listing
            } catch {
                attempt += 1
                try await pause(attempt, after: error)
                account.count(entity.entity) { $0.reconnects += 1 }
            }
        }
    }
}

extension FetchSession.Listing {
    fileprivate mutating func take(_ page: [RemoteFile], _ entity: EntityPlan, limit: Int) {
        for file in page {
            let name = String(file.name)
            if !entity.rules.doneSuffix.isEmpty, name.hasSuffix(entity.rules.doneSuffix) {
                doneFiles.insert(name)
            } else if entity.matches(file) {
                files.append(file)
            }
        }
        overflow = files.count > limit || doneFiles.count > limit
    }
}

extension CausewayError {
    fileprivate static func tooManyFiles(_ folder: String, _ limit: Int) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "TOO_MANY_FILES",
            "\(folder) has more than \(limit) files that match; narrow the pattern or move old files away.",
            metadata: ["folder": folder, "limit": String(limit)])
    }
}
