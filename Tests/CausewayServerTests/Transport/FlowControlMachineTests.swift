import CausewayCore
import CausewayMessages
import CausewayServer
import Testing

/// Credit, peers that do not read, and farewells.
@Suite struct FlowControlMachineTests {
    private static func open(credit: UInt32, streams: [UInt64] = []) throws -> MachineUnderTest {
        let machine = MachineUnderTest(ServerConnectionMachine(limits: ServerLimits()))
        _ = machine.accept(now: .zero)
        _ = machine.receive(.hello(credit: credit), now: .zero)
        for id in streams {
            _ = machine.receive(.call(id), now: .zero)
            try machine.begin(id, isStreaming: true, timeout: nil, now: .zero)
        }
        return machine
    }

    // MARK: Credit

    @Test func aStreamCannotRunAheadOfItsCredit() throws {
        let machine = try Self.open(credit: 2, streams: [1])
        #expect(machine.offerResponse(1).isSend)
        #expect(machine.offerResponse(1).isSend)
        #expect(machine.offerResponse(1).isWait)
        #expect(machine.nextAdmissible() == nil)
        _ = machine.receive(.credit(1, 2), now: .zero)
        #expect(machine.nextAdmissible() == 1)
        #expect(machine.nextAdmissible() == nil)
        #expect(machine.offerResponse(1).isSend)
        #expect(machine.offerResponse(1).isWait)
    }

    @Test func aClientThatGivesNoCreditGetsNothing() throws {
        let machine = try Self.open(credit: 0, streams: [1])
        #expect(machine.offerResponse(1).isWait)
    }

    @Test func creditIsEachCallsOwn() throws {
        let machine = try Self.open(credit: 1, streams: [1, 2])
        #expect(machine.offerResponse(1).isSend)
        #expect(machine.offerResponse(2).isSend)
        #expect(machine.offerResponse(1).isWait)
        #expect(machine.offerResponse(2).isWait)
        _ = machine.receive(.credit(2, 1), now: .zero)
        #expect(machine.nextAdmissible() == 2)
        #expect(machine.nextAdmissible() == nil)
    }

    @Test func creditNeverOverflows() throws {
        let machine = try Self.open(credit: .max, streams: [1])
        for _ in 0..<4 { _ = machine.receive(.credit(1, .max), now: .zero) }
        #expect(machine.offerResponse(1).isSend)
    }

    @Test func creditForEndedAndUnknownCallsIsIgnored() throws {
        let machine = try Self.open(credit: 1, streams: [1])
        _ = machine.finish(1)
        #expect(machine.receive(.credit(1, 5)).actions.isEmpty)
        #expect(machine.receive(.credit(9, 5)).actions.isEmpty)
        #expect(machine.phase == .open)
    }

    @Test func twoWritesAtOnceAreRefused() throws {
        let machine = try Self.open(credit: 0, streams: [1])
        #expect(machine.offerResponse(1).isWait)
        #expect(machine.offerResponse(1).refusal?.code == .internal)
    }

    @Test func aWithdrawnWriteLetsTheNextOneWait() throws {
        let machine = try Self.open(credit: 0, streams: [1])
        #expect(machine.offerResponse(1).isWait)
        machine.withdrawResponse(1)
        _ = machine.receive(.credit(1, 1), now: .zero)
        #expect(machine.nextAdmissible() == nil)
        #expect(machine.offerResponse(1).isSend)
    }

    @Test func cancelRefusesTheWaitingWriteAndAllLaterOnes() throws {
        let machine = try Self.open(credit: 0, streams: [1])
        #expect(machine.offerResponse(1).isWait)
        let actions = machine.receive(.cancel(1)).actions
        #expect(actions.refused.map(\.0) == [1])
        #expect(actions.cancelled == [1])
        #expect(machine.offerResponse(1).refusal?.code == .cancelled)
    }

    @Test func aStreamOverItsTimeRefusesWrites() throws {
        let machine = try Self.open(credit: 0)
        try machine.begin(1, isStreaming: true, timeout: .seconds(1), now: .zero)
        #expect(machine.offerResponse(1).isWait)
        let actions = machine.expire(now: .seconds(1))
        #expect(actions.refused.first?.1.code == .deadlineExceeded)
        #expect(machine.offerResponse(1).refusal?.code == .deadlineExceeded)
    }

    // MARK: Peers that do not read

    @Test func nothingIsTakenOrSentWhileThePeerDoesNotRead() throws {
        let machine = try Self.open(credit: 9, streams: [1])
        machine.setWritable(false, now: .zero)
        #expect(!machine.takesFrames)
        #expect(machine.offerResponse(1).isWait)
        #expect(machine.nextAdmissible() == nil)
        machine.setWritable(true, now: .seconds(1))
        #expect(machine.takesFrames)
        #expect(machine.nextAdmissible() == 1)
        #expect(machine.nextDeadline == nil)
    }

    @Test func waitingStreamsTakeTurns() throws {
        let machine = try Self.open(credit: 9, streams: [1, 2, 3])
        machine.setWritable(false, now: .zero)
        for id in [1, 2, 3] as [UInt64] { #expect(machine.offerResponse(id).isWait) }
        machine.setWritable(true, now: .zero)
        #expect(machine.nextAdmissible() == 1)
        // The first has the next one ready already; the others come before it.
        machine.setWritable(false, now: .zero)
        #expect(machine.offerResponse(1).isWait)
        machine.setWritable(true, now: .zero)
        #expect(machine.nextAdmissible() == 2)
        #expect(machine.nextAdmissible() == 3)
        #expect(machine.nextAdmissible() == 1)
        #expect(machine.nextAdmissible() == nil)
    }

    @Test func aPeerThatNeverReadsIsCutOff() throws {
        let machine = try Self.open(credit: 9, streams: [1])
        machine.setWritable(false, now: .seconds(5))
        machine.setWritable(false, now: .seconds(20))
        #expect(machine.nextDeadline == .seconds(35))
        #expect(machine.expire(now: .seconds(34)).isEmpty)
        let actions = machine.expire(now: .seconds(35))
        #expect(actions.closes)
        #expect(actions.cancelled == [1])
        #expect(machine.phase == .closed)
    }

    @Test func aFrameThatDoesNotArriveRunsOut() throws {
        let machine = try Self.open(credit: 1)
        machine.setInFrame(true, now: .seconds(1))
        machine.setInFrame(true, now: .seconds(20))
        #expect(machine.nextDeadline == .seconds(31))
        machine.setInFrame(false, now: .seconds(30))
        #expect(machine.nextDeadline == nil)
        machine.setInFrame(true, now: .seconds(40))
        #expect(machine.expire(now: .seconds(70)).goAway != nil)
        #expect(machine.phase == .lingering)
    }

    // MARK: Farewells

    @Test func shutdownFinishesWhatIsInProgress() throws {
        let machine = try Self.open(credit: 1, streams: [3])
        let actions = machine.beginShutdown(deadline: .seconds(10))
        #expect(actions.goAway?.code == StatusCode.unavailable.rawValue)
        #expect(actions.goAway?.lastCallID == 3)
        #expect(!actions.lingers)
        // Not started: the client sends it elsewhere.
        #expect(machine.receive(.call(4)).request == nil)
        #expect(machine.lastCallID == 3)
        #expect(machine.offerResponse(3).isSend)
        #expect(machine.finish(3))
        #expect(machine.afterFinish().lingers)
        #expect(machine.inputClosed().closes)
    }

    @Test func shutdownWithoutCallsClosesAtOnce() throws {
        let machine = try Self.open(credit: 1)
        let actions = machine.beginShutdown(deadline: .seconds(10))
        #expect(actions.goAway != nil)
        #expect(actions.lingers)
    }

    @Test func shutdownCancelsWhatDoesNotEnd() throws {
        let machine = try Self.open(credit: 0, streams: [1])
        #expect(machine.offerResponse(1).isWait)
        _ = machine.beginShutdown(deadline: .seconds(10))
        let actions = machine.expire(now: .seconds(10))
        #expect(actions.cancelled == [1])
        #expect(actions.refused.first?.1.code == .unavailable)
        #expect(machine.finish(1))
        #expect(machine.afterFinish().lingers)
    }

    @Test func aClientsGoAwayFinishesItsCalls() throws {
        let machine = try Self.open(credit: 1, streams: [1])
        #expect(machine.receive(Frame(.goAway(GoAway()))).actions.isEmpty)
        #expect(machine.phase == .draining)
        #expect(machine.finish(1))
        #expect(machine.afterFinish().lingers)
    }

    @Test func halfClosedInputStillGetsItsAnswers() throws {
        let machine = try Self.open(credit: 5, streams: [1])
        try machine.begin(2, isStreaming: false, timeout: nil, now: .zero)
        #expect(machine.inputClosed().isEmpty)
        #expect(machine.offerResponse(1).isSend)
        #expect(machine.finish(2))
        #expect(machine.afterFinish().isEmpty)
        #expect(machine.finish(1))
        #expect(machine.afterFinish().lingers)
    }

    @Test func halfClosedInputCancelsWhatWaitsForCredit() throws {
        let machine = try Self.open(credit: 0, streams: [1])
        #expect(machine.offerResponse(1).isWait)
        let actions = machine.inputClosed()
        #expect(actions.cancelled == [1])
        #expect(actions.refused.map(\.0) == [1])
    }

    @Test func aLostConnectionCancelsEverything() throws {
        let machine = try Self.open(credit: 0, streams: [1, 2])
        #expect(machine.offerResponse(2).isWait)
        let actions = machine.connectionLost()
        #expect(actions.cancelled == [1, 2])
        #expect(actions.refused.map(\.0) == [2])
        #expect(machine.nextDeadline == nil)
        #expect(machine.finish(1) == false)
        #expect(machine.offerResponse(2).refusal != nil)
        #expect(machine.connectionLost().isEmpty)
    }
}
