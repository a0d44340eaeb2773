import CausewayCore
import CausewayMessages
import CausewayServer

/// A machine as a reference, for expectations that change it.
@dynamicMemberLookup
final class MachineUnderTest {
    private var machine: ServerConnectionMachine

    init(_ machine: ServerConnectionMachine) {
        self.machine = machine
    }

    subscript<Value>(dynamicMember path: KeyPath<ServerConnectionMachine, Value>) -> Value { machine[keyPath: path] }

    func accept(now: Duration) -> [ServerConnectionMachine.Action] { machine.accept(agent: "test/1", now: now) }

    func refuse(_ code: StatusCode, _ message: String) -> [ServerConnectionMachine.Action] {
        machine.refuse(agent: "test/1", code: code, message: message, now: .zero)
    }

    func receive(_ frame: Frame, now: Duration = .zero) -> ServerConnectionMachine.Reception {
        machine.receive(frame, now: now)
    }

    func receiveBroken(_ error: CausewayError) -> [ServerConnectionMachine.Action] {
        machine.receiveBroken(error, now: .zero)
    }

    func begin(_ id: UInt64, isStreaming: Bool, timeout: Duration? = nil, now: Duration = .zero) throws {
        try machine.begin(id, isStreaming: isStreaming, timeout: timeout, now: now)
    }

    func finish(_ id: UInt64) -> Bool { machine.finish(id) }
    func afterFinish() -> [ServerConnectionMachine.Action] { machine.afterFinish(now: .zero) }
    func offerResponse(_ id: UInt64) -> ServerConnectionMachine.WriteDecision { machine.offerResponse(id) }
    func nextAdmissible() -> UInt64? { machine.nextAdmissible() }
    func withdrawResponse(_ id: UInt64) { machine.withdrawResponse(id) }
    func expire(now: Duration) -> [ServerConnectionMachine.Action] { machine.expire(now: now) }
    func setWritable(_ isWritable: Bool, now: Duration) { machine.setWritable(isWritable, now: now) }
    func setInFrame(_ isInFrame: Bool, now: Duration) { machine.setInFrame(isInFrame, now: now) }
    func inputClosed() -> [ServerConnectionMachine.Action] { machine.inputClosed(now: .zero) }
    func connectionLost() -> [ServerConnectionMachine.Action] { machine.connectionLost() }

    func beginShutdown(deadline: Duration) -> [ServerConnectionMachine.Action] {
        machine.beginShutdown(deadline: deadline, now: .zero)
    }
}
