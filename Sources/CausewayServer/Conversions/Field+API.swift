import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

extension Field {
    /// - Parameter listsTopValues: the most frequent values too.
    init(
        _ view: FieldView, of entity: StoredEntity, _ names: (connection: String, entity: String), listsTopValues: Bool
    ) {
        self.init()
        let stored = view.field.stored
        name = ResourceName.field(names.connection, names.entity, stored.apiLabel)
        displayName = stored.displayName.isEmpty ? stored.apiLabel : stored.displayName
        apiLabel = stored.apiLabel
        type = TypeEnum(rawValue: stored.type)
        required = stored.required
        readOnly = stored.readOnly
        primaryKey = view.isPrimaryKey
        position = stored.position
        lastSeenTime = ProtoTimestamp(micros: stored.lastSeenMicros)
        missing = stored.missing
        sensitive = stored.sensitive
        metadataFetchTime = ProtoTimestamp(micros: entity.metadataFetchMicros)
        statisticsTime = ProtoTimestamp(micros: entity.figures?.settleMicros ?? 0)
        rowCount = stored.rowCount
        valueCount = stored.valueCount
        if let figures = view.figures { show(figures, listsTopValues: listsTopValues) }
    }

    private mutating func show(_ figures: StoredFieldFigures, listsTopValues: Bool) {
        rowCount = figures.rowCount
        valueCount = figures.valueCount
        dataUpdateTime = ProtoTimestamp(micros: figures.dataUpdateMicros)
        distinctCount = figures.distinctCount
        approximate = figures.approximate
        if figures.hasExtremes {
            minimum = Value(figures.minimum, masked: sensitive)
            maximum = Value(figures.maximum, masked: sensitive)
        }
        if figures.hasMean, !sensitive { mean = figures.mean }
        shortestLength = figures.shortestLength
        longestLength = figures.longestLength
        topValuesError = figures.topValuesError
        guard listsTopValues else { return }
        topValues = figures.topValues.map { stored in
            TopValue.with {
                $0.value = Value(stored.value, masked: sensitive)
                $0.count = stored.count
                $0.share = figures.valueCount > 0 ? Double(stored.count) / Double(figures.valueCount) : 0
                $0.truncated = stored.truncated && !sensitive
            }
        }
    }
}

extension Value {
    /// The value of a field, or that there is one.
    init(_ bytes: [UInt8], masked isMasked: Bool) {
        self.init()
        // A value that was cut may end within a character.
        if isMasked { masked = true } else { text = String(decoding: bytes, as: UTF8.self) }
    }

    /// The cell of a record; nil is null, which is no secret.
    init(_ cell: String?, masked isMasked: Bool) {
        self.init()
        guard let cell else { return }
        if isMasked { masked = true } else { text = cell }
    }
}
