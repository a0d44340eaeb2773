/// The tables of the store. A raw value is part of the format: never reuse one.
///
/// Every key begins with the 16 bytes of a ``ShardID``, so that a shard can be counted, exported and dropped as ranges.
package enum Table: UInt8, CaseIterable, Sendable {
    /// The applied position and epoch of each shard: key is the shard alone.
    case ownership = 1
    /// Settings of the installation, by name.
    case settings = 2
    /// Connection id → shard. Shard: system.
    case directory = 3
    /// Request id → answer. Shard: system.
    case requests = 4
    /// One value a shard.
    case connections = 5
    /// Credential name → sealed bytes.
    case credentials = 6
    /// One value a shard.
    case scheduleStates = 7
    /// Slot → why it was skipped.
    case skippedSlots = 8
    /// Run number → run.
    case runs = 9
    /// Run number, sequence → log entry.
    case runLogs = 10
    /// Entity id → entity.
    case entities = 11
    /// Entity number, field number → field.
    case fields = 12
    /// Entity number, path → what is known of the file.
    case files = 13
    /// Sequence → row.
    case quarantine = 14
    /// Entity number, segment number → record segment.
    case segments = 15
    /// Entity number, segment number → bitmap of dead slots.
    case deadSlots = 16
    /// Entity number, run of keys, first key → block of keys with place and content hash.
    case keys = 17
    /// Entity number, local date → new and updated records.
    case days = 18
    /// Entity number → the runs of keys there are, and the merge in progress.
    case keyRuns = 19
    /// Entity number, run of keys → filter.
    case keyFilters = 20
    /// Entity number, sequence → places of records that a commit replaced, until the statistics have taken them away.
    case killed = 21
    /// Entity number, field number → the figures that people see.
    case fieldFigures = 22
    /// Entity number, field number, part → table of distinct values.
    case valueTables = 23
    /// Entity number, sequence → what changed in an entity's metadata.
    case metadataChanges = 24
    /// Entity number, segment number → of records out of quarantine, their numbers there.
    case retried = 25

    /// The name in LMDB and in figures.
    package var name: String {
        switch self {
        case .ownership: "ownership"
        case .settings: "settings"
        case .directory: "directory"
        case .requests: "requests"
        case .connections: "connections"
        case .credentials: "credentials"
        case .scheduleStates: "schedule_states"
        case .skippedSlots: "skipped_slots"
        case .runs: "runs"
        case .runLogs: "run_logs"
        case .entities: "entities"
        case .fields: "fields"
        case .files: "files"
        case .quarantine: "quarantine"
        case .segments: "segments"
        case .deadSlots: "dead_slots"
        case .keys: "keys"
        case .days: "days"
        case .keyRuns: "key_runs"
        case .keyFilters: "key_filters"
        case .killed: "killed"
        case .fieldFigures: "field_figures"
        case .valueTables: "value_tables"
        case .metadataChanges: "metadata_changes"
        case .retried: "retried"
        }
    }
}
