package import CausewayCore
package import CausewayMessages

/// What people see of an entity, or of all of a connection. Kept, not counted: as quick for a billion records as for one.
///
/// Live records and days are those of this moment; everything about cells is as of the last settling of the statistics.
package struct EntityFigures: Hashable, Sendable {
    /// Live records.
    package var recordCount: Int64 = 0
    package var fieldCount = 0
    /// The last 7 local days, oldest first.
    package var days: [DayTable.Entry] = []

    /// Records when the statistics were settled.
    package var settledRecordCount: Int64 = 0
    /// Records times fields.
    package var cellCount: Int64 = 0
    /// Cells with a value.
    package var valueCount: Int64 = 0
    /// Cells of records whose content repeats an earlier record's.
    package var repeatedCellCount: Int64 = 0
    /// Cells that are neither null nor repeated.
    package var goodCellCount: Int64 = 0
    /// The repetition is an estimate.
    package var isApproximate = false
    /// Of the formula; 0: never settled. Of several entities the lowest.
    package var version: Int32 = 0
    /// When the statistics were settled, of several entities the earliest; nil: never.
    package var settleTime: Timestamp?

    package static let dayCount = 7

    /// Null cells as a share of all cells, 0 to 1; 0 without cells.
    package var nullShare: Double { share(max(0, cellCount - valueCount)) }
    /// Cells with a value as a share of all cells; 1 without cells.
    package var completeness: Double { 1 - nullShare }
    /// Repeated cells as a share of all cells; 0 without cells.
    package var repetition: Double { share(repeatedCellCount) }
    /// Good cells as a share of all cells; 1 without cells.
    package var dataQuality: Double { cellCount > 0 ? share(goodCellCount) : 1 }

    private func share(_ count: Int64) -> Double { cellCount > 0 ? Double(count) / Double(cellCount) : 0 }

    /// Figures of nothing, with seven days that end with `today`.
    package init(today: LocalDate) {
        days = (0..<Self.dayCount).reversed().map {
            DayTable.Entry(date: today.adding(days: -$0), day: StoredDay())
        }
    }

    /// The figures of an entity; its fields are not looked at.
    ///
    /// - Parameter today: the organisation's local date.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package init(
        of entity: StoredEntity, _ shard: ShardID, today: LocalDate, in transaction: borrowing ReadTransaction
    ) throws {
        self.init(today: today)
        recordCount = entity.recordCount
        // Numbered without gaps, and never removed.
        fieldCount = Int(max(1, entity.nextField)) - 1
        if let settled = entity.figures {
            settledRecordCount = settled.recordCount
            cellCount = settled.cellCount
            valueCount = settled.valueCount
            repeatedCellCount = settled.repeatedCellCount
            goodCellCount = settled.goodCellCount
            isApproximate = settled.approximate
            version = settled.version
            settleTime = Timestamp(micros: settled.settleMicros)
        }
        let kept = try DayTable.list(
            in: transaction, shard, entity: entity.number, from: days[0].date, through: today)
        for entry in kept {
            days[Self.dayCount - 1 - (today.daysSinceEpoch - entry.date.daysSinceEpoch)].day = entry.day
        }
    }

    /// Adds another entity's figures of the same days.
    package mutating func add(_ other: EntityFigures) {
        recordCount += other.recordCount
        fieldCount += other.fieldCount
        settledRecordCount += other.settledRecordCount
        cellCount += other.cellCount
        valueCount += other.valueCount
        repeatedCellCount += other.repeatedCellCount
        goodCellCount += other.goodCellCount
        isApproximate = isApproximate || other.isApproximate
        if let time = other.settleTime {
            version = settleTime == nil ? other.version : min(version, other.version)
            settleTime = settleTime.map { min($0, time) } ?? time
        }
        for index in days.indices where index < other.days.count {
            days[index].day.newRecords += other.days[index].day.newRecords
            days[index].day.updatedRecords += other.days[index].day.updatedRecords
        }
    }
}
