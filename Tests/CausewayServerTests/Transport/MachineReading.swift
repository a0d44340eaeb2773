import CausewayCore
import CausewayMessages
import CausewayServer

extension Frame {
    init(_ body: Body) {
        self.init()
        self.body = body
    }

    static func hello(credit: UInt32) -> Frame {
        Frame(
            .hello(
                .with {
                    $0.protocolVersion = 1
                    $0.agent = "tests"
                    $0.initialCredit = credit
                }))
    }

    static func call(_ id: UInt64, _ method: String = "/causeway.v1.AdministrationService/GetHealth") -> Frame {
        Frame(
            .request(
                .with {
                    $0.callID = id
                    $0.method = method
                }))
    }

    static func cancel(_ id: UInt64) -> Frame { Frame(.cancel(.with { $0.callID = id })) }

    static func credit(_ id: UInt64, _ messages: UInt32) -> Frame {
        Frame(
            .credit(
                .with {
                    $0.callID = id
                    $0.messages = messages
                }))
    }

    static func ping(_ number: UInt64) -> Frame { Frame(.ping(.with { $0.number = number })) }

    var hello: Hello? { if case .hello(let hello) = body { hello } else { nil } }
    var goAway: GoAway? { if case .goAway(let goAway) = body { goAway } else { nil } }
    var end: End? { if case .end(let end) = body { end } else { nil } }
    var response: Response? { if case .response(let response) = body { response } else { nil } }
}

extension ServerConnectionMachine.Reception {
    var request: Request? { if case .call(let request) = self { request } else { nil } }
    var actions: [ServerConnectionMachine.Action] { if case .actions(let actions) = self { actions } else { [] } }
}

extension ServerConnectionMachine.WriteDecision {
    var isSend: Bool { if case .send = self { true } else { false } }
    var isWait: Bool { if case .wait = self { true } else { false } }
    var refusal: CausewayError? { if case .refuse(let error) = self { error } else { nil } }
}

extension [ServerConnectionMachine.Action] {
    var frames: [Frame] { compactMap { if case .send(let frame) = $0 { frame } else { nil } } }
    var goAway: GoAway? { frames.lazy.compactMap(\.goAway).first }
    var cancelled: [UInt64] { compactMap { if case .cancelTask(let id) = $0 { id } else { nil } } }
    var ended: [(UInt64, CausewayError)] {
        compactMap { if case .end(let id, let error) = $0 { (id, error) } else { nil } }
    }
    var refused: [(UInt64, CausewayError)] {
        compactMap { if case .refuseWrite(let id, let error) = $0 { (id, error) } else { nil } }
    }
    var lingers: Bool { contains { if case .linger = $0 { true } else { false } } }
    var closes: Bool { contains { if case .close = $0 { true } else { false } } }
}
