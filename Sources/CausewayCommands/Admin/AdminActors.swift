import ArgumentParser
import CausewayMessages

/// `causeway admin actors`.
struct AdminActors: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "actors",
        abstract: "Show the tree of actors: what each connection does, and how often it was restarted.",
        discussion: """
            Example:
              causeway admin actors -o json | jq '.actors[] | select(.restarts > 0)'
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let tree = try await session.call(AdministrationServiceMethods.getActorTree, GetActorTreeRequest())
        try session.console.emit(.actors(tree, session.clock))
    }
}
