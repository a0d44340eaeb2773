import ArgumentParser
import CausewayMessages

/// `causeway entity records`.
struct EntityRecords: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "records",
        abstract: "Show the latest records of an entity.",
        discussion: """
            Last imported first. ∅ stands for null. --why shows which run brought each record, and from which row of \
            which file.

            Examples:
              causeway entity records crm customers
              causeway entity records crm customers --limit 5 --why
              causeway entity records crm customers -o json | jq '.records[].values.email'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Option(help: "How many records.")
    var limit: Limit = Limit(20)
    @Flag(help: "Show where each record came from.")
    var why = false

    /// What the server gives at most in one page.
    private static let largestPage = 500

    func run(in session: Session) async throws {
        var request = ListRecordsRequest.with { $0.parent = entity.resource(name) }
        var all = ListRecordsResponse()
        repeat {
            request.pageSize = Int32(min(limit.count - all.records.count, Self.largestPage))
            request.pageToken = all.nextPageToken
            let page = try await session.call(DataServiceMethods.listRecords, request)
            all.fields = page.fields
            all.records += page.records
            all.nextPageToken = page.records.isEmpty ? "" : page.nextPageToken
        } while !all.nextPageToken.isEmpty && all.records.count < limit.count
        try session.console.emit(.records(all, why: why, session.clock))
    }
}
