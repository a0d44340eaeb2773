import Synchronization

/// Ties a call to the task that waits for it, which may give up before the call has a number.
final class CallTicket: Sendable {
    /// The call's number, once it is opened.
    let id = Mutex<UInt64?>(nil)
    private let abandoned = Atomic(false)

    var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }

    func abandon() {
        abandoned.store(true, ordering: .releasing)
    }
}

/// Whether a connection takes no new calls; readable from everywhere.
final class SpentFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() {
        flag.store(true, ordering: .releasing)
    }
}
