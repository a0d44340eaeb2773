import CausewayCore
import CausewayMessages
import CausewayStore

/// What a run has come to: its counters and what it has said, until they are committed with the work they belong to.
struct RunAccount: Sendable {
    private(set) var stored: StoredRun
    private let number: UInt64
    private let clock: any CausewayClock
    private let maximumEntries: Int
    /// As of the last commit.
    private var durable: StoredRun
    /// As of the last unit, and how many entries it took.
    private var inFlight: (run: StoredRun, entries: Int)
    let meter: StageMeter
    private var sequence: UInt64 = 0
    private var pending: [StoredLogEntry] = []
    private var dropped = 0

    init(_ stored: StoredRun, number: UInt64, clock: any CausewayClock, maximumEntries: Int) {
        self.stored = stored
        durable = stored
        inFlight = (stored, 0)
        meter = StageMeter(clock)
        self.number = number
        self.clock = clock
        self.maximumEntries = maximumEntries
    }

    /// Adds to the run's counters and to the entity's.
    mutating func count(_ entity: String, _ change: (inout StoredCounters) -> Void) {
        var total = stored.counters.orEmpty
        change(&total)
        stored.counters = total
        let index =
            stored.entities.firstIndex { $0.entity == entity }
            ?? {
                var added = StoredEntityCounters()
                added.entity = entity
                stored.entities.append(added)
                return stored.entities.count - 1
            }()
        var part = stored.entities[index].counters.orEmpty
        change(&part)
        stored.entities[index].counters = part
    }

    mutating func say(_ level: RunLogLevel, _ message: String, _ fields: [String: String] = [:]) {
        guard sequence + UInt64(pending.count) < UInt64(maximumEntries) else {
            dropped += 1
            return
        }
        var entry = StoredLogEntry()
        entry.timeMicros = clock.now.micros
        entry.level = level.rawValue
        entry.message = message
        entry.fields = fields
        pending.append(entry)
    }

    /// Puts the run and what it has said since the last time into a unit. What was put is forgotten by
    /// ``committed()`` only, so that a unit that was refused loses nothing.
    mutating func put(into unit: inout CommitUnit) throws(CausewayError) {
        stored.stages = meter.stored
        inFlight = (stored, pending.count)
        try RunTable.put(into: &unit, number, stored)
        for (index, entry) in pending.enumerated() {
            try RunLogTable.put(into: &unit, run: number, sequence: sequence + UInt64(index), entry)
        }
    }

    /// What was put is on disk.
    mutating func committed() {
        sequence += UInt64(inFlight.entries)
        pending.removeFirst(inFlight.entries)
        inFlight.entries = 0
        durable = inFlight.run
    }

    /// What was put is not on disk: the counters are those of the last commit again.
    mutating func refused() { stored = durable }

    /// The last entry says how many were left out, when any were.
    mutating func closeLog() {
        guard dropped > 0 else { return }
        var entry = StoredLogEntry()
        entry.timeMicros = clock.now.micros
        entry.level = RunLogLevel.warning.rawValue
        entry.message = "further entries were left out"
        entry.fields = ["count": String(dropped)]
        pending.append(entry)
        dropped = 0
    }
}

/// How much a log entry matters. Raw values are stored, and the API's.
enum RunLogLevel: Int32, Hashable, Sendable {
    case debug = 1
    case info = 2
    case warning = 3
    case error = 4
}

extension StoredCounters? {
    var orEmpty: StoredCounters { self ?? StoredCounters() }
}
