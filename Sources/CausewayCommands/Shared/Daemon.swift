import CausewayMessages

/// What commands need of the daemon: calls. The client library in production, a script in tests.
protocol Daemon: Sendable {
    /// Makes a call with one answer.
    ///
    /// - Parameter timeout: how long to wait; nil: the client's own limit.
    func call<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, timeout: Duration?
    ) async throws -> Response

    /// Makes a call with many answers, and hands each to `body` until the last one or until `body` throws.
    func stream<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, timeout: Duration?,
        _ body: @Sendable (Response) async throws -> Void
    ) async throws
}
