package import CausewayCore
import CausewayMessages

/// A column as a source shows it.
package struct ObservedColumn: Hashable, Sendable {
    /// As the source calls it.
    package var label: String
    /// What its values are; nil when all are null so far.
    package var type: FieldType?

    package init(label: String, type: FieldType?) {
        self.label = label
        self.type = type
    }
}

/// What taking up a source's columns did to an entity.
package struct SchemaUpdate: Sendable {
    /// The entity afterwards, not stored yet.
    package var state: EntityState
    /// For each column the number of its field.
    package var fieldNumbers: [UInt32]
    /// Labels of fields that are new.
    package var added: [String]
    /// Labels of fields whose type became wider.
    package var widened: [String]

    /// Fields that an entity may have in all, missing ones too.
    package static let maximumFields = 8_192
    /// Bytes that a field's label may have.
    package static let maximumLabel = 1_024

    /// Takes up `columns`: new labels become fields, known ones are seen again, types are widened.
    ///
    /// - Parameters:
    ///   - primaryKey: labels of the key, empty for records that are known by their source position; nil: as it is.
    ///   - now: when the columns were seen.
    /// - Throws: ``CausewayError``. Invalid argument `COLUMN_NAMES` for a label that is empty, too long or there twice,
    ///   `TOO_MANY_FIELDS` (resource exhausted) above ``maximumFields``,
    ///   `PRIMARY_KEY_MISSING` (failed precondition) for a key that is not among the columns, and `PRIMARY_KEY_CHANGED`
    ///   (failed precondition) for another key than that of the records that are there.
    package static func takingUp(
        _ columns: [ObservedColumn], primaryKey: [String]? = nil, into state: EntityState, now: Timestamp
    ) throws(CausewayError) -> SchemaUpdate {
        try check(columns)
        var update = SchemaUpdate(state: state, fieldNumbers: [], added: [], widened: [])
        var indices: [String: Int] = [:]
        for (index, field) in state.fields.enumerated() { indices[field.stored.apiLabel] = index }
        var position = state.fields.map(\.stored.position).max().map { $0 + 1 } ?? 0
        for column in columns {
            if let index = indices[column.label] {
                update.see(column, at: index, now: now)
            } else {
                update.add(column, position: position, now: now)
                position += 1
            }
        }
        guard update.state.fields.count <= maximumFields else { throw tooManyFields(update.state) }
        try update.setPrimaryKey(primaryKey ?? state.entity.primaryKey, columns)
        return update
    }

    /// Marks the fields that were not seen since `time`, the start of a run, as missing; call it at the run's end.
    package static func markingMissing(in state: EntityState, notSeenSince time: Timestamp) -> EntityState {
        var state = state
        for index in state.fields.indices where state.fields[index].stored.lastSeenMicros < time.micros {
            state.fields[index].stored.missing = true
        }
        return state
    }

    private static func check(_ columns: [ObservedColumn]) throws(CausewayError) {
        var labels: Set<String> = []
        for (index, column) in columns.enumerated() {
            let problem: String
            if column.label.isEmpty {
                problem = "Column \(index + 1) has no name; give it one in the source, or set the header by hand."
            } else if column.label.utf8.count > maximumLabel {
                problem = "The name of column \(index + 1) has more than \(maximumLabel) bytes."
            } else if column.label.utf8.contains(0) {
                problem = "The name of column \(index + 1) holds a NUL character."
            } else if !labels.insert(column.label).inserted {
                problem = "Two columns are called \"\(column.label)\"; rename one in the source."
            } else {
                continue
            }
            throw CausewayError(
                .invalidArgument, reason: "COLUMN_NAMES", problem,
                metadata: ["column": String(index + 1), "label": String(column.label.prefix(64))])
        }
    }

    private static func tooManyFields(_ state: EntityState) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "TOO_MANY_FIELDS",
            "\(state.id) would have \(state.fields.count) fields; \(maximumFields) can be kept. "
                + "If its columns are named anew in each file, correct the header setting.",
            metadata: [
                "entity": state.id, "fields": String(state.fields.count), "limit": String(maximumFields),
            ])
    }

    private mutating func see(_ column: ObservedColumn, at index: Int, now: Timestamp) {
        var field = state.fields[index].stored
        let known = FieldType(rawValue: field.type)
        if let type = column.type?.widened(by: known), type != known {
            field.type = type.rawValue
            if known != nil { widened.append(column.label) }
        }
        field.lastSeenMicros = max(field.lastSeenMicros, now.micros)
        field.missing = false
        state.fields[index].stored = field
        fieldNumbers.append(state.fields[index].number)
    }

    private mutating func add(_ column: ObservedColumn, position: Int32, now: Timestamp) {
        let number = max(1, state.entity.nextField)
        state.entity.nextField = number + 1
        var field = EntityField(number: number, stored: .init())
        field.stored.apiLabel = column.label
        field.stored.type = column.type?.rawValue ?? 0
        field.stored.position = position
        field.stored.lastSeenMicros = now.micros
        state.fields.append(field)
        fieldNumbers.append(number)
        added.append(column.label)
    }

    private mutating func setPrimaryKey(_ key: [String], _ columns: [ObservedColumn]) throws(CausewayError) {
        let labels = Set(columns.map(\.label))
        if let absent = key.first(where: { !labels.contains($0) }) {
            throw CausewayError(
                .failedPrecondition, reason: "PRIMARY_KEY_MISSING",
                "The primary key's field \"\(absent)\" is not among the columns of \(state.id); correct the key or the source.",
                metadata: ["entity": state.id, "field": absent])
        }
        guard key != state.entity.primaryKey else { return }
        guard state.entity.recordCount == 0 else {
            throw CausewayError(
                .failedPrecondition, reason: "PRIMARY_KEY_CHANGED",
                "The records of \(state.id) are known by another primary key; drop them first, then fetch again.",
                metadata: ["entity": state.id])
        }
        state.entity.primaryKey = key
        for index in state.fields.indices
        where key.contains(state.fields[index].stored.apiLabel) && !state.fields[index].stored.edited {
            state.fields[index].stored.required = true
        }
    }
}

extension FieldType {
    /// The narrowest type that holds the values of both; no value is ever lost, for texts are kept as they are.
    package func widened(by other: FieldType?) -> FieldType {
        guard let other, other != self else { return self }
        switch (self, other) {
        case (.integer, .decimal), (.decimal, .integer): return .decimal
        case (.date, .dateTime), (.dateTime, .date): return .dateTime
        default: return .text
        }
    }
}
