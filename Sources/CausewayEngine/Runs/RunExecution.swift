import CausewayConnectorKit
import CausewayCore
import CausewayMessages
import CausewayStore
import CausewayVault

/// One run, from signing in to its outcome. Runs in the run's task, on the work threads; everything it changes is in
/// commits that stand for themselves, so it may end between any two of them.
struct RunExecution: Sendable {
    let connection: Connection
    let plan: RunPlan
    let stored: StoredConnection
    let context: EngineContext

    /// Never throws: however it ends is an outcome.
    func run() async -> RunOutcome {
        do {
            let run = try connection.storedRun(plan.number)
            var account = RunAccount(
                run, number: plan.number, clock: context.clock, maximumEntries: context.limits.logEntries)
            account.say(
                .info, "run started", ["kind": "\(plan.kind)", "trigger": "\(plan.trigger)"])
            let connector = try context.environment.catalogue.connector(stored.integration)
            let configuration = try configuration(for: connector)
            guard plan.kind.usesSource else { return await work(on: configuration.entities, &account) }
            let source = try connector.makeFileSource(configuration)
            let outcome = await fetch(configuration.entities, from: source, &account)
            await source.close()
            return outcome
        } catch {
            return RunOutcome(state: .failed, error: error, hold: Self.hold(for: error))
        }
    }

    private func work(on entities: [EntitySettings], _ account: inout RunAccount) async -> RunOutcome {
        var session = LocalSession(connection: connection, plan: plan, context: context, account: account)
        do throws(CausewayError) {
            switch plan.kind {
            case .quarantineRetry: try await session.retry(entities)
            case .statistics: try await session.recount()
            case .full, .metadata: break  // They read a source.
            }
            await settle(session.written, &session)
            return try await session.conclude(nil)
        } catch {
            await settle(session.written, &session)
            let outcome = try? await session.conclude(error)
            return outcome ?? RunOutcome(state: .failed, error: error)
        }
    }

    private func fetch(
        _ entities: [EntitySettings], from source: any FileSource, _ account: inout RunAccount
    ) async -> RunOutcome {
        var session = FetchSession(
            connection: connection, plan: plan, context: context, source: source, account: account)
        do throws(CausewayError) {
            try await session.connect()
            for settings in entities {
                let entity = try EntityPlan(settings)
                switch plan.kind {
                case .full:
                    try await session.fetch(entity)
                    // One entity's tables in memory at a time.
                    await settle([entity.entity], &session)
                case .metadata: try await session.sample(entity)
                case .statistics, .quarantineRetry: break  // They need no source.
                }
            }
            await settle(session.written, &session)
            return try await session.conclude(nil)
        } catch {
            await settle(session.written, &session)
            let outcome = try? await session.conclude(error)
            return outcome ?? RunOutcome(state: .failed, error: error, hold: Self.hold(for: error))
        }
    }

    /// Never throws: the records are safe, and figures that are not settled are by the next run.
    private func settle(_ entities: [String], _ session: inout some RunSession) async {
        guard !entities.isEmpty, let budget = await connection.settlingBudget() else { return }
        do {
            try await session.settle(entities, budget)
        } catch {
            guard !error.isCancellation else { return }
            session.account.say(
                .error, "statistics could not be brought up to date; the next run tries again",
                ["reason": error.reason, "error": error.message])
        }
    }

    /// What is kept, with the defaults of what nobody decided: those are not stored.
    private func configuration(for connector: any Connector) throws(CausewayError) -> ConnectorConfiguration {
        let kept = try connection.configuration(of: stored)
        return try connector.spec.checked(
            signInMethod: kept.signInMethod, settings: kept.settings, entities: kept.entities,
            credentials: kept.credentials)
    }

    /// What an error means for the connection as a whole.
    static func hold(for error: CausewayError) -> Hold? {
        error.code == .unauthenticated || error.reason == "HOST_KEY_CHANGED" || error.reason == "HOST_KEY_UNKNOWN"
            ? .needsReconnect : nil
    }
}

extension Connection {
    nonisolated func storedRun(_ number: UInt64) throws(CausewayError) -> StoredRun {
        guard let run = try context.readStore({ try RunTable.get(in: $0, shard, number) }) else {
            throw .notFound(ResourceName.run(id, number))
        }
        return run
    }

    /// What the connector gets to know, with the credentials opened.
    nonisolated func configuration(of stored: StoredConnection) throws(CausewayError) -> ConnectorConfiguration {
        ConnectorConfiguration(
            signInMethod: stored.signInMethod, settings: stored.settingValues, entities: stored.entityValues,
            credentials: try credentials())
    }

    private nonisolated func credentials() throws(CausewayError) -> [String: Secret] {
        let ring = context.environment.keyRing
        while true {
            let keys = ring.keys
            do {
                var opened: [String: Secret] = [:]
                for credential in try context.readStore({ try CredentialTable.list(in: $0, shard) }) {
                    let place = SealContext(shard: shard, name: credential.name)
                    opened[credential.name] = try keys.open(credential.sealed, place)
                }
                return opened
            } catch let error where error.reason == "MASTER_KEY_WRONG" && ring.haveChanged(since: keys) {
                // A rotation came between the keys and the credentials; each pass needs another one.
                continue
            }
        }
    }
}
