import CausewayCore
import CausewayMessages
import CausewayServer
import Testing

/// The protocol of one connection without any socket.
@Suite struct ServerConnectionMachineTests {
    private static func limits(_ change: (inout ServerLimits) -> Void = { _ in }) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    /// A machine that has taken a Hello.
    private static func open(credit: UInt32 = 2, _ change: (inout ServerLimits) -> Void = { _ in }) -> MachineUnderTest
    {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: limits(change)))
        _ = machine.accept(now: .zero)
        _ = machine.receive(.hello(credit: credit), now: .zero)
        return machine
    }

    // MARK: Hello

    @Test func saysHelloFirstWithItsLimits() throws {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: Self.limits { $0.maxFrameBytes = 1000 }))
        let actions = machine.accept(now: .zero)
        let hello = try #require(actions.frames.first?.hello)
        #expect(hello.protocolVersion == 1)
        #expect(hello.agent == "test/1")
        #expect(hello.maxFrameBytes == 1000)
        #expect(hello.maxConcurrentCalls == 64)
    }

    @Test func opensAfterHello() {
        let machine = Self.open(credit: 7)
        #expect(machine.phase == .open)
        #expect(machine.peerHello?.initialCredit == 7)
    }

    @Test(arguments: [Frame.call(1), Frame.ping(1), Frame.cancel(1), Frame()])
    func anythingBeforeHelloBreaksTheProtocol(_ frame: Frame) {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: Self.limits()))
        _ = machine.accept(now: .zero)
        let actions = machine.receive(frame).actions
        #expect(actions.goAway?.code == StatusCode.invalidArgument.rawValue)
        #expect(actions.lingers)
        #expect(machine.phase == .lingering)
    }

    @Test func secondHelloBreaksTheProtocol() {
        let machine = Self.open()
        let actions = machine.receive(.hello(credit: 1)).actions
        #expect(actions.goAway?.code == StatusCode.invalidArgument.rawValue)
        #expect(machine.phase == .lingering)
    }

    @Test(arguments: [0, 2, UInt32.max]) func otherVersionsAreSentAway(_ version: UInt32) throws {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: Self.limits()))
        _ = machine.accept(now: .zero)
        let frame = Frame(.hello(.with { $0.protocolVersion = version }))
        let goAway = try #require(machine.receive(frame).actions.goAway)
        #expect(goAway.code == StatusCode.failedPrecondition.rawValue)
        #expect(goAway.message.contains("\(version)"))
    }

    @Test func missingHelloRunsOut() {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: Self.limits()))
        _ = machine.accept(now: .seconds(10))
        #expect(machine.nextDeadline == .seconds(15))
        #expect(machine.expire(now: .milliseconds(14_999)).isEmpty)
        let actions = machine.expire(now: .seconds(15))
        #expect(actions.goAway != nil)
        #expect(machine.nextDeadline == .seconds(16))
        #expect(machine.expire(now: .seconds(16)).closes)
        #expect(machine.phase == .closed)
    }

    @Test func strangersHearWhyAndNothingElse() {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: Self.limits()))
        let actions = machine.refuse(.permissionDenied, "no")
        #expect(actions.frames.first?.hello != nil)
        #expect(actions.goAway?.code == StatusCode.permissionDenied.rawValue)
        #expect(actions.lingers)
        #expect(machine.receive(.hello(credit: 1)).actions.isEmpty)
        #expect(machine.receive(.call(1)).request == nil)
        #expect(machine.inputClosed().closes)
    }

    // MARK: Calls

    @Test func callsAreTakenInAscendingOrder() {
        let machine = Self.open()
        #expect(machine.receive(.call(1)).request?.callID == 1)
        #expect(machine.receive(.call(5)).request?.callID == 5)
        #expect(machine.lastCallID == 5)
    }

    @Test(arguments: [0, 4, 5] as [UInt64]) func usedCallIDsBreakTheProtocol(_ id: UInt64) throws {
        let machine = Self.open()
        _ = machine.receive(.call(5), now: .zero)
        try machine.begin(5, isStreaming: false, timeout: nil, now: .zero)
        let actions = machine.receive(.call(id)).actions
        #expect(actions.goAway?.code == StatusCode.invalidArgument.rawValue)
        #expect(actions.goAway?.lastCallID == 5)
        #expect(actions.cancelled == [5])
        #expect(machine.finish(5) == false)
    }

    @Test func callsAboveTheLimitAreRefusedUntilOneEnds() throws {
        let machine = Self.open { $0.maxConcurrentCalls = 2 }
        try machine.begin(1, isStreaming: false, timeout: nil, now: .zero)
        try machine.begin(2, isStreaming: false, timeout: nil, now: .zero)
        let error = #expect(throws: CausewayError.self) {
            try machine.begin(3, isStreaming: false, timeout: nil, now: .zero)
        }
        #expect(error?.code == .resourceExhausted)
        // A cancelled call's task still runs: it counts.
        _ = machine.receive(.cancel(1), now: .zero)
        #expect(throws: CausewayError.self) { try machine.begin(4, isStreaming: false, timeout: nil, now: .zero) }
        #expect(machine.finish(1))
        try machine.begin(5, isStreaming: false, timeout: nil, now: .zero)
        #expect(machine.callCount == 2)
    }

    @Test func cancelReachesTheTaskOnce() throws {
        let machine = Self.open()
        try machine.begin(1, isStreaming: false, timeout: nil, now: .zero)
        #expect(machine.receive(.cancel(1)).actions.cancelled == [1])
        #expect(machine.receive(.cancel(1)).actions.isEmpty)
        #expect(machine.receive(.cancel(99)).actions.isEmpty)
        #expect(machine.finish(1))
    }

    @Test func aCallOverItsTimeIsEndedAtOnceAndItsTaskCancelled() throws {
        let machine = Self.open()
        try machine.begin(1, isStreaming: false, timeout: .seconds(2), now: .seconds(1))
        try machine.begin(2, isStreaming: false, timeout: .seconds(9), now: .seconds(1))
        #expect(machine.nextDeadline == .seconds(3))
        #expect(machine.expire(now: .milliseconds(2_999)).isEmpty)
        let actions = machine.expire(now: .seconds(3))
        #expect(actions.cancelled == [1])
        #expect(actions.ended.map(\.0) == [1])
        #expect(actions.ended.first?.1.code == .deadlineExceeded)
        #expect(machine.nextDeadline == .seconds(10))
        // Its End is out: what the task answers after all is not sent.
        #expect(machine.callCount == 2)
        #expect(machine.finish(1) == false)
        #expect(machine.finish(2))
    }

    @Test func unknownFramesAreIgnored() {
        let machine = Self.open()
        #expect(machine.receive(Frame()).actions.isEmpty)
        #expect(machine.receive(Frame(.pong(Pong()))).actions.isEmpty)
        #expect(machine.phase == .open)
    }

    @Test func pingIsAnswered() throws {
        let machine = Self.open()
        let frame = try #require(machine.receive(.ping(42)).actions.frames.first)
        guard case .pong(let pong) = frame.body else { return #expect(Bool(false), "no Pong: \(frame)") }
        #expect(pong.number == 42)
    }

    @Test(arguments: [Frame(.response(Response())), Frame(.end(End()))])
    func whatOnlyAServerSaysBreaksTheProtocol(_ frame: Frame) {
        let machine = Self.open()
        #expect(machine.receive(frame).actions.goAway?.code == StatusCode.invalidArgument.rawValue)
    }

    @Test func brokenBytesEndTheConnectionWithTheReason() {
        let machine = Self.open()
        let error = CausewayError(.resourceExhausted, reason: "FRAME_TOO_LARGE", "too large")
        let actions = machine.receiveBroken(error)
        #expect(actions.goAway?.code == StatusCode.resourceExhausted.rawValue)
        #expect(actions.goAway?.message == "too large")
        #expect(machine.receiveBroken(error).isEmpty)
    }
}
