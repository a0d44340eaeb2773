package import CausewayCore
package import CausewayMessages
import CausewayStore
import CausewayVault

// What belongs to the installation.
extension Supervisor {
    /// The organisation's name and time zone.
    package nonisolated func organisation() throws(CausewayError) -> StoredOrganisation {
        if let stored = try context.readStore({ try OrganisationTable.get(in: $0) }) { return stored }
        var stored = StoredOrganisation()
        stored.timeZone = OrganisationDefaults.timeZone
        return stored
    }

    /// Changes name, time zone or retention; nil: as it is. Daily schedules without a zone of their own follow at once;
    /// what is older than the new retention goes after the connection's next run or within a day.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) for a zone that is not known or a negative retention but -1; the
    ///   store's.
    package func updateOrganisation(
        displayName: String?, timeZone: String?, retention: StoredRetention? = nil
    ) async throws(CausewayError) -> StoredOrganisation {
        if let timeZone, !context.environment.zones.isKnown(timeZone) {
            throw .invalid(
                "organisation.time_zone",
                "\"\(timeZone)\" is not a known time zone; use an IANA name like Europe/Paris.")
        }
        try retention?.check()
        var attempt = 0
        while true {
            let before = try context.readStore { try OrganisationTable.get(in: $0) }
            var after = try organisation()
            if let displayName { after.displayName = displayName }
            if let timeZone { after.timeZone = timeZone }
            if let retention { after.retention = retention }
            guard after != before else { return after }
            after.updateMicros = context.clock.now.micros
            var unit = context.unit(of: .system)
            try OrganisationTable.requireUnchanged(in: &unit, before)
            try OrganisationTable.put(into: &unit, after)
            do {
                try await context.store.commit(unit)
            } catch let error where error.reason == "COMMIT_CONFLICT" && attempt < 16 {
                attempt += 1
                continue
            }
            if after.timeZone != before?.timeZone { await zoneChanged() }
            return after
        }
    }

    private func zoneChanged() async {
        for connection in children.values.compactMap(\.connection).sorted(by: { $0.shard < $1.shard }) {
            await connection.organisationZoneChanged()
        }
    }

    /// The tree of actors as it is: at most `limit` children, by name.
    package func actorTree(limit: Int) async -> ActorTreeView {
        let ordered = children.values.sorted { $0.id < $1.id }
        var views: [ActorTreeView.Child] = []
        for child in ordered.prefix(limit) {
            var view = ActorTreeView.Child(
                id: child.id, state: "restarting", restarts: child.history.restarts,
                lastFailure: child.history.lastFailure)
            if let connection = child.connection {
                view.state = await connection.stateName
                view.currentRun = await connection.currentRun
                view.nextSlot = await connection.nextSlot
            }
            views.append(view)
        }
        let permits = context.permits.figures
        return ActorTreeView(
            runningRuns: permits.running, queuedRuns: permits.waiting, runPermits: context.permits.limit,
            children: views, count: ordered.count, startTime: startTime)
    }
}

/// The tree of actors, for people.
package struct ActorTreeView: Sendable {
    package struct Child: Sendable {
        package var id: String
        package var state: String
        package var currentRun: UInt64?
        package var nextSlot: Timestamp?
        package var restarts: Int
        package var lastFailure: String?
    }
    package var runningRuns: Int
    package var queuedRuns: Int
    package var runPermits: Int
    package var children: [Child]
    package var count: Int
    package var startTime: Timestamp
}
