package import CausewayCore
import CausewayMessages
import CausewayStore
import CausewayVault

// Making, finding and deleting connections.
extension Supervisor {
    /// Makes a connection, after a test unless `skipTest` is set.
    ///
    /// - Parameters:
    ///   - requestID: a request that was answered within the last 24 hours gets the same answer again, and makes nothing.
    ///   - digest: of the request's content: the same id with other content is refused.
    /// - Throws: ``CausewayError``: invalid argument with its violations; `CONNECTION_EXISTS` (already exists); what the
    ///   test failed with; `REQUEST_ID_REUSED` (invalid argument); the store's.
    package func createConnection(
        _ draft: ConnectionDraft, requestID: String = "", digest: [UInt8] = [], validateOnly: Bool = false,
        skipTest: Bool = false
    ) async throws(CausewayError) -> ConnectionView {
        if let answered = try answeredConnection(requestID, digest) { return try await answered.view() }
        let checked = try CheckedDraft(draft, context: context)
        if try context.readStore({ try DirectoryTable.get(in: $0, draft.id) }) != nil { throw .exists(draft.id) }
        if !skipTest {
            let report = await ConnectionTester(
                connector: checked.connector, configuration: checked.configuration
            ).run()
            if let failure = report.failure { throw failure }
        }
        let now = context.clock.now
        var generator = RandomGenerator(context.environment.random)
        let shard = ShardID.make(at: now, random: &generator)
        let stored = try StoredConnection(checked, at: now)
        guard !validateOnly else { return ConnectionView(preview: stored, shard: shard, checked.draft) }

        // The shard first, then the name that makes it visible; what a crash leaves in between is removed at boot.
        let credentials = checked.draft.credentials.sorted { $0.key < $1.key }
        try await context.environment.keyRing.sealing { (vault: Vault) async throws(CausewayError) in
            var unit = context.unit(of: shard)
            try ConnectionTable.put(into: &unit, stored)
            for (name, secret) in credentials {
                let sealed = try vault.seal(secret, SealContext(shard: shard, name: name))
                CredentialTable.put(into: &unit, name, sealed: sealed)
            }
            try await context.store.commit(unit)
        }
        var naming = context.unit(of: .system)
        DirectoryTable.create(in: &naming, draft.id, shard)
        if !requestID.isEmpty {
            var answer = StoredRequest()
            answer.method = "CreateConnection"
            answer.digest = digest
            answer.result = draft.id
            answer.createMicros = now.micros
            try RequestTable.put(into: &naming, requestID, answer)
        }
        do {
            try await context.store.commit(naming)
        } catch {
            purge.yield(shard)
            throw error.reason == "COMMIT_CONFLICT" ? .exists(draft.id) : error
        }
        let boot = BootState(
            id: draft.id, shard: shard, stored: stored, lastRunNumber: 0, unfinishedRuns: [], schedule: nil)
        await assign(boot)
        return try await directory.connection(draft.id).view()
    }

    /// Tries a configuration that need not exist.
    package nonisolated func test(_ draft: ConnectionDraft) async throws(CausewayError) -> TestReport {
        let checked = try CheckedDraft(draft, context: context)
        return await ConnectionTester(connector: checked.connector, configuration: checked.configuration).run()
    }

    /// Deletes a connection: its name is free when this returns, its data goes in the background.
    ///
    /// - Parameter etag: when not empty, only if it is still this.
    package func deleteConnection(_ id: String, etag: String = "") async throws(CausewayError) {
        let shard = try directory.shard(of: id)
        if let connection = children[shard]?.connection {
            if !etag.isEmpty { try connection.connectionRecord().check(etag: etag) }
            await connection.delete()
        }
        var unit = context.unit(of: .system)
        DirectoryTable.delete(from: &unit, id)
        do {
            try await context.store.commit(unit)
        } catch {
            // It is still there: a fresh actor takes the place of the one that has ended.
            context.childFailed(shard, error)
            throw error
        }
        _ = unassign(shard)
        purge.yield(shard)
    }

    /// A page of connections by id, those behind `after`, and behind which the next page begins.
    package nonisolated func connections(
        after: String?, limit: Int
    ) async throws(CausewayError) -> (views: [ConnectionView], next: String?) {
        let entries = try context.readStore {
            try DirectoryTable.list(in: $0, from: after.map { $0 + "\0" } ?? "", limit: limit + 1)
        }
        var views: [ConnectionView] = []
        for entry in entries.prefix(limit) {
            // One that is being restarted or deleted this moment is left out rather than spoiling the page.
            guard let connection = try? directory.connection(entry.id), let view = try? await connection.view() else {
                continue
            }
            views.append(view)
        }
        return (views, entries.count > limit ? entries[limit - 1].id : nil)
    }

    private func answeredConnection(_ requestID: String, _ digest: [UInt8]) throws(CausewayError) -> Connection? {
        guard !requestID.isEmpty, let answer = try context.readStore({ try RequestTable.get(in: $0, requestID) }),
            context.clock.now - Timestamp(micros: answer.createMicros) < .seconds(86_400)
        else { return nil }
        guard answer.digest == digest else {
            throw CausewayError(
                .invalidArgument, reason: "REQUEST_ID_REUSED",
                "The request id \(requestID) was used for another request; take a new one.",
                metadata: ["request_id": requestID])
        }
        return try directory.connection(answer.result)
    }
}

extension StoredConnection {
    fileprivate init(_ checked: CheckedDraft, at now: Timestamp) throws(CausewayError) {
        self.init()
        let draft = checked.draft
        connectionID = draft.id
        displayName = draft.displayName
        integration = draft.integration
        direction = draft.direction.rawValue
        signInMethod = draft.signInMethod
        setSettings(draft.settings)
        setEntities(draft.entities)
        schedule = draft.schedule.anchored(at: now).stored
        createMicros = now.micros
        updateMicros = now.micros
        connectMicros = now.micros
        revision = 1
    }

    /// - Throws: ``CausewayError`` (aborted, `ETAG_MISMATCH`).
    func check(etag: String) throws(CausewayError) {
        guard etag.isEmpty || etag == self.etag else {
            throw CausewayError(
                .aborted, reason: "ETAG_MISMATCH",
                "\(ResourceName.connection(connectionID)) was changed meanwhile; get it again and redo the change.",
                metadata: ["connection": connectionID])
        }
    }

    package var etag: String { "\"\(revision)\"" }
}

extension CausewayError {
    fileprivate static func exists(_ id: String) -> CausewayError {
        CausewayError(
            .alreadyExists, reason: "CONNECTION_EXISTS",
            "\(ResourceName.connection(id)) exists already; choose another name, or edit or delete that one.",
            metadata: ["connection": id])
    }
}
