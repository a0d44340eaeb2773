import CausewayCore
import CausewayMessages

/// One command at work: the daemon, the console and the clock.
struct Session: Sendable {
    let daemon: any Daemon
    let console: Console
    let prompt: Prompt
    var clock: LocalClock
    /// How long to wait for an answer; nil: the client's own limit.
    let timeout: Duration?

    /// Makes a call with one answer.
    func call<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request
    ) async throws -> Response {
        try await daemon.call(method, request, timeout: timeout)
    }

    /// As ``call(_:_:)``, with the request filled in place.
    func call<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ fill: (inout Request) -> Void
    ) async throws -> Response {
        try await call(method, Request.with(fill))
    }

    /// Makes a call with many answers; only a time limit that was asked for holds.
    func stream<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request,
        _ body: @Sendable (Response) async throws -> Void
    ) async throws {
        try await daemon.stream(method, request, timeout: timeout, body)
    }

    /// Lists all items, page by page.
    ///
    /// - Parameter limit: items after which to stop; nil: none.
    /// - Returns: the items, and whether there are more of them.
    func list<Request: PagedRequest, Response: PagedResponse>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, limit: Int? = nil
    ) async throws -> (items: [Response.Item], hasMore: Bool) {
        var request = request
        var items: [Response.Item] = []
        while true {
            let wanted = min((limit ?? .max) - items.count, Int(Request.largestPage))
            request.pageSize = Int32(wanted)
            let response = try await call(method, request)
            items += response.items
            guard !response.nextPageToken.isEmpty else { return (items, false) }
            if let limit, items.count >= limit { return (items, true) }
            guard response.nextPageToken != request.pageToken else {
                throw Failure(.protocolMismatch, "The daemon answers with the same page again and again.")
            }
            request.pageToken = response.nextPageToken
        }
    }
}

/// A request for a page of a list.
protocol PagedRequest: ProtobufMessage {
    /// What the server gives at most in one page.
    static var largestPage: Int32 { get }
    var pageSize: Int32 { get set }
    var pageToken: String { get set }
}

/// A page of a list.
protocol PagedResponse: ProtobufMessage {
    associatedtype Item: Sendable
    var items: [Item] { get }
    var nextPageToken: String { get }
}

extension ListIntegrationsRequest: PagedRequest { static var largestPage: Int32 { 200 } }
extension ListIntegrationsResponse: PagedResponse { var items: [Integration] { integrations } }
extension ListConnectionsRequest: PagedRequest { static var largestPage: Int32 { 200 } }
extension ListConnectionsResponse: PagedResponse { var items: [Connection] { connections } }
extension ListRunsRequest: PagedRequest { static var largestPage: Int32 { 200 } }
extension ListRunsResponse: PagedResponse { var items: [Run] { runs } }
extension ListLogEntriesRequest: PagedRequest { static var largestPage: Int32 { 1_000 } }
extension ListLogEntriesResponse: PagedResponse { var items: [LogEntry] { logEntries } }
extension ListEntitiesRequest: PagedRequest { static var largestPage: Int32 { 200 } }
extension ListEntitiesResponse: PagedResponse { var items: [Entity] { entities } }
extension ListFieldsRequest: PagedRequest { static var largestPage: Int32 { 1_000 } }
extension ListFieldsResponse: PagedResponse { var items: [Field] { fields } }
extension ListMetadataChangesRequest: PagedRequest { static var largestPage: Int32 { 200 } }
extension ListMetadataChangesResponse: PagedResponse { var items: [MetadataChange] { changes } }
extension ListQuarantinedRowsRequest: PagedRequest { static var largestPage: Int32 { 200 } }
extension ListQuarantinedRowsResponse: PagedResponse { var items: [QuarantinedRow] { quarantinedRows } }
