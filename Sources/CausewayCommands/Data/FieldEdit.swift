import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway field edit`.
struct FieldEdit: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Say what a field is: its display name, required, read-only, sensitive.",
        discussion: """
            Fetches leave what is edited as it is. The values of a sensitive field are masked wherever they are \
            shown, and left empty in exports.

            Examples:
              causeway field edit crm customers email --display-name 'E-mail' --required
              causeway field edit crm customers iban --sensitive
              causeway field edit crm customers fax --no-required
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Argument(help: "The field, as the source calls it.", completion: FieldNames.completion)
    var field: String
    @Option(help: "For people.")
    var displayName: String?
    @Flag(inversion: .prefixedNo, help: "Every record must carry it.")
    var required: Bool?
    @Flag(inversion: .prefixedNo, help: "The source does not take it back.")
    var readOnly: Bool?
    @Flag(inversion: .prefixedNo, help: "Its values are masked wherever they are shown.")
    var sensitive: Bool?

    func validate() throws {
        guard displayName != nil || required != nil || readOnly != nil || sensitive != nil else {
            throw ValidationError("Give --display-name, --required, --read-only or --sensitive.")
        }
    }

    func run(in session: Session) async throws {
        let updated = try await session.call(DataServiceMethods.updateField) { request in
            request.field = .with {
                $0.name = ResourceName.field(name.id, entity.id, field)
                $0.displayName = displayName ?? ""
                $0.required = required ?? false
                $0.readOnly = readOnly ?? false
                $0.sensitive = sensitive ?? false
            }
            let paths = [
                displayName.map { _ in "display_name" }, required.map { _ in "required" },
                readOnly.map { _ in "read_only" }, sensitive.map { _ in "sensitive" },
            ]
            request.updateMask = .with { $0.paths = paths.compactMap { $0 } }
        }
        try session.console.emit(.edited(updated))
    }
}

/// Fields on the command line.
enum FieldNames {
    static var completion: CompletionKind {
        .custom { words, index, _ async -> [String] in await Completions.fields(words, index) }
    }
}
