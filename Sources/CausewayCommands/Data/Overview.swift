import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway overview`.
struct Overview: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "overview",
        abstract: "Show what you have and how good it is.",
        discussion: """
            Without a connection: all of them, a line each. With one: records, entities, data quality, what was \
            fetched on each of the last 7 days, and its entities. The figures are kept current by every run.

            Data quality is the share of cells that are neither null nor part of a record whose content repeats an \
            earlier record's.

            --watch shows the figures again and again: in place on a terminal, else one after the other, with \
            --output json a line each. Ctrl-C ends it.

            Examples:
              causeway overview
              causeway overview crm
              causeway overview crm --watch --every 5s
              causeway overview crm -o json | jq .totalRecords
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection; all if none is given.") var name: ConnectionName?
    @Flag(help: "Refresh until Ctrl-C.")
    var watch = false
    @Option(help: ArgumentHelp("How often to refresh: 500ms, 5s, 1m.", valueName: "duration"))
    var every: TimeLimit?

    func validate() throws {
        guard watch || every == nil else { throw ValidationError("--every needs --watch.") }
        guard every.map({ $0.duration >= .milliseconds(100) }) ?? true else {
            throw ValidationError("--every is at least 100ms.")
        }
    }

    func run(in session: Session) async throws {
        guard watch else { return try session.console.emit(try await report(session)) }
        var last: Report?
        try await Watch(session.console, every: every?.duration ?? .seconds(2)).run {
            do {
                let report = try await report(session.now)
                last = report
                return report
            } catch let error as CausewayError where error.code == .unavailable && session.console.out.isTerminal {
                // A daemon that is restarted comes back; one that was never there is an error.
                guard var stale = last else { throw error }
                stale.notes = ["The daemon does not answer; these are its last figures. Trying again."]
                return stale
            }
        }
    }

    private func report(_ session: Session) async throws -> Report {
        guard let name else { return .overviews(try await session.overviews(), session.clock) }
        let overview = try await session.call(DataServiceMethods.getConnectionOverview) { $0.name = name.resource }
        return .overview(overview, session.clock)
    }
}

extension Session {
    /// The figures of all connections by name; one that is deleted meanwhile is left out.
    fileprivate func overviews() async throws -> [ConnectionOverview] {
        var overviews: [ConnectionOverview] = []
        for connection in try await list(ConnectionServiceMethods.listConnections, ListConnectionsRequest()).items {
            do {
                overviews.append(
                    try await call(DataServiceMethods.getConnectionOverview) { $0.name = connection.name })
            } catch let error as CausewayError where error.code == .notFound {
                continue
            }
        }
        return overviews
    }

    /// The same session at the time that it is now.
    fileprivate var now: Session {
        var session = self
        session.clock = clock.current
        return session
    }
}
