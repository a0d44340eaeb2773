import ArgumentParser
import CausewayMessages

/// `causeway entity records`.
struct EntityRecords: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "records",
        abstract: "Show the latest records of an entity.",
        discussion: """
            Last imported first. ∅ stands for null, ••• for a value of a field marked sensitive. --why shows which run \
            brought each record, when, and from which row of which file. Fields that the screen has no room for are \
            counted in a last column; --fields says which ones to show.

            Examples:
              causeway entity records crm customers
              causeway entity records crm customers --limit 5 --why
              causeway entity records crm customers --fields id,email,city
              causeway entity records crm customers --all -o json | jq -r .values.email
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Option(help: "How many records.")
    var limit: Limit = Limit(20)
    @Option(help: ArgumentHelp("Go on where an earlier page ended.", valueName: "token"))
    var pageToken: String?
    @Option(help: ArgumentHelp("Show these fields only, in this order.", valueName: "field,…"))
    var fields: String?
    @Flag(help: "All records, page by page; with --output json, each record is a line.")
    var all = false
    @Flag(help: "Show where each record came from.")
    var why = false

    /// What the server gives at most in one page.
    private static let largestPage = 500

    func run(in session: Session) async throws {
        var request = ListRecordsRequest.with {
            $0.parent = entity.resource(name)
            $0.pageToken = pageToken ?? ""
        }
        guard !all else { return try await showAll(request, session) }
        var found = ListRecordsResponse()
        repeat {
            request.pageSize = Int32(min(limit.count - found.records.count, Self.largestPage))
            let page = try await session.call(DataServiceMethods.listRecords, request)
            found.fields = page.fields
            found.records += page.records
            found.nextPageToken = page.records.isEmpty ? "" : page.nextPageToken
            request.pageToken = found.nextPageToken
        } while !found.nextPageToken.isEmpty && found.records.count < limit.count
        try choose(&found)
        try session.console.emit(.records(found, why: why, session.clock))
    }

    /// One page after the other, none kept.
    private func showAll(_ first: ListRecordsRequest, _ session: Session) async throws {
        var request = first
        request.pageSize = Int32(Self.largestPage)
        repeat {
            var page = try await session.call(DataServiceMethods.listRecords, request)
            request.pageToken = page.records.isEmpty ? "" : page.nextPageToken
            page.nextPageToken = ""
            try choose(&page)
            switch session.console.format {
            case .json:
                for record in page.records { try session.console.item(record.json(page.fields, provenance: why), []) }
            case .table: try session.console.emit(.records(page, why: why, session.clock))
            }
        } while !request.pageToken.isEmpty
    }

    /// Leaves out what was not asked for.
    private func choose(_ page: inout ListRecordsResponse) throws {
        guard let fields else { return }
        let places = try fields.split(separator: ",").map { label in
            guard let place = page.fields.firstIndex(of: String(label)) else {
                throw Failure(
                    .notFound, "\(entity.id) has no field \"\(label)\".",
                    hints: ["causeway field list \(name.id) \(entity.id)"])
            }
            return place
        }
        page.fields = places.map { page.fields[$0] }
        for index in page.records.indices {
            let values = page.records[index].values
            page.records[index].values = places.map { $0 < values.count ? values[$0] : Value() }
        }
    }
}
