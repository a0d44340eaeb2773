import CausewayCore
import CausewayMessages
import CausewayStore

/// What happens when a source shows columns that an entity with records does not have, or values that need a wider
/// type. The names are those of the entity's setting.
enum SchemaPolicy: String, Hashable, Sendable {
    case accept
    /// The file waits until somebody changes the policy.
    case hold
    /// The run fails.
    case fail
}

/// What one run changes of an entity's metadata: one entry of its history, written anew as the run sees more.
struct MetadataHistory: Sendable {
    private let before: [EntityField]
    private let run: UInt64
    private let time: Timestamp
    private var sequence: UInt64?
    /// The entity had records when the run began.
    let hadRecords: Bool
    private(set) var changes: [StoredFieldChange] = []

    init(since state: EntityState, run: UInt64, at time: Timestamp) {
        before = state.fields
        hadRecords = state.entity.recordCount > 0
        self.run = run
        self.time = time
    }

    /// Puts down what is different in `state` from what the run found, when that is more than before.
    mutating func record(_ state: inout EntityState, into unit: inout CommitUnit) throws(CausewayError) {
        let now = differences(to: state)
        guard now != changes else { return }
        changes = now
        var change = StoredMetadataChange()
        change.createMicros = time.micros
        change.run = run
        change.fields = now
        if let sequence {
            try MetadataChangeTable.put(into: &unit, entity: state.entity.number, sequence, change)
        } else {
            sequence = try state.record(change, into: &unit)
        }
    }

    /// Fields keep their order; new ones come behind.
    private func differences(to state: EntityState) -> [StoredFieldChange] {
        var changes: [StoredFieldChange] = []
        for (index, field) in state.fields.enumerated() {
            let was = index < before.count && before[index].number == field.number ? before[index].stored : nil
            let now = field.stored
            guard let was else {
                changes.append(StoredFieldChange(.added, now.apiLabel, after: now.typeName))
                continue
            }
            if was.type != now.type, was.type != 0 {
                changes.append(
                    StoredFieldChange(.widened, now.apiLabel, before: was.typeName, after: now.typeName))
            }
            if was.missing != now.missing {
                changes.append(StoredFieldChange(now.missing ? .missing : .returned, now.apiLabel))
            }
        }
        return changes
    }
}

extension [StoredFieldChange] {
    /// "a, b and 3 more", of one kind; nil when there is none.
    func labels(_ kind: FieldChangeKind) -> String? {
        let labels = filter { $0.kind == kind.rawValue }.map { change in
            kind == .widened ? "\(change.apiLabel) (\(change.before) → \(change.after))" : change.apiLabel
        }
        return labels.isEmpty ? nil : labels.enumeration
    }
}

extension [String] {
    /// The first 20, and how many more there are.
    var enumeration: String {
        let shown = prefix(20).joined(separator: ", ")
        return count > 20 ? "\(shown) and \(count - 20) more" : shown
    }
}

extension StoredFieldChange {
    fileprivate init(_ kind: FieldChangeKind, _ label: String, before: String = "", after: String = "") {
        self.init()
        apiLabel = label
        self.kind = kind.rawValue
        self.before = before
        self.after = after
    }
}

extension StoredField {
    /// As people read it; empty while no value was seen.
    fileprivate var typeName: String {
        switch FieldType(rawValue: type) {
        case .boolean: "boolean"
        case .integer: "integer"
        case .decimal: "decimal"
        case .date: "date"
        case .dateTime: "date-time"
        case .text: "text"
        case .json: "JSON"
        case nil: ""
        }
    }
}

extension CausewayError {
    static func schemaChanged(_ entity: String, _ update: SchemaUpdate, _ policy: SchemaPolicy) -> CausewayError {
        var parts: [String] = []
        if !update.added.isEmpty { parts.append("new columns: \(update.added.enumeration)") }
        if !update.widened.isEmpty { parts.append("columns that need a wider type: \(update.widened.enumeration)") }
        return CausewayError(
            .failedPrecondition, reason: "SCHEMA_CHANGED",
            "The columns of \(entity) changed (\(parts.joined(separator: "; "))) and its schema policy is "
                + "\"\(policy.rawValue)\"; set schema_policy to \"accept\" and fetch again to take them, or mend the source.",
            metadata: [
                "entity": entity, "added": update.added.enumeration, "widened": update.widened.enumeration,
                "policy": policy.rawValue,
            ])
    }
}
