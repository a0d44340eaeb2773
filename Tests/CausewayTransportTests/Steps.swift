import CausewayTransport
import Synchronization

/// The steps that were reported.
final class Steps: Sendable {
    private let steps = Mutex<[SSHStep]>([])
    func add(_ step: SSHStep) { steps.withLock { $0.append(step) } }
    var all: [SSHStep] { steps.withLock { $0 } }
}
