import CausewayMessages

/// Frames from their bodies.
extension Frame {
    static func hello(_ body: Hello) -> Frame { .with { $0.body = .hello(body) } }
    static func request(_ body: Request) -> Frame { .with { $0.body = .request(body) } }
    static func cancel(_ body: Cancel) -> Frame { .with { $0.body = .cancel(body) } }
    static func credit(_ body: Credit) -> Frame { .with { $0.body = .credit(body) } }
    static func pong(_ body: Pong) -> Frame { .with { $0.body = .pong(body) } }
}
