import CausewayConnectorKit
package import CausewayCore
import CausewayMessages
import CausewayStore
import CausewayVault

/// What is to be changed of a connection; nil: as it is.
package struct ConnectionChange: Sendable {
    package var displayName: String?
    /// All settings.
    package var settings: Settings?
    /// Single settings on top; nil inside: back to the default.
    package var someSettings: [String: SettingValue?] = [:]
    package var entities: [EntitySettings]?
    package var schedule: Schedule?
    package var signInMethod: String?
    /// Only if the connection is still at this etag; empty: whatever it is.
    package var etag = ""

    package init() {}
}

// Changes of what is kept of one connection. A run in progress goes on with what it began with.
extension Connection {
    /// Changes settings, entities, schedule or display name. A schedule that is set anew counts from now; one that is
    /// given as it was is left as it was.
    ///
    /// - Throws: ``CausewayError``: invalid argument with its violations; `ETAG_MISMATCH` (aborted); the store's.
    package func update(_ change: ConnectionChange, validateOnly: Bool = false) async throws(CausewayError)
        -> ConnectionView
    {
        let now = context.clock.now
        guard !validateOnly else {
            var stored = try connectionRecord()
            try apply(change, to: &stored, at: now)
            return try view()
        }
        var next: Timestamp??
        try await modify { (stored, unit) throws(CausewayError) in
            next = nil
            let newSchedule = try apply(change, to: &stored, at: now)
            guard let newSchedule else { return }
            let slot = try calculator().nextSlot(of: newSchedule, after: now)
            try ScheduleStateTable.put(into: &unit, StoredScheduleState(next: slot, last: nil))
            next = .some(slot)
        }
        if let next { try await perform(machine.apply(.nextSlotKnown(next))) }
        return try view()
    }

    /// - Returns: the schedule, when it was set anew.
    @discardableResult
    private func apply(
        _ change: ConnectionChange, to stored: inout StoredConnection, at now: Timestamp
    ) throws(CausewayError) -> Schedule? {
        let before = stored
        try before.check(etag: change.etag)
        if let displayName = change.displayName { stored.displayName = displayName }
        if let method = change.signInMethod { stored.signInMethod = method }
        var settings = change.settings ?? stored.settingValues
        for (name, value) in change.someSettings { settings[name] = value }
        stored.setSettings(settings)
        if let entities = change.entities { stored.setEntities(entities) }
        var newSchedule: Schedule?
        if let schedule = change.schedule, !schedule.isSameButForAnchor(Schedule(before.schedule.orEmpty)) {
            newSchedule = schedule.anchored(at: now)
            stored.schedule = newSchedule?.stored
        }
        let checked = try check(stored, credentials: nil)
        stored.signInMethod = checked.draft.signInMethod
        if stored != before {
            stored.revision += 1
            stored.updateMicros = now.micros
        }
        return newSchedule
    }

    /// Replaces the credentials, after a test with the new ones unless `skipTest` is set.
    ///
    /// - Parameters:
    ///   - credentials: empty: those that are kept stay, as when only the host key changes.
    ///   - settings: settings that change with them, such as the user name or the host key.
    package func reconnect(
        signInMethod: String, credentials: [String: Secret], settings: Settings, skipTest: Bool
    ) async throws(CausewayError) -> ConnectionView {
        var stored = try connectionRecord()
        if !signInMethod.isEmpty { stored.signInMethod = signInMethod }
        stored.setSettings(stored.settingValues.merging(settings) { _, new in new })
        let checked = try check(stored, credentials: credentials.isEmpty ? nil : credentials)
        if !skipTest {
            let report = await ConnectionTester(
                connector: checked.connector, configuration: checked.configuration
            ).run()
            if let failure = report.failure { throw failure }
        }
        // The test took its time: what else has changed meanwhile stays.
        let method = checked.draft.signInMethod
        try await context.environment.keyRing.sealing { (vault: Vault) async throws(CausewayError) in
            try await replaceCredentials(credentials, sealedBy: vault) { stored in
                stored.signInMethod = method
                stored.setSettings(stored.settingValues.merging(settings) { _, new in new })
            }
        }
        _ = try machine.apply(.reconnected)
        return try view()
    }

    /// Stores `credentials` in place of those that are kept, and what `edit` changes with them.
    private func replaceCredentials(
        _ credentials: [String: Secret], sealedBy vault: Vault, _ edit: (inout StoredConnection) -> Void
    ) async throws(CausewayError) {
        let now = context.clock.now
        var sealed: [(name: String, bytes: [UInt8])] = []
        for (name, secret) in credentials.sorted(by: { $0.key < $1.key }) {
            sealed.append((name, try vault.seal(secret, SealContext(shard: shard, name: name))))
        }
        let old =
            credentials.isEmpty ? [] : try context.readStore { try CredentialTable.list(in: $0, shard).map(\.name) }
        try await modify { (stored, unit) throws(CausewayError) in
            edit(&stored)
            stored.hold = 0
            stored.holdReason = ""
            stored.connectMicros = now.micros
            stored.updateMicros = now.micros
            stored.revision += 1
            for name in old { CredentialTable.delete(from: &unit, name) }
            for credential in sealed { CredentialTable.put(into: &unit, credential.name, sealed: credential.bytes) }
        }
    }

    /// Scheduled runs are held until ``resume()``.
    package func pause() async throws(CausewayError) -> ConnectionView {
        try await modify { (stored, _) throws(CausewayError) in stored.paused = true }
        _ = try machine.apply(.paused)
        return try view()
    }

    /// Scheduled runs again; a parked connection is tried again.
    package func resume() async throws(CausewayError) -> ConnectionView {
        try await modify { (stored, _) throws(CausewayError) in
            stored.paused = false
            if stored.hold == Hold.parked.rawValue {
                stored.hold = 0
                stored.holdReason = ""
            }
        }
        _ = try machine.apply(.resumed)
        return try view()
    }

    /// Tries the connection as it is kept, or with other credentials.
    package func test(credentials: [String: Secret]?) async throws(CausewayError) -> TestReport {
        let checked = try check(try connectionRecord(), credentials: credentials)
        return await ConnectionTester(connector: checked.connector, configuration: checked.configuration).run()
    }

    private func check(
        _ stored: StoredConnection, credentials: [String: Secret]?
    ) throws(CausewayError) -> CheckedDraft {
        let kept: [String: Secret]
        if let credentials { kept = credentials } else { kept = try configuration(of: stored).credentials }
        return try CheckedDraft(
            ConnectionDraft(
                id: id, displayName: stored.displayName, integration: stored.integration,
                direction: Direction(rawValue: stored.direction) ?? .inbound, signInMethod: stored.signInMethod,
                settings: stored.settingValues, entities: stored.entityValues,
                schedule: Schedule(stored.schedule.orEmpty), credentials: kept),
            context: context)
    }

    /// Changes what is kept of the connection. Another change that is on its way to the disk at the same time is seen
    /// by the requirement in the unit, and `edit` is asked again with its outcome: none is lost.
    private func modify(
        _ edit: (inout StoredConnection, inout CommitUnit) throws(CausewayError) -> Void
    ) async throws(CausewayError) {
        var attempt = 0
        while true {
            let before = try connectionRecord()
            var after = before
            var unit = context.unit(of: shard)
            try ConnectionTable.requireUnchanged(in: &unit, before)
            try edit(&after, &unit)
            guard after != before || unit.mutations.count > 1 else { return }
            try ConnectionTable.put(into: &unit, after)
            do throws(CausewayError) {
                try await context.store.commit(unit)
                return
            } catch {
                guard error.reason == "COMMIT_CONFLICT", attempt < 16 else { throw error }
                attempt += 1
            }
        }
    }
}

extension ConnectionView {
    /// What a connection would be.
    init(preview stored: StoredConnection, shard: ShardID, _ draft: ConnectionDraft) {
        self.init(
            id: draft.id, shard: shard, stored: stored, isPaused: false, hold: nil, isDeleting: false, nextSlot: nil,
            lastRun: nil, currentRun: nil, credentialNames: draft.credentials.keys.sorted())
    }
}
