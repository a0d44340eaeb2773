import CausewayCore
package import CausewayMessages

/// How far a run is. Raw values are stored, and the API's.
package enum RunState: Int32, Hashable, Sendable, CaseIterable {
    case queued = 1
    case running = 2
    case succeeded = 3
    case partial = 4
    case failed = 5
    case cancelled = 6
    case interrupted = 7

    package var isEnded: Bool { self != .queued && self != .running }
}

/// A run as people see it: what is kept of it, and what it is doing now.
package struct RunView: Hashable, Sendable {
    package var connection: String
    package var number: UInt64
    package var stored: StoredRun
    /// "reading /in/customers.csv"; empty when it is not running.
    package var activity: String

    package init(connection: String, number: UInt64, stored: StoredRun, activity: String = "") {
        self.connection = connection
        self.number = number
        self.stored = stored
        self.activity = activity
    }

    package var state: RunState { stored.runState }
}

extension StoredRun {
    package var runState: RunState { RunState(rawValue: state) ?? .failed }
    package var scope: RunScope { RunScope(subject: subject, again: again) }

    /// A run that was just decided.
    init(_ plan: RunPlan, at now: Timestamp) {
        self.init()
        kind = plan.kind.rawValue
        trigger = plan.trigger.rawValue
        state = RunState.queued.rawValue
        createMicros = now.micros
        counters = StoredCounters()
        slotMicros = plan.slot?.micros ?? 0
        requestID = plan.requestID
        subject = plan.scope.subject
        again = plan.scope.again
    }

    /// Says why the run failed.
    mutating func fail(_ error: CausewayError) {
        errorCode = error.code.rawValue
        errorReason = error.reason
        errorMessage = error.message
        errorRetryable = error.retry.isRetryable
    }
}

extension StoredCounters {
    /// Every row read has become one of these, always.
    var isBalanced: Bool { rowsRead == rowsNew + rowsUpdated + rowsUnchanged + rowsQuarantined }

    static func += (total: inout StoredCounters, part: StoredCounters) {
        total.filesListed += part.filesListed
        total.filesRead += part.filesRead
        total.filesSkipped += part.filesSkipped
        total.filesHeld += part.filesHeld
        total.filesFailed += part.filesFailed
        total.bytesTotal += part.bytesTotal
        total.bytesRead += part.bytesRead
        total.rowsRead += part.rowsRead
        total.rowsNew += part.rowsNew
        total.rowsUpdated += part.rowsUpdated
        total.rowsUnchanged += part.rowsUnchanged
        total.rowsQuarantined += part.rowsQuarantined
        total.reconnects += part.reconnects
        total.rowsSuperseded += part.rowsSuperseded
    }
}

/// How a run came out.
struct RunOutcome: Sendable {
    var state: RunState
    var error: CausewayError?
    /// Nothing will work until somebody acts.
    var hold: Hold?
}
