import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway fetch`.
struct Fetch: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Fetch a connection now.",
        discussion: """
            Watches the run to its end and prints what it did. Ctrl-C leaves the run going and says how to cancel it. \
            Ends with status 0 when the run succeeded, 3 when rows are in quarantine or files could not be read, 4 \
            when it failed, 5 when it was cancelled or interrupted; see `causeway help exit-codes`.

            With --output json, each state of the run is printed as a line; the last line is the outcome.

            Examples:
              causeway fetch crm
              causeway fetch crm --metadata-only
              causeway fetch crm --no-wait
              causeway fetch crm --again
              causeway fetch crm -o json | tail -n1 | jq .counters
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Flag(help: "Propose entities' fields and types from a sample; import nothing.")
    var metadataOnly = false
    @Flag(help: "Read all files again, also those that were read before and have not changed.")
    var again = false
    @OptionGroup var start: StartOptions

    func run(in session: Session) async throws {
        try await session.start(name, noWait: start.noWait) {
            try await session.call(RunServiceMethods.startFetch) {
                $0.connection = name.resource
                $0.metadataOnly = metadataOnly
                $0.again = again
                $0.requestID = start.requestID ?? RequestID.make()
            }
        }
    }
}

/// What commands understand that start a run.
struct StartOptions: ParsableArguments {
    @Flag(help: "Start the run and do not wait for its end.")
    var noWait = false
    @Option(help: ArgumentHelp("The same id gives the same run within 24 hours.", valueName: "uuid"))
    var requestID: String?
}

extension Session {
    /// Starts a run and follows it to its end, or says how to.
    func start(_ name: ConnectionName, noWait: Bool, _ body: () async throws -> Run) async throws {
        let started: Run
        do {
            started = try await body()
        } catch let error as CausewayError where error.code == .aborted {
            var failure = Failure(error)
            failure.hints.append("Watch the run in progress: causeway run watch \(name.id)")
            throw failure
        }
        guard noWait else { return try await follow(started) }
        try console.emit(
            Report(
                json: started.json, names: [started.number],
                notes: ["Started run \(started.number). Watch: causeway run watch \(name.id) \(started.number)"]))
    }
}
