import CausewayCore
package import CausewayMessages
import CausewayWire

/// Where the task of a call runs.
package enum HandlerPlace: Hashable, Sendable {
    /// On the socket's event loop, actors without an executor of their own included: no change of thread. For handlers
    /// that compute for microseconds between suspensions; every other call waits meanwhile.
    case loop
    /// On the cooperative pool: for handlers that read the store or make large answers.
    case pool
}

/// The methods that a server offers, by path. A method that is not in here is UNIMPLEMENTED.
package struct MethodRegistry: Sendable {
    struct Method: Sendable {
        let info: MethodInfo
        let form: Form
    }

    enum Form: Sendable {
        /// Answers at once, on the event loop.
        case immediate(@Sendable (Request, CallContext, inout ResponseBuffer) throws(CausewayError) -> Void)
        case unary(HandlerPlace, @Sendable (Request, CallContext, CallHandle) async -> Void)
        case serverStreaming(HandlerPlace, @Sendable (Request, CallContext, CallHandle) async -> Void)
    }

    private var methods: [String: Method] = [:]

    package init() {}

    /// A method that needs no actor and no store: `handler` runs on the event loop, and every call waits meanwhile.
    package mutating func immediate<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ method: MethodDescriptor<Query, Answer>,
        _ handler: @escaping @Sendable (Query, CallContext) throws -> Answer
    ) {
        register(
            method,
            .immediate { request, context, buffer throws(CausewayError) in
                let query = try Query(wireBytes: request.message)
                do {
                    try buffer.appendEnd(context.callID, try handler(query, context))
                } catch {
                    throw .wrapping(error)
                }
            })
    }

    /// A method with one answer; its task is cancelled when the caller's time is over, and when the caller cancels or
    /// goes away.
    package mutating func unary<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ method: MethodDescriptor<Query, Answer>,
        on place: HandlerPlace = .pool,
        _ handler: @escaping @Sendable (Query, CallContext) async throws -> Answer
    ) {
        register(
            method,
            .unary(place) { request, context, call in
                do {
                    call.finish(with: try await handler(try Query(wireBytes: request.message), context))
                } catch {
                    call.fail(.wrapping(error))
                }
            })
    }

    /// A method with a stream of answers. The stream ends when `handler` returns; cancelled as a unary call is.
    package mutating func serverStreaming<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ method: MethodDescriptor<Query, Answer>,
        on place: HandlerPlace = .pool,
        _ handler: @escaping @Sendable (Query, CallContext, ResponseWriter<Answer>) async throws -> Void
    ) {
        register(
            method,
            .serverStreaming(place) { request, context, call in
                do {
                    try await handler(try Query(wireBytes: request.message), context, ResponseWriter(call: call))
                    call.finishStream()
                } catch {
                    call.fail(.wrapping(error))
                }
            })
    }

    /// Paths of the table's methods that nothing was registered for.
    package func missing(from table: [MethodInfo]) -> [String] {
        table.map(\.path).filter { methods[$0] == nil }
    }

    func method(_ path: String) -> Method? { methods[path] }

    private mutating func register<Query, Answer>(_ method: MethodDescriptor<Query, Answer>, _ form: Form) {
        let isStreaming = if case .serverStreaming = form { true } else { false }
        precondition(isStreaming == method.isServerStreaming, "\(method.path) is registered in the wrong form")
        precondition(methods[method.path] == nil, "\(method.path) is registered twice")
        methods[method.path] = Method(info: method.info, form: form)
    }
}
