import ArgumentParser
import CausewayMessages

/// `causeway entity delete-data`.
struct EntityDeleteData: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete-data",
        abstract: "Delete an entity's records, figures, fields and rows in quarantine.",
        discussion: """
            The connection and its settings stay; what was fetched can be fetched again. Asks first on a terminal; \
            elsewhere --yes is needed.

            Examples:
              causeway entity delete-data crm customers
              causeway entity delete-data crm customers --yes
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run(in session: Session) async throws {
        let found = try await session.call(DataServiceMethods.getEntity) { $0.name = entity.resource(name) }
        let records = Wording.count(found.recordCount, "record")
        try Confirmation.require(yes, "Delete \(records) of \(name.id)'s \(entity.id)?", session.prompt)
        let response = try await session.busy("Deleting \(records)") {
            try await session.call(DataServiceMethods.deleteEntityData) { $0.name = entity.resource(name) }
        }
        try session.console.emit(
            Report(
                json: [
                    "name": .string(entity.resource(name)), "deletedRecords": .integer(response.deletedRecords),
                ], names: [entity.id],
                notes: [
                    "Deleted \(Wording.count(response.deletedRecords, "record")).",
                    "Fetch them again: causeway fetch \(name.id) --again",
                ]))
    }
}
