@testable import CausewayClient
import CausewayCore
import CausewayMessages
import CausewayWire
import Testing

/// The protocol of one connection, seen from the client, without any socket.
@Suite struct ClientConnectionMachineTests {
    typealias Machine = ClientConnectionMachine

    private static func open(calls: UInt32 = 8, window: UInt32 = 4) -> Machine {
        var machine = Machine(settings: .init(agent: "test", streamWindow: window))
        _ = machine.receive(.serverHello(calls: calls))
        return machine
    }

    @Test func aHelloMakesItReady() {
        var machine = Machine(settings: .init(agent: "test"))
        let actions = machine.receive(.serverHello(calls: 3))
        #expect(actions.isReady)
        #expect(machine.phase == .open)
    }

    @Test(arguments: [0, 2, UInt32.max]) func otherVersionsAreIncompatible(_ version: UInt32) {
        var machine = Machine(settings: .init(agent: "test"))
        let actions = machine.receive(.serverHello(calls: 3, version: version))
        #expect(actions.unusable?.reason == "INCOMPATIBLE_PROTOCOL")
        #expect(actions.unusable?.message.contains("daemon/9") == true)
        #expect(actions.closes)
    }

    @Test func aGoAwayInsteadOfAHelloSaysWhy() {
        var machine = Machine(settings: .init(agent: "test"))
        let actions = machine.receive(.goAway(.permissionDenied, last: 0))
        #expect(actions.unusable?.code == .permissionDenied)
        #expect(actions.unusable?.reason == "NO_ROLE")
    }

    @Test func callsBeforeTheHelloAreNotStarted() {
        var machine = Machine(settings: .init(agent: "test"))
        let failure = #expect(throws: CallFailure.self) { try machine.open(Request(), isStreaming: false) }
        #expect(failure?.wasStarted == false)
    }

    @Test func callsAreNumberedUpwards() throws {
        var machine = Self.open()
        let first = try machine.open(Request(), isStreaming: false)
        let second = try machine.open(Request(), isStreaming: false)
        #expect(first.actions.requests == [first.id])
        #expect(second.actions.requests == [second.id])
        #expect(second.id > first.id)
    }

    @Test func callsAboveTheServersLimitWaitInLine() throws {
        var machine = Self.open(calls: 2)
        let ids = try (0..<4).map { _ in try machine.open(Request(), isStreaming: false) }
        #expect(ids.map(\.actions.requests.count) == [1, 1, 0, 0])
        let end = machine.receive(.end(ids[1].id))
        #expect(end.requests == [ids[2].id])
        // One that waits is given up: it was never sent, so there is nothing to cancel.
        let given = machine.cancel(ids[3].id)
        #expect(given.isEmpty)
        let last = machine.receive(.end(ids[0].id))
        #expect(last.requests.isEmpty)
    }

    @Test func aCancelledCallMakesRoom() throws {
        var machine = Self.open(calls: 1)
        let first = try machine.open(Request(), isStreaming: false).id
        let second = try machine.open(Request(), isStreaming: false).id
        let actions = machine.cancel(first)
        #expect(actions.cancels == [first])
        #expect(actions.requests == [second])
        let late = machine.receive(.end(first))
        #expect(late.isEmpty)
    }

    @Test func errorsKeepCodesThatAreNotKnown() throws {
        var machine = Self.open()
        let id = try machine.open(Request(), isStreaming: false).id
        let actions = machine.receive(
            Frame.with {
                $0.body = .end(
                    .with {
                        $0.callID = id
                        $0.code = 77
                        $0.message = "from the future"
                    })
            })
        #expect(actions.failures[id]?.error.code == StatusCode(rawValue: 77))
        #expect(actions.failures[id]?.error.code.name == "CODE_77")
        #expect(actions.failures[id]?.wasStarted == true)
    }

    @Test func unknownFramesAndCallsAreIgnored() throws {
        var machine = Self.open()
        for frame in [Frame(), .end(99), .response(99)] {
            let actions = machine.receive(frame)
            #expect(actions.isEmpty)
        }
        #expect(machine.phase == .open)
    }

    @Test func aStreamWhereAnAnswerIsExpectedFailsTheCallOnly() throws {
        var machine = Self.open()
        let id = try machine.open(Request(), isStreaming: false).id
        let actions = machine.receive(.response(id))
        #expect(actions.failures[id]?.error.reason == "UNEXPECTED_RESPONSE")
        #expect(actions.cancels == [id])
        #expect(machine.phase == .open)
    }

    @Test func creditIsGivenBackByTheHalfWindow() throws {
        var machine = Self.open(window: 4)
        let id = try machine.open(Request(), isStreaming: true).id
        let delivered = machine.receive(.response(id))
        #expect(delivered.deliveries == [id])
        let first = machine.consume(id)
        #expect(first.isEmpty)
        let second = machine.consume(id)
        #expect(second.credits == [2])
        let third = machine.consume(id)
        #expect(third.isEmpty)
        _ = machine.receive(.end(id))
        let after = machine.consume(id)
        #expect(after.isEmpty)
    }

    @Test func aGoAwayFailsWhatWasNotStartedAndFinishesTheRest() throws {
        var machine = Self.open()
        let first = try machine.open(Request(), isStreaming: false).id
        let second = try machine.open(Request(), isStreaming: false).id
        let actions = machine.receive(.goAway(.unavailable, last: first))
        #expect(actions.failures[second]?.wasStarted == false)
        #expect(actions.failures[first] == nil)
        #expect(actions.unusable?.code == .unavailable)
        #expect(!actions.closes)
        let failure = #expect(throws: CallFailure.self) { try machine.open(Request(), isStreaming: false) }
        #expect(failure?.wasStarted == false)
        let end = machine.receive(.end(first))
        #expect(end.successes == [first])
        #expect(end.closes)
    }

    @Test func aLostConnectionTellsStartedFromNotStarted() throws {
        var machine = Self.open(calls: 1)
        let sent = try machine.open(Request(), isStreaming: false).id
        let waiting = try machine.open(Request(), isStreaming: false).id
        let actions = machine.breakOff(Machine.cut)
        #expect(actions.failures[sent]?.wasStarted == true)
        #expect(actions.failures[waiting]?.wasStarted == false)
        #expect(actions.failures[sent]?.error.code == .unavailable)
        let again = machine.breakOff(Machine.cut)
        #expect(again.isEmpty)
    }

    @Test(arguments: [Frame.serverHello(calls: 1), .with { $0.body = .request(Request()) }])
    func whatAServerNeverSaysEndsTheConnection(_ frame: Frame) {
        var machine = Self.open()
        let actions = machine.receive(frame)
        #expect(actions.unusable?.reason == "PROTOCOL_BROKEN")
        #expect(actions.closes)
    }
}

extension Frame {
    static func serverHello(calls: UInt32, version: UInt32 = 1) -> Frame {
        .with {
            $0.body = .hello(
                .with {
                    $0.protocolVersion = version
                    $0.agent = "daemon/9"
                    $0.maxConcurrentCalls = calls
                })
        }
    }

    static func end(_ id: UInt64) -> Frame { .with { $0.body = .end(End(callID: id)) } }
    static func response(_ id: UInt64) -> Frame { .with { $0.body = .response(.with { $0.callID = id }) } }

    static func goAway(_ code: StatusCode, last: UInt64) -> Frame {
        .with {
            $0.body = .goAway(
                .with {
                    $0.code = code.rawValue
                    $0.lastCallID = last
                    $0.message = "go"
                })
        }
    }
}

extension [ClientConnectionMachine.Action] {
    private var bodies: [Frame.Body] { compactMap { if case .send(let frame) = $0 { frame.body } else { nil } } }
    var requests: [UInt64] { bodies.compactMap { if case .request(let body) = $0 { body.callID } else { nil } } }
    var cancels: [UInt64] { bodies.compactMap { if case .cancel(let body) = $0 { body.callID } else { nil } } }
    var credits: [UInt32] { bodies.compactMap { if case .credit(let body) = $0 { body.messages } else { nil } } }
    var deliveries: [UInt64] { compactMap { if case .deliver(let id, _) = $0 { id } else { nil } } }
    var successes: [UInt64] { compactMap { if case .succeed(let id, _) = $0 { id } else { nil } } }
    var failures: [UInt64: CallFailure] {
        Dictionary(compactMap { if case .fail(let id, let failure) = $0 { (id, failure) } else { nil } }) { $1 }
    }
    var unusable: CausewayError? { lazy.compactMap { if case .unusable(let error) = $0 { error } else { nil } }.first }
    var isReady: Bool { contains { if case .ready = $0 { true } else { false } } }
    var closes: Bool { contains { if case .close = $0 { true } else { false } } }
}
