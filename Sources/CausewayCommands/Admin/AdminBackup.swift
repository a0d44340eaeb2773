import ArgumentParser
import CausewayMessages
import Synchronization

/// `causeway admin backup`.
struct AdminBackup: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store while the daemon runs, and check the copy.",
        discussion: """
            The path is one of the daemon's machine and must not exist yet. The copy is whole once this ends with \
            status 0. The master key is not in it: keep it apart.

            Example:
              causeway admin backup /var/backups/causeway-$(date +%F)
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "An absolute path that does not exist yet.", completion: .directory)
    var path: String

    func validate() throws {
        guard path.hasPrefix("/") else {
            throw ValidationError("The path has to be absolute: it is one of the daemon's machine.")
        }
    }

    func run(in session: Session) async throws {
        let state = Mutex((last: BackUpProgress(), live: LiveLines()))
        let console = session.console
        let draws = console.err.isTerminal && !console.isQuiet && console.format == .table
        let request = BackUpStoreRequest.with { $0.path = path }
        do {
            defer { if draws { console.display(state.withLock { $0.live.erasing() }) } }
            try await session.stream(AdministrationServiceMethods.backUpStore, request) { progress in
                state.withLock { state in
                    state.last = progress
                    if draws { console.display(state.live.drawing([Self.line(progress)])) }
                }
                if console.format == .json { try console.item(progress.json, []) }
            }
        }
        let last = state.withLock(\.last)
        guard last.phase == .done else {
            throw Failure(.protocolMismatch, "The daemon ended the backup without saying that it is whole.")
        }
        console.note("Backed up \(Wording.bytes(last.copiedBytes)) to \(path).")
    }

    private static func line(_ progress: BackUpProgress) -> String {
        let total = progress.totalBytes > 0 ? " of about \(Wording.bytes(progress.totalBytes))" : ""
        switch progress.phase {
        case .verifying: return "Checking the copy …"
        default: return "Copied \(Wording.bytes(progress.copiedBytes))\(total) …"
        }
    }
}
